//! The last known roster of each workspace, for when the database is away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use identity::{PhoneNumber, UserId, WorkspaceId};
use routing::{Activity, Candidate, Presence};
use store_pg::{KnownContact, Roster};

/// What was seen of each workspace when the database last answered.
#[derive(Debug, Default)]
pub(crate) struct LastKnown {
    workspaces: Mutex<HashMap<WorkspaceId, Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    members: Vec<Candidate>,
    callers: HashMap<PhoneNumber, Caller>,
}

#[derive(Clone, Debug)]
struct Caller {
    contact: Option<KnownContact>,
    assigned: Vec<UserId>,
}

impl LastKnown {
    /// Keeps what the database said.
    pub(crate) fn keep(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
        roster: &Roster,
    ) {
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if !workspaces.contains_key(workspace) {
            workspaces.insert(workspace.clone(), Seen::default());
        }
        let Some(seen) = workspaces.get_mut(workspace) else { return };
        seen.members.clear();
        seen.members.extend(roster.candidates.iter().filter(|one| one.role.is_some()));
        if let (Some(caller), Some(contact)) = (caller, &roster.contact) {
            if seen.callers.len() >= MOST_CALLERS && !seen.callers.contains_key(caller) {
                seen.callers.clear();
            }
            let assigned = roster.candidates.iter().filter(|one| one.assigned);
            let assigned = assigned.map(|one| one.user).collect();
            let known = Caller { contact: Some(contact.clone()), assigned };
            seen.callers.insert(caller.clone(), known);
        }
    }

    /// The roster as it was, if there ever was one.
    ///
    /// Who is on a call by now is not known, so nobody is: better to ring a busy page, which drops
    /// the call in silence, than to leave out somebody who could answer.
    pub(crate) fn recall(
        &self,
        workspace: &WorkspaceId,
        caller: Option<&PhoneNumber>,
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
            activity: Activity::Idle,
            idle_since: None,
            rung_in: None,
        }));
        let contact = known.and_then(|known| known.contact.clone());
        Some(Roster { contact, candidates, call_is_over: false })
    }
}

/// Callers that are kept per workspace, about 200 bytes each.
const MOST_CALLERS: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;
    use identity::ContactId;
    use routing::Role;

    #[test]
    fn an_assigned_caller_is_still_assigned_when_the_database_is_away() {
        let user = |n| UserId::from_bytes([n; 16]);
        let candidate = |n, assigned, role| Candidate {
            user: user(n),
            role,
            assigned,
            presence: Presence::Available,
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
        assert_eq!(last.recall(&workspace, Some(&known)), None);
        last.keep(&workspace, Some(&known), &roster);

        let seen = |roster: Option<Roster>| -> Vec<(UserId, bool)> {
            roster.unwrap().candidates.iter().map(|one| (one.user, one.assigned)).collect()
        };
        assert_eq!(
            seen(last.recall(&workspace, Some(&known))),
            [(user(1), false), (user(2), true), (user(3), true)]
        );
        let stranger: PhoneNumber = "+15005550007".parse().unwrap();
        assert_eq!(
            seen(last.recall(&workspace, Some(&stranger))),
            [(user(1), false), (user(2), false)]
        );
        let recalled = last.recall(&workspace, Some(&known)).unwrap();
        assert!(recalled.candidates.iter().all(|one| one.activity == Activity::Idle));
    }
}
