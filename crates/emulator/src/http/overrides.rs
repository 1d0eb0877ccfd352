//! Connection overrides: the fragment of a webhook URL.

use std::time::Duration;

/// How one webhook is sent: time limits and retries.
///
/// Twilio reads them from the URL's fragment, `#ct=1000&rc=2&rp=5xx`; the fragment is neither sent
/// nor signed. Defaults and ranges are those of Twilio's page "Webhooks connection overrides".
/// Values outside a range are clamped to it; values that cannot be read keep their default.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Overrides {
    /// `ct`: the limit of one TCP connect.
    pub(crate) connect: Duration,
    /// `rt`: the limit of one wait for the answer.
    pub(crate) read: Duration,
    /// `tt`: the limit of everything, retries included.
    pub(crate) total: Duration,
    /// `rc`: how many times a failed request is repeated.
    pub(crate) retries: u8,
    /// `rp`: the failures after which it is repeated.
    pub(crate) on: RetryOn,
}

/// The failures after which a request is repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each word of the list")]
pub(crate) struct RetryOn {
    pub(crate) connect: bool,
    pub(crate) read: bool,
    pub(crate) client_errors: bool,
    pub(crate) server_errors: bool,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(15),
            total: Duration::from_secs(15),
            retries: 1,
            on: RetryOn { connect: true, read: false, client_errors: false, server_errors: false },
        }
    }
}

impl Overrides {
    /// Reads the fragment of a URL.
    pub(crate) fn of(url: &str) -> Self {
        let mut found = Self::default();
        let Some((_, fragment)) = url.split_once('#') else { return found };
        for (key, value) in form_urlencoded::parse(fragment.as_bytes()) {
            match &*key {
                "ct" => read_millis(&value, 10_000, &mut found.connect),
                "rt" => read_millis(&value, 15_000, &mut found.read),
                "tt" => read_millis(&value, 15_000, &mut found.total),
                "rc" => found.retries = value.parse().map_or(found.retries, |n: u8| n.min(5)),
                "rp" => found.on = RetryOn::of(&value),
                _ => {}
            }
        }
        found
    }
}

impl RetryOn {
    fn of(list: &str) -> Self {
        let has = |word| list.split(',').any(|part| part.trim() == word || part.trim() == "all");
        Self {
            connect: has("ct"),
            read: has("rt"),
            client_errors: has("4xx"),
            server_errors: has("5xx"),
        }
    }

    /// Whether a request is repeated after this status.
    pub(crate) fn status(self, status: u16) -> bool {
        match status {
            400..=499 => self.client_errors,
            500..=599 => self.server_errors,
            _ => false,
        }
    }
}

fn read_millis(text: &str, most: u64, into: &mut Duration) {
    if let Ok(millis) = text.parse::<u64>() {
        *into = Duration::from_millis(millis.clamp(100, most));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_fragment() {
        let default = Overrides::default();
        let all = RetryOn { connect: true, read: true, client_errors: true, server_errors: true };
        let millis = Duration::from_millis;
        let cases = [
            ("https://a.example/voice", default),
            ("https://a.example/voice?rc=5", default),
            (
                "https://a.example/v#rc=2&rp=all&ct=1000",
                Overrides { retries: 2, on: all, connect: millis(1000), ..default },
            ),
            (
                "https://a.example/v#rt=1&tt=99999&rc=77",
                Overrides { read: millis(100), total: millis(15_000), retries: 5, ..default },
            ),
            (
                "https://a.example/v#rp=5xx,rt",
                Overrides {
                    on: RetryOn {
                        server_errors: true,
                        read: true,
                        connect: false,
                        client_errors: false,
                    },
                    ..default
                },
            ),
            ("https://a.example/v#ct=soon&rc=x&e=dublin", default),
        ];
        for (url, want) in cases {
            assert_eq!(Overrides::of(url), want, "{url}");
        }
    }

    #[test]
    fn repeats_only_what_was_asked_for() {
        let on = RetryOn::of("5xx");
        assert_eq!([404, 503, 200].map(|s| on.status(s)), [false, true, false]);
    }
}
