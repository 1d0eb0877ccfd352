//! The members of each workspace and what they are doing, kept current while the workspace is in use, and
//! the callers of late, for when the database is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity::{PhoneNumber, Timestamp, UserId, WorkspaceId};
use store_pg::{AgentRow, KnownContact, MOST_MEMBERS, Roster};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::acknowledged::Mark;

/// What this server remembers of each workspace's members and callers.
///
/// Our own facts about members (presence, page, calls, wrap-up) are read again when the database notifies
/// of a change, those of the live chat (who is a member, with which role) every [`POLL`]. In between,
/// memory answers, with what this server has acknowledged: it is not notified of what it applies itself.
#[derive(Debug, Default)]
pub(crate) struct Rosters {
    all: Mutex<All>,
    /// Something is to be read again.
    pub(super) wake: Notify,
}

#[derive(Debug, Default)]
struct All {
    /// Since when no notification was missed; `None` while nobody listens.
    heard_since: Option<Instant>,
    workspaces: HashMap<WorkspaceId, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// `None` if nothing was read yet.
    roster: Option<KnownRoster>,
    /// When a call last asked.
    used: Option<Instant>,
    /// Whether the database has notified of a change since the last read began.
    is_changed: bool,
    is_being_read: bool,
    /// When the last attempt to read began.
    tried: Option<Instant>,
}

/// The last known roster of one workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KnownRoster {
    /// The members who take calls.
    pub(super) members: Arc<[AgentRow]>,
    /// The contacts that called last.
    pub(super) callers: HashMap<PhoneNumber, KnownCaller>,
    /// When the members were read; `None` if they come from a file of an earlier run.
    pub(super) read: Option<Reading>,
}

/// A contact that has called, and who was assigned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownCaller {
    pub(crate) contact: KnownContact,
    pub(crate) assigned: Vec<UserId>,
}

/// The beginning of a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) began: Instant,
    /// What had reached the database by then.
    pub(crate) mark: Mark,
}

/// The members of a workspace, as memory has them.
#[derive(Clone, Debug)]
pub(crate) struct KnownMembers {
    pub(crate) agents: Arc<[AgentRow]>,
    /// What had reached the database when they were read.
    pub(crate) mark: Mark,
    /// Whether what they are doing can be believed. If not, only who they are and what they set by hand.
    pub(crate) is_current: bool,
}

impl Rosters {
    /// The members as memory has them, for a call. They are current if they were read less than `current`
    /// ago. The workspace is kept current from now on.
    pub(super) fn members(
        &self,
        workspace: &WorkspaceId,
        now: Instant,
        current: Duration,
    ) -> Option<KnownMembers> {
        let mut all = self.lock();
        let heard_since = all.heard_since;
        let entry = all.workspaces.get_mut(workspace)?;
        entry.used = Some(now);
        let roster = entry.roster.as_ref()?;
        let is_current = roster.read.is_some_and(|read| {
            heard_since.is_some_and(|since| read.began >= since)
                && now.saturating_duration_since(read.began) < current
        });
        let mark = roster.read.map(|read| read.mark).unwrap_or_default();
        Some(KnownMembers { agents: Arc::clone(&roster.members), mark, is_current })
    }

    /// Whether there is a roster to recall.
    pub(crate) fn knows(&self, workspace: &WorkspaceId) -> bool {
        self.lock().workspaces.get(workspace).is_some_and(|entry| entry.roster.is_some())
    }

    /// A contact that has called, if memory has it.
    pub(crate) fn caller(
        &self,
        workspace: &WorkspaceId,
        caller: &PhoneNumber,
    ) -> Option<KnownCaller> {
        self.lock().workspaces.get(workspace)?.roster.as_ref()?.callers.get(caller).cloned()
    }

    /// Remembers members that were read. Returns whether the workspace has more than are read, if that is
    /// news.
    pub(super) fn remember(
        &self,
        workspace: &WorkspaceId,
        read: Reading,
        members: Vec<AgentRow>,
    ) -> bool {
        let mut all = self.lock();
        let entry = all.entry(workspace);
        let roster = entry.roster.get_or_insert_default();
        if roster.read.is_some_and(|known| known.began > read.began) {
            return false;
        }
        let was_cut = roster.members.len() >= MOST_MEMBERS;
        let is_cut = members.len() >= MOST_MEMBERS;
        (roster.members, roster.read) = (members.into(), Some(read));
        is_cut && !was_cut
    }

    /// Remembers who called, and who was assigned to them.
    pub(crate) fn remember_caller(
        &self,
        workspace: &WorkspaceId,
        caller: &PhoneNumber,
        found: &KnownCaller,
    ) {
        let mut all = self.lock();
        let Some(roster) = all.entry(workspace).roster.as_mut() else { return };
        if roster.callers.len() >= MOST_CALLERS && !roster.callers.contains_key(caller) {
            roster.callers.clear();
        }
        let assigned = found.assigned.iter().copied().take(MOST_ASSIGNED).collect();
        let known = KnownCaller { contact: found.contact.clone(), assigned };
        roster.callers.insert(caller.clone(), known);
    }

    /// Takes the roster of an earlier run, unless a newer one is known.
    pub(super) fn restore(&self, workspace: &WorkspaceId, roster: KnownRoster) {
        self.lock().entry(workspace).roster.get_or_insert(roster);
    }

    /// The numbers of the callers of late.
    pub(crate) fn callers(&self, workspace: &WorkspaceId) -> Vec<PhoneNumber> {
        let all = self.lock();
        let roster = all.workspaces.get(workspace).and_then(|entry| entry.roster.as_ref());
        roster.map(|roster| roster.callers.keys().cloned().collect()).unwrap_or_default()
    }

