//! How each leg stands, and which one has the call.

use alloc::collections::{BTreeMap, BTreeSet};

use identity::{CallSid, Timestamp, UserId};

use super::facts::{At, Facts, Said};
use crate::{ClosedBy, DialStatus, Dialled, Direction, Leg, LegEnd, LegStatus};

/// The child legs, and which of them has the call.
pub(super) struct Legs {
    /// By Sid.
    pub(super) legs: BTreeMap<CallSid, Leg>,
    /// The leg that has, or had, the call.
    pub(super) winner: Option<CallSid>,
}

impl Legs {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let mut legs: BTreeMap<CallSid, Leg> =
            facts.legs.iter().map(|(sid, said)| (*sid, said_by(*sid, said))).collect();
        add_found(facts, &mut legs);
        add_answers(facts, &mut legs);
        set_waves(facts, &mut legs);
        infer_agents(facts, &mut legs);
        let winner = winner(facts, &legs);
        let won = winner.and_then(|sid| legs.get(&sid)).cloned();
        for leg in legs.values_mut() {
            let lost = close(facts, leg, won.as_ref());
            in_order(leg);
            leg.end = leg.ended_at.map(|_| match (lost, end(facts, leg, won.as_ref())) {
                // Only a leg whose end would be a guess is lost.
                (
                    true,
                    LegEnd::Completed | LegEnd::Canceled | LegEnd::CallerLeft | LegEnd::TimedOut,
                ) => LegEnd::Lost,
                (_, end) => end,
            });
        }
        Self { legs, winner }
    }

    pub(super) fn won(&self) -> Option<&Leg> {
        self.legs.get(&self.winner?)
    }
}

/// A leg by its own events alone.
fn said_by(leg: CallSid, said: &Said<'_>) -> Leg {
    let first = |holds: fn(LegStatus) -> bool| {
        said.values().filter(|(_, leg)| holds(leg.status)).map(|(at, _)| *at).min()
    };
    let last = said
        .values()
        .max_by_key(|(_, leg)| (leg.status.rank(), leg.sequence, leg.status))
        .map(|(_, leg)| *leg);
    let status = last.map_or(LegStatus::Initiated, |leg| leg.status);
    let ended_at = first(LegStatus::is_final);
    let length = last.filter(|leg| leg.status == LegStatus::Completed).and_then(|leg| leg.duration);
    let answered = ended_at.and_then(|at| Some(at.before(length?)));
    Leg {
        sid: leg,
        agent: said.values().filter_map(|(_, leg)| leg.agent).min(),
        wave: None,
        status,
        initiated_at: first(|status| status == LegStatus::Initiated),
        ringing_at: first(|status| status == LegStatus::Ringing),
        answered_at: first(|status| status == LegStatus::InProgress).or(answered),
        ended_at,
        sip_response: last.and_then(|leg| leg.sip_response),
        end: None,
    }
}

/// What the carrier's record knows about legs whose callbacks are missing.
fn add_found(facts: &Facts<'_>, legs: &mut BTreeMap<CallSid, Leg>) {
    for (sid, found) in &facts.found_legs {
        let found = said_by(*sid, found);
        let leg = legs.entry(*sid).or_insert_with(|| said_by(*sid, &Said::new()));
        let first = leg.ringing_at.or(leg.answered_at).or(leg.ended_at);
        let began = found.initiated_at.filter(|at| first.is_none_or(|first| *at <= first));
        leg.initiated_at = leg.initiated_at.or(began);
        leg.ringing_at = leg.ringing_at.or(found.ringing_at.filter(|_| first.is_none()));
        leg.agent = leg.agent.or(found.agent);
        if leg.status == LegStatus::Completed || !leg.status.is_final() {
            let answered = found.answered_at.map(|at| leg.ended_at.map_or(at, |end| at.min(end)));
            leg.answered_at = leg.answered_at.or(answered);
        }
        if leg.status.rank() < found.status.rank() {
            leg.status = found.status;
        }
    }
}

/// Answers whose callbacks are missing: a bridged Dial names its leg and how long it was answered.
fn add_answers(facts: &Facts<'_>, legs: &mut BTreeMap<CallSid, Leg>) {
    for (at, dialled) in facts.dialled.values().filter(|(_, dialled)| dialled.connected()) {
        let Some(child) = dialled.child.filter(|child| *child != facts.sid) else { continue };
        let leg = legs.entry(child).or_insert_with(|| said_by(child, &Said::new()));
        let answered = at.before(dialled.duration.unwrap_or_default());
        leg.answered_at = leg.answered_at.or(Some(answered));
    }
    // The word `completed` alone says that a leg was answered, if not when.
    for leg in legs.values_mut().filter(|leg| leg.status == LegStatus::Completed) {
        leg.answered_at = leg.answered_at.or(leg.ended_at);
    }
}

/// The wave of a leg: that of the Dial that names it, else the one in which its agent was to ring.
fn set_waves(facts: &Facts<'_>, legs: &mut BTreeMap<CallSid, Leg>) {
    if facts.direction() == Direction::Outbound {
        return;
    }
    let by_agent = facts.wave_of();
    for leg in legs.values_mut() {
        leg.wave = leg.agent.and_then(|agent| by_agent.get(&agent).copied());
    }
    for (wave, (_, dialled)) in facts.dialled.iter().rev() {
        if let Some(leg) = dialled.child.and_then(|child| legs.get_mut(&child)) {
            leg.wave = Some(*wave);
        }
    }
}

