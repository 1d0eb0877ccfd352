//! The parties: browsers and phones, and what they do.

use std::collections::VecDeque;

use identity::{AccountSid, AppSid, CallSid, Timestamp};

use super::{Call, Due, SocketId, World};
use crate::timeline::What;
use crate::{Address, Behaviour, CallStatus, Direction};

/// Which party.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct PartyId(usize);

impl PartyId {
    pub(crate) fn new(index: usize) -> Self {
        Self(index)
    }

    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// A browser or a phone.
#[derive(Debug)]
pub(crate) struct Party {
    /// The account that a browser belongs to; phones belong to nobody.
    pub(crate) account: Option<AccountSid>,
    pub(crate) address: Address,
    pub(crate) behaviour: Behaviour,
    pub(crate) presence: Presence,
    /// Where the calls that a browser places go.
    pub(crate) app: Option<AppSid>,
    /// What its token adds to the parameters of those calls.
    pub(crate) app_params: Vec<(String, String)>,
    pub(crate) on_call: Option<CallSid>,
    /// Legs that ring here, the oldest first.
    pub(crate) pending: Vec<CallSid>,
    /// Whether it is a page somewhere, and no virtual browser.
    pub(crate) is_page: bool,
    /// Where a real browser listens; nobody else has one.
    pub(crate) socket: Option<SocketId>,
    /// When a real browser was closed.
    pub(crate) closed_at: Option<Timestamp>,
    /// Its place in the order in which browsers registered.
    pub(crate) registered: u64,
    /// What is pressed at each `<Gather>` of a leg that is answered here, in turn.
    pub(crate) digits: VecDeque<String>,
}

impl Party {
    /// Somebody who is on no call.
    pub(crate) fn new(
        account: Option<AccountSid>,
        address: Address,
        behaviour: Behaviour,
        presence: Presence,
    ) -> Self {
        Self {
            account,
            address,
            behaviour,
            presence,
            app: None,
            app_params: Vec::new(),
            on_call: None,
            pending: Vec::new(),
            is_page: false,
            socket: None,
            closed_at: None,
            registered: 0,
            digits: VecDeque::new(),
        }
    }
}

/// Whether a party can be reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presence {
    Here,
    /// Until its token expires.
    Until(Timestamp),
    Away,
}

impl World {
    /// Adds a party; an older phone of the same number goes.
    pub(crate) fn add_party(&mut self, mut party: Party) -> PartyId {
        self.drop_closed_pages();
        party.registered = self.signal.sockets.next_registration();
        let id = PartyId(self.parties_made);
        self.parties_made += 1;
        self.parties.insert(id, party);
        id
    }

    pub(crate) fn party(&self, id: PartyId) -> Option<&Party> {
        self.parties.get(&id)
    }

    pub(crate) fn party_mut(&mut self, id: PartyId) -> Option<&mut Party> {
        self.parties.get_mut(&id)
    }

    /// The phone of this number, if there is one.
    pub(crate) fn phone(&self, number: &Address) -> Option<PartyId> {
        let at = |party: &Party| party.account.is_none() && party.address == *number;
        self.parties.iter().find(|(_, party)| at(party)).map(|(id, _)| *id)
    }

    /// The first browser of this identity that can place calls.
    pub(crate) fn browser(&self, address: &Address) -> Option<PartyId> {
        let at = |party: &Party| {
            party.account.is_some() && party.app.is_some() && party.address == *address
        };
        self.parties.iter().find(|(_, party)| at(party)).map(|(id, _)| *id)
    }

    /// A browser is gone without a word: its network is lost.
    pub(crate) fn drop_device(&mut self, id: PartyId) {
        let Some(party) = self.party_mut(id) else { return };
        if let Some(socket) = party.socket {
            self.signal.sockets.tear(socket);
            return;
        }
        party.presence = Presence::Away;
        party.pending.clear();
    }

    /// Everybody who can be reached at an address of an account: of a client's devices, those
    /// that registered last.
    pub(super) fn reachable(&self, account: AccountSid, address: &Address) -> Vec<PartyId> {
        let here = |party: &&Party| {
            let registered = match party.presence {
                Presence::Here => true,
                Presence::Until(expiry) => self.now < expiry,
                Presence::Away => false,
            };
            registered && party.behaviour != Behaviour::Absent
        };
        let theirs = |party: &&Party| {
            party.address == *address && party.account.is_none_or(|owner| owner == account)
        };
        let all = self.parties.iter();
        let mut found: Vec<(u64, PartyId)> = all
            .filter(|(_, party)| theirs(party) && here(party))
            .map(|(id, party)| (party.registered, *id))
            .collect();
        found.sort_unstable();
        let older = found.len().saturating_sub(MAX_DEVICES);
        found.into_iter().skip(older).map(|(_, id)| id).collect()
    }

