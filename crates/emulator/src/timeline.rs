//! Everything that happened, in order.

use std::collections::VecDeque;
use std::fmt;

use identity::{CallSid, Timestamp};

use crate::{Address, CallStatus, Kind, Problem, Webhook};

/// One thing that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// When, on the emulated clock.
    pub at: Timestamp,
    /// The call or leg it happened to.
    pub call: Option<CallSid>,
    /// The call that the leg belongs to; the call itself if it is no leg.
    pub root: Option<CallSid>,
    /// What it was.
    pub what: What,
}

/// What happened.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// A call came in, or a leg was dialled.
    Placed {
        /// Who calls.
        from: Address,
        /// Who is called.
        to: Address,
    },
    /// A call or leg has a new state.
    Status {
        /// The party of the leg, or the caller.
        party: Address,
        /// The new state.
        status: CallStatus,
        /// The SIP code with which a leg ended.
        sip: Option<u16>,
    },
    /// Two parties can hear each other.
    Bridged {
        /// The party that answered.
        with: Address,
    },
    /// A browser on a call dropped an invite in silence, as the Voice SDK does.
    InviteDropped {
        /// The browser.
        by: Address,
    },
    /// The caller heard something.
    Heard(Heard),
    /// A webhook was sent.
    Webhook(Box<Webhook>),
    /// A fault of yours changed a webhook.
    Fault {
        /// The webhook's purpose.
        kind: Kind,
        /// What was done to it.
        done: String,
    },
    /// Twilio's debugger would show this.
    Problem(Problem),
    /// The document asks for something that this emulator does not do; it went on without it.
    NotEmulated(String),
    /// The caller heard Twilio's own error message: the application failed.
    ApplicationError,
    /// A browser registered, or was refused.
    Registration {
        /// The browser.
        client: Address,
        /// Why it was refused.
        refused: Option<String>,
    },
    /// A real browser and the gateway exchanged a frame of the Voice SDK.
    Signal {
        /// The browser.
        client: Address,
        /// Twilio's word for it, such as `invite` or `answer`.
        frame: &'static str,
        /// Whether the browser sent it.
        from_browser: bool,
    },
    /// A real browser sent a message of its own (`call.sendMessage`).
    Message {
        /// The browser.
        client: Address,
        /// Its content, as JSON.
        content: String,
    },
    /// The socket of a real browser is gone.
    SocketClosed {
        /// The browser.
        client: Address,
    },
}

/// What a caller heard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Heard {
    /// `<Say>`: the text.
    Said(String),
    /// `<Play>`: the URL of the file, or its digits.
    Played(String),
    /// Nothing, for some time.
    Silence,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.unix_seconds().rem_euclid(86_400);
        let millis = self.at.unix_micros().rem_euclid(1_000_000) / 1000;
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}.{millis:03} ")?;
        match self.call {
            Some(call) => write!(f, "{} ", &call.as_str()[..8])?,
            None => f.write_str("         ")?,
        }
        if self.call != self.root {
            f.write_str("  ")?;
        }
        write!(f, "{}", self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placed { from, to } => write!(f, "{from} calls {to}"),
            Self::Status { party, status, sip: Some(sip) } => {
                write!(f, "{party} is {status} (SIP {sip})")
            }
            Self::Status { party, status, sip: None } => write!(f, "{party} is {status}"),
            Self::Bridged { with } => write!(f, "the caller talks with {with}"),
            Self::InviteDropped { by } => write!(f, "{by} is on a call and drops the invite"),
            Self::Heard(Heard::Said(text)) => write!(f, "the caller hears “{text}”"),
            Self::Heard(Heard::Played(what)) => write!(f, "the caller hears {what}"),
            Self::Heard(Heard::Silence) => f.write_str("the caller waits"),
            Self::Webhook(webhook) => write!(f, "{webhook}"),
            Self::Fault { kind, done } => write!(f, "fault: {kind} {done}"),
            Self::Problem(problem) => write!(f, "{problem}"),
            Self::NotEmulated(what) => write!(f, "not emulated: {what}"),
            Self::ApplicationError => {
                f.write_str("the caller hears: an application error has occurred")
            }
            Self::Registration { client, refused: None } => write!(f, "{client} is registered"),
            Self::Registration { client, refused: Some(why) } => {
                write!(f, "{client} may not register: {why}")
            }
            Self::Signal { client, frame, from_browser: true } => write!(f, "{client} > {frame}"),
            Self::Signal { client, frame, from_browser: false } => write!(f, "{client} < {frame}"),
            Self::Message { client, content } => write!(f, "{client} sends a message: {content}"),
            Self::SocketClosed { client } => write!(f, "{client} has no socket any more"),
        }
    }
}

/// The entries kept, oldest first; beyond the limit the oldest go.
#[derive(Debug)]
pub(crate) struct Timeline {
    entries: VecDeque<Entry>,
    dropped: u64,
    limit: usize,
}

/// Where an entry stands, for its completion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryId(u64);

impl Timeline {
    pub(crate) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), dropped: 0, limit: limit.max(1) }
    }

    pub(crate) fn push(&mut self, entry: Entry) -> EntryId {
        if self.entries.len() == self.limit {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
        EntryId(self.dropped + self.entries.len() as u64 - 1)
    }

    /// The webhook at this place, unless it has been dropped.
    pub(crate) fn webhook_mut(&mut self, id: EntryId) -> Option<&mut Webhook> {
        let index = usize::try_from(id.0.checked_sub(self.dropped)?).ok()?;
        match &mut self.entries.get_mut(index)?.what {
            What::Webhook(webhook) => Some(webhook),
            _ => None,
        }
    }

    /// How many entries there have ever been.
    pub(crate) fn count(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go_first() {
        let mut timeline = Timeline::new(2);
        let entry = |text: &str| Entry {
            at: Timestamp::from_unix_seconds(0),
            call: None,
            root: None,
            what: What::NotEmulated(text.to_owned()),
        };
        for text in ["one", "two", "three"] {
            timeline.push(entry(text));
        }
        let kept: Vec<String> = timeline.iter().map(|entry| entry.what.to_string()).collect();
        assert_eq!(kept, ["not emulated: two", "not emulated: three"]);
    }

    #[test]
    fn an_entry_reads_as_a_line() {
        let call = CallSid::from_bytes([7; 16]);
        let entry = Entry {
            at: Timestamp::from_unix_micros(3_661_500_000),
            call: Some(call),
            root: None,
            what: What::Bridged { with: "client:a".into() },
        };
        assert_eq!(entry.to_string(), "01:01:01.500 CA070707   the caller talks with client:a");
    }
}
