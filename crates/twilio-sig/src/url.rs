//! The forms of one URL that Twilio may have signed.

use std::iter;

/// A URL taken apart, byte for byte, without user info and fragment.
///
/// Any text can be split. A text that is not a URL has only a path, and Twilio never signed it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SplitUrl<'a> {
    /// With `://`, or empty.
    pub(crate) scheme: &'a str,
    /// With the brackets of an IPv6 address.
    pub(crate) host: &'a str,
    /// With its colon, or empty.
    pub(crate) port: &'a str,
    pub(crate) path: &'a str,
    /// With its question mark, or empty.
    pub(crate) query: &'a str,
    /// The whole URL, if it is contiguous; otherwise empty.
    pub(crate) whole: &'a str,
}

impl<'a> SplitUrl<'a> {
    pub(crate) fn new(url: &'a str) -> Self {
        let scheme = match find(url, |byte| byte == b':') {
            at if url[at..].starts_with("://") => at + "://".len(),
            _ => 0,
        };
        let (scheme, rest) = url.split_at(scheme);
        let (mut host, mut port, mut end) = (0, None, 0);
        while let Some(byte) = rest.as_bytes().get(end).filter(|_| !scheme.is_empty()) {
            match byte {
                b'/' | b'?' | b'#' => break,
                b'@' => (host, port) = (end + 1, None),
                // The colons before it belong to an IPv6 address.
                b']' => port = None,
                b':' => port = port.or(Some(end)),
                _ => {}
            }
            end += 1;
        }
        let port = port.unwrap_or(end);
        let in_one_piece = host == 0;
        let (host, port, rest) = (&rest[host..port], &rest[port..end], &rest[end..]);
        let (path, rest) = rest.split_at(find(rest, |byte| matches!(byte, b'?' | b'#')));
        let query = &rest[..find(rest, |byte| byte == b'#')];
        let after = rest.len() - query.len();
        let whole = if in_one_piece { &url[..url.len() - after] } else { "" };
        Self { scheme, host, port, path, query, whole }
    }

    /// A host with its port, as the header `Host` has it.
    pub(crate) fn authority(text: &'a str) -> Self {
        let port = text.rfind(']').unwrap_or(0);
        let port = port + find(&text[port..], |byte| byte == b':');
        Self { host: &text[..port], port: &text[port..], ..Self::default() }
    }

    /// The URL as it was given.
    pub(crate) fn as_given(&self) -> Candidate<'_> {
        Candidate { url: self, port: self.port, slash: "", form: UrlForm::AsGiven }
    }

    /// The texts that may have been signed for this URL, the likeliest first.
    pub(crate) fn candidates(&self, slash: bool) -> impl Iterator<Item = Candidate<'_>> {
        let given = self.as_given();
        let other = move || {
            let port = self.other_port()?;
            Some(Candidate { port, form: UrlForm::OtherPort, ..given })
        };
        let slash = slash && !self.path.ends_with('/');
        let slashed = iter::once(given).chain(iter::once_with(other).flatten());
        let slashed = slashed.filter(move |_| slash);
        let slashed =
            slashed.map(|url| Candidate { slash: "/", form: UrlForm::TrailingSlash, ..url });
        // The others are made only if the first one does not fit.
        iter::once(given).chain(iter::once_with(other).flatten()).chain(slashed)
    }

    /// Without its port if it has one, otherwise with the default port.
    fn other_port(&self) -> Option<&'static str> {
        if self.port.is_empty() { self.default_port() } else { Some("") }
    }

    /// The port that the scheme stands for, with its colon.
    pub(crate) fn default_port(&self) -> Option<&'static str> {
        let is = |name: &str| self.scheme.eq_ignore_ascii_case(name);
        if is("https://") || is("wss://") {
            Some(":443")
        } else if is("http://") || is("ws://") {
            Some(":80")
        } else {
            None
        }
    }

    /// The values of a query parameter, undecoded.
    pub(crate) fn query_values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let query = self.query.strip_prefix('?').unwrap_or_default();
        query.split('&').filter_map(move |field| field.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Which form of the URL was signed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum UrlForm {
    /// The URL as it was given, without user info and fragment.
    AsGiven,
    /// Without its port, or with the default one added.
    OtherPort,
    /// With a slash added to the path of a WebSocket.
    TrailingSlash,
    /// In another spelling, see [`Verifier::legacy_encodings`](crate::Verifier::legacy_encodings).
    Legacy,
}

/// One text that Twilio may have signed, in pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    url: &'a SplitUrl<'a>,
    /// In place of the port of the URL.
    port: &'a str,
    /// A slash to add to the path, or nothing.
    slash: &'static str,
    pub(crate) form: UrlForm,
}

