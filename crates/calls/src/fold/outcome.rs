//! The outcome of the call, and its record.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use identity::{AgentIdentity, ClientAddress, ContactId, Timestamp, UserId};

use super::facts::Facts;
use super::legs::Legs;
use crate::{Call, DialStatus, Direction, EndReason, Leg, LegEnd, LegStatus, Outcome, Party, Wave};

/// How a call stands and why it is over. The other fields are set only if no leg tells them.
struct Standing {
    outcome: Outcome,
    reason: Option<EndReason>,
    since: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    agent: Option<UserId>,
}

impl Standing {
    const fn open(outcome: Outcome) -> Self {
        Self { outcome, reason: None, since: None, answered_at: None, agent: None }
    }

    const fn over(outcome: Outcome, reason: EndReason, since: Option<Timestamp>) -> Self {
        Self { outcome, reason: Some(reason), since, answered_at: None, agent: None }
    }
}

/// The record of the call.
pub(super) fn record(facts: &Facts<'_>, legs: Legs) -> Call {
    let direction = facts.direction();
    let over = facts.over();
    let standing = match legs.won() {
        Some(won) => answered(facts, won),
        None if facts.connected().is_some() => answered_by_unknown(facts),
        None if direction == Direction::Outbound => unanswered_outbound(facts, &legs),
        None => unanswered_inbound(facts, &legs),
    };
    let started_at = facts.started_at();
    let answered_at = legs.won().map_or(standing.answered_at, |won| won.answered_at);
    let answered_at = answered_at.not_before(started_at);
    let certain = over.filter(|over| !over.lost).map(|over| over.at);
    let ended_at = certain.or(standing.since).or(over.map(|over| over.at));
    let ended_at = ended_at.filter(|_| standing.reason.is_some());
    let ended_at = ended_at.not_before(answered_at).not_before(started_at);
    let refusal = facts.refusal().filter(|_| standing.outcome == Outcome::Refused);
    Call {
        sid: facts.sid,
        direction,
        from: from(facts),
        to: to(facts),
        contact: contact(facts),
        outcome: standing.outcome,
        handled_by: match direction {
            Direction::Inbound => match legs.won() {
                Some(won) => won.agent,
                None => standing.agent,
            },
            Direction::Outbound => facts.placed_by(),
        },
        started_at,
        answered_at,
        ended_at,
        end_reason: standing.reason,
        refusal: refusal.map(|(_, refused)| refused.reason.clone()),
        legs: all_legs(facts, legs, ended_at, standing.reason),
        waves: waves(facts),
    }
}

/// A leg has the call, or had it.
fn answered(facts: &Facts<'_>, won: &Leg) -> Standing {
    if won.ended_at.is_none() && facts.over().is_none() {
        return Standing::open(Outcome::InProgress);
    }
    let reason = if won.end == Some(LegEnd::Lost) { EndReason::Lost } else { EndReason::Completed };
    Standing::over(Outcome::Completed, reason, won.ended_at)
}

/// A Dial connected two sides without naming the leg, and no leg says that it was answered.
fn answered_by_unknown(facts: &Facts<'_>) -> Standing {
    let dialled = facts.connected();
    let answered_at = dialled.and_then(|(at, dialled)| Some(at.before(dialled.duration?)));
    let agent = dialled.and_then(|(_, dialled)| facts.only_agent(dialled.wave, &BTreeSet::new()));
    let since = dialled.map(|(at, _)| at);
    let over = Standing::over(Outcome::Completed, EndReason::Completed, since);
    Standing { answered_at, agent, ..over }
}

