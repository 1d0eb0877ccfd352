//! What is known about a call, one fact at a time.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use identity::{CallSid, ContactId, PhoneNumber, Timestamp, UserId};

use crate::{DialStatus, Direction, LegStatus, Mend, Party};

/// One fact about one call, and when it happened.
///
/// Which call it is stands beside it, not in it. Events are ordered by time and then by content;
/// that order settles every contradiction, so the order of arrival never does.
///
/// With the feature `serde` it is one flat object: `{"at":"…","fact":"dialled","wave":1,…}`;
/// lengths of time are whole seconds.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Event {
    /// When it happened, by Twilio's `Timestamp`; if Twilio sent none, when it was received.
    pub at: Timestamp,
    /// What happened.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub fact: Fact,
}

impl Event {
    /// A text that is equal for a repeated delivery of the same event, and unique in its call
    /// otherwise.
    ///
    /// `arrived`, `placed`, `refused`, `routed:{wave}`, `leg:{sid}:{sequence}:{status}`,
    /// `dialled:{wave}`, `ended`, `found`, `found:{sid}:{status}`, `mended:carrier`,
    /// `mended:carrier:{sid}`, `mended:deadline:{status}` and `mended:deadline:{sid}:{status}`. Of
    /// two events with the same key the smaller one stands, so a store that keeps one row a key
    /// keeps that one.
    ///
    /// # Examples
    ///
    /// ```
    /// use calls::{Event, Fact, LegEvent, LegStatus};
    /// use identity::{CallSid, Timestamp};
    ///
    /// let leg = CallSid::from_bytes([2; 16]);
    /// let answered = LegEvent { sequence: Some(2), ..LegEvent::new(leg, LegStatus::InProgress) };
    /// let at = Timestamp::from_unix_seconds(1_767_225_600);
    /// let event = Event { at, fact: Fact::Leg(answered) };
    /// assert_eq!(event.key(), "leg:CA02020202020202020202020202020202:2:in-progress");
    /// ```
    pub fn key(&self) -> String {
        match &self.fact {
            Fact::Arrived(_) => "arrived".into(),
            Fact::Placed(_) => "placed".into(),
            Fact::Refused(_) => "refused".into(),
            Fact::Routed(routed) => format!("routed:{}", routed.wave),
            Fact::Leg(LegEvent { sid, sequence: Some(sequence), status, .. }) => {
                format!("leg:{sid}:{sequence}:{status}")
            }
            Fact::Leg(leg) => format!("leg:{}:-:{}", leg.sid, leg.status),
            Fact::Dialled(dialled) => format!("dialled:{}", dialled.wave),
            Fact::Ended(_) => "ended".into(),
            Fact::Found(_) => "found".into(),
            Fact::FoundLeg(leg) => format!("found:{}:{}", leg.sid, leg.status),
            Fact::Mended(mended) => mended.key(),
        }
    }
}

/// What may be known about a call.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "fact", rename_all = "snake_case"))]
pub enum Fact {
    /// The voice webhook: the call exists.
    Arrived(Arrived),
    /// Our decision to let an agent's call out.
    Placed(Placed),
    /// Our decision not to let an agent's call out.
    Refused(Refused),
    /// Our decision about one wave of an inbound call.
    Routed(Routed),
    /// The status callback of a child leg.
    Leg(LegEvent),
    /// The `action` of a Dial: it is over.
    Dialled(Dialled),
    /// The status callback of the call itself: it is over.
    Ended(Ended),
    /// The carrier's record of the call, asked for later: the call exists.
    Found(Found),
    /// The carrier's record of a leg, asked for later: it exists, and was answered if the status
    /// says so. A final status says nothing here; [`Fact::Mended`] does.
    FoundLeg(LegEvent),
    /// A reconciler says that something is over of which no callback said so.
    Mended(Mended),
}

