//! From everything that is known about one call to its record.
//!
//! Nothing here looks at the order of its input. [`facts`] turns events into a set: for each key the
//! smallest event. [`legs`] finds the status of each leg, and the leg that has the call. [`outcome`]
//! finds the outcome of the call. All of them are functions of that set, so every order and every
//! repetition of the same events gives the same record.

mod facts;
mod legs;
mod outcome;

use identity::CallSid;

use crate::{Call, Event};

/// Folds the events of one call into its record.
///
/// `events` are any of the call's events, in any order and with any repetition. Fields about which
/// nothing is known yet stay empty. A late, repeated or misplaced event changes nothing that a better
/// one has decided. It takes n log n time, and no input makes it panic.
///
/// # Examples
///
/// ```
/// use calls::{Dialled, DialStatus, Event, Fact, LegEvent, LegStatus, Outcome, fold};
/// use identity::{CallSid, Timestamp, UserId};
///
/// let (call, leg) = (CallSid::from_bytes([1; 16]), CallSid::from_bytes([2; 16]));
/// let agent = UserId::from_bytes([7; 16]);
/// let at = |seconds: i64| Timestamp::from_unix_seconds(1_767_225_600 + seconds);
/// let status = |status| LegEvent { agent: Some(agent), ..LegEvent::new(leg, status) };
/// let answered = Event { at: at(5), fact: Fact::Leg(status(LegStatus::InProgress)) };
/// let over = Event { at: at(65), fact: Fact::Leg(status(LegStatus::Completed)) };
///
/// let record = fold(call, [&over, &answered, &over]);
/// assert_eq!(record.handled_by, Some(agent));
/// assert_eq!(record.outcome, Outcome::Completed);
/// assert_eq!(record.talked().map(|talked| talked.as_secs()), Some(60));
/// assert_eq!(fold(call, [&answered]).on_call(), [agent]);
/// ```
pub fn fold<'a>(sid: CallSid, events: impl IntoIterator<Item = &'a Event>) -> Call {
    let facts = facts::Facts::collect(sid, events);
    let legs = legs::Legs::of(&facts);
    outcome::record(&facts, legs)
}