/// The agent of a leg if no callback named one and only one agent of the wave remains.
fn infer_agents(facts: &Facts<'_>, legs: &mut BTreeMap<CallSid, Leg>) {
    let known: BTreeSet<UserId> = legs.values().filter_map(|leg| leg.agent).collect();
    for (_, dialled) in facts.dialled.values().filter(|(_, dialled)| dialled.connected()) {
        if let Some(leg) = dialled.child.and_then(|child| legs.get_mut(&child)) {
            leg.agent = leg.agent.or_else(|| facts.only_agent(dialled.wave, &known));
        }
    }
}

/// The Dial in which a leg rang, once it is over. An outbound call has only one.
fn dial_of<'a>(facts: &Facts<'a>, leg: &Leg) -> Option<At<'a, Dialled>> {
    match (facts.direction(), leg.wave) {
        (Direction::Outbound, _) => facts.dialled.values().next().copied(),
        (Direction::Inbound, Some(wave)) => facts.dialled.get(&wave).copied(),
        (Direction::Inbound, None) => None,
    }
}

/// The leg that a bridged Dial names; else the one answered first, by Sid if at once.
///
/// An answer that Twilio took back (the leg ended, but not as `completed`), or whose Dial was not
/// bridged, connected nobody.
fn winner(facts: &Facts<'_>, legs: &BTreeMap<CallSid, Leg>) -> Option<CallSid> {
    let named = facts.dialled.values().filter(|(_, dialled)| dialled.connected());
    let named = named.filter_map(|(_, dialled)| dialled.child).find(|sid| legs.contains_key(sid));
    let connected = |leg: &&Leg| {
        let stands = leg.status == LegStatus::Completed || !leg.status.is_final();
        stands && dial_of(facts, leg).is_none_or(|(_, dialled)| dialled.connected())
    };
    let first = || {
        let answered = legs.values().filter(connected);
        let answered = answered.filter_map(|leg| leg.answered_at.map(|at| (at, leg.sid)));
        answered.min().map(|(_, sid)| sid)
    };
    named.or_else(first)
}

/// Ends a leg without a last callback if its Dial or its call is over, or if another leg of its
/// wave has the call. Returns whether only a deadline ended it.
fn close(facts: &Facts<'_>, leg: &mut Leg, won: Option<&Leg>) -> bool {
    if leg.ended_at.is_some() {
        return false;
    }
    let dial = dial_of(facts, leg);
    let neighbour = won.filter(|won| leg.answered_at.is_none() && won.wave == leg.wave);
    let ends = [
        dial.map(|(at, _)| at),
        facts.ended.map(|(at, _)| at),
        neighbour.and_then(|won| won.answered_at),
    ];
    let closings = [facts.closing(Some(leg.sid)), facts.closing(None)];
    let closing = closings.into_iter().flatten().min_by_key(|(at, closed)| (closed.by, *at));
    let ended_at = ends.into_iter().flatten().min();
    let timed_out = dial
        .is_some_and(|(_, dialled)| dialled.status == DialStatus::NoAnswer && !dialled.caller_gone);
    let closed = closing.map(|(_, closed)| closed).filter(|_| ended_at.is_none());
    leg.ended_at = ended_at.or(closing.map(|(at, _)| at));
    if leg.ended_at.is_some() {
        leg.status = match closed.map(|closed| closed.status).filter(|status| status.is_final()) {
            _ if leg.answered_at.is_some() => LegStatus::Completed,
            Some(status) => status,
            None if timed_out => LegStatus::NoAnswer,
            None => LegStatus::Canceled,
        };
    }
    closed.is_some_and(|closed| closed.by == ClosedBy::Deadline)
}

/// Puts the moments of a leg in order: none is before the one that precedes it.
fn in_order(leg: &mut Leg) {
    let mut floor: Option<Timestamp> = None;
    let moments =
        [&mut leg.initiated_at, &mut leg.ringing_at, &mut leg.answered_at, &mut leg.ended_at];
    for moment in moments {
        if moment.is_some() {
            *moment = floor.max(*moment);
            floor = *moment;
        }
    }
}

/// Why a leg is over.
fn end(facts: &Facts<'_>, leg: &Leg, won: Option<&Leg>) -> LegEnd {
    if won.is_some_and(|won| won.sid == leg.sid) {
        return LegEnd::Completed;
    }
    // Only a leg that was still there when the other was answered lost to it.
    let lost_to = won.filter(|won| {
        let together = won.wave == leg.wave || leg.wave.is_none() || won.wave.is_none();
        together && leg.ended_at >= won.answered_at
    });
    match leg.status {
        LegStatus::Busy => LegEnd::Declined,
        LegStatus::Failed => LegEnd::Unreachable,
        LegStatus::NoAnswer if leg.sip_response == Some(GONE) => LegEnd::Unreachable,
        _ if lost_to.is_some() => LegEnd::AnsweredElsewhere,
        _ if leg.answered_at.is_some() => LegEnd::NotConnected,
        _ if facts.left_during(leg.wave) => LegEnd::CallerLeft,
        LegStatus::NoAnswer => LegEnd::TimedOut,
        _ if dial_of(facts, leg).is_some() => LegEnd::TimedOut,
        _ => LegEnd::Canceled,
    }
}

/// SIP 480, temporarily unavailable: Twilio's answer for an identity without a device.
const GONE: u16 = 480;
