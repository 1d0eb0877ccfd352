//! The share of a pool that one workspace may have.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::Pool;
use identity::WorkspaceId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::StoreError;

/// Lets each workspace use only a part of a pool at the same time, so that statements of one that wait
/// for its own locks, or take long, leave connections for the others.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// Statements of one workspace at the same time.
    most: usize,
    refused: Arc<AtomicU64>,
    workspaces: Arc<Mutex<HashMap<WorkspaceId, Arc<Semaphore>>>>,
}

/// The right to run one statement, until it is dropped.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Shares {
    /// Half of the pool for each workspace, and at least one connection.
    pub(crate) fn half_of(pool: &Pool) -> Self {
        Self::of(pool.status().max_size / 2)
    }

    /// This many connections for each workspace, and at least one.
    pub(crate) fn of(most: usize) -> Self {
        Self { most: most.max(1), refused: Arc::default(), workspaces: Arc::default() }
    }

    /// Waits until the workspace has fewer statements running than its share, as long as others wait for
    /// a connection.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exhausted`] if its other statements took too long.
    pub(crate) async fn turn(&self, workspace: &WorkspaceId) -> Result<Turn, StoreError> {
        let turns = self.turns_of(workspace).acquire_owned();
        // Nobody closes the semaphore, so it is the time that runs out.
        if let Ok(Ok(permit)) = tokio::time::timeout(PATIENCE, turns).await {
            return Ok(Turn { _permit: permit });
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(StoreError::Exhausted)
    }

    /// How many turns were not given so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn turns_of(&self, workspace: &WorkspaceId) -> Arc<Semaphore> {
        let mut workspaces = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = workspaces.get(workspace) {
            return Arc::clone(turns);
        }
        if workspaces.len() >= MOST_IDLE {
            // Who holds a turn, or waits for one, holds a reference too.
            workspaces.retain(|_, turns| Arc::strong_count(turns) > 1);
        }
        let turns = Arc::new(Semaphore::new(self.most));
        workspaces.insert(workspace.clone(), Arc::clone(&turns));
        turns
    }
}

/// As long as one waits for a connection of a pool.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// Workspaces that are remembered although nothing of theirs runs.
const MOST_IDLE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_workspace_waits_for_its_own_statements_only() {
        let shares = Shares::of(2);
        let [acme, bolt] = ["acme", "bolt"].map(|id| id.parse::<WorkspaceId>().unwrap());
        let first = shares.turn(&acme).await.unwrap();
        let _second = shares.turn(&acme).await.unwrap();
        assert!(matches!(shares.turn(&acme).await, Err(StoreError::Exhausted)));
        assert_eq!(shares.refused(), 1);
        shares.turn(&bolt).await.unwrap();
        drop(first);
        shares.turn(&acme).await.unwrap();
    }

    #[tokio::test]
    async fn workspaces_without_a_statement_are_forgotten() {
        let shares = Shares::of(1);
        let busy: WorkspaceId = "busy".parse().unwrap();
        let turn = shares.turn(&busy).await.unwrap();
        for number in 0..2 * MOST_IDLE {
            shares.turn(&format!("ws_{number}").parse().unwrap()).await.unwrap();
        }
        let known = shares.workspaces.lock().unwrap().len();
        assert!(known <= MOST_IDLE, "{known}");
        let turns = shares.turns_of(&busy);
        assert_eq!(turns.available_permits(), 0, "one that runs still counts");
        drop(turn);
        assert_eq!(turns.available_permits(), 1);
    }
}
