//! Calls that ended lately, so that a repeated webhook of one of them rings nobody.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use identity::{CallSid, WorkspaceId};

/// The calls that ended last, by Twilio's word about each workspace: what one says about another's call
/// counts for nothing. It may forget some: then the database says that they are over, or they ring once
/// more.
#[derive(Debug, Default)]
pub(crate) struct EndedCalls(Mutex<Ended>);

#[derive(Debug, Default)]
struct Ended {
    calls: HashSet<(WorkspaceId, CallSid)>,
    /// The same, oldest first.
    order: HashMap<WorkspaceId, VecDeque<CallSid>>,
}

impl EndedCalls {
    /// Remembers that a call of a workspace is over.
    pub(crate) fn remember(&self, workspace: &WorkspaceId, call: CallSid) {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ended.calls.insert((workspace.clone(), call)) {
            return;
        }
        let order = ended.order.entry(workspace.clone()).or_default();
        order.push_back(call);
        if order.len() > LIMIT {
            ended.forget(workspace, 1);
        }
        if ended.calls.len() > LIMIT_OF_ALL {
            ended.make_room();
        }
    }

    /// Whether a call of a workspace is known to be over.
    pub(crate) fn contains(&self, workspace: &WorkspaceId, call: CallSid) -> bool {
        let ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.calls.contains(&(workspace.clone(), call))
    }
}

impl Ended {
    /// Forgets the oldest calls of a workspace.
    fn forget(&mut self, workspace: &WorkspaceId, count: usize) {
        let Some(order) = self.order.get_mut(workspace) else { return };
        for call in order.drain(..count.min(order.len())) {
            self.calls.remove(&(workspace.clone(), call));
        }
        if order.is_empty() {
            self.order.remove(workspace);
        }
    }

    /// Forgets half of what the workspace with the most calls has: those with few keep theirs. The search
    /// is not needed again before as many calls have ended.
    fn make_room(&mut self) {
        let most = self.order.iter().max_by_key(|(_, order)| order.len());
        if let Some((workspace, count)) = most.map(|(id, order)| (id.clone(), order.len())) {
            self.forget(&workspace, count.div_ceil(2));
        }
    }
}

/// More calls of one workspace than end while a database is away for a minute.
const LIMIT: usize = 2_000;

/// About ten megabytes.
const LIMIT_OF_ALL: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn call(n: usize) -> CallSid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        CallSid::from_bytes(bytes)
    }

    fn workspace(name: &str) -> WorkspaceId {
        name.parse().unwrap()
    }

    #[test]
    fn calls_that_ended_last_are_remembered_as_over() {
        let (ended, acme) = (EndedCalls::default(), workspace("acme"));
        for n in 0..=LIMIT {
            ended.remember(&acme, call(n));
            ended.remember(&acme, call(n));
        }
        assert!(!ended.contains(&acme, call(0)), "forgotten");
        assert!(ended.contains(&acme, call(1)) && ended.contains(&acme, call(LIMIT)));
        assert!(!ended.contains(&acme, call(LIMIT + 1)));
    }

    #[test]
    fn a_workspace_neither_ends_the_calls_of_another_nor_makes_it_forget_them() {
        let (ended, acme, other) = (EndedCalls::default(), workspace("acme"), workspace("other"));
        ended.remember(&other, call(0));
        assert!(!ended.contains(&acme, call(0)), "said by another");
        ended.remember(&acme, call(0));
        for n in 1..10_050 {
            ended.remember(&other, call(n));
        }
        assert!(ended.contains(&acme, call(0)));
    }

    #[test]
    fn when_there_is_no_room_the_workspace_with_the_most_calls_forgets() {
        let (ended, acme) = (EndedCalls::default(), workspace("acme"));
        ended.remember(&acme, call(0));
        for id in 0..=LIMIT_OF_ALL / LIMIT {
            let busy = workspace(&format!("busy-{id}"));
            (0..LIMIT).for_each(|n| ended.remember(&busy, call(n)));
        }
        assert!(ended.contains(&acme, call(0)));
        let held = ended.0.lock().unwrap();
        let listed: usize = held.order.values().map(VecDeque::len).sum();
        assert!(held.calls.len() <= LIMIT_OF_ALL && listed == held.calls.len());
    }
}
