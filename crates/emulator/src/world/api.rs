//! The REST API places calls, and changes calls in progress.

use std::time::Duration;

use identity::CallSid;

use super::World;
use super::life::{SIP_CANCELED, SIP_OK};
use super::mail::Mail;
use crate::post::Purpose;
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Away, CallOut, Caller, First};
use crate::state::params::{Params, add};
use crate::state::recording::{NewRecording, Source};
use crate::step::{Subscription, Target};
use crate::timeline::What;
use crate::{AnsweredBy, CallStatus, Direction, Kind};

/// What the REST API tells a call to do.
#[derive(Clone, Debug)]
pub(crate) enum Instruction {
    /// It continues with another document.
    GoOn(Box<First>),
    /// It ends.
    Complete,
    /// It ends, if it has not been answered yet.
    Cancel,
}

/// Why a call cannot be changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// Its status does not allow it.
    State,
}

impl World {
    /// Queues a call. The queued calls begin one after the other, as fast as the account may dial.
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

    /// It is the turn of a queued call: it is dialled.
    pub(super) fn dials_out(&mut self, sid: CallSid) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.life.started_at = Some(now);
        let rings = call.rest.placed.as_ref().map(|plan| plan.timeout).unwrap_or_default();
        self.dial_out(sid);
        self.time.schedule(rings + self.config.extra_ring, Due::RingsOut { call: sid });
    }

    /// The ring timeout is reached.
    pub(super) fn rings_out(&mut self, sid: CallSid) {
        self.end_leg(sid, CallStatus::NoAnswer, SIP_CANCELED);
    }

    /// Somebody has answered: the call runs its document.
    pub(super) fn outbound_answered(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let Some(plan) = call.rest.placed.clone() else { return };
        self.time.schedule(plan.time_limit, Due::CallLimit { call: sid });
        if let Some(record) = plan.record {
            let (dual, report) = (record.dual, record.report);
            let source = Source::OutboundApi;
            self.begin_recording(NewRecording { call: sid, legs: vec![sid], source, dual, report });
        }
        let Some(detection) = plan.detection else {
            self.begin_with(sid, Kind::Voice, plan.first, Params::new());
            return;
        };
        let greets = detection.to_the_end && self.who_answered(sid) == AnsweredBy::Machine;
        let greeting = if greets { self.config.message_length } else { Duration::ZERO };
        let length = self.config.detection_length + greeting;
        self.time.schedule(length, Due::Detected { call: sid, length });
        if detection.is_async {
            self.begin_with(sid, Kind::Voice, plan.first, Params::new());
        }
    }

    fn who_answered(&self, sid: CallSid) -> AnsweredBy {
        let party = self.calls.get(&sid).and_then(|call| call.end.party);
        party.and_then(|id| self.parties.get(id)).map(|it| it.answers_as).unwrap_or_default()
    }

    /// It is known who has answered. The document that waited for it is requested, or the result is
    /// reported.
    pub(super) fn detected(&mut self, sid: CallSid, length: Duration) {
        let by = self.who_answered(sid);
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let Some(plan) = call.rest.placed.clone() else { return };
        let Some(detection) = plan.detection else { return };
        let word = by.word(detection.to_the_end);
        call.rest.answered_by = Some(word);
        // The REST API may have given the call another document.
        let waits = call.script.documents == 0 && !call.script.begun;
        let account = call.account;
        self.note(Some(sid), What::AnsweredBy(word));
        let mut more = Params::new();
        add(&mut more, "AnsweredBy", word);
        add(&mut more, "MachineDetectionDuration", length.as_millis());
        if !detection.is_async {
            if waits {
                self.begin_with(sid, Kind::Voice, plan.first, more);
            }
            return;
        }
        if let Some(target) = detection.report {
            let mut params = Params::new();
            add(&mut params, "AccountSid", account);
            add(&mut params, "CallSid", sid);
            params.extend(more);
            let mail = Mail { kind: Kind::Detection, target, params };
            self.send(sid, Purpose::Notice { call: sid }, None, mail);
        }
    }

    /// Runs a document, or requests it.
    pub(super) fn begin_with(&mut self, sid: CallSid, kind: Kind, first: First, more: Params) {
        if let Some(twiml) = first.twiml {
            self.run_given(sid, kind, &twiml);
            return;
        }
        let target = Target { url: first.voice.url, method: first.voice.method };
        self.fetch(sid, kind, target, more);
    }

    /// Changes a call.
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

    /// Reports the end of a call to another URL.
    pub(crate) fn report_to(&mut self, sid: CallSid, subscription: Subscription) {
        if let Some(call) = self.calls.get_mut(&sid) {
            call.webhooks.subscription = Some(subscription);
        }
    }

    /// Interrupts the call and runs another document.
    ///
    /// The `action` of a `<Dial>` is requested first, and its answer has no effect.
    fn go_on_with(&mut self, sid: CallSid, first: First) {
        self.interrupt(sid);
        if let Some(call) = self.calls.get_mut(&sid) {
            let callback = call.webhooks.voice.take().and_then(|voice| voice.status_callback);
            let voice = crate::Voice { status_callback: callback, ..first.voice.clone() };
            call.webhooks.voice = Some(voice);
        }
        self.begin_with(sid, Kind::Redirect, first, Params::new());
    }

    /// Interrupts the verb of a call. Nothing is planned for the call afterwards.
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
        // The rest of the old document is dropped.
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

    /// Deletes the record of a call that has ended. False if it has not.
    pub(crate) fn delete_record(&mut self, sid: CallSid) -> bool {
        let Some(call) = self.calls.get_mut(&sid).filter(|call| call.has_ended()) else {
            return false;
        };
        call.rest.deleted = true;
        true
    }
}

#[cfg(test)]
mod tests;
