//! Everything that happened, in order.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use identity::{CallSid, RecordingSid, Timestamp};

use crate::{Address, CallStatus, Kind, Problem, Webhook};

/// One entry of the timeline.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// When, on the emulated clock.
    pub at: Timestamp,
    /// The call or leg it happened to.
    pub call: Option<CallSid>,
    /// The call that the leg belongs to; the call itself if it is not a leg.
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
    /// A browser on a call dropped an invite without notice, as the Voice SDK does.
    InviteDropped {
        /// The browser.
        by: Address,
    },
    /// Something happened in a conference that the call is in.
    Conference {
        /// The conference's name.
        name: String,
        /// Twilio's word for it, for example `participant-join`; or `beep`.
        what: &'static str,
    },
    /// The call entered a queue (`waits`), or left it. Then `what` is Twilio's word for how.
    Queue {
        /// The queue's name.
        name: String,
        /// What happened.
        what: &'static str,
    },
    /// Machine detection has found who answered: Twilio's word, for example `machine_start`.
    AnsweredBy(&'static str),
    /// A recording has a new state.
    Recording {
        /// `RE…`.
        sid: RecordingSid,
        /// Twilio's word for the state.
        status: &'static str,
    },
    /// The caller heard something.
    Heard(Heard),
    /// Somebody said something, in words.
    Spoken {
        /// Who.
        by: Address,
        /// The words.
        text: String,
    },
    /// A webhook was sent.
    Webhook(Box<Webhook>),
    /// A [`Fault`](crate::Fault) changed a webhook.
    Fault {
        /// The webhook's purpose.
        kind: Kind,
        /// What the fault did to it.
        done: String,
    },
    /// Twilio's debugger would show this.
    Problem(Problem),
    /// The document uses a feature that is not emulated. The call continued without it.
    NotEmulated(String),
    /// A file of a `<Play>` was not fetched, because it is not a WAV on this machine. A tone played
    /// instead. Each URL is noted once.
    NotFetched(String),
    /// The caller heard Twilio's own error message: the application failed.
    ApplicationError,
    /// Somebody used the REST API to change something, or was refused.
    Api {
        /// `POST` or `DELETE`; `GET` if it was refused.
        method: String,
        /// The path.
        path: String,
        /// The status of the answer.
        status: u16,
        /// Twilio's number and sentence of the refusal.
        refused: Option<String>,
    },
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
    /// Silence, for some time.
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
            Self::Conference { name, what } => write!(f, "conference {name}: {what}"),
            Self::Queue { name, what } => write!(f, "queue {name}: {what}"),
            Self::AnsweredBy(who) => write!(f, "answered by {who}"),
            Self::Recording { sid, status } => write!(f, "recording {sid} is {status}"),
            Self::Heard(Heard::Said(text)) => write!(f, "the caller hears “{text}”"),
            Self::Heard(Heard::Played(what)) => write!(f, "the caller hears {what}"),
            Self::Heard(Heard::Silence) => f.write_str("the caller waits"),
            Self::Spoken { by, text } => write!(f, "{by} says “{text}”"),
            Self::Webhook(webhook) => write!(f, "{webhook}"),
            Self::Fault { kind, done } => write!(f, "fault: {kind} {done}"),
            Self::Problem(problem) => write!(f, "{problem}"),
            Self::NotEmulated(what) => write!(f, "not emulated: {what}"),
            Self::NotFetched(url) => write!(f, "not fetched: {url}; a tone plays instead"),
            Self::ApplicationError => {
                f.write_str("the caller hears: an application error has occurred")
            }
            Self::Api { method, path, status, refused } => {
                write!(f, "REST: {method} {path} {status}")?;
                refused.iter().try_for_each(|why| write!(f, ", {why}"))
            }
            Self::Registration { client, refused: None } => write!(f, "{client} is registered"),
            Self::Registration { client, refused: Some(why) } => {
                write!(f, "{client} may not register: {why}")
            }
            Self::Signal { client, frame, from_browser: true } => write!(f, "{client} > {frame}"),
            Self::Signal { client, frame, from_browser: false } => write!(f, "{client} < {frame}"),
            Self::Message { client, content } => write!(f, "{client} sends a message: {content}"),
            Self::SocketClosed { client } => write!(f, "{client} lost its socket"),
        }
    }
}

