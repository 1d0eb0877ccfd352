//! The row of a call in the log that front ends read.

use alloc::string::String;

use identity::{ContactId, Timestamp, UserId, codes};

use crate::{Call, Direction, EndReason, Outcome};

/// One row of `livechat_messages` with `msg_type = 'call'`: final, or as far as is known.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LogEntry {
    /// Who placed the call.
    pub direction: Direction,
    /// Whose side placed it, in the words of the live chat.
    pub sender: Sender,
    /// One short English sentence without names and numbers.
    pub body: String,
    /// How the call stands or ended.
    pub status: Outcome,
    /// The agent who handled it; `None` for a call that nobody answered.
    pub user_id: Option<UserId>,
    /// The person on the other side, if it is a contact.
    pub contact_id: Option<ContactId>,
    /// When the call arrived; `None` only if nothing is known of it.
    pub created_at: Option<Timestamp>,
}

/// Whose side a message of the live chat comes from.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Sender {
    /// The contact: an inbound call.
    Contact,
    /// A user of the live chat: an outbound call.
    User,
}

codes!(Sender, "sender", { Contact => "contact", User => "user" });

/// The row of a call.
///
/// # Examples
///
/// ```
/// use calls::{Sender, fold, log_entry};
/// use identity::CallSid;
///
/// let entry = log_entry(&fold(CallSid::from_bytes([1; 16]), []));
/// assert_eq!(entry.sender, Sender::Contact);
/// assert_eq!(entry.body, "Incoming call, ringing.");
/// assert_eq!(entry.status.code(), "ringing");
/// ```
pub fn log_entry(call: &Call) -> LogEntry {
    LogEntry {
        direction: call.direction,
        sender: match call.direction {
            Direction::Inbound => Sender::Contact,
            Direction::Outbound => Sender::User,
        },
        body: body(call),
        status: call.outcome,
        user_id: call.handled_by,
        contact_id: call.contact,
        created_at: call.started_at,
    }
}

fn body(call: &Call) -> String {
    if call.outcome == Outcome::Completed {
        return talked(call);
    }
    let [inbound, outbound] = call.outcome.sentences();
    let text = match (call.direction, call.end_reason) {
        (Direction::Outbound, _) => outbound,
        (Direction::Inbound, Some(EndReason::NobodyAvailable)) if call.is_missed() => {
            "Missed call, nobody was available."
        }
        (Direction::Inbound, Some(EndReason::Declined)) if call.is_missed() => {
            "Missed call, declined."
        }
        (Direction::Inbound, _) => inbound,
    };
    text.into()
}

fn talked(call: &Call) -> String {
    let which = match call.direction {
        Direction::Inbound => "Incoming",
        Direction::Outbound => "Outgoing",
    };
    let seconds = call.talked().unwrap_or_default().as_secs();
    if seconds < 60 {
        alloc::format!("{which} call, {seconds} s.")
    } else {
        alloc::format!("{which} call, {} min {} s.", seconds / 60, seconds % 60)
    }
}
