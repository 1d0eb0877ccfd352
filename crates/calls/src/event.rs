//! What is known about a call, one fact at a time.

mod decision;
mod found;
#[cfg(feature = "serde")]
pub(crate) mod verdicts;
mod webhook;

use alloc::format;
use alloc::string::String;
use identity::Timestamp;

use crate::MOST_AHEAD;

pub use self::decision::{Placed, Refused, Routed, Verdict};
pub use self::found::{Closed, Found};
pub use self::webhook::{Arrived, Dialled, Ended, LegEvent};

/// One fact about one call, and when it happened.
///
/// The event does not say which call it is about; its container does. Events are ordered by time and
/// then by content. That order decides between events that contradict each other, so the order of
/// arrival does not matter.
///
/// With the feature `serde` it is one flat object: `{"at":"…","fact":"dialled","wave":1,…}`;
/// lengths of time are whole seconds.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Event {
    /// When it happened, by Twilio's `Timestamp`; if Twilio sent none, or one that lies too far in the
    /// future, when it was received.
    pub at: Timestamp,
    /// What happened.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub fact: Fact,
}

impl Event {
    /// The keys of the events in which Twilio says that the whole call is over: its callback, and
    /// its record, asked for later.
    pub const OVER: [&'static str; 2] = ["ended", "mended:carrier"];

    /// How the key of a [`Fact::Closed`] begins, up to the first colon.
    pub const CLOSED: &'static str = "mended";

    /// The same event, dated by its receipt if it claims to have happened more than [`MOST_AHEAD`] after
    /// that.
    #[must_use]
    pub fn received(self, received: Timestamp) -> Self {
        let at = if self.at.since(received) > MOST_AHEAD { received } else { self.at };
        Self { at, ..self }
    }

    /// A text that is the same for repeated deliveries of one event, and different for any other
    /// event of the call.
    ///
    /// `arrived`, `placed`, `refused`, `routed:{wave}`, `leg:{sid}:{sequence}:{status}`,
    /// `dialled:{wave}`, `ended`, `found`, `found:{sid}:{status}`, `mended:carrier`,
    /// `mended:carrier:{sid}`, `mended:deadline:{status}` and `mended:deadline:{sid}:{status}`. Of
    /// two events with the same key the smaller one counts, so a store that keeps one row for each
    /// key keeps that one.
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
            Fact::Closed(closed) => closed.key(),
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
    /// says so. A final status says nothing here; [`Fact::Closed`] does.
    FoundLeg(LegEvent),
    /// The reconciler says that something is over although no callback said so.
    #[cfg_attr(feature = "serde", serde(rename = "mended"))]
    Closed(Closed),
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
