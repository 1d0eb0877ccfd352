//! All calls and legs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use identity::{CallSid, Timestamp};

use super::call::Call;
use crate::Direction;

/// All calls and legs that are kept.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    by_sid: BTreeMap<CallSid, Call>,
    /// How many calls were placed, legs not counted.
    placed: u64,
    /// How many calls and legs came in.
    entered: u64,
    /// The lanes whose last webhooks may still be in progress.
    pub(crate) closing: BTreeSet<CallSid>,
    /// Calls whose caller only the test controls.
    pub(crate) by_hand: BTreeSet<CallSid>,
    /// The calls that are over, oldest first.
    over: VecDeque<CallSid>,
}

impl Calls {
    pub(crate) fn get(&self, sid: &CallSid) -> Option<&Call> {
        self.by_sid.get(sid)
    }

    pub(crate) fn get_mut(&mut self, sid: &CallSid) -> Option<&mut Call> {
        self.by_sid.get_mut(sid)
    }

    pub(crate) fn contains_key(&self, sid: &CallSid) -> bool {
        self.by_sid.contains_key(sid)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Call> {
        self.by_sid.values()
    }

    /// The calls that are not legs, in the order in which they were placed.
    pub(crate) fn roots(&self) -> Vec<&Call> {
        let mut roots: Vec<&Call> = self.values().filter(|call| call.leg.is_none()).collect();
        roots.sort_by_key(|call| call.order);
        roots
    }

    /// The number of the next call that is placed.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.placed += 1;
        self.placed
    }

    /// How many calls were placed.
    pub(crate) fn placed(&self) -> u64 {
        self.placed
    }

    /// Adds a new call or leg.
    pub(crate) fn enter(&mut self, mut call: Call, now: Timestamp) {
        self.entered += 1;
        call.order = self.entered;
        call.life.created_at = now;
        call.rest.updated_at = now;
        if call.direction != Direction::OutboundApi {
            call.life.started_at = Some(now);
        }
        self.by_sid.insert(call.sid, call);
    }

    /// A call that has not ended.
    pub(crate) fn running(&self, sid: CallSid) -> Option<&Call> {
        self.get(&sid).filter(|call| !call.has_ended())
    }

    /// Whether the call or leg is running and still has this plan.
    pub(crate) fn is_planned(&self, sid: CallSid, generation: u64) -> bool {
        self.running(sid).is_some_and(|call| call.script.generation == generation)
    }

    /// Whether the call and all its legs have ended.
    pub(crate) fn legs_have_ended(&self, root: CallSid) -> bool {
        let ended = |sid: &CallSid| self.get(sid).is_none_or(Call::has_ended);
        self.get(&root).is_none_or(|call| call.legs.iter().all(ended))
    }

    /// Whether a call whose caller only the test controls is in progress.
    pub(crate) fn wait_for_hands(&self) -> bool {
        self.by_hand.iter().any(|sid| self.running(*sid).is_some())
    }

    /// A call is over with its legs and webhooks. Returns the calls and legs that are dropped,
    /// because only `limit` calls are kept.
    pub(crate) fn keep_over(&mut self, root: CallSid, limit: usize) -> Vec<CallSid> {
        self.over.push_back(root);
        let mut dropped = Vec::new();
        while self.over.len() > limit.max(1) {
            let Some(oldest) = self.over.pop_front() else { break };
            self.drop_call(oldest, &mut dropped);
        }
        dropped
    }

    /// Drops a call, its legs, and the legs of those.
    fn drop_call(&mut self, sid: CallSid, dropped: &mut Vec<CallSid>) {
        let Some(call) = self.by_sid.remove(&sid) else { return };
        dropped.push(sid);
        for leg in call.legs {
            self.drop_call(leg, dropped);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_sid.len()
    }
}
