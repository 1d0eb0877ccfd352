//! Events as a set of facts.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use identity::{CallSid, Timestamp, UserId};

use crate::{
    Arrived, Closed, ClosedBy, DialStatus, Dialled, Direction, Ended, Event, Fact, Found, LegEvent,
    LegStatus, MOST_AHEAD, Party, Placed, Refused, Routed,
};

/// A fact and its moment.
pub(super) type At<'a, T> = (Timestamp, &'a T);

/// What a leg said: one event for each sequence number and status.
pub(super) type Said<'a> = BTreeMap<(Option<u32>, LegStatus), At<'a, LegEvent>>;

/// Everything that is known, each thing once.
pub(super) struct Facts<'a> {
    pub(super) sid: CallSid,
    /// The first moment of all.
    pub(super) first: Option<Timestamp>,
    pub(super) arrived: Option<At<'a, Arrived>>,
    pub(super) placed: Option<At<'a, Placed>>,
    pub(super) refused: Option<At<'a, Refused>>,
    pub(super) routed: BTreeMap<u16, At<'a, Routed>>,
    pub(super) legs: BTreeMap<CallSid, Said<'a>>,
    pub(super) dialled: BTreeMap<u16, At<'a, Dialled>>,
    pub(super) ended: Option<At<'a, Ended>>,
    pub(super) found: Option<At<'a, Found>>,
    pub(super) found_legs: BTreeMap<CallSid, Said<'a>>,
    carrier: BTreeMap<Option<CallSid>, At<'a, Closed>>,
    deadlines: BTreeMap<(Option<CallSid>, LegStatus), At<'a, Closed>>,
}

/// That the call itself is over.
#[derive(Clone, Copy)]
pub(super) struct Over {
    pub(super) at: Timestamp,
    pub(super) status: LegStatus,
    /// Nobody said so; a deadline has passed.
    pub(super) lost: bool,
}

impl<'a> Facts<'a> {
    /// Keeps the smallest event for each key.
    pub(super) fn collect(sid: CallSid, events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut events: Vec<&Event> = events.into_iter().collect();
        events.sort_unstable();
        let mut facts = Self {
            sid,
            first: events.first().map(|event| event.at),
            arrived: None,
            placed: None,
            refused: None,
            routed: BTreeMap::new(),
            legs: BTreeMap::new(),
            dialled: BTreeMap::new(),
            ended: None,
            found: None,
            found_legs: BTreeMap::new(),
            carrier: BTreeMap::new(),
            deadlines: BTreeMap::new(),
        };
        for event in events {
            facts.insert(event);
        }
        facts
    }

    /// Takes an event unless its key is known. Events come smallest first.
    fn insert(&mut self, event: &'a Event) {
        let at = event.at;
        match &event.fact {
            Fact::Arrived(fact) => self.arrived = self.arrived.or(Some((at, fact))),
            Fact::Placed(fact) => self.placed = self.placed.or(Some((at, fact))),
            Fact::Refused(fact) => self.refused = self.refused.or(Some((at, fact))),
            Fact::Routed(fact) => _ = self.routed.entry(fact.wave).or_insert((at, fact)),
            // A leg is a child: the call is no leg of itself.
            Fact::Leg(fact) if fact.sid == self.sid => {}
            Fact::Leg(fact) => {
                let said = self.legs.entry(fact.sid).or_default();
                said.entry((fact.sequence, fact.status)).or_insert((at, fact));
            }
            Fact::Dialled(fact) => _ = self.dialled.entry(fact.wave).or_insert((at, fact)),
            Fact::Ended(fact) => self.ended = self.ended.or(Some((at, fact))),
            Fact::Found(fact) => self.found = self.found.or(Some((at, fact))),
            Fact::FoundLeg(fact) if fact.sid == self.sid || fact.status.is_final() => {}
            Fact::FoundLeg(fact) => {
                let said = self.found_legs.entry(fact.sid).or_default();
                said.entry((None, fact.status)).or_insert((at, fact));
            }
            Fact::Closed(fact) => {
                let leg = fact.leg.filter(|leg| *leg != self.sid);
                match fact.by {
                    ClosedBy::Carrier => _ = self.carrier.entry(leg).or_insert((at, fact)),
                    ClosedBy::Deadline => {
                        self.deadlines.entry((leg, fact.status)).or_insert((at, fact));
                    }
                }
            }
        }
    }

    pub(super) fn direction(&self) -> Direction {
        if self.placed.is_some() || self.refused.is_some() {
            return Direction::Outbound;
        }
        let found = || self.found.map(|(_, found)| found.direction);
        let arrived = self.arrived.map(|(_, arrived)| arrived.direction);
        arrived.or_else(found).unwrap_or(Direction::Inbound)
    }

