//! Conferences and their participants.

use std::fmt;
use std::time::Duration;

use identity::{CallSid, ConferenceSid};

/// A conference, as Twilio stores it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConferenceRecord {
    /// The conference.
    pub sid: ConferenceSid,
    /// Its `FriendlyName`: the name in the document that opened it. A name may be used again later.
    pub name: String,
    /// Whether it is over. One in which a single participant waits is not.
    pub is_over: bool,
}

/// A participant who is in a conference, or is being called into it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParticipantRecord {
    /// Their leg.
    pub call: CallSid,
    /// The conference.
    pub conference: ConferenceSid,
    /// Their label, if they have one.
    pub label: Option<String>,
    /// Whether nobody hears them.
    pub muted: bool,
    /// Whether they hear the hold music.
    pub held: bool,
    /// The only participant who hears them.
    pub coaches: Option<CallSid>,
    /// Whether they are in the conference; otherwise they are being called.
    pub is_connected: bool,
}

/// A participant, as a request names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParticipantName<'a> {
    /// By their leg.
    Call(CallSid),
    /// By their label.
    Label(&'a str),
}

/// A call to somebody who joins a conference when they answer. They join without beeps, may start it, and do not end it.
///
/// `Debug` shows neither side, because they are phone numbers.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Invitation<'a> {
    /// The caller id: a number of the account's if a number is called.
    pub from: &'a str,
    /// Who is called: a number, or `client:` and an identity.
    pub to: &'a str,
    /// Their label, unique in the conference, at most 128 characters.
    pub label: &'a str,
    /// How long it rings.
    pub timeout: Duration,
    /// Whether nobody hears them.
    pub muted: bool,
    /// Where their leg's `initiated`, `ringing`, `answered` and `completed` are reported.
    pub status_callback: Option<&'a str>,
}

/// A change of a participant, in one request; `None` leaves a setting as it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ParticipantChange<'a> {
    /// Whether nobody hears them.
    pub muted: Option<bool>,
    /// Whether they hear music, and nobody hears them.
    pub held: Option<bool>,
    /// The music, requested with GET; Twilio's own without it.
    pub hold_url: Option<&'a str>,
    /// Whom they coach.
    pub coaches: Option<Coaches>,
}

/// Whom a participant coaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coaches {
    /// Nobody: everybody hears them, if they are not muted.
    Nobody,
    /// Only this leg hears them.
    Call(CallSid),
}

impl<'a> Invitation<'a> {
    /// Rings for 20 s, not muted, without callbacks.
    pub const fn new(from: &'a str, to: &'a str, label: &'a str) -> Self {
        let timeout = Duration::from_secs(20);
        Self { from, to, label, timeout, muted: false, status_callback: None }
    }

    pub(crate) fn form<'f>(&'f self, timeout: &'f str) -> Vec<(&'static str, &'f str)> {
        let mut form = vec![
            ("From", self.from),
            ("To", self.to),
            ("Label", self.label),
            ("Timeout", timeout),
            ("Muted", flag(self.muted)),
            ("Beep", "false"),
            ("StartConferenceOnEnter", "true"),
            ("EndConferenceOnExit", "false"),
        ];
        if let Some(url) = self.status_callback {
            form.push(("StatusCallback", url));
            let events = ["initiated", "ringing", "answered", "completed"];
            form.extend(events.map(|event| ("StatusCallbackEvent", event)));
        }
        form
    }
}

impl fmt::Debug for Invitation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Invitation");
        shown.field("label", &self.label).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl ParticipantChange<'_> {
    pub(crate) fn form(&self) -> Vec<(&'static str, &str)> {
        let mut form = Vec::new();
        form.extend(self.muted.map(|on| ("Muted", flag(on))));
        form.extend(self.held.map(|on| ("Hold", flag(on))));
        if let Some(url) = self.hold_url {
            form.extend([("HoldUrl", url), ("HoldMethod", "GET")]);
        }
        match &self.coaches {
            None => {}
            Some(Coaches::Nobody) => form.push(("Coaching", "false")),
            Some(Coaches::Call(sid)) => {
                form.extend([("Coaching", "true"), ("CallSidToCoach", sid.as_str())]);
            }
        }
        form
    }
}

const fn flag(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_sent() {
        let agent = CallSid::from_bytes([1; 16]);
        let cases = [
            (ParticipantChange::default(), String::new()),
            (
                ParticipantChange {
                    held: Some(true),
                    hold_url: Some("https://a.example/h"),
                    ..ParticipantChange::default()
                },
                "Hold=true&HoldUrl=https://a.example/h&HoldMethod=GET".to_owned(),
            ),
            (
                ParticipantChange {
                    muted: Some(false),
                    coaches: Some(Coaches::Call(agent)),
                    ..ParticipantChange::default()
                },
                format!("Muted=false&Coaching=true&CallSidToCoach={agent}"),
            ),
            (
                ParticipantChange {
                    coaches: Some(Coaches::Nobody),
                    ..ParticipantChange::default()
                },
                "Coaching=false".to_owned(),
            ),
        ];
        for (change, want) in cases {
            let pairs: Vec<_> =
                change.form().iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(pairs.join("&"), want);
        }
    }

    #[test]
    fn an_invitation_shows_no_number() {
        let invitation = Invitation::new("+15005550006", "+15005550001", "p2");
        assert!(!format!("{invitation:?}").contains("+1500"), "{invitation:?}");
    }
}