/// Nobody has answered the caller.
fn unanswered_inbound(facts: &Facts<'_>, legs: &Legs) -> Standing {
    let rings = |wave: &u16| {
        facts.routed.get(wave).is_some_and(|(_, routed)| routed.verdicts.iter().any(|v| v.rings))
    };
    let rang = facts.routed.keys().filter(|wave| rings(wave)).chain(facts.dialled.keys());
    let last_wave = rang.copied().chain(legs.legs.values().filter_map(|leg| leg.wave)).max();
    let dialled = last_wave.and_then(|wave| facts.dialled.get(&wave));
    // A decision that rings nobody, after all waves: the caller hears the good-bye.
    let last_decision = facts.routed.iter().next_back().filter(|(wave, _)| !rings(wave));
    let gave_up = last_decision.filter(|(wave, _)| last_wave.is_none_or(|last| **wave > last));
    let over = facts.over();

    let rang_at_all = last_wave.is_some() || !legs.legs.is_empty();
    let gone = dialled.is_some_and(|(_, dialled)| dialled.caller_gone);
    let ended = gone || over.is_some_and(|over| !over.lost);
    if rang_at_all && ended && facts.left_during(last_wave) {
        let since = dialled.map(|(at, _)| *at);
        return Standing::over(Outcome::CallerHungUp, EndReason::CallerHungUp, since);
    }
    if over.is_none() && gave_up.is_none() {
        return Standing::open(Outcome::Ringing);
    }
    if over.is_some_and(|over| over.status == LegStatus::Failed) {
        return Standing::over(Outcome::Failed, EndReason::Failed, None);
    }
    let reason = match dialled.map(|(_, dialled)| dialled.status) {
        _ if gave_up.is_none() && over.is_some_and(|over| over.lost) => EndReason::Lost,
        _ if !rang_at_all => EndReason::NobodyAvailable,
        Some(DialStatus::Busy) => EndReason::Declined,
        Some(DialStatus::Failed) => EndReason::Failed,
        _ => EndReason::TimedOut,
    };
    Standing::over(Outcome::NoAnswer, reason, gave_up.map(|(_, (at, _))| *at))
}

/// The number that an agent called has not answered.
fn unanswered_outbound(facts: &Facts<'_>, legs: &Legs) -> Standing {
    if let Some((at, _)) = facts.refusal() {
        return Standing::over(Outcome::Refused, EndReason::Refused, Some(at));
    }
    let dialled = facts.dialled.values().next();
    let child = legs.legs.values().filter(|leg| leg.ended_at.is_some());
    let child = child.max_by_key(|leg| (leg.status.rank(), leg.status, leg.sid));
    let over = facts.over();
    let since = dialled.map(|(at, _)| *at).or(child.and_then(|leg| leg.ended_at));
    let by_dial = dialled.map(|(_, dialled)| match dialled.status {
        DialStatus::NoAnswer if dialled.caller_gone => LegStatus::Canceled,
        DialStatus::NoAnswer => LegStatus::NoAnswer,
        DialStatus::Busy => LegStatus::Busy,
        DialStatus::Failed => LegStatus::Failed,
        DialStatus::Canceled => LegStatus::Canceled,
        // Answered, yet no side was connected.
        DialStatus::Completed | DialStatus::Answered => LegStatus::Completed,
    });
    let child_lost = child.map(|leg| leg.end == Some(LegEnd::Lost));
    let lost = child_lost.unwrap_or_else(|| over.is_some_and(|over| over.lost));
    let lost = lost && by_dial.is_none();
    let status = by_dial.or(child.map(|leg| leg.status)).or(over.map(|over| over.status));
    match status {
        None => Standing::open(Outcome::Ringing),
        Some(LegStatus::Busy) => Standing::over(Outcome::Busy, EndReason::Declined, since),
        Some(LegStatus::Failed) => Standing::over(Outcome::Failed, EndReason::Failed, since),
        Some(LegStatus::NoAnswer) => Standing::over(Outcome::NoAnswer, EndReason::TimedOut, since),
        Some(_) if lost => Standing::over(Outcome::NoAnswer, EndReason::Lost, since),
        Some(_) => Standing::over(Outcome::CallerHungUp, EndReason::CallerHungUp, since),
    }
}

