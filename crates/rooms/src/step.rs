//! What the carrier is asked, and what it answers.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use identity::CallSid;

use crate::{Errand, How, PartyId, Sound};

/// The number of a step. It tells a late answer from the awaited one, and says nothing about the call, so it is
/// not part of a state's hash.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct StepNumber(pub u32);

impl Hash for StepNumber {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A step, and its number for the answer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Order {
    /// Its number.
    pub number: StepNumber,
    /// What the carrier is asked.
    pub step: Step,
}

/// One request to the carrier. Each may be repeated without harm, except [`Step::Call`], which is never repeated.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Step {
    /// Redirects the child of the Dial into the room. The parent's `action` follows, and is answered with the same
    /// room: [`Document::Room`].
    Convert {
        /// The child.
        child: PartyId,
    },
    /// Sets what a party in the room hears, in one request.
    Change {
        /// The party.
        party: PartyId,
        /// All three settings.
        sound: Sound,
    },
    /// Calls a party into the room, under its label.
    Call {
        /// The party.
        party: PartyId,
    },
    /// Ends a leg, also one that rings.
    HangUp {
        /// The party.
        party: PartyId,
    },
    /// Redirects the contact to the router.
    Move,
    /// Reads where every leg of the call is.
    Look,
}

/// What came of a step.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Answer {
    /// It was executed.
    Done,
    /// [`Step::Call`] was executed; this is the leg.
    Called(CallSid),
    /// [`Step::Look`] was executed. Every leg that the carrier knows is in the list. An agent's leg of the router's Dial
    /// that is not a party yet is applied as [`Input::Connected`](crate::Input::Connected) before.
    Seen(Vec<Seen>),
    /// The carrier knows no such call, room or participant.
    Absent,
    /// The leg is not in progress.
    NotInProgress,
    /// Whoever should hear the whisper is on hold.
    CoachedOnHold,
    /// It was not executed, and may be tried again later: too many requests, or no connection.
    TooMany,
    /// It was not executed, and would not be at another time.
    Refused,
    /// It may have been executed: no answer, a broken one, or a failure of the carrier's. Also the answer for a step
    /// that a dead server had begun.
    Unsure,
}

/// Where the carrier has one leg.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Seen {
    /// Whose leg it is.
    pub party: PartyId,
    /// Where it is.
    pub at: SeenAt,
}

/// Where the carrier has a leg.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SeenAt {
    /// It is queued, or it rings.
    Ringing,
    /// In progress, in the bridge of a Dial: the child of the Dial is in progress and not in a room.
    Bridge,
    /// In the room.
    Room(Sound),
    /// In progress, and neither.
    Elsewhere,
    /// Over. If nothing is known about the reason, [`How::Lost`].
    Gone(How),
}

/// The document for a leg that asks what comes next.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Document {
    /// Joins the room with this sound. The room ends when the contact leaves it, and nobody else's leaving ends it;
    /// the contact's `action` comes to us.
    Room(Sound),
    /// Rings whomever the errand says; for the contact alone.
    Ring(Errand),
    /// Ends the leg.
    HangUp,
}
