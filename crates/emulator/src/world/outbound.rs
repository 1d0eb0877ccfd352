//! Calls that the REST API places: they are dialled, and ask for their document once answered.

use identity::CallSid;

use super::World;
use crate::state::agenda::Due;
use crate::state::call::{CallOut, Caller, First};
use crate::state::params::Params;
use crate::step::Target;
use crate::{CallStatus, Direction, Kind, Progress};

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
        self.end_leg(sid, CallStatus::NoAnswer, super::device::SIP_CANCELED);
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

    /// Reports the end of a call to whoever asked for it when the call was placed.
    pub(super) fn report_end(&mut self, sid: CallSid) {
        self.leg_event(sid, Progress::Completed);
    }
}
