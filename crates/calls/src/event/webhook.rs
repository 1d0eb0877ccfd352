//! What Twilio's webhooks say, and how it is read from their parameters.

use core::time::Duration;

use identity::{CallSid, UserId};

use crate::form::Form;
use crate::{DialStatus, Direction, LegStatus, ParamError, Party};

/// The voice webhook: the call exists.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Arrived {
    /// Outbound if a browser calls.
    pub direction: Direction,
    /// Who calls.
    pub from: Party,
    /// What was called; for a browser what its page sent, or nothing.
    pub to: Party,
}

impl Arrived {
    /// A call without any further parameter of the webhook.
    pub const fn new(direction: Direction, from: Party, to: Party) -> Self {
        Self { direction, from, to }
    }

    pub(crate) fn read<'a>(
        form: &Form<impl Iterator<Item = (&'a str, &'a str)> + Clone>,
    ) -> Result<Self, ParamError> {
        // A carrier may send no caller at all.
        let from = form.value("From")?.map_or_else(Party::unknown, Party::read);
        let to = form.value("To")?.map_or_else(Party::unknown, Party::read);
        // Seen from Twilio a browser calls in, so its `Direction` is `inbound` too.
        let direction = match from {
            Party::Client(_) => Direction::Outbound,
            Party::Number(_) | Party::Other(_) => Direction::Inbound,
        };
        Ok(Self { direction, from, to })
    }
}

/// The status callback of a child leg.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct LegEvent {
    /// The leg.
    pub sid: CallSid,
    /// The agent that it rings; `None` for a phone number or a browser that is not an agent's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub agent: Option<UserId>,
    /// How it stands.
    pub status: LegStatus,
    /// Twilio's `SequenceNumber`, from 0 for each leg.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub sequence: Option<u32>,
    /// Twilio's `CallDuration`: how long it was answered, with the last event only.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "serde", serde(with = "super::seconds"))]
    pub duration: Option<Duration>,
    /// Twilio's `SipResponseCode`, with the last event only: 480 for a browser that is not there.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub sip_response: Option<u16>,
}

impl LegEvent {
    /// An event that has nothing but the status of a leg.
    pub const fn new(sid: CallSid, status: LegStatus) -> Self {
        Self { sid, agent: None, status, sequence: None, duration: None, sip_response: None }
    }

    pub(crate) fn read<'a>(
        form: &Form<impl Iterator<Item = (&'a str, &'a str)> + Clone>,
        sid: CallSid,
        agent: Option<UserId>,
    ) -> Result<Self, ParamError> {
        Ok(Self {
            sid,
            agent: agent.or_else(|| form.first("To").and_then(|to| Party::read(to).agent())),
            status: form.status()?,
            sequence: form.number("SequenceNumber"),
            duration: form.seconds("CallDuration"),
            sip_response: form.number("SipResponseCode"),
        })
    }
}

/// The `action` of a Dial: it is over.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dialled {
    /// Which wave it was, from 1; an outbound call has one.
    pub wave: u16,
    /// How it ended.
    pub status: DialStatus,
    /// The leg that was bridged. If none was, Twilio may name any leg, which means nothing.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub child: Option<CallSid>,
    /// Twilio's `DialCallDuration`: how long that leg was answered.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "serde", serde(with = "super::seconds"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
    pub duration: Option<Duration>,
    /// Twilio's `DialBridged`: whether the two sides were connected.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub bridged: Option<bool>,
    /// Whether the call itself was over by then: the caller has gone.
    pub caller_gone: bool,
}

impl Dialled {
    pub(crate) fn read<'a>(
        form: &Form<impl Iterator<Item = (&'a str, &'a str)> + Clone>,
        wave: u16,
    ) -> Result<Self, ParamError> {
        let named = form.value("DialCallSid")?.is_some();
        Ok(Self {
            wave,
            status: form.word("DialCallStatus")?,
            child: if named { Some(form.sid("DialCallSid")?) } else { None },
            duration: form.seconds("DialCallDuration"),
            bridged: form.number("DialBridged"),
            caller_gone: form.status().is_ok_and(LegStatus::is_final),
        })
    }

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
    /// How it ended for Twilio. `completed` does not mean that an agent answered.
    pub status: LegStatus,
    /// Twilio's `CallDuration`.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    #[cfg_attr(feature = "serde", serde(with = "super::seconds"))]
    pub duration: Option<Duration>,
}

impl Ended {
    pub(crate) fn read<'a>(
        form: &Form<impl Iterator<Item = (&'a str, &'a str)> + Clone>,
    ) -> Result<Self, ParamError> {
        let status = form.status()?;
        if !status.is_final() {
            return Err(ParamError::NotFinal { name: "CallStatus" });
        }
        Ok(Self { status, duration: form.seconds("CallDuration") })
    }
}
