//! What was found out later, without a callback.

use alloc::format;
use alloc::string::String;

use identity::{CallSid, ContactId};

use crate::{Direction, LegStatus, Mend, Party};

/// The carrier's record of the call, asked for after an outage of ours.
///
/// It says what the voice webhook would have said, and counts only where that did not come.
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

/// A reconciler says that something is over of which no callback said so.
///
/// A callback that says so, late as it may be, counts more; the carrier's record counts more than
/// a deadline. A deadline says that nothing was heard for longer than such a state can last: it
/// does not count if something is known to have happened after it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Mended {
    /// Who says so.
    pub by: Mend,
    /// The leg that is over; `None` for the call and all its legs.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub leg: Option<CallSid>,
    /// How it ended, as far as is known.
    pub status: LegStatus,
}

impl Mended {
    /// Deadlines of different states have different keys: when the one for ringing has turned out
    /// to be wrong, the one for talking can still come.
    pub(super) fn key(&self) -> String {
        let Self { by, leg, status } = self;
        match (by, leg) {
            (Mend::Carrier, None) => format!("mended:{by}"),
            (Mend::Carrier, Some(leg)) => format!("mended:{by}:{leg}"),
            (Mend::Deadline, None) => format!("mended:{by}:{status}"),
            (Mend::Deadline, Some(leg)) => format!("mended:{by}:{leg}:{status}"),
        }
    }
}