    /// The refusal, unless the call was placed after all: of two answers the yes counts.
    pub(super) fn refusal(&self) -> Option<At<'a, Refused>> {
        if self.placed.is_some() { None } else { self.refused }
    }

    /// The agent who placed an outbound call.
    pub(super) fn placed_by(&self) -> Option<UserId> {
        let placed = self.placed.map(|(_, placed)| placed.agent);
        let refused = || self.refused.and_then(|(_, refused)| refused.agent);
        placed.or_else(refused).or_else(|| self.from()?.agent())
    }

    /// Who calls, by the webhook, else by the carrier's record.
    pub(super) fn from(&self) -> Option<&'a Party> {
        let found = || self.found.map(|(_, found)| &found.from);
        self.arrived.map(|(_, arrived)| &arrived.from).or_else(found)
    }

    /// What was called, by the webhook, else by the carrier's record.
    pub(super) fn to(&self) -> Option<&'a Party> {
        let found = || self.found.map(|(_, found)| &found.to);
        self.arrived.map(|(_, arrived)| &arrived.to).or_else(found)
    }

    /// When the call began.
    ///
    /// The carrier does not date the first webhook, so it is dated by our clock. If that moment lies more
    /// than [`MOST_AHEAD`] after what the carrier dated, our clock was wrong, and the carrier's counts.
    pub(super) fn started_at(&self) -> Option<Timestamp> {
        let found = self.found.map(|(at, _)| at);
        let arrived = self.arrived.map(|(at, _)| at);
        let legs = self.legs.values().flat_map(|said| said.values().map(|(at, _)| *at)).min();
        let dated =
            legs.filter(|at| arrived.is_some_and(|arrived| arrived.since(*at) > MOST_AHEAD));
        dated.or(arrived).or(found).or(self.first)
    }

    /// That the call is over: by its callback, else by the carrier's record, else by a deadline.
    pub(super) fn over(&self) -> Option<Over> {
        if let Some((at, ended)) = self.ended {
            return Some(Over { at, status: ended.status, lost: false });
        }
        self.closing(None).map(|(at, closed)| Over {
            at,
            status: closed.status,
            lost: closed.by == ClosedBy::Deadline,
        })
    }

    /// The first Dial that connected two sides.
    pub(super) fn connected(&self) -> Option<At<'a, Dialled>> {
        self.dialled.values().copied().find(|(_, dialled)| dialled.connected())
    }

    /// The one agent who rang in a wave, if there was only one.
    pub(super) fn only_agent(&self, wave: u16, known: &BTreeSet<UserId>) -> Option<UserId> {
        let (_, routed) = self.routed.get(&wave)?;
        let ringing = routed.verdicts.iter().filter(|verdict| verdict.rings);
        let mut left = ringing.map(|verdict| verdict.user).filter(|user| !known.contains(user));
        left.next().filter(|_| left.next().is_none())
    }

    /// What the reconciler said about a leg, or about the call.
    pub(super) fn closing(&self, leg: Option<CallSid>) -> Option<At<'a, Closed>> {
        let carrier = self.carrier.get(&leg).copied();
        carrier.or_else(|| {
            let deadlines = self.deadlines.iter().filter(|((of, _), _)| *of == leg);
            let alive = self.heard(leg);
            deadlines.map(|(_, closing)| *closing).filter(|(at, _)| alive <= Some(*at)).min()
        })
    }

    /// The last callback or decision about a leg, or about the call with all its legs.
    fn heard(&self, leg: Option<CallSid>) -> Option<Timestamp> {
        let legs = self.legs.iter().filter(|(sid, _)| leg.is_none_or(|leg| leg == **sid));
        let legs = legs.flat_map(|(_, said)| said.values().map(|(at, _)| *at)).max();
        if leg.is_some() {
            return legs;
        }
        let routed = self.routed.values().map(|(at, _)| *at).max();
        let dialled = self.dialled.values().map(|(at, _)| *at).max();
        let placed = self.placed.map(|(at, _)| at);
        legs.max(routed).max(dialled).max(placed).max(self.arrived.map(|(at, _)| at))
    }

    /// The wave in which each agent was to ring; the first if there are several.
    pub(super) fn wave_of(&self) -> BTreeMap<UserId, u16> {
        let mut waves = BTreeMap::new();
        for (wave, (_, routed)) in &self.routed {
            for verdict in routed.verdicts.iter().filter(|verdict| verdict.rings) {
                waves.entry(verdict.user).or_insert(*wave);
            }
        }
        waves
    }

    /// Whether the caller left while this wave rang.
    pub(super) fn left_during(&self, wave: Option<u16>) -> bool {
        let dialled = match wave {
            Some(wave) => self.dialled.get(&wave),
            None => self.dialled.values().next_back(),
        };
        if let Some((_, dialled)) = dialled {
            return dialled.caller_gone || dialled.status == DialStatus::Canceled;
        }
        // No Dial action: the call ended while it rang, unless a later decision shows that the
        // Dial was over before.
        let last_decided = self.routed.keys().next_back().copied();
        let decided_later = wave.is_some() && last_decided > wave;
        self.over().is_some_and(|over| !over.lost) && !decided_later
    }
}
