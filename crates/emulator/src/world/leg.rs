//! The legs of a `<Dial>`: each is a call of its own to Twilio.

use crate::state::params::Params;
use identity::CallSid;
use std::time::Duration;

use super::device::{SIP_BUSY, SIP_NOT_FOUND, SIP_OK, SIP_UNAVAILABLE};
use super::{Mail, World};
use crate::post::Purpose;
use crate::problem::{NUMBER_INVALID, Problem, URL_FORMAT};
use crate::state::agenda::Due;
use crate::state::call::{Away, Leg};
use crate::step::Noun;
use crate::timeline::What;
use crate::url;
use crate::{Address, CallStatus, Direction, Kind, Progress};

impl World {
    pub(super) fn new_leg(&mut self, parent: CallSid, from: Address, noun: Noun) -> CallSid {
        let mut leg = Leg::of(parent);
        leg.whisper = noun.whisper.map(|target| self.resolve(parent, target));
        leg.send_digits = noun.send_digits;
        let subscription = noun.callback.map(|mut subscription| {
            subscription.target = self.resolve(parent, subscription.target);
            subscription
        });
        let Some(caller) = self.calls.get_mut(&parent) else { return parent };
        let mut call = caller.new_leg(from.clone(), noun.to.clone(), leg);
        call.end.parameters = noun.parameters;
        call.webhooks.subscription = subscription;
        let sid = call.sid;
        caller.legs.push(sid);
        self.calls.enter(call, self.time.now);
        self.note(Some(sid), What::Placed { from, to: noun.to });
        sid
    }

    /// Begins to dial: it will ring, unless nobody is there.
    pub(super) fn dial_out(&mut self, leg: CallSid) {
        self.leg_event(leg, Progress::Initiated);
        let Some(call) = self.calls.get(&leg) else { return };
        if self.parties.reachable(call.account, &call.to, self.time.now).is_empty()
            && !self.is_owned(&call.to)
        {
            self.time.schedule(Duration::ZERO, Due::Unreachable { leg });
        } else {
            self.time.schedule(self.config.ring_delay, Due::Rings { leg });
        }
    }

    pub(super) fn leg_unreachable(&mut self, leg: CallSid) {
        let Some(call) = self.calls.get(&leg) else { return };
        if call.to.identity().is_some() {
            self.end_leg(leg, CallStatus::NoAnswer, SIP_UNAVAILABLE);
        } else {
            let problem = Problem::error(NUMBER_INVALID, "the number does not exist");
            self.note_problem(leg, problem);
            self.end_leg(leg, CallStatus::Failed, SIP_NOT_FOUND);
        }
    }

    pub(super) fn leg_rings(&mut self, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&leg) else { return };
        call.life.status = CallStatus::Ringing;
        let (account, to) = (call.account, call.to.clone());
        self.note_status(leg);
        self.leg_event(leg, Progress::Ringing);
        if self.is_owned(&to) {
            self.comes_in(leg);
            return;
        }
        for party in self.parties.reachable(account, &to, self.time.now) {
            if !self.ring_at(party, leg) {
                self.end_leg(leg, CallStatus::Busy, SIP_BUSY);
                return;
            }
        }
    }

    pub(super) fn leg_answered(&mut self, leg: CallSid) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&leg) else { return };
        call.life.status = CallStatus::InProgress;
        call.life.answered_at = Some(now);
        call.life.sip = Some(SIP_OK);
        let parent = call.parent();
        let winner = call.end.party;
        // The other devices of the same identity stop.
        self.parties.stop_ringing_elsewhere(leg, winner);
        self.cancel_elsewhere(leg);
        self.note_status(leg);
        self.leg_event(leg, Progress::Answered);
        match parent {
            Some(parent) => self.leg_picked_up(parent, leg),
            None => self.outbound_answered(leg),
        }
    }

    /// A leg or a call is over, unless it was before.
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

    /// The parameters of the next status callback of a call or leg.
    pub(super) fn status_params(&mut self, sid: CallSid, progress: Progress) -> Params {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return Params::new() };
        let sequence = call.webhooks.next_sequence();
        let mut params = call.status_params(progress, sequence, now);
        let recording = call.leg.as_ref().and_then(|leg| leg.recording);
        if progress == Progress::Completed
            && let Some(recording) = recording
        {
            params.extend(self.recording_params(recording));
        }
        params
    }

    /// Reports a step of a leg, or of a call that the API has placed, to whoever asked for it.
    pub(super) fn leg_event(&mut self, leg: CallSid, progress: Progress) {
        let Some(call) = self.calls.get(&leg) else { return };
        let Some(subscription) = &call.webhooks.subscription else { return };
        // Numbers count what is reported: from 0 without gaps.
        if !subscription.events.contains(&progress) {
            return;
        }
        let target = subscription.target.clone();
        if !url::is_absolute(&target.url) {
            let problem = Problem::warning(URL_FORMAT, "a status callback is no absolute URL");
            self.note_problem(leg, problem);
            return;
        }
        let is_leg = call.leg.is_some();
        let params = self.status_params(leg, progress);
        let kind = if is_leg { Kind::LegStatus } else { Kind::CallStatus };
        let mail = Mail { kind, target, params };
        self.send(leg, Purpose::Notice { call: leg }, Some(progress), mail);
    }
}