impl Candidate<'_> {
    /// The text, if it is contiguous.
    pub(crate) fn in_one_piece(&self) -> Option<&str> {
        let is_whole = self.form == UrlForm::AsGiven && !self.url.whole.is_empty();
        is_whole.then_some(self.url.whole)
    }

    pub(crate) fn pieces(&self, mut push: impl FnMut(&str)) {
        let SplitUrl { scheme, host, path, query, .. } = *self.url;
        if let Some(whole) = self.in_one_piece() {
            return push(whole);
        }
        for piece in [scheme, host, self.port, path, self.slash, query] {
            push(piece);
        }
    }
}

/// Where the first such byte stands, which is ASCII; the length of the text if there is none.
///
/// Groups are tested without looking at each answer, so that the compiler uses vector instructions.
fn find(text: &str, wanted: impl Fn(u8) -> bool + Copy) -> usize {
    let (groups, _) = text.as_bytes().as_chunks::<16>();
    let has_one = |group: &&[u8; 16]| group.iter().fold(false, |hit, byte| hit | wanted(*byte));
    let start = 16 * groups.iter().take_while(|group| !has_one(group)).count();
    let rest = &text.as_bytes()[start..];
    rest.iter().position(|byte| wanted(*byte)).map_or(text.len(), |at| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_any_text_apart() {
        let cases = [
            ("https://a.example/p?q=1", ["https://", "a.example", "", "/p", "?q=1"]),
            ("https://u:p@a.example:8443/p#rc=2", ["https://", "a.example", ":8443", "/p", ""]),
            ("http://u:p@ss@a.example", ["http://", "a.example", "", "", ""]),
            ("https://a.example?x=a@b:1", ["https://", "a.example", "", "", "?x=a@b:1"]),
            ("https://a.example/x?", ["https://", "a.example", "", "/x", "?"]),
            ("https://[2001:db8::1]:8443/", ["https://", "[2001:db8::1]", ":8443", "/", ""]),
            ("https://[2001:db8::1]/", ["https://", "[2001:db8::1]", "", "/", ""]),
            ("/only/a/path?x=1", ["", "", "", "/only/a/path", "?x=1"]),
            ("", ["", "", "", "", ""]),
            ("a:b@c", ["", "", "", "a:b@c", ""]),
            ("https://", ["https://", "", "", "", ""]),
        ];
        for (url, want) in cases {
            let split = SplitUrl::new(url);
            let got = [split.scheme, split.host, split.port, split.path, split.query];
            assert_eq!(got, want, "{url}");
        }
    }

    #[test]
    fn ports_come_and_go() {
        let text = |candidate: Option<Candidate<'_>>| {
            let mut text = String::new();
            candidate.map(|candidate| candidate.pieces(|piece| text += piece))?;
            Some(text)
        };
        let cases = [
            ("https://a/x", Some("https://a:443/x")),
            ("WSS://a/x", Some("WSS://a:443/x")),
            ("http://a?x", Some("http://a:80?x")),
            ("https://a:443/x", Some("https://a/x")),
            ("https://a:8443/x", Some("https://a/x")),
            ("ftp://a/x", None),
            ("nonsense", None),
        ];
        for (url, want) in cases {
            assert_eq!(text(SplitUrl::new(url).candidates(false).nth(1)).as_deref(), want, "{url}");
        }
    }
}
