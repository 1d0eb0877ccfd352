//! Reads the members of workspaces in use, before calls ask for them.

use std::sync::Arc;
use std::time::Duration;

use identity::WorkspaceId;
use store_pg::{MOST_MEMBERS, Store, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::acknowledged::Acknowledged;
use super::rosters::{KnownMembers, Reading, Rosters};
use super::shared::SharedReads;
use crate::clock::Clock;
use crate::database::budget::{Allowance, Budget};
use crate::metrics::Metrics;

/// The members of workspaces: from memory if it is current, else from the database.
pub(crate) struct Members {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) budget: Arc<Budget>,
    pub(crate) rosters: Arc<Rosters>,
    pub(crate) acknowledged: Arc<Acknowledged>,
    pub(crate) metrics: Arc<Metrics>,
    /// How old members may be that a call believes.
    pub(crate) current: Duration,
    /// Those that calls wait for.
    pub(crate) reads: SharedReads<bool>,
}

impl Members {
    /// The members of a workspace, for a call that may wait as long as `allowance` says. If memory is not
    /// current and the database cannot be read, memory as it is. `None` if there is none.
    pub(crate) async fn find(
        &self,
        workspace: &WorkspaceId,
        allowance: Allowance,
    ) -> Option<KnownMembers> {
        let known = self.rosters.members(workspace, self.clock.instant(), self.current);
        if known.as_ref().is_some_and(|known| known.is_current) {
            return known;
        }
        let is_known = known.is_some();
        let read = || Box::pin(self.read_for_call(workspace, is_known, allowance));
        if !self.reads.read(workspace, read).await {
            return known;
        }
        let read = self.rosters.members(workspace, self.clock.instant(), self.current);
        // It was read a moment ago, whether or not somebody listens for changes.
        read.map(|read| KnownMembers { is_current: true, ..read })
    }

    async fn read_for_call(
        &self,
        workspace: &WorkspaceId,
        is_known: bool,
        allowance: Allowance,
    ) -> bool {
        let read = self.read(workspace);
        let read = if is_known {
            self.budget.spend(workspace, allowance, read).await
        } else {
            // A late ring is better than none.
            self.budget.spend_all(workspace, allowance, read).await
        };
        if let Err(error) = &read {
            debug!(workspace.id = %workspace, "the members of workspace {workspace} are those of before: {error}");
        }
        read.is_ok()
    }

    /// Reads the members of a workspace from the database, and remembers them.
    pub(super) async fn read(&self, workspace: &WorkspaceId) -> Result<(), StoreError> {
        let began = self.clock.instant();
        let read = Reading { began, mark: self.acknowledged.mark() };
        self.rosters.begins(workspace, began);
        let members = self.store.members(workspace, self.clock.now()).await?;
        if self.rosters.remember(workspace, read, members) {
            self.metrics.over_budget("members");
            warn!(workspace.id = %workspace, "workspace {workspace} has more members who take calls than are read: only the first {MOST_MEMBERS} by id ring");
        }
        Ok(())
    }

    /// Keeps the workspaces in use current, until `stop` is cancelled.
    pub(crate) async fn keep_current(self: Arc<Self>, stop: CancellationToken) {
        let mut reads = JoinSet::new();
        loop {
            let (due, next) = self.rosters.due(self.clock.instant());
            for workspace in due {
                if reads.len() >= MOST_READS {
                    // This one is due again at once.
                    reads.join_next().await;
                }
                let members = Arc::clone(&self);
                reads.spawn(async move { members.read_again(&workspace).await });
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.rosters.wake.notified() => {}
                () = tokio::time::sleep(self.clock.left(next)) => {}
                Some(_) = reads.join_next() => {}
            }
        }
    }

    async fn read_again(&self, workspace: &WorkspaceId) {
        let read = self.read(workspace);
        let read = self.budget.spend(workspace, self.budget.allowance(), read).await;
        if let Err(error) = &read {
            debug!(workspace.id = %workspace, "members are not read again: {error}");
        }
        self.rosters.was_read(workspace);
    }
}

/// Reads at one time, so that calls find a connection too.
const MOST_READS: usize = 4;
