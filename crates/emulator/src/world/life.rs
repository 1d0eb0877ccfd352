//! Calls and legs are answered, and end.

use identity::CallSid;

use super::World;
use super::mail::Mail;
use crate::post::Purpose;
use crate::state::agenda::Due;
use crate::state::call::{Away, Doing};
use crate::{CallStatus, Direction, Kind, Progress};

impl World {
    /// Answers the caller's leg, if it is not answered yet.
    pub(super) fn answer_call(&mut self, sid: CallSid) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if call.life.status != CallStatus::Ringing {
            return;
        }
        call.life.status = CallStatus::InProgress;
        call.life.answered_at = Some(now);
        self.open_line(sid);
        self.note_status(sid);
        self.far_end_answered(sid);
    }

    /// Plans when the caller hangs up, now that they talk with somebody.
    pub(super) fn caller_talks(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let Some(talks) = call.end.caller.hangs_up_after else { return };
        let generation = call.script.generation;
        self.time.schedule(talks, Due::HangsUp { call: sid, generation });
    }

    /// The person at a call hangs up: the caller, or the person who was dialled. False if it has
    /// ended.
    pub(crate) fn hang_up(&mut self, sid: CallSid) -> bool {
        let Some(call) = self.calls.get(&sid) else { return false };
        if call.has_ended() {
            return false;
        }
        if call.direction == Direction::Inbound {
            self.caller_leaves(sid);
        } else {
            self.end_leg(sid, CallStatus::Completed, SIP_OK);
        }
        true
    }

    /// The caller hangs up.
    pub(super) fn caller_leaves(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let answered = call.is_answered();
        self.end_call(sid, if answered { CallStatus::Completed } else { CallStatus::NoAnswer });
    }

    /// Ends a call. Its legs end, a `<Dial>` still requests its `action`, and the status callback
    /// of the number or app comes last.
    pub(super) fn end_call(&mut self, sid: CallSid, status: CallStatus) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if call.has_ended() {
            return;
        }
        call.life.status = status;
        call.life.ended_at = Some(now);
        let doing = call.script.stop();
        let callback = call.webhooks.status_callback();
        self.release(sid);
        self.note_status(sid);
        self.doing_cut_short(sid, doing, Away::HungUp);
        if let Some(target) = callback {
            let params = self.status_params(sid, Progress::Completed);
            let mail = Mail { kind: Kind::CallStatus, target, params };
            self.send(sid, Purpose::Notice { call: sid }, None, mail);
        }
        self.report_end(sid);
        self.far_end_ended(sid);
        self.calls.closing.insert(sid);
    }

    /// Ends a leg or a call, unless it has ended already.
    pub(super) fn end_leg(&mut self, leg: CallSid, status: CallStatus, sip: u16) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&leg) else { return };
        if call.has_ended() {
            return;
        }
        if call.is_root() {
            if call.direction != Direction::Inbound {
                call.life.sip = Some(sip);
            }
            self.end_call(leg, status);
            return;
        }
        call.life.status = status;
        call.life.sip = Some(sip);
        call.life.ended_at = Some(now);
        let doing = call.script.stop();
        let recording = call.leg.as_ref().and_then(|leg| leg.recording);
        let parent = call.parent();
        self.release(leg);
        self.note_status(leg);
        self.doing_cut_short(leg, doing, Away::HungUp);
        if let Some(recording) = recording {
            self.end_recording(recording, None);
        }
        self.leg_event(leg, Progress::Completed);
        self.far_end_ended(leg);
        if let Some(parent) = parent {
            self.leg_ended(parent, leg);
        }
    }

    /// The call ends or is redirected in the middle of a verb. An `action` is still
    /// requested; its answer has no effect.
    pub(super) fn doing_cut_short(&mut self, sid: CallSid, doing: Doing, away: Away) {
        match doing {
            Doing::Dialling(dialling) => self.dial_abandoned(sid, *dialling),
            Doing::Dequeuing(dequeuing) => self.dequeuing_abandoned(sid, &dequeuing),
            Doing::Recording(message) if away == Away::HungUp => {
                self.message_over(sid, &message, "hangup");
            }
            Doing::Recording(message) => self.message_cut_short(&message),
            _ => {}
        }
        self.stay_cut_short(sid, away);
    }

    /// Ends transcriptions and what the REST API records, and frees all parties that this call or leg rang or occupied.
    pub(super) fn release(&mut self, sid: CallSid) {
        self.end_transcriptions(sid);
        for recording in self.recordings.ending_with(sid) {
            self.end_recording(recording, None);
        }
        self.audio.end(sid);
        self.close_lines(sid);
        for (id, leg) in self.parties.release(sid) {
            self.plan_reaction(id, leg);
        }
    }

    /// Reports the end of a call of the REST API, if that is subscribed to.
    pub(super) fn report_end(&mut self, sid: CallSid) {
        self.leg_event(sid, Progress::Completed);
    }
}

/// 200 OK.
pub(super) const SIP_OK: u16 = 200;

/// 480 Temporarily Unavailable: no device (SDK error 31480).
pub(super) const SIP_UNAVAILABLE: u16 = 480;

/// 404 Not Found: no such number.
pub(super) const SIP_NOT_FOUND: u16 = 404;

/// 486 Busy Here.
pub(super) const SIP_BUSY: u16 = 486;

/// 487 Request Terminated: cancelled while it rang.
pub(super) const SIP_CANCELED: u16 = 487;
