//! Why a page stopped ringing.

use calls::{Call, Leg, RingEnd};
use identity::{CallSid, UserId};
use serde::Serialize;

/// Why a page stopped ringing.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RingEnded<'a> {
    call_sid: CallSid,
    /// The leg of that page.
    leg_sid: CallSid,
    /// Whose page rang.
    user_id: UserId,
    reason: RingEnd,
    /// Who has the call, if it was answered; perhaps the same agent.
    answered_by: Option<AnsweredBy<'a>>,
}

/// Who has a call.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AnsweredBy<'a> {
    user_id: UserId,
    name: Option<&'a str>,
}

impl<'a> RingEnded<'a> {
    /// `None` if the leg rings, or no event says why it stopped.
    pub(crate) fn of(
        call: &Call,
        leg: &Leg,
        name_of: impl Fn(UserId) -> Option<&'a str>,
    ) -> Option<Self> {
        let reason = call.ring_end(leg)?;
        let by = call.handled_by.filter(|_| reason == RingEnd::Answered);
        Some(Self {
            call_sid: call.sid,
            leg_sid: leg.sid,
            user_id: leg.agent?,
            reason,
            answered_by: by.map(|user_id| AnsweredBy { user_id, name: name_of(user_id) }),
        })
    }
}
