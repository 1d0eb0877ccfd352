//! The last known roster of each workspace, for when the database is away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use identity::{PhoneNumber, UserId, WorkspaceId};
use routing::{Activity, Candidate, Page, Presence};
use store_pg::{KnownContact, MOST_MEMBERS, Roster};
use tokio::time::Instant;

/// The roster of each workspace as the database last gave it.
#[derive(Debug, Default)]
pub(crate) struct Rosters {
    workspaces: Mutex<HashMap<WorkspaceId, KnownRoster>>,
}

/// The last known roster of one workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KnownRoster {
    pub(super) members: Vec<Candidate>,
    pub(super) callers: HashMap<PhoneNumber, Caller>,
    /// When it was read; `None` if it comes from a file of an earlier run.
    pub(super) at: Option<Instant>,
}

/// A contact that has called, and who was assigned.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Caller {
    pub(super) contact: KnownContact,
    pub(super) assigned: Vec<UserId>,
}

impl Rosters {
    /// Remembers what the database answered. Returns whether the workspace has more members than are
    /// read, if that is news.
    pub(crate) fn remember(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
        roster: &Roster,
        now: Instant,
    ) -> bool {
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if !workspaces.contains_key(workspace) {
            workspaces.insert(workspace.clone(), KnownRoster::default());
        }
        let Some(known) = workspaces.get_mut(workspace) else { return false };
        known.at = Some(now);
        let was_cut = known.members.len() >= MOST_MEMBERS;
        known.members.clear();
        known.members.extend(roster.candidates.iter().filter(|one| one.role.is_some()));
        if let (Some(caller), Some(contact)) = (caller, &roster.contact) {
            if known.callers.len() >= MOST_CALLERS && !known.callers.contains_key(caller) {
                known.callers.clear();
            }
            let assigned = roster.candidates.iter().filter(|one| one.assigned);
            let assigned = assigned.map(|one| one.user).take(MOST_ASSIGNED).collect();
            let known_caller = Caller { contact: contact.clone(), assigned };
            known.callers.insert(caller.clone(), known_caller);
        }
        known.members.len() >= MOST_MEMBERS && !was_cut
    }

    /// Takes the roster of an earlier run, unless a newer one is known.
    pub(super) fn restore(&self, workspace: &WorkspaceId, roster: KnownRoster) {
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.entry(workspace.clone()).or_insert(roster);
    }

    /// The last known roster of a workspace.
    pub(super) fn known(&self, workspace: &WorkspaceId) -> Option<KnownRoster> {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.get(workspace).cloned()
    }

    /// Whether there is a roster to recall.
    pub(crate) fn knows(&self, workspace: &WorkspaceId) -> bool {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.contains_key(workspace)
    }

    /// Whether the database has not given the roster since `then`.
    pub(super) fn is_older(&self, workspace: &WorkspaceId, then: Instant) -> bool {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.get(workspace).and_then(|known| known.at).is_none_or(|at| at < then)
    }

    /// The roster as it was, if there ever was one. Whether the call is over is not known here.
    ///
    /// Nobody counts as being on a call, because that is not known any more. A busy page drops the call
    /// without a sound, so ringing it is better than leaving out an agent who could answer.
    pub(crate) fn recall(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
    ) -> Option<Roster> {
        let workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let roster = workspaces.get(workspace)?;
        let known = caller.and_then(|caller| roster.callers.get(caller));
        let assigned = known.map_or(&[][..], |known| &known.assigned);
        let mut candidates: Vec<Candidate> = roster
            .members
            .iter()
            .map(|member| Candidate {
                assigned: assigned.contains(&member.user),
                activity: Activity::Idle,
                ..*member
            })
            .collect();
        let gone =
            assigned.iter().filter(|user| roster.members.iter().all(|one| one.user != **user));
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
        Some(Roster { contact, candidates, closed: Vec::new(), call_is_over: false })
    }
}

/// Callers that are remembered for each workspace, about 200 bytes each, and 2 KiB at most.
const MOST_CALLERS: usize = 2_000;

/// Agents that are remembered as assigned to one caller: five waves.
const MOST_ASSIGNED: usize = 50;

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
            closed: Vec::new(),
            call_is_over: false,
        };
        let rosters = Rosters::default();
        assert_eq!(rosters.recall(&workspace, Some(&known)), None);
        let now = Clock::system().instant();
        assert!(!rosters.remember(&workspace, Some(&known), &roster, now));

        let seen = |roster: Option<Roster>| -> Vec<(UserId, bool)> {
            roster.unwrap().candidates.iter().map(|one| (one.user, one.assigned)).collect()
        };
        assert_eq!(
            seen(rosters.recall(&workspace, Some(&known))),
            [(user(1), false), (user(2), true), (user(3), true)]
        );
        let stranger: PhoneNumber = "+15005550007".parse().unwrap();
        assert_eq!(
            seen(rosters.recall(&workspace, Some(&stranger))),
            [(user(1), false), (user(2), false)]
        );
        let recalled = rosters.recall(&workspace, Some(&known)).unwrap();
        assert!(recalled.candidates.iter().all(|one| one.activity == Activity::Idle));

        // Of a very large team it says so once.
        let crowd = Roster {
            candidates: (0..MOST_MEMBERS).map(|_| candidate(1, true, Some(Role::Agent))).collect(),
            ..roster
        };
        assert!(rosters.remember(&workspace, Some(&known), &crowd, now));
        assert!(!rosters.remember(&workspace, Some(&known), &crowd, now));
        let callers = rosters.known(&workspace).unwrap().callers;
        assert_eq!(callers[&known].assigned.len(), MOST_ASSIGNED);
    }
}
