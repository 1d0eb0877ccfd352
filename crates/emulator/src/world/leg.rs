//! The legs of a `<Dial>`: they ring, are answered, and hear a document before the bridge. A leg to
//! a number of an account leads to a call that comes in there.

use std::time::Duration;

use identity::CallSid;

use super::World;
use super::life::{SIP_BUSY, SIP_CANCELED, SIP_NOT_FOUND, SIP_OK, SIP_UNAVAILABLE};
use super::mail::Mail;
use crate::address::is_key;
use crate::post::Purpose;
use crate::problem::{NUMBER_INVALID, Problem, URL_FORMAT};
use crate::state::agenda::Due;
use crate::state::call::{Caller, Doing, Leg};
use crate::state::params::Params;
use crate::step::Noun;
use crate::timeline::What;
use crate::{Address, CallStatus, Direction, Kind, Progress, WhisperRace, url};

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

    /// Dials: the leg will ring, unless nobody is there.
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

    /// A leg of a `<Dial>` was answered. It is bridged, after its party has heard its document.
    pub(super) fn leg_picked_up(&mut self, parent: CallSid, leg: CallSid) {
        self.press_for(leg);
        let Some(call) = self.calls.get_mut(&leg) else { return };
        let Some(part) = call.leg.as_mut() else { return };
        let Some(target) = part.whisper.take() else {
            self.bridge(parent, leg);
            return;
        };
        part.in_whisper = true;
        call.script.begun = true;
        if self.config.unknowns.whisper_race == WhisperRace::FirstToAnswer {
            if let Some(parent) = self.calls.get_mut(&parent) {
                // The timeout no longer applies.
                parent.script.generation += 1;
            }
            self.lose_others(parent, leg);
        }
        self.fetch(leg, Kind::Whisper, target, Params::new());
    }

    /// The called party has heard its document to the end: they are bridged.
    pub(super) fn whisper_over(&mut self, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&leg) else { return };
        call.script.turn_to(Doing::Nothing);
        if let Some(part) = &mut call.leg {
            part.in_whisper = false;
            let parent = part.parent;
            self.bridge(parent, leg);
        }
    }

    /// The document for a called party failed: the leg ends. What Twilio does is not known.
    pub(super) fn whisper_failed(&mut self, leg: CallSid) {
        self.end_leg(leg, CallStatus::Completed, SIP_OK);
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

    /// Reports a step of a leg, or of a call of the REST API, if it is subscribed to.
    pub(super) fn leg_event(&mut self, leg: CallSid, progress: Progress) {
        let Some(call) = self.calls.get(&leg) else { return };
        let Some(subscription) = &call.webhooks.subscription else { return };
        // Only reported steps are numbered, from 0 without gaps.
        if !subscription.events.contains(&progress) {
            return;
        }
        let target = subscription.target.clone();
        if !url::is_absolute(&target.url) {
            let problem =
                Problem::warning(URL_FORMAT, "the URL of a status callback is not absolute");
            self.note_problem(leg, problem);
            return;
        }
        let is_leg = call.leg.is_some();
        let params = self.status_params(leg, progress);
        let kind = if is_leg { Kind::LegStatus } else { Kind::CallStatus };
        let mail = Mail { kind, target, params };
        self.send(leg, Purpose::Notice { call: leg }, Some(progress), mail);
    }

    /// Whether an address is a number of an account, so that its voice URL answers.
    pub(super) fn is_owned(&self, to: &Address) -> bool {
        match to {
            Address::Number(number) => self.tables.number(number).is_some(),
            Address::Client(_) => false,
        }
    }

    /// The call comes in at the number that a leg has dialled.
    pub(super) fn comes_in(&mut self, leg: CallSid) {
        let Some(call) = self.calls.get(&leg) else { return };
        let (from, to, hops) = (call.from.clone(), call.to.to_string(), call.end.hops + 1);
        if hops > MAX_HOPS {
            let what = format!("more than {MAX_HOPS} numbers that dial each other");
            self.note(Some(leg), What::NotEmulated(what));
            self.end_leg(leg, CallStatus::Failed, SIP_NOT_FOUND);
            return;
        }
        let incoming = self.call_in(from, &to, Vec::new(), Caller::default());
        for (end, other) in [(leg, incoming), (incoming, leg)] {
            if let Some(call) = self.calls.get_mut(&end) {
                call.end.far_side = Some(other);
                call.end.hops = hops;
            }
        }
    }

    /// Presses the keys of the noun (`sendDigits`) for the person who answers.
    pub(super) fn press_for(&mut self, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&leg) else { return };
        let far = call.end.far_side;
        let Some(part) = call.leg.as_mut() else { return };
        let keys: String =
            std::mem::take(&mut part.send_digits).chars().filter(|key| is_key(*key)).collect();
        if keys.is_empty() {
            return;
        }
        match far.and_then(|far| self.calls.get_mut(&far)) {
            Some(incoming) => incoming.end.caller.digits.push_back(keys),
            None => self.audio.add_keys(leg, &keys),
        }
    }

    /// The incoming call was answered, so the leg that dialled it is answered too.
    pub(super) fn far_end_answered(&mut self, incoming: CallSid) {
        let Some(leg) = self.calls.get(&incoming).and_then(|call| call.end.far_side) else {
            return;
        };
        if self.calls.get(&leg).is_some_and(|leg| leg.life.status == CallStatus::Ringing) {
            self.leg_answered(leg);
        }
    }

    /// One end of the line has ended, so the other one ends.
    pub(super) fn far_end_ended(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let status = call.life.status;
        let Some(other) = call.end.far_side.and_then(|far| self.calls.get(&far)) else { return };
        let other = other.sid;
        match self.calls.get(&other).map(|call| call.direction) {
            Some(Direction::Inbound) => self.caller_leaves(other),
            Some(_) => self.end_leg(other, status, sip_of(status)),
            None => {}
        }
    }
}

/// The SIP code with which a leg ends.
fn sip_of(status: CallStatus) -> u16 {
    match status {
        CallStatus::Busy => SIP_BUSY,
        CallStatus::Failed => SIP_NOT_FOUND,
        CallStatus::Completed => SIP_OK,
        _ => SIP_CANCELED,
    }
}

/// The most numbers that dial each other, one after the other.
pub(super) const MAX_HOPS: u32 = 5;