/// The voice webhook: the call exists.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Arrived {
    /// Outbound if a browser calls.
    pub direction: Direction,
    /// Who calls.
    pub from: Party,
    /// What was called; for a browser whatever its page sent, or nothing.
    pub to: Party,
}

/// Our decision to let an agent's call out.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Placed {
    /// Who calls.
    pub agent: UserId,
    /// The number that is dialled.
    pub to: PhoneNumber,
    /// Whose number it is.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub contact: Option<ContactId>,
}

/// Our decision not to let an agent's call out.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Refused {
    /// Who wanted to call; `None` for a browser that is no agent's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub agent: Option<UserId>,
    /// The rule, as a stable `snake_case` code of the server's.
    pub reason: String,
}

/// Our decision about one wave of an inbound call.
///
/// A decision that rings nobody is one too: it says that no wave follows.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Routed {
    /// The number of the wave, from 1.
    pub wave: u16,
    /// Who calls, if the number is a contact's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub contact: Option<ContactId>,
    /// Whom the call is for, as a stable `snake_case` code of the router's.
    pub scope: String,
    /// What was decided about every candidate, in the router's order.
    pub verdicts: Vec<Verdict>,
}

/// What was decided about one candidate.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Verdict {
    /// Who.
    pub user: UserId,
    /// The reason, as a stable `snake_case` code of the router's.
    pub reason: String,
    /// Whether they ring in this wave. One who is meant for a later wave does not.
    pub rings: bool,
}

/// The status callback of a child leg.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct LegEvent {
    /// The leg.
    pub sid: CallSid,
    /// Whom it rings; `None` for a phone number or a browser that is no agent's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub agent: Option<UserId>,
    /// How it stands.
    pub status: LegStatus,
    /// Twilio's `SequenceNumber`, from 0 for each leg.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub sequence: Option<u32>,
    /// Twilio's `CallDuration`: how long it was answered, with the last event only.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub duration: Option<Duration>,
    /// Twilio's `SipResponseCode`, with the last event only: 480 for a browser that is not there.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub sip_response: Option<u16>,
}

impl LegEvent {
    /// An event that says no more than how a leg stands.
    pub const fn new(sid: CallSid, status: LegStatus) -> Self {
        Self { sid, agent: None, status, sequence: None, duration: None, sip_response: None }
    }
}

/// The `action` of a Dial: it is over.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Dialled {
    /// Which wave it was, from 1; an outbound call has one.
    pub wave: u16,
    /// How it ended.
    pub status: DialStatus,
    /// The leg that was bridged. If none was, Twilio may name any, and it says nothing.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub child: Option<CallSid>,
    /// Twilio's `DialCallDuration`: how long that leg was answered.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub duration: Option<Duration>,
    /// Twilio's `DialBridged`: whether the two sides were connected.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub bridged: Option<bool>,
    /// Whether the call itself was over by then: whoever placed it has gone.
    pub caller_gone: bool,
}

impl Dialled {
    /// Whether two sides were connected.
    pub fn connected(&self) -> bool {
        matches!(self.status, DialStatus::Completed | DialStatus::Answered)
            && self.bridged != Some(false)
    }
}

/// The status callback of the call itself: it is over.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Ended {
    /// How it ended for Twilio: `completed` says nothing about whether an agent answered.
    pub status: LegStatus,
    /// Twilio's `CallDuration`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub duration: Option<Duration>,
}

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
    fn key(&self) -> String {
        let Self { by, leg, status } = self;
        match (by, leg) {
            (Mend::Carrier, None) => format!("mended:{by}"),
            (Mend::Carrier, Some(leg)) => format!("mended:{by}:{leg}"),
            (Mend::Deadline, None) => format!("mended:{by}:{status}"),
            (Mend::Deadline, Some(leg)) => format!("mended:{by}:{leg}:{status}"),
        }
    }
}

/// An optional `Duration` as whole seconds.
#[cfg(feature = "serde")]
mod seconds {
    use core::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands in a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        length: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        length.map(|length| length.as_secs()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
    }
}
