//! The REST API places calls, and changes calls that are going on.

use identity::CallSid;

use super::World;
use super::life::{SIP_CANCELED, SIP_OK};
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Away, CallOut, Caller, First};
use crate::state::params::Params;
use crate::step::{Subscription, Target};
use crate::{CallStatus, Direction, Kind};

/// What a call is told.
#[derive(Clone, Debug)]
pub(crate) enum Instruction {
    /// To go on with another document.
    GoOn(Box<First>),
    /// To end, also in the middle.
    Complete,
    /// To end, if it has not been answered yet.
    Cancel,
}

/// Why a call does not do what it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// It is over, or not yet where it could do that.
    State,
}

impl World {
    /// Queues a call: one after the other begins, as fast as the account may dial.
    pub(crate) fn call_out(&mut self, out: CallOut) -> CallSid {
        let ends = (out.from, out.to);
        let caller = Caller::default();
        let sid = self.new_call(out.account, ends, Direction::OutboundApi, caller);
        if let Some(call) = self.calls.get_mut(&sid) {
            call.life.status = CallStatus::Queued;
            call.webhooks.app = out.app;
            call.webhooks.voice = Some(out.plan.first.voice.clone());
            call.webhooks.subscription = out.subscription;
            call.end.parameters = out.parameters;
            call.rest.placed = Some(out.plan);
        }
        let rate = self.config.calls_per_second;
        let wait = self.api.queue_call(out.account, rate, self.time.now);
        self.time.schedule(wait, Due::DialsOut { call: sid });
        sid
    }

    /// The turn of a queued call has come.
    pub(super) fn dials_out(&mut self, sid: CallSid) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.life.started_at = Some(now);
        let rings = call.rest.placed.as_ref().map(|plan| plan.timeout).unwrap_or_default();
        self.dial_out(sid);
        self.time.schedule(rings + self.config.extra_ring, Due::RingsOut { call: sid });
    }

    /// It has rung long enough.
    pub(super) fn rings_out(&mut self, sid: CallSid) {
        self.end_leg(sid, CallStatus::NoAnswer, SIP_CANCELED);
    }

    /// Somebody has picked up: the call begins.
    pub(super) fn outbound_answered(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let Some(plan) = call.rest.placed.clone() else { return };
        self.time.schedule(plan.time_limit, Due::CallLimit { call: sid });
        self.begin_with(sid, Kind::Voice, plan.first);
    }

    /// Runs a document, or asks for it.
    pub(super) fn begin_with(&mut self, sid: CallSid, kind: Kind, first: First) {
        if let Some(twiml) = first.twiml {
            self.run_given(sid, kind, &twiml);
            return;
        }
        let target = Target { url: first.voice.url, method: first.voice.method };
        self.fetch(sid, kind, target, Params::new());
    }

    /// Tells a call what to do.
    pub(crate) fn instruct(&mut self, sid: CallSid, what: Instruction) -> Result<(), Refused> {
        let Some(call) = self.calls.get(&sid) else { return Err(Refused::State) };
        match what {
            Instruction::GoOn(first) if call.life.status == CallStatus::InProgress => {
                self.go_on_with(sid, *first);
                Ok(())
            }
            Instruction::Complete if !call.has_ended() => {
                self.end_by_api(sid);
                Ok(())
            }
            Instruction::Cancel
                if matches!(call.life.status, CallStatus::Queued | CallStatus::Ringing) =>
            {
                self.end_by_api(sid);
                Ok(())
            }
            _ => Err(Refused::State),
        }
    }

    /// Tells somebody else of the end of a call.
    pub(crate) fn report_to(&mut self, sid: CallSid, subscription: Subscription) {
        if let Some(call) = self.calls.get_mut(&sid) {
            call.webhooks.subscription = Some(subscription);
        }
    }

    /// Takes the call out of what it does and runs another document.
    ///
    /// The `action` of a `<Dial>` is asked first, and what it answers has no effect.
    fn go_on_with(&mut self, sid: CallSid, first: First) {
        self.interrupt(sid);
        if let Some(call) = self.calls.get_mut(&sid) {
            let callback = call.webhooks.voice.take().and_then(|voice| voice.status_callback);
            let voice = crate::Voice { status_callback: callback, ..first.voice.clone() };
            call.webhooks.voice = Some(voice);
        }
        self.begin_with(sid, Kind::Redirect, first);
    }

    /// Ends what a call does; nothing is planned for it afterwards.
    fn interrupt(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let doing = call.script.stop();
        if let Some(leg) = call.leg.as_mut().filter(|leg| !leg.is_independent) {
            // The leg leaves its `<Dial>`, which is over.
            leg.is_independent = true;
            let parent = leg.parent;
            self.leg_ended(parent, sid);
        }
        self.doing_cut_short(sid, doing, Away::Redirected);
        self.audio.set(sid, Hears::Silence);
        // What the `<Dial>` or the stay would have gone on with is void.
        if let Some(call) = self.calls.get_mut(&sid) {
            call.script.steps.clear();
            if let Some(leg) = &mut call.leg {
                leg.in_whisper = false;
            }
        }
    }

    fn end_by_api(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        if call.life.status == CallStatus::InProgress {
            self.end_leg(sid, CallStatus::Completed, SIP_OK);
        } else {
            self.end_leg(sid, CallStatus::Canceled, SIP_CANCELED);
        }
    }

    /// The REST API forgets a call that is over. False if it is not.
    pub(crate) fn forget(&mut self, sid: CallSid) -> bool {
        let Some(call) = self.calls.get_mut(&sid).filter(|call| call.has_ended()) else {
            return false;
        };
        call.rest.deleted = true;
        true
    }
}

#[cfg(test)]
mod tests;
