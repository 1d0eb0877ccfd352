//! A number of an account is dialled: a call comes in there, and the line has two ends.

use identity::CallSid;

use super::World;
use super::audio::is_key;
use super::device::{SIP_BUSY, SIP_CANCELED, SIP_NOT_FOUND, SIP_OK};
use crate::state::audio::Hears;
use crate::state::call::Caller;
use crate::timeline::What;
use crate::{Address, CallStatus, Direction};

impl World {
    /// Whether a number of an account answers there, by its voice URL.
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

    /// The keys that a noun sends are pressed for whoever answers.
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

    /// The incoming call was answered, so the leg that dialled it is.
    pub(super) fn far_end_answered(&mut self, incoming: CallSid) {
        let Some(leg) = self.calls.get(&incoming).and_then(|call| call.end.far_side) else {
            return;
        };
        if self.calls.get(&leg).is_some_and(|leg| leg.life.status == CallStatus::Ringing) {
            self.leg_answered(leg);
        }
    }

    /// One end of the line is over, so the other one is.
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

    /// What is heard on a leg, followed to whoever makes the sound: the voice of a leg that leads
    /// to another call is what that call hears.
    pub(crate) fn heard_on(&self, leg: CallSid) -> Hears {
        let mut what = self.audio.of(leg).what;
        for _ in 0..=MAX_HOPS {
            let Hears::Leg(other) = what else { return what };
            let Some(far) = self.calls.get(&other).and_then(|call| call.end.far_side) else {
                return Hears::Leg(other);
            };
            what = self.audio.of(far).what;
        }
        what
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

/// Numbers that dial each other, one after the other.
const MAX_HOPS: u32 = 5;
