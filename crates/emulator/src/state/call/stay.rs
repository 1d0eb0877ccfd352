//! A call stays in a queue or conference while other documents run for it.

use std::collections::VecDeque;

use identity::{CallSid, ConferenceSid, QueueSid, Timestamp};

use crate::Kind;
use crate::step::{Step, Target, Wait};

/// A stay, and the document that the call continues with after it.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) place: Place,
    pub(crate) steps: VecDeque<Step>,
    pub(crate) base: String,
    pub(crate) base_kind: Kind,
}

/// Where a call stays.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Queue(Queued),
    Conference(Conferring),
}

/// Why a call leaves the place where it stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Away {
    /// Its person hung up, or its time was up.
    HungUp,
    /// The REST API gave it another document.
    Redirected,
}

/// A call in a queue, or bridged out of it.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) queue: QueueSid,
    pub(crate) joined_at: Timestamp,
    pub(crate) action: Option<Target>,
    pub(crate) wait: Wait,
    pub(crate) turn: Turn,
}

/// How far a queued call is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Turn {
    Waits,
    /// It hears the document before the bridge.
    Whispers {
        by: CallSid,
    },
    Talks {
        by: CallSid,
    },
}

/// A call in a conference.
#[derive(Clone, Debug)]
pub(crate) struct Conferring {
    pub(crate) conference: ConferenceSid,
    pub(crate) action: Option<Target>,
    pub(crate) hangup_on_star: bool,
    pub(crate) wait: Wait,
    pub(crate) ear: Ear,
}

/// What a participant hears.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ear {
    /// The wait document, until the conference starts.
    Waiting,
    /// The others.
    Open,
    /// The hold document.
    Held(Wait),
    /// An announcement.
    Announced,
}
