//! The parties: browsers and phones, and what they do.

use crate::state::party::{Party, PartyId, Presence};

use identity::CallSid;

use super::World;
use crate::state::agenda::Due;
use crate::timeline::What;
use crate::{Behaviour, CallStatus, Direction};

impl World {
    /// Adds a party; an older phone of the same number goes.
    pub(crate) fn add_party(&mut self, party: Party) -> PartyId {
        self.drop_closed_pages();
        self.parties.add(party)
    }

    /// A browser is gone without a word: its network is lost.
    pub(crate) fn drop_device(&mut self, id: PartyId) {
        let Some(party) = self.parties.get_mut(id) else { return };
        if let Some(socket) = party.socket {
            self.signal.sockets.tear(socket);
            return;
        }
        party.presence = Presence::Away;
        party.pending.clear();
    }

    /// Lets a leg ring at a party. False if it is a busy phone.
    pub(super) fn ring_at(&mut self, id: PartyId, leg: CallSid) -> bool {
        let Some(party) = self.parties.get_mut(id) else { return true };
        let address = party.address.clone();
        if party.socket.is_some() {
            // The browser itself drops it if it is busy.
            party.pending.push(leg);
            self.invite(id, leg);
            return true;
        }
        if party.on_call.is_some() {
            if address.identity().is_none() {
                return false;
            }
            self.note(Some(leg), What::InviteDropped { by: address });
            return true;
        }
        party.pending.push(leg);
        self.plan_reaction(id, leg);
        true
    }

    /// Plans what a party does about a leg that rings.
    fn plan_reaction(&mut self, id: PartyId, leg: CallSid) {
        match self.parties.get(id).map(|party| party.behaviour) {
            Some(Behaviour::Answers { after, .. }) => {
                self.time.schedule(after, Due::Answers { party: id, leg });
            }
            Some(Behaviour::Declines { after }) => {
                self.time.schedule(after, Due::Declines { party: id, leg });
            }
            _ => {}
        }
    }

    /// A party picks up, if it still can: `true` if the leg is now its.
    pub(crate) fn party_answers(&mut self, id: PartyId, leg: CallSid) -> bool {
        let ringing =
            self.calls.get(&leg).is_some_and(|leg| leg.life.status == CallStatus::Ringing);
        let Some(party) = self.parties.get_mut(id) else { return false };
        if !ringing || party.on_call.is_some() || !party.pending.contains(&leg) {
            return false;
        }
        party.on_call = Some(leg);
        party.stop_ringing(leg);
        let talks = match party.behaviour {
            Behaviour::Answers { talks, .. } => talks,
            _ => None,
        };
        let digits = party.digits.clone();
        if let Some(call) = self.calls.get_mut(&leg) {
            call.end.party = Some(id);
            call.end.caller.digits = digits;
        }
        self.leg_answered(leg);
        if let Some(talks) = talks {
            self.time.schedule(talks, Due::Leaves { leg });
        }
        true
    }

    /// A party refuses: its leg ends busy, and all other devices of the identity stop.
    pub(crate) fn party_declines(&mut self, id: PartyId, leg: CallSid) -> bool {
        if !self.parties.get(id).is_some_and(|party| party.pending.contains(&leg)) {
            return false;
        }
        self.end_leg(leg, CallStatus::Busy, SIP_BUSY);
        true
    }

    /// A party lets it ring, for good.
    pub(crate) fn party_ignores(&mut self, id: PartyId, leg: CallSid) -> bool {
        let Some(party) = self.parties.get_mut(id) else { return false };
        party.stop_ringing(leg)
    }

    /// Frees everybody whom this call or leg rang or occupied.
    pub(super) fn release(&mut self, sid: CallSid) {
        self.audio.end(sid);
        self.close_lines(sid);
        for (id, leg) in self.parties.release(sid) {
            self.plan_reaction(id, leg);
        }
    }

    /// Whether somebody whom only the test moves is ringing or talking.
    pub(super) fn waits_for_hands(&self) -> bool {
        self.parties.wait_for_hands() || self.calls.wait_for_hands()
    }

    /// The person at the far end of a running call hangs up, or the caller does.
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

    /// Whether an entry of the agenda can still happen.
    pub(super) fn is_live(&self, due: Due) -> bool {
        let call = |sid: CallSid| self.calls.running(sid);
        match due {
            Due::Resume { call, generation }
            | Due::Presses { call, generation }
            | Due::DialTimeout { call, generation }
            | Due::TimeLimit { call, generation }
            | Due::HangsUp { call, generation } => self.calls.is_planned(call, generation),
            Due::StayLimit { call: sid, stay } => call(sid)
                .is_some_and(|call| call.script.stay.is_some() && call.script.stays == stay),
            Due::Rings { leg } | Due::Unreachable { leg } | Due::Leaves { leg } => {
                call(leg).is_some()
            }
            Due::DialsOut { call: sid } | Due::CallLimit { call: sid } => call(sid).is_some(),
            Due::RingsOut { call: sid } => call(sid).is_some_and(|it| !it.is_answered()),
            Due::Answers { party, leg } | Due::Declines { party, leg } => self
                .parties
                .get(party)
                .is_some_and(|party| party.on_call.is_none() && party.pending.contains(&leg)),
            Due::LineLost { line } => self.is_lost(line),
            Due::GivesUp { call: sid } => call(sid).is_some_and(|call| !call.life.was_bridged),
        }
    }

    /// Something of the agenda happens.
    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::Resume { call, .. } => self.resume(call),
            Due::DialsOut { call } => self.dials_out(call),
            Due::RingsOut { call } => self.rings_out(call),
            Due::CallLimit { call } => self.end_leg(call, CallStatus::Completed, SIP_OK),
            Due::Presses { call, .. } => self.presses_key(call),
            Due::StayLimit { call, .. } => self.stay_limit(call),
            Due::DialTimeout { call, .. } => self.dial_timeout(call),
            Due::TimeLimit { call, .. } => self.time_limit(call),
            Due::Rings { leg } => self.leg_rings(leg),
            Due::Unreachable { leg } => self.leg_unreachable(leg),
            Due::Answers { party, leg } => {
                self.party_answers(party, leg);
            }
            Due::Declines { party, leg } => {
                self.party_declines(party, leg);
            }
            Due::Leaves { leg } => {
                self.hang_up(leg);
            }
            Due::LineLost { line } => self.line_lost(line),
            Due::GivesUp { call } | Due::HangsUp { call, .. } => {
                self.hang_up(call);
            }
        }
    }

    /// Plans what the caller does once they talk with somebody.
    pub(super) fn caller_talks(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let Some(talks) = call.end.caller.hangs_up_after else { return };
        let generation = call.script.generation;
        self.time.schedule(talks, Due::HangsUp { call: sid, generation });
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