    /// Forgets callers.
    pub(crate) fn forget(&self, workspace: &WorkspaceId, callers: &[PhoneNumber]) {
        let mut all = self.lock();
        if let Some(roster) =
            all.workspaces.get_mut(workspace).and_then(|entry| entry.roster.as_mut())
        {
            roster.callers.retain(|number, _| !callers.contains(number));
        }
    }

    /// The last known roster of a workspace.
    pub(super) fn known(&self, workspace: &WorkspaceId) -> Option<KnownRoster> {
        self.lock().workspaces.get(workspace)?.roster.clone()
    }

    /// Whether the members have not been read since `then`.
    pub(super) fn is_older(&self, workspace: &WorkspaceId, then: Instant) -> bool {
        let all = self.lock();
        let roster = all.workspaces.get(workspace).and_then(|entry| entry.roster.as_ref());
        roster.and_then(|roster| roster.read).is_none_or(|read| read.began < then)
    }

    /// The database has notified that something about the members has changed.
    pub(crate) fn changed(&self, workspace: &WorkspaceId) {
        if let Some(entry) = self.lock().workspaces.get_mut(workspace) {
            entry.is_changed = true;
            self.wake.notify_one();
        }
    }

    /// The database has said whether this user is a member who takes calls. If memory says otherwise, the
    /// members are read again.
    pub(crate) fn said(&self, workspace: &WorkspaceId, user: UserId, is_member: bool) {
        let mut all = self.lock();
        let Some(entry) = all.workspaces.get_mut(workspace) else { return };
        let Some(roster) = &entry.roster else { return };
        if roster.members.iter().any(|member| member.user == user) != is_member {
            entry.is_changed = true;
            self.wake.notify_one();
        }
    }

    /// Notifications arrive from now on (`true`), or may be missed (`false`). What was read before counts
    /// as old: changes since then were perhaps notified to nobody.
    pub(crate) fn hears(&self, hears: bool, now: Instant) {
        let mut all = self.lock();
        all.heard_since = hears.then_some(now);
        self.wake.notify_one();
    }

    /// The workspaces in use whose members are to be read now, and when the next ones are. They count as
    /// being read until [`Self::was_read`].
    pub(super) fn due(&self, now: Instant) -> (Vec<WorkspaceId>, Instant) {
        let mut all = self.lock();
        let heard_since = all.heard_since;
        let (mut due, mut next) = (Vec::new(), now + POLL);
        for (workspace, entry) in &mut all.workspaces {
            let is_used = entry.used.is_some_and(|at| now.saturating_duration_since(at) < IN_USE);
            if !is_used || entry.is_being_read {
                continue;
            }
            // What was tried and read before then may lack a change.
            let is_missed =
                heard_since.is_some_and(|since| entry.tried.is_none_or(|tried| tried < since));
            let wait = if entry.is_changed || is_missed { PAUSE } else { POLL };
            let at = entry.tried.map_or(now, |tried| tried + wait);
            if at <= now {
                entry.is_being_read = true;
                due.push(workspace.clone());
            } else {
                next = next.min(at);
            }
        }
        (due, next)
    }

    /// A read begins: changes that are notified from now on may not be in it.
    pub(super) fn begins(&self, workspace: &WorkspaceId, now: Instant) {
        let mut all = self.lock();
        let entry = all.entry(workspace);
        entry.is_changed = false;
        entry.tried = Some(now);
    }

    /// A read has ended. If it failed, the next one is due as if nothing had changed.
    pub(super) fn was_read(&self, workspace: &WorkspaceId) {
        self.lock().entry(workspace).is_being_read = false;
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl All {
    fn entry(&mut self, workspace: &WorkspaceId) -> &mut Entry {
        if !self.workspaces.contains_key(workspace) {
            self.workspaces.insert(workspace.clone(), Entry::default());
        }
        self.workspaces.entry(workspace.clone()).or_default()
    }
}

impl KnownMembers {
    /// What a decision needs, for a caller who is this contact.
    ///
    /// If memory is not current, nobody counts as being on a call or in wrap-up, because that is not known
    /// any more: a busy page drops the call without a sound, so ringing it is better than leaving out an agent
    /// who could answer.
    pub(crate) fn roster(
        &self,
        caller: Option<KnownCaller>,
        wrap_up: Duration,
        now: Timestamp,
    ) -> Roster {
        let (contact, assigned) =
            caller.map_or((None, Vec::new()), |found| (Some(found.contact), found.assigned));
        if self.is_current {
            return Roster::of(&self.agents, contact, &assigned, wrap_up, now);
        }
        let agents: Vec<AgentRow> = self
            .agents
            .iter()
            .map(|agent| AgentRow {
                on_call_since: None,
                ready_since: agent.idle_since,
                online_until: None,
                page_ready_until: None,
                ..agent.clone()
            })
            .collect();
        Roster::of(&agents, contact, &assigned, wrap_up, now)
    }
}

/// How often the members of a workspace in use are read without a notification: nothing is notified when
/// the live chat removes a member or changes a role.
const POLL: Duration = Duration::from_secs(4);

/// Between two reads of one workspace: many changes at once are read at once.
const PAUSE: Duration = Duration::from_millis(20);

/// After its last call a workspace is kept current for so long.
const IN_USE: Duration = Duration::from_secs(300);

/// Callers that are remembered for each workspace, about 200 bytes each, and 2 KiB at most.
const MOST_CALLERS: usize = 2_000;

/// Agents that are remembered as assigned to one caller: five waves.
const MOST_ASSIGNED: usize = 50;

#[cfg(test)]
mod tests;
