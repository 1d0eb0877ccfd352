//! The record of one call.

use alloc::vec::Vec;
use core::time::Duration;

use identity::{CallSid, ContactId, Timestamp, UserId, Word};
use routing::Scope;

use crate::{Dialled, Direction, EndReason, LegEnd, LegStatus, Outcome, Party, Refusal, Verdict};

/// Everything that is known about one call.
///
/// Moments are Twilio's where it gave them, else the server's; they never run backwards within a
/// record: an answer is not before the start, an end not before the answer.
///
/// With the feature `serde` it is the JSON object that the API shows.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Call {
    /// The call, as Twilio and the log name it.
    #[cfg_attr(feature = "serde", serde(rename = "call_sid"))]
    pub sid: CallSid,
    /// Who placed it; inbound until an event says otherwise.
    pub direction: Direction,
    /// Who calls.
    pub from: Party,
    /// What was called: for an outbound call the number that was dialled.
    pub to: Party,
    /// The person on the other side, if it is a contact.
    #[cfg_attr(feature = "serde", serde(rename = "contact_id"))]
    pub contact: Option<ContactId>,
    /// How it stands or ended.
    pub outcome: Outcome,
    /// The agent who has, or had, the call. Inbound: whose leg was answered and connected; `None`
    /// while it rings and if it was missed. Outbound: who placed it.
    pub handled_by: Option<UserId>,
    /// When it arrived, or the first sign of it if the arrival is not known; `None` if nothing is
    /// known.
    pub started_at: Option<Timestamp>,
    /// When the other side answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// Why it ended; `None` while it goes on, and in the log for a reason that only a newer
    /// version of the program knows.
    pub end_reason: Option<EndReason>,
    /// The rule that kept an outbound call from being placed.
    pub refusal: Option<Word<Refusal>>,
    /// As folded: the agent's own leg of an outbound call first, then by wave, first sign of life
    /// and Sid. In the log they are in the order in which they began.
    pub legs: Vec<Leg>,
    /// The waves, by number.
    pub waves: Vec<Wave>,
}

impl Call {
    /// Whether somebody called and nobody answered, now that it is over.
    pub fn is_missed(&self) -> bool {
        self.direction == Direction::Inbound && self.outcome.is_missed()
    }

    /// How long it rang before it was answered or over; `None` while it rings.
    pub fn waited(&self) -> Option<Duration> {
        Some(self.answered_at.or(self.ended_at)?.since(self.started_at?))
    }

    /// How long the two sides were connected, until one of them left; `None` if they were not, or still are.
    pub fn talked(&self) -> Option<Duration> {
        let sides = self.legs.iter().filter(|leg| leg.end == Some(LegEnd::Completed));
        let left = sides.filter_map(|leg| leg.ended_at).fold(self.ended_at?, Ord::min);
        Some(left.since(self.answered_at?))
    }

    /// The agents who are on this call, each once, by user id.
    ///
    /// For both directions: the agent who answered, and the agent who placed it.
    pub fn on_call(&self) -> Vec<UserId> {
        self.agents(Leg::is_on_call)
    }

    /// The agents whose page rings with this call, each once, by user id.
    pub fn ringing(&self) -> Vec<UserId> {
        self.agents(Leg::is_ringing)
    }

    fn agents(&self, holds: impl Fn(&Leg) -> bool) -> Vec<UserId> {
        let mut users: Vec<UserId> =
            self.legs.iter().filter(|leg| holds(leg)).filter_map(|leg| leg.agent).collect();
        users.sort_unstable();
        users.dedup();
        users
    }
}

/// One end of a call: an agent's browser, or the number that an agent called.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Leg {
    /// The leg; for the agent's own leg of an outbound call, the call itself.
    #[cfg_attr(feature = "serde", serde(rename = "leg_sid"))]
    pub sid: CallSid,
    /// The agent whose browser it is; `None` for a phone number.
    pub agent: Option<UserId>,
    /// The wave in which it rang; `None` for an outbound call, and if it is not known.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub wave: Option<u16>,
    /// How it stands. A leg that no callback ended, but whose call or Dial is over, is over.
    pub status: LegStatus,
    /// When dialling began.
    pub initiated_at: Option<Timestamp>,
    /// When it began to ring.
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// The SIP response with which it ended, if Twilio said.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub sip_response: Option<u16>,
    /// Why it ended; `None` while it goes on, and in the log for a reason that only a newer
    /// version of the program knows.
    #[cfg_attr(feature = "serde", serde(rename = "end_reason"))]
    pub end: Option<LegEnd>,
}

impl Leg {
    /// Whether it was answered and goes on.
    pub const fn is_on_call(&self) -> bool {
        self.answered_at.is_some() && self.ended_at.is_none()
    }

    /// Whether it rings.
    pub const fn is_ringing(&self) -> bool {
        self.answered_at.is_none() && self.ended_at.is_none()
    }
}

/// One wave of an inbound call, or the one Dial of an outbound call.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wave {
    /// Its number, from 1.
    pub number: u16,
    /// When it was decided; `None` if the decision is not known.
    pub decided_at: Option<Timestamp>,
    /// The agents that the call was for, and why; `None` if the decision is not known.
    pub scope: Option<Word<Scope>>,
    /// What was decided about every candidate, in the router's order.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::event::verdicts::deserialize"))]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<Verdict>"))]
    pub verdicts: Vec<Verdict>,
    /// When its Dial ended.
    pub ended_at: Option<Timestamp>,
    /// How its Dial ended; `None` while it rings.
    pub dialled: Option<Dialled>,
}

impl Wave {
    /// Who rings in it, in ring order.
    pub fn ringing(&self) -> impl Iterator<Item = UserId> + '_ {
        self.verdicts.iter().filter(|verdict| verdict.rings).map(|verdict| verdict.user)
    }

    /// The short form in which a store keeps it; it is read like the long one, which the API shows.
    #[cfg(feature = "serde")]
    pub fn kept(&self) -> KeptWave<'_> {
        let Self { number, decided_at, scope, verdicts, ended_at, dialled } = self;
        KeptWave {
            number: *number,
            decided_at: *decided_at,
            scope: scope.as_ref(),
            verdicts,
            ended_at: *ended_at,
            dialled: dialled.as_ref(),
        }
    }
}

/// [`Wave::kept`].
#[cfg(feature = "serde")]
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct KeptWave<'a> {
    number: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Word<Scope>>,
    #[serde(serialize_with = "crate::event::verdicts::serialize")]
    verdicts: &'a [Verdict],
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dialled: Option<&'a Dialled>,
}