    /// Lets a leg ring at a party. False if it is a busy phone.
    pub(super) fn ring_at(&mut self, id: PartyId, leg: CallSid) -> bool {
        let Some(party) = self.party_mut(id) else { return true };
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
        match self.party(id).map(|party| party.behaviour) {
            Some(Behaviour::Answers { after, .. }) => {
                self.schedule(after, Due::Answers { party: id, leg });
            }
            Some(Behaviour::Declines { after }) => {
                self.schedule(after, Due::Declines { party: id, leg });
            }
            _ => {}
        }
    }

    /// A party picks up, if it still can: `true` if the leg is now its.
    pub(crate) fn party_answers(&mut self, id: PartyId, leg: CallSid) -> bool {
        let ringing = self.calls.get(&leg).is_some_and(|leg| leg.status == CallStatus::Ringing);
        let Some(party) = self.party_mut(id) else { return false };
        if !ringing || party.on_call.is_some() || !party.pending.contains(&leg) {
            return false;
        }
        party.on_call = Some(leg);
        party.pending.retain(|pending| *pending != leg);
        let talks = match party.behaviour {
            Behaviour::Answers { talks, .. } => talks,
            _ => None,
        };
        let digits = party.digits.clone();
        if let Some(call) = self.calls.get_mut(&leg) {
            call.party = Some(id);
            call.caller.digits = digits;
        }
        self.leg_answered(leg);
        if let Some(talks) = talks {
            self.schedule(talks, Due::Leaves { leg });
        }
        true
    }

    /// A party refuses: its leg ends busy, and all other devices of the identity stop.
    pub(crate) fn party_declines(&mut self, id: PartyId, leg: CallSid) -> bool {
        if !self.party(id).is_some_and(|party| party.pending.contains(&leg)) {
            return false;
        }
        self.end_leg(leg, CallStatus::Busy, SIP_BUSY);
        true
    }

    /// A party lets it ring, for good.
    pub(crate) fn party_ignores(&mut self, id: PartyId, leg: CallSid) -> bool {
        let Some(party) = self.party_mut(id) else { return false };
        let before = party.pending.len();
        party.pending.retain(|pending| *pending != leg);
        party.pending.len() < before
    }

    /// Frees everybody whom this call or leg rang or occupied.
    pub(super) fn release(&mut self, sid: CallSid) {
        self.falls_silent(sid);
        self.close_lines(sid);
        let mut rings_on = Vec::new();
        for (id, party) in &mut self.parties {
            party.pending.retain(|pending| *pending != sid);
            if party.on_call == Some(sid) {
                party.on_call = None;
                // What rang before the call and rings still is seen again.
                rings_on.extend(party.pending.iter().map(|leg| (*id, *leg)));
            }
        }
        for (id, leg) in rings_on {
            self.plan_reaction(id, leg);
        }
    }

    /// Whether somebody whom only the test moves is ringing or talking.
    pub(super) fn waits_for_hands(&self) -> bool {
        let parties = self.parties.values().any(|party| {
            party.behaviour == Behaviour::ByHand
                && (party.on_call.is_some() || !party.pending.is_empty())
        });
        let waits = |sid: &CallSid| self.calls.get(sid).is_some_and(|call| !call.has_ended());
        parties || self.by_hand.iter().any(waits)
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
        let call = |sid: CallSid| self.calls.get(&sid).filter(|call| !call.has_ended());
        let planned =
            |sid, generation| call(sid).is_some_and(|call: &Call| call.generation == generation);
        match due {
            Due::Resume { call, generation }
            | Due::Presses { call, generation }
            | Due::DialTimeout { call, generation }
            | Due::TimeLimit { call, generation }
            | Due::HangsUp { call, generation } => planned(call, generation),
            Due::StayLimit { call: sid, stay } => {
                call(sid).is_some_and(|call| call.stay.is_some() && call.stays == stay)
            }
            Due::Rings { leg } | Due::Unreachable { leg } | Due::Leaves { leg } => {
                call(leg).is_some()
            }
            Due::DialsOut { call: sid } | Due::CallLimit { call: sid } => call(sid).is_some(),
            Due::RingsOut { call: sid } => call(sid).is_some_and(|it| it.answered_at.is_none()),
            Due::Answers { party, leg } | Due::Declines { party, leg } => self
                .party(party)
                .is_some_and(|party| party.on_call.is_none() && party.pending.contains(&leg)),
            Due::LineLost { line } => self.is_lost(line),
            Due::GivesUp { call: sid } => call(sid).is_some_and(|call| !call.was_bridged),
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
        let Some(talks) = call.caller.hangs_up_after else { return };
        let generation = call.generation;
        self.schedule(talks, Due::HangsUp { call: sid, generation });
    }
}

/// Devices of one client that ring (documentation of the Voice SDKs, "registering").
const MAX_DEVICES: usize = 10;

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