/// The entries, oldest first. Beyond the limit the oldest are dropped.
#[derive(Debug)]
pub(crate) struct Timeline {
    entries: VecDeque<Entry>,
    dropped: u64,
    limit: usize,
    /// Which entries were added or completed, in order.
    changes: VecDeque<EntryId>,
    forgotten: u64,
}

/// The position of an entry.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct EntryId(u64);

impl EntryId {
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl Timeline {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            dropped: 0,
            limit: limit.max(1),
            changes: VecDeque::new(),
            forgotten: 0,
        }
    }

    pub(crate) fn push(&mut self, entry: Entry) -> EntryId {
        if self.entries.len() == self.limit {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
        let id = EntryId(self.dropped + self.entries.len() as u64 - 1);
        self.changed(id);
        id
    }

    fn changed(&mut self, id: EntryId) {
        if self.changes.len() == self.limit.saturating_mul(2) {
            self.changes.pop_front();
            self.forgotten += 1;
        }
        self.changes.push_back(id);
    }

    /// How many changes there were: entries added, and webhooks completed.
    pub(crate) fn change_count(&self) -> u64 {
        self.forgotten + self.changes.len() as u64
    }

    /// The entries that were added or changed after the first `count` changes, each once, oldest
    /// first.
    pub(crate) fn changed_after(&self, count: u64) -> Vec<(EntryId, &Entry)> {
        let skipped = usize::try_from(count.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        let ids: BTreeSet<EntryId> = self.changes.iter().skip(skipped).copied().collect();
        let entry = |id: EntryId| {
            let index = usize::try_from(id.0.checked_sub(self.dropped)?).ok()?;
            Some((id, self.entries.get(index)?))
        };
        ids.into_iter().filter_map(entry).collect()
    }

    /// All entries with their positions.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (EntryId, &Entry)> {
        (self.dropped..).map(EntryId).zip(&self.entries)
    }

    /// The webhook at this position, to be completed, unless it has been dropped.
    pub(crate) fn webhook_mut(&mut self, id: EntryId) -> Option<&mut Webhook> {
        self.changed(id);
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

    fn entry(text: &str) -> Entry {
        let what = What::NotEmulated(text.to_owned());
        Entry { at: Timestamp::from_unix_seconds(0), call: None, root: None, what }
    }

    #[test]
    fn the_oldest_entries_go_first() {
        let mut timeline = Timeline::new(2);
        for text in ["one", "two", "three"] {
            timeline.push(entry(text));
        }
        let kept: Vec<String> = timeline.iter().map(|entry| entry.what.to_string()).collect();
        assert_eq!(kept, ["not emulated: two", "not emulated: three"]);
    }

    #[test]
    fn each_change_is_reported_once() {
        let mut timeline = Timeline::new(2);
        let texts = |timeline: &Timeline, after| -> Vec<String> {
            let changed = timeline.changed_after(after);
            changed.into_iter().map(|(_, entry)| entry.what.to_string()).collect()
        };
        let first = timeline.push(entry("one"));
        assert_eq!(timeline.change_count(), 1);
        timeline.push(entry("two"));
        assert!(timeline.webhook_mut(first).is_none(), "it is none");
        assert_eq!(texts(&timeline, 1), ["not emulated: one", "not emulated: two"]);
        assert_eq!(texts(&timeline, 2), ["not emulated: one"]);
        assert_eq!(texts(&timeline, 3), [""; 0]);
        timeline.push(entry("three"));
        timeline.push(entry("four"));
        assert_eq!(texts(&timeline, 0), ["not emulated: three", "not emulated: four"]);
        assert_eq!(timeline.change_count(), 5);
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
