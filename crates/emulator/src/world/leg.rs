//! The legs of a `<Dial>`: each is a call of its own to Twilio.

use identity::CallSid;

use super::call::Doing;
use super::device::{SIP_BUSY, SIP_NOT_FOUND, SIP_OK, SIP_UNAVAILABLE};
use super::stay::Away;
use super::{Call, Due, Mail, World};
use crate::post::Purpose;
use crate::problem::{NUMBER_INVALID, Problem, URL_FORMAT};
use crate::step::Noun;
use crate::timeline::What;
use crate::url;
use crate::{Address, CallStatus, Direction, Kind, Progress};

impl World {
    pub(super) fn new_leg(&mut self, parent: CallSid, from: Address, noun: Noun) -> CallSid {
        let Some(caller) = self.calls.get(&parent) else { return parent };
        let seed = caller.leg_seed(caller.legs.len());
        let sid = CallSid::from_bytes(seed.bytes());
        let mut leg = Call::new(sid, caller.account, (from.clone(), noun.to.clone()), seed);
        leg.root = caller.root;
        leg.parent = Some(parent);
        leg.status = CallStatus::Queued;
        leg.parameters = noun.parameters;
        leg.whisper = noun.whisper.map(|target| self.resolve(parent, target));
        leg.send_digits = noun.send_digits;
        leg.hops = caller.hops;
        leg.subscription = noun.callback.map(|mut subscription| {
            subscription.target = self.resolve(parent, subscription.target);
            subscription
        });
        if let Some(caller) = self.calls.get_mut(&parent) {
            caller.legs.push(sid);
        }
        leg.direction = Direction::OutboundDial;
        self.enter(leg);
        self.note(Some(sid), What::Placed { from, to: noun.to });
        sid
    }

    /// Begins to dial: it will ring, unless nobody is there.
    pub(super) fn dial_out(&mut self, leg: CallSid) {
        self.leg_event(leg, Progress::Initiated);
        let Some(call) = self.calls.get(&leg) else { return };
        if self.reachable(call.account, &call.to).is_empty() && !self.is_owned(&call.to) {
            self.schedule(std::time::Duration::ZERO, Due::Unreachable { leg });
        } else {
            self.schedule(self.config.ring_delay, Due::Rings { leg });
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
        call.status = CallStatus::Ringing;
        let (account, to) = (call.account, call.to.clone());
        self.note_status(leg);
        self.leg_event(leg, Progress::Ringing);
        if self.is_owned(&to) {
            self.comes_in(leg);
            return;
        }
        for party in self.reachable(account, &to) {
            if !self.ring_at(party, leg) {
                self.end_leg(leg, CallStatus::Busy, SIP_BUSY);
                return;
            }
        }
    }

    pub(super) fn leg_answered(&mut self, leg: CallSid) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&leg) else { return };
        call.status = CallStatus::InProgress;
        call.answered_at = Some(now);
        call.sip = Some(SIP_OK);
        let parent = call.parent;
        let winner = call.party;
        // The other devices of the same identity stop.
        for (id, party) in &mut self.parties {
            if winner != Some(*id) {
                party.pending.retain(|pending| *pending != leg);
            }
        }
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
        let now = self.now;
        let Some(call) = self.calls.get_mut(&leg) else { return };
        if call.has_ended() {
            return;
        }
        if call.is_root() {
            if call.direction != Direction::Inbound {
                call.sip = Some(sip);
            }
            self.end_call(leg, status);
            return;
        }
        call.status = status;
        call.sip = Some(sip);
        call.ended_at = Some(now);
        call.steps.clear();
        let doing = std::mem::take(&mut call.doing);
        call.turn_to(Doing::Nothing);
        let (parent, recording) = (call.parent, call.recording);
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

    /// Reports a step of a leg, or of a call that the API has placed, to whoever asked for it.
    pub(super) fn leg_event(&mut self, leg: CallSid, progress: Progress) {
        let Some(call) = self.calls.get(&leg) else { return };
        let Some(subscription) = &call.subscription else { return };
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
        let sequence = self.next_sequence(leg);
        let params = self.status_params(leg, progress, sequence);
        let is_leg = self.calls.get(&leg).is_some_and(|call| call.parent.is_some());
        let kind = if is_leg { Kind::LegStatus } else { Kind::CallStatus };
        let mail = Mail { kind, target, params };
        self.send(leg, Purpose::Notice { call: leg }, Some(progress), mail);
    }
}
