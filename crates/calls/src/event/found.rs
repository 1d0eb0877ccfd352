//! What was found out later, without a callback.

use alloc::format;
use alloc::string::String;

use identity::{CallSid, ContactId};

use crate::{ClosedBy, Direction, LegStatus, Party};

/// The carrier's record of the call, asked for after an outage of ours.
///
/// It says what the voice webhook would have said, and counts only if that is missing.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Found {
    /// Outbound if a browser calls.
    pub direction: Direction,
    /// Who calls.
    pub from: Party,
    /// What was called; for the call of a browser the number that was dialled, if any was.
    pub to: Party,
    /// The person on the other side, if it is a contact.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub contact: Option<ContactId>,
}

/// The reconciler says that something is over although no callback said so.
///
/// A callback that says so counts more, even if it comes late. The carrier's record counts more than
/// a deadline. A deadline says that there was no event for longer than such a state can last. It does
/// not count if something is known to have happened after it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Closed {
    /// Who says so.
    pub by: ClosedBy,
    /// The leg that is over; `None` for the call and all its legs.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub leg: Option<CallSid>,
    /// How it ended, as far as is known.
    pub status: LegStatus,
}

impl Closed {
    /// Deadlines of different states have different keys: if the one for ringing was wrong, the one
    /// for talking can still follow.
    pub(super) fn key(&self) -> String {
        let Self { by, leg, status } = self;
        match (by, leg) {
            (ClosedBy::Carrier, None) => format!("mended:{by}"),
            (ClosedBy::Carrier, Some(leg)) => format!("mended:{by}:{leg}"),
            (ClosedBy::Deadline, None) => format!("mended:{by}:{status}"),
            (ClosedBy::Deadline, Some(leg)) => format!("mended:{by}:{leg}:{status}"),
        }
    }
}
