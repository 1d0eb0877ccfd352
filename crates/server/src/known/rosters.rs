//! The last known roster of each workspace, for when the database is away.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use identity::{CallSid, PhoneNumber, UserId, WorkspaceId};
use routing::{Activity, Candidate, Page, Presence};
use store_pg::{KnownContact, Roster};
use tokio::time::Instant;

/// What was seen of each workspace when the database last answered, and which calls are over.
#[derive(Debug, Default)]
pub(crate) struct LastKnown {
    workspaces: Mutex<HashMap<WorkspaceId, Seen>>,
    over: Mutex<Over>,
}

/// What was seen of one workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Seen {
    pub(crate) members: Vec<Candidate>,
    pub(crate) callers: HashMap<PhoneNumber, Caller>,
    /// When the database said so; `None` for what an earlier run left on disk.
    pub(crate) at: Option<Instant>,
}

/// A contact that has called, and who was assigned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caller {
    pub(crate) contact: KnownContact,
    pub(crate) assigned: Vec<UserId>,
}

/// The calls that ended last, oldest first.
#[derive(Debug, Default)]
struct Over {
    calls: HashSet<CallSid>,
    order: VecDeque<CallSid>,
}

impl LastKnown {
    /// Keeps what the database said.
    pub(crate) fn keep(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
        roster: &Roster,
        now: Instant,
    ) {
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if !workspaces.contains_key(workspace) {
            workspaces.insert(workspace.clone(), Seen::default());
        }
        let Some(seen) = workspaces.get_mut(workspace) else { return };
        seen.at = Some(now);
        seen.members.clear();
        seen.members.extend(roster.candidates.iter().filter(|one| one.role.is_some()));
        if let (Some(caller), Some(contact)) = (caller, &roster.contact) {
            if seen.callers.len() >= MOST_CALLERS && !seen.callers.contains_key(caller) {
                seen.callers.clear();
            }
            let assigned = roster.candidates.iter().filter(|one| one.assigned);
            let assigned = assigned.map(|one| one.user).collect();
            let known = Caller { contact: contact.clone(), assigned };
            seen.callers.insert(caller.clone(), known);
        }
    }

    /// Takes what an earlier run left, unless something newer is known.
    pub(crate) fn restore(&self, workspace: &WorkspaceId, seen: Seen) {
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.entry(workspace.clone()).or_insert(seen);
    }

    /// What was seen of a workspace.
    pub(crate) fn seen(&self, workspace: &WorkspaceId) -> Option<Seen> {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.get(workspace).cloned()
    }

    /// Whether there is a roster to recall.
    pub(crate) fn knows(&self, workspace: &WorkspaceId) -> bool {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.contains_key(workspace)
    }

    /// Whether the roster was not seen since `then`.
    pub(crate) fn is_older(&self, workspace: &WorkspaceId, then: Instant) -> bool {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.get(workspace).and_then(|seen| seen.at).is_none_or(|at| at < then)
    }

    /// Remembers that Twilio said that a call is over.
    pub(crate) fn ended(&self, call: CallSid) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if over.calls.insert(call) {
            over.order.push_back(call);
        }
        if over.order.len() > MOST_OVER
            && let Some(oldest) = over.order.pop_front()
        {
            over.calls.remove(&oldest);
        }
    }

    fn is_over(&self, call: CallSid) -> bool {
        self.over.lock().unwrap_or_else(PoisonError::into_inner).calls.contains(&call)
    }

    /// The roster as it was, if there ever was one.
    ///
    /// Who is on a call by now is not known, so nobody is: better to ring a busy page, which drops
    /// the call in silence, than to leave out somebody who could answer.
    pub(crate) fn recall(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
        call: CallSid,
    ) -> Option<Roster> {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = workspaces.get(workspace)?;
        let known = caller.and_then(|caller| seen.callers.get(caller));
        let assigned = known.map_or(&[][..], |known| &known.assigned);
        let mut candidates: Vec<Candidate> = seen
            .members
            .iter()
            .map(|member| Candidate {
                assigned: assigned.contains(&member.user),
                activity: Activity::Idle,
                ..*member
            })
            .collect();
        let gone = assigned.iter().filter(|user| seen.members.iter().all(|one| one.user != **user));
        candidates.extend(gone.map(|user| Candidate {
            user: *user,
            role: None,
            assigned: true,
            presence: Presence::Unknown,
            page: Page::Unknown,
            activity: Activity::Idle,
            idle_since: None,
            rung_in: None,
        }));
        let contact = known.map(|known| known.contact.clone());
        Some(Roster { contact, candidates, call_is_over: self.is_over(call) })
    }
}

/// Callers that are kept per workspace, about 200 bytes each.
const MOST_CALLERS: usize = 2_000;

/// Calls that are remembered as over: more than end while a database is away for a minute.
const MOST_OVER: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use identity::ContactId;
    use routing::Role;

    use crate::clock::Clock;

    #[test]
    fn an_assigned_caller_is_still_assigned_when_the_database_is_away() {
        let user = |n| UserId::from_bytes([n; 16]);
        let candidate = |n, assigned, role| Candidate {
            user: user(n),
            role,
            assigned,
            presence: Presence::Available,
            page: Page::Unknown,
            activity: Activity::OnCall,
            idle_since: None,
            rung_in: None,
        };
        let workspace: WorkspaceId = "acme".parse().unwrap();
        let known: PhoneNumber = "+15005550006".parse().unwrap();
        let roster = Roster {
            contact: Some(KnownContact { id: ContactId::from_bytes([9; 16]), name: None }),
            candidates: vec![
                candidate(1, false, Some(Role::Agent)),
                candidate(2, true, Some(Role::Agent)),
                candidate(3, true, None),
            ],
            call_is_over: false,
        };
        let last = LastKnown::default();
        let call = CallSid::from_bytes([1; 16]);
        assert_eq!(last.recall(&workspace, Some(&known), call), None);
        last.keep(&workspace, Some(&known), &roster, Clock::system().instant());

        let seen = |roster: Option<Roster>| -> Vec<(UserId, bool)> {
            roster.unwrap().candidates.iter().map(|one| (one.user, one.assigned)).collect()
        };
        assert_eq!(
            seen(last.recall(&workspace, Some(&known), call)),
            [(user(1), false), (user(2), true), (user(3), true)]
        );
        let stranger: PhoneNumber = "+15005550007".parse().unwrap();
        assert_eq!(
            seen(last.recall(&workspace, Some(&stranger), call)),
            [(user(1), false), (user(2), false)]
        );
        let recalled = last.recall(&workspace, Some(&known), call).unwrap();
        assert!(recalled.candidates.iter().all(|one| one.activity == Activity::Idle));
    }

    #[test]
    fn calls_that_ended_last_are_remembered_as_over() {
        let call = |n: u32| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            CallSid::from_bytes(bytes)
        };
        let last = LastKnown::default();
        let most = u32::try_from(MOST_OVER).unwrap();
        for n in 0..=most {
            last.ended(call(n));
            last.ended(call(n));
        }
        assert!(!last.is_over(call(0)), "forgotten");
        assert!(last.is_over(call(1)) && last.is_over(call(most)));
        assert!(!last.is_over(call(most + 1)));
    }
}
