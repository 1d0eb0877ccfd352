//! What this server knows about pages beside their leases, and the rule for both.
//!
//! A lease that could be renewed and was not is a page that is gone. A lease that nobody could renew,
//! because of a lock, a database that takes no writes, or no database at all, says nothing. Doubt
//! never turns an agent away.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use identity::{Timestamp, UserId, WorkspaceId};
use routing::Page;
use store_pg::{AgentRow, Roster};
use tokio::time::Instant;

use super::LEASE;

/// Where renewals failed, and which pages are open all the same.
pub(super) struct Doubt {
    /// The database as a whole: nobody knows it before the first connection.
    reach: Failure,
    workspaces: HashMap<WorkspaceId, Workspace>,
}

/// One workspace.
#[derive(Default)]
struct Workspace {
    /// Agents with an open page here.
    here: BTreeSet<UserId>,
    /// Agents with an open page on another server that could not record it, and when it said so.
    elsewhere: HashMap<UserId, Instant>,
    /// Renewals that failed, here or on another server.
    failure: Option<Failure>,
    /// Whether the last renewal here failed.
    is_failing: bool,
}

/// Renewals that fail: the first one and the last one so far.
#[derive(Clone, Copy)]
struct Failure {
    since: Instant,
    last: Instant,
}

impl Failure {
    const fn at(now: Instant) -> Self {
        Self { since: now, last: now }
    }

    /// Whether pages had no time since to renew their leases.
    fn counts(self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) < LEASE
    }

    /// One more failure. The first one after a whole lease without any is another trouble.
    fn again(&mut self, now: Instant) {
        *self = if self.counts(now) { Self { last: now, ..*self } } else { Self::at(now) };
    }
}

impl Doubt {
    pub(super) fn new(now: Instant) -> Self {
        Self { reach: Failure::at(now), workspaces: HashMap::new() }
    }

    /// The database was out of reach until this moment, or still is.
    pub(super) fn out_of_reach(&mut self, now: Instant) {
        self.reach.again(now);
    }

    /// Says which agents have a page open here.
    pub(super) fn open(&mut self, workspace: &WorkspaceId, here: BTreeSet<UserId>) {
        if self.workspaces.contains_key(workspace) || !here.is_empty() {
            self.workspaces.entry(workspace.clone()).or_default().here = here;
        }
    }

    /// Says whether the leases of a workspace's pages could be renewed here.
    pub(super) fn renewed(&mut self, workspace: &WorkspaceId, renewed: bool, now: Instant) {
        if renewed {
            if let Some(known) = self.workspaces.get_mut(workspace) {
                known.is_failing = false;
            }
        } else {
            let known = self.workspaces.entry(workspace.clone()).or_default();
            known.failure.get_or_insert(Failure::at(now)).again(now);
            known.is_failing = true;
        }
    }

    /// Another server could not renew the leases of these agents' pages.
    pub(super) fn told(&mut self, workspace: WorkspaceId, users: Vec<UserId>, now: Instant) {
        let known = self.workspaces.entry(workspace).or_default();
        known.failure.get_or_insert(Failure::at(now)).again(now);
        known.elsewhere.extend(users.into_iter().map(|user| (user, now)));
    }

    /// The open pages here whose leases cannot be renewed.
    pub(super) fn unrecorded(&mut self, now: Instant) -> Vec<(WorkspaceId, Vec<UserId>)> {
        self.workspaces.retain(|_, known| {
            known.elsewhere.retain(|_, at| now.saturating_duration_since(*at) < LEASE);
            known.failure = known.failure.filter(|failure| failure.counts(now));
            !known.here.is_empty() || known.failure.is_some()
        });
        let failing = self.workspaces.iter().filter(|(_, known)| known.is_failing);
        failing.map(|(id, known)| (id.clone(), known.here.iter().copied().collect())).collect()
    }

    /// In how many workspaces the leases of open pages cannot be renewed.
    pub(super) fn failing(&self) -> usize {
        let is_failing = |known: &&Workspace| known.is_failing && !known.here.is_empty();
        self.workspaces.values().filter(is_failing).count()
    }

    /// What is known about the pages of one workspace.
    pub(super) fn pages(&self, workspace: &WorkspaceId, now: Instant) -> KnownPages {
        let known = self.workspaces.get(workspace);
        let elsewhere = known.into_iter().flat_map(|known| &known.elsewhere);
        let elsewhere = elsewhere
            .filter(|(_, at)| now.saturating_duration_since(**at) < LEASE)
            .map(|(user, _)| *user);
        let here = known.into_iter().flat_map(|known| known.here.iter().copied());
        let failures = [known.and_then(|known| known.failure), Some(self.reach)];
        let failing = failures.into_iter().flatten().filter(|one| one.counts(now));
        let since = failing.map(|one| one.since).min();
        KnownPages {
            open: here.chain(elsewhere).collect(),
            failing_for: since.map(|since| now.saturating_duration_since(since)),
            is_blind: self.reach.counts(now),
        }
    }
}

/// What a server knows about the pages of one workspace, beside their leases.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownPages {
    /// Agents with a page that is open, whatever its lease says.
    open: BTreeSet<UserId>,
    /// For how long renewals have been failing; `None` if they succeed, and did for a whole lease.
    failing_for: Option<Duration>,
    /// Whether the database was out of reach, so that other servers could not say anything either.
    is_blind: bool,
}

impl KnownPages {
    /// An agent's page. `said` is what the lease says, and `ran_out` how long ago it ran out;
    /// `None` if that is not known.
    pub(crate) fn page(&self, user: UserId, said: Page, ran_out: Option<Duration>) -> Page {
        let is_open = self.open.contains(&user);
        let in_doubt =
            self.failing_for.is_some_and(|failing| ran_out.is_none_or(|ago| ago <= failing));
        match said {
            // Only the page itself knows, and its word could be written down.
            Page::NotReady if !in_doubt => Page::NotReady,
            _ if is_open => Page::Open,
            Page::Closed | Page::NotReady if in_doubt => Page::Unknown,
            said => said,
        }
    }

    /// Corrects what is shown of agents.
    pub(crate) fn correct_agents(&self, agents: &mut [AgentRow], now: Timestamp) {
        for agent in agents {
            let ran_out = agent.page_missing_since(now).map(|since| now.since(since));
            agent.page = self.page(agent.user, agent.page, ran_out);
        }
    }

    /// Corrects the pages of a roster. If the database was out of reach and no page seems open,
    /// closed ones are in doubt, however long ago they closed: since then they may have been opened.
    pub(crate) fn correct(&self, roster: &mut Roster) {
        let Roster { candidates, closed, .. } = roster;
        for candidate in candidates.iter_mut() {
            let ran_out = closed.iter().find(|(user, _)| *user == candidate.user);
            candidate.page =
                self.page(candidate.user, candidate.page, ran_out.map(|(_, ago)| *ago));
        }
        if self.is_blind && candidates.iter().all(|one| one.page != Page::Open) {
            for candidate in candidates {
                candidate.page = Page::Unknown;
            }
        }
    }
}

#[cfg(test)]
mod tests;