fn from(facts: &Facts<'_>) -> Party {
    let agent = || Some(Party::Client(ClientAddress::from(AgentIdentity::new(facts.placed_by()?))));
    facts.from().cloned().or_else(agent).unwrap_or_else(Party::unknown)
}

fn to(facts: &Facts<'_>) -> Party {
    let placed = facts.placed.map(|(_, placed)| Party::Number(placed.to.clone()));
    placed.or_else(|| facts.to().cloned()).unwrap_or_else(Party::unknown)
}

fn contact(facts: &Facts<'_>) -> Option<ContactId> {
    let placed = facts.placed.and_then(|(_, placed)| placed.contact);
    let routed = || facts.routed.values().find_map(|(_, routed)| routed.contact);
    placed.or_else(routed).or_else(|| facts.found.and_then(|(_, found)| found.contact))
}

/// The child legs, and for an outbound call the agent's own leg before them.
fn all_legs(
    facts: &Facts<'_>,
    legs: Legs,
    ended_at: Option<Timestamp>,
    reason: Option<EndReason>,
) -> Vec<Leg> {
    let mut all: Vec<Leg> = legs.legs.into_values().collect();
    all.sort_by_key(|leg| {
        let moments = [leg.initiated_at, leg.ringing_at, leg.answered_at, leg.ended_at];
        (leg.wave.is_none(), leg.wave, moments.into_iter().flatten().min(), leg.sid)
    });
    if facts.direction() == Direction::Outbound {
        all.insert(0, own_leg(facts, ended_at, reason));
    }
    all
}

/// The agent's side of an outbound call: their browser is on the line from the first moment.
fn own_leg(facts: &Facts<'_>, ended_at: Option<Timestamp>, reason: Option<EndReason>) -> Leg {
    let started_at = facts.started_at();
    let refused = reason == Some(EndReason::Refused);
    Leg {
        sid: facts.sid,
        agent: facts.placed_by(),
        wave: None,
        status: match ended_at {
            _ if refused => LegStatus::Failed,
            Some(_) => LegStatus::Completed,
            None => LegStatus::InProgress,
        },
        initiated_at: started_at,
        ringing_at: None,
        answered_at: started_at.filter(|_| !refused),
        ended_at,
        sip_response: None,
        end: reason.map(|reason| match reason {
            EndReason::Completed => LegEnd::Completed,
            EndReason::CallerHungUp => LegEnd::CallerLeft,
            EndReason::TimedOut | EndReason::NobodyAvailable => LegEnd::TimedOut,
            EndReason::Declined => LegEnd::Declined,
            EndReason::Failed => LegEnd::Unreachable,
            EndReason::Refused => LegEnd::Refused,
            EndReason::Lost => LegEnd::Lost,
        }),
    }
}

fn waves(facts: &Facts<'_>) -> Vec<Wave> {
    let numbers: BTreeSet<u16> = facts.routed.keys().chain(facts.dialled.keys()).copied().collect();
    let wave = |number: u16| {
        let (routed, dialled) = (facts.routed.get(&number), facts.dialled.get(&number));
        Wave {
            number,
            decided_at: routed.map(|(at, _)| *at),
            scope: routed.map(|(_, routed)| routed.scope.clone()),
            verdicts: routed.map(|(_, routed)| routed.verdicts.clone()).unwrap_or_default(),
            ended_at: dialled.map(|(at, _)| *at),
            dialled: dialled.map(|(_, dialled)| (*dialled).clone()),
        }
    };
    numbers.into_iter().map(wave).collect()
}

/// The later of two moments, if the first is known at all.
trait NotBefore {
    fn not_before(self, floor: Self) -> Self;
}

impl NotBefore for Option<Timestamp> {
    fn not_before(self, floor: Self) -> Self {
        if self.is_some() { self.max(floor) } else { None }
    }
}
