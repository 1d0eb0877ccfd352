//! What follows from new events: the rows that change, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use calls::{Call, Leg, News, log_entry, news};
use identity::CallSid;
use uuid::Uuid;

use crate::news;
use crate::sql;

/// The rows to write.
#[derive(Default)]
pub(super) struct Change<'a> {
    pub(super) calls: Vec<&'a Call>,
    pub(super) legs: Vec<(CallSid, &'a Leg)>,
    /// The calls whose words in the live chat's log change.
    pub(super) entries: Vec<&'a Call>,
    /// The agents whose idle time may change.
    pub(super) settled: BTreeSet<Uuid>,
    /// What watchers are told, as kinds and refs.
    pub(super) news: (Vec<&'static str>, Vec<String>),
}

impl<'a> Change<'a> {
    /// Calls that nobody has seen before; their own rows are written.
    pub(super) fn of_new(calls: &'a [Call]) -> Self {
        Self { calls: Vec::new(), ..Self::between(&[], calls) }
    }

    /// Calls that are folded again: every row, because an earlier fold may have made it.
    pub(super) fn of_rebuild(
        before: &'a [Call],
        after: &'a [Call],
        mut settled: BTreeSet<Uuid>,
    ) -> Self {
        let legs: Vec<_> = after.iter().flat_map(legs_of).collect();
        settled.extend(legs.iter().filter_map(|(_, leg)| settled_agent(leg)));
        let news = news_of(&by_sid(before), after);
        Self { calls: after.iter().collect(), legs, entries: after.iter().collect(), settled, news }
    }

    /// Whether it changes what agents are doing: one of them is on a call, or is free since another moment.
    pub(super) fn moves_agents(&self) -> bool {
        !self.settled.is_empty() || self.legs.iter().any(|(_, leg)| leg.answered_at.is_some())
    }

    /// What differs.
    pub(super) fn between(before: &'a [Call], after: &'a [Call]) -> Self {
        let before = by_sid(before);
        let mut change = Self { news: news_of(&before, after), ..Self::default() };
        for call in after {
            let old = before.get(&call.sid).copied();
            if old.is_none_or(|old| !is_same_row(old, call)) {
                change.calls.push(call);
            }
            if old.is_none_or(|old| log_entry(old) != log_entry(call)) {
                change.entries.push(call);
            }
            let old_legs = old.map_or(&[][..], |old| &old.legs);
            let old_legs: BTreeMap<CallSid, &Leg> =
                old_legs.iter().map(|leg| (leg.sid, leg)).collect();
            for leg in &call.legs {
                let old = old_legs.get(&leg.sid).copied();
                if old != Some(leg) {
                    change.legs.push((call.sid, leg));
                    let agents = [Some(leg), old].into_iter().flatten().filter_map(settled_agent);
                    change.settled.extend(agents);
                }
            }
        }
        change
    }
}

fn by_sid(calls: &[Call]) -> BTreeMap<CallSid, &Call> {
    calls.iter().map(|call| (call.sid, call)).collect()
}

fn legs_of(call: &Call) -> impl Iterator<Item = (CallSid, &Leg)> {
    call.legs.iter().map(|leg| (call.sid, leg))
}

/// Whether two records of a call are the same but for the legs, which have rows of their own.
fn is_same_row(a: &Call, b: &Call) -> bool {
    let row = |call: &Call| Call { legs: Vec::new(), ..call.clone() };
    row(a) == row(b)
}

/// The agent of a leg that was answered and is over.
fn settled_agent(leg: &Leg) -> Option<Uuid> {
    let is_settled = leg.answered_at.is_some() && leg.ended_at.is_some();
    leg.agent.filter(|_| is_settled).map(sql::uuid)
}

fn news_of(before: &BTreeMap<CallSid, &Call>, calls: &[Call]) -> (Vec<&'static str>, Vec<String>) {
    let news = calls.iter().flat_map(|call| {
        let news = news(before.get(&call.sid).copied(), call);
        news.into_iter().map(|one| match one {
            News::Call => (news::CALL, call.sid.to_string()),
            News::RingEnded(leg) => (news::RING, leg.to_string()),
        })
    });
    news.unzip()
}
