//! The parties: browsers and phones.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use identity::{AccountSid, AppSid, CallSid, Timestamp};

use super::call::Utterance;
use crate::frame::SocketId;
use crate::{Address, AnsweredBy, Behaviour};

/// The id of a party.
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
    /// The account that a browser belongs to. Phones have none.
    pub(crate) account: Option<AccountSid>,
    pub(crate) address: Address,
    pub(crate) behaviour: Behaviour,
    pub(crate) presence: Presence,
    /// Who answers, as machine detection finds it.
    pub(crate) answers_as: AnsweredBy,
    /// The TwiML App through which a browser places calls.
    pub(crate) app: Option<AppSid>,
    /// The parameters that its token adds to those calls.
    pub(crate) app_params: Vec<(String, String)>,
    pub(crate) on_call: Option<CallSid>,
    /// Legs that ring here, the oldest first.
    pub(crate) pending: Vec<CallSid>,
    /// Whether it is a page in a real browser.
    pub(crate) is_page: bool,
    /// The socket of a real browser that is connected.
    pub(crate) socket: Option<SocketId>,
    /// When a real browser was closed.
    pub(crate) closed_at: Option<Timestamp>,
    /// Its position in the order in which browsers registered.
    pub(crate) registered: u64,
    /// The keys that are pressed at each `<Gather>` of a leg that is answered here, in turn.
    pub(crate) digits: VecDeque<String>,
    /// What is said to each `<Gather>` of speech and each `<Record>` of such a leg, in turn.
    pub(crate) speech: VecDeque<Utterance>,
}

/// Whether a party can be reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presence {
    Here,
    /// Until its token expires.
    Until(Timestamp),
    Away,
}

impl Party {
    /// A party that is not on a call.
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
            answers_as: AnsweredBy::default(),
            app: None,
            app_params: Vec::new(),
            on_call: None,
            pending: Vec::new(),
            is_page: false,
            socket: None,
            closed_at: None,
            registered: 0,
            digits: VecDeque::new(),
            speech: VecDeque::new(),
        }
    }

    /// Whether it takes calls now.
    pub(crate) fn is_registered(&self, now: Timestamp) -> bool {
        match self.presence {
            Presence::Here => true,
            Presence::Until(expiry) => now < expiry,
            Presence::Away => false,
        }
    }

    /// Stops ringing for this leg. False if it did not ring.
    pub(crate) fn stop_ringing(&mut self, leg: CallSid) -> bool {
        let before = self.pending.len();
        self.pending.retain(|pending| *pending != leg);
        self.pending.len() < before
    }
}

/// All parties.
#[derive(Debug, Default)]
pub(crate) struct Parties {
    by_id: BTreeMap<PartyId, Party>,
    made: usize,
    registrations: u64,
}

impl Parties {
    pub(crate) fn add(&mut self, mut party: Party) -> PartyId {
        party.registered = self.next_registration();
        let id = PartyId(self.made);
        self.made += 1;
        self.by_id.insert(id, party);
        id
    }

    pub(crate) fn get(&self, id: PartyId) -> Option<&Party> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: PartyId) -> Option<&mut Party> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (PartyId, &Party)> {
        self.by_id.iter().map(|(id, party)| (*id, party))
    }

    /// The phone of this number, if there is one.
    pub(crate) fn phone(&self, number: &Address) -> Option<PartyId> {
        let at = |party: &Party| party.account.is_none() && party.address == *number;
        self.iter().find(|(_, party)| at(party)).map(|(id, _)| id)
    }

    /// The first browser of this identity that can place calls.
    pub(crate) fn browser(&self, address: &Address) -> Option<PartyId> {
        let at = |party: &Party| {
            party.account.is_some() && party.app.is_some() && party.address == *address
        };
        self.iter().find(|(_, party)| at(party)).map(|(id, _)| id)
    }

    /// The parties that ring at an address of an account. Of the devices of one client, those that
    /// registered last.
    pub(crate) fn reachable(
        &self,
        account: AccountSid,
        address: &Address,
        now: Timestamp,
    ) -> Vec<PartyId> {
        let here = |party: &Party| party.is_registered(now) && party.behaviour != Behaviour::Absent;
        let theirs = |party: &Party| {
            party.address == *address && party.account.is_none_or(|owner| owner == account)
        };
        let mut found: Vec<(u64, PartyId)> = self
            .iter()
            .filter(|(_, party)| theirs(party) && here(party))
            .map(|(id, party)| (party.registered, id))
            .collect();
        found.sort_unstable();
        let older = found.len().saturating_sub(MAX_DEVICES);
        found.into_iter().skip(older).map(|(_, id)| id).collect()
    }

    /// A leg was answered: it stops ringing at every other party.
    pub(crate) fn stop_ringing_elsewhere(&mut self, leg: CallSid, winner: Option<PartyId>) {
        for (id, party) in &mut self.by_id {
            if winner != Some(*id) {
                party.stop_ringing(leg);
            }
        }
    }

    /// Frees every party that this call or leg rang or occupied. Returns the legs that still ring
    /// at the parties that are free now.
    pub(crate) fn release(&mut self, sid: CallSid) -> Vec<(PartyId, CallSid)> {
        let mut rings_on = Vec::new();
        for (id, party) in &mut self.by_id {
            party.stop_ringing(sid);
            if party.on_call == Some(sid) {
                party.on_call = None;
                rings_on.extend(party.pending.iter().map(|leg| (*id, *leg)));
            }
        }
        rings_on
    }

    pub(crate) fn rings_anywhere(&self, leg: CallSid) -> bool {
        self.by_id.values().any(|party| party.pending.contains(&leg))
    }

    /// Whether a party that only the test controls is ringing or talking.
    pub(crate) fn wait_for_hands(&self) -> bool {
        self.by_id.values().any(|party| {
            party.behaviour == Behaviour::ByHand
                && (party.on_call.is_some() || !party.pending.is_empty())
        })
    }

    /// The next number in the order of registrations.
    pub(crate) fn next_registration(&mut self) -> u64 {
        self.registrations += 1;
        self.registrations
    }

    /// Drops the pages that were closed `kept` ago and have no call left.
    pub(crate) fn drop_closed_pages(
        &mut self,
        now: Timestamp,
        kept: Duration,
        has_line: impl Fn(PartyId) -> bool,
    ) {
        self.by_id.retain(|id, party| {
            let is_old = party.closed_at.is_some_and(|at| now.since(at) >= kept);
            !is_old || party.on_call.is_some() || has_line(*id)
        });
    }
}

/// Devices of one client that ring (documentation of the Voice SDKs, "registering").
const MAX_DEVICES: usize = 10;
