//! Faults on demand, and routes of webhooks.

use identity::CallSid;

use crate::http::is_helper;
use crate::{Kind, Progress, Webhook, url};

/// A fault of webhooks that a test switches on.
///
/// # Examples
///
/// ```
/// use emulator::{Fault, Kind, Mishap, Progress, Select, Until};
///
/// // The first `answered` of any leg arrives after everything else of its call.
/// let fault = Fault {
///     on: Select::kind(Kind::LegStatus).progress(Progress::Answered),
///     mishap: Mishap::Late { until: Until::End },
///     times: Some(1),
/// };
/// assert!(fault.on.call.is_none());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Which webhooks.
    pub on: Select,
    /// What happens to them.
    pub mishap: Mishap,
    /// How many of them; `None` is all.
    pub times: Option<u32>,
}

/// What happens to a webhook.
///
/// `Late` and `Shuffled` concern status callbacks only: a call waits for its documents. All other
/// faults concern both. Several faults may apply to one webhook, in the order in which they were
/// added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mishap {
    /// It is sent later.
    Late {
        /// How much later.
        until: Until,
    },
    /// It is sent twice, with the same idempotency token. A document's second answer counts, as
    /// if the first had been lost on its way back.
    Twice {
        /// When the second copy of a status callback is sent.
        again: Until,
    },
    /// It is never sent. For a document this means that there is no connection.
    Dropped,
    /// The first attempts to connect fail; the retries that the URL asks for (one by default) are
    /// made.
    Unreachable {
        /// How many attempts fail.
        attempts: u8,
    },
    /// The status callbacks of the call are collected and sent in an order that follows from the
    /// seed.
    Shuffled {
        /// How many are collected before they are sent; the end of the call sends the rest.
        window: usize,
    },
}

/// A fault of the REST API that a test switches on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ApiFault {
    /// What happens to them.
    pub mishap: ApiMishap,
    /// How many of them; `None` is all.
    pub times: Option<u32>,
}

/// What happens to a request to the REST API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ApiMishap {
    /// 429 with 20429: the request is not carried out.
    TooManyRequests,
    /// 503 with a page instead of JSON: the request is not carried out.
    Unavailable,
    /// 502 with a page instead of JSON, although the request was carried out.
    Lost,
}

/// How long a webhook is held back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// Not at all.
    AtOnce,
    /// Until this many later status callbacks of the same call have gone out, or its end.
    After(u32),
    /// Until the call is over and all its other webhooks have been answered.
    End,
}

/// A selection of webhooks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Select {
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only status callbacks of legs that report this step.
    pub progress: Option<Progress>,
    /// Only of this call and its legs.
    pub call: Option<CallSid>,
    /// Only status callbacks, of legs, calls and recordings.
    pub notices_only: bool,
}

impl Select {
    /// All webhooks.
    pub const ALL: Self = Self { kind: None, progress: None, call: None, notices_only: false };

    /// All status callbacks. A call does not wait for them.
    pub const NOTICES: Self = Self { notices_only: true, ..Self::ALL };

    /// All of one kind.
    pub const fn kind(kind: Kind) -> Self {
        Self { kind: Some(kind), ..Self::ALL }
    }

    /// Keeps only webhooks that report this step.
    #[must_use]
    pub const fn progress(self, progress: Progress) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Keeps only webhooks of this call and its legs.
    #[must_use]
    pub const fn call(self, call: CallSid) -> Self {
        Self { call: Some(call), ..self }
    }

    /// Whether this webhook of this call is selected.
    pub(crate) fn meets(&self, webhook: &Webhook, root: CallSid) -> bool {
        self.kind.is_none_or(|kind| kind == webhook.kind)
            && self.progress.is_none_or(|progress| Some(progress) == webhook.progress)
            && self.call.is_none_or(|call| call == root)
            && (!self.notices_only || webhook.kind.is_notice())
    }
}

/// Where webhooks are sent instead of the host in their URL, for example the address of a server
/// whose public URL exists in the tests' configuration only. The signature still covers the
/// configured URL, and the header `Host` still names its host, as behind a load balancer. A route of
/// one host counts before the routes of any host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// Which webhooks.
    pub on: Select,
    /// Only those whose URL has this host, with its port if it has one; `None` is any host.
    pub host: Option<String>,
    /// Scheme and host, `http://127.0.0.1:8080`. Several take turns within each call.
    pub bases: Vec<String>,
}

impl Route {
    /// Whether this webhook of this call goes here.
    pub(crate) fn takes(&self, webhook: &Webhook, root: CallSid) -> bool {
        let host = url::authority(&webhook.url);
        let is_meant = match &self.host {
            Some(wanted) => wanted.eq_ignore_ascii_case(host),
            // The emulator answers for Twilio's helper URLs itself.
            None => !is_helper(&webhook.url),
        };
        is_meant && self.on.meets(webhook, root) && !self.bases.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    #[test]
    fn selects_what_it_names() {
        let root = CallSid::from_bytes([1; 16]);
        let other = CallSid::from_bytes([2; 16]);
        let webhook = |kind, progress| Webhook {
            kind,
            progress,
            method: Method::Post,
            url: String::new(),
            sent_to: None,
            params: Vec::new(),
            signature: String::new(),
            idempotency_token: String::new(),
            outcome: None,
        };
        let answered = webhook(Kind::LegStatus, Some(Progress::Answered));
        let voice = webhook(Kind::Voice, None);
        let legs = Select::kind(Kind::LegStatus);
        let cases = [
            ("all", Select::ALL, true, true),
            ("notices", Select::NOTICES, true, false),
            ("kind", legs, true, false),
            ("progress", legs.progress(Progress::Answered), true, false),
            ("other progress", legs.progress(Progress::Ringing), false, false),
            ("call", Select::ALL.call(root), true, true),
            ("other call", Select::ALL.call(other), false, false),
        ];
        for (name, select, want_answered, want_voice) in cases {
            assert_eq!(select.meets(&answered, root), want_answered, "{name}");
            assert_eq!(select.meets(&voice, root), want_voice, "{name}");
        }
    }
}
