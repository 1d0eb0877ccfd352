//! Removes what workspaces do not want kept, and forgets who was erased: one task, which goes through the workspaces every minute, in
//! small batches with pauses between them.
//!
//! The database decides what that is, by each workspace's policy, and lets one server do it at a time. A
//! workspace whose records wait is left to a later round.

use std::sync::Arc;
use std::time::Duration;

use identity::WorkspaceId;
use store_pg::Retained;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::app::App;

/// Runs the rounds.
pub(crate) struct Retention {
    app: Arc<App>,
}

impl Retention {
    pub(crate) const fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// Runs round after round until `stop` is cancelled.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                _ = self.round() => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Forgets callers whose traces were erased lately. Their workspace's file in `known/` follows.
    async fn forget(&self, id: &WorkspaceId) {
        let callers = self.app.rosters.callers(id);
        if callers.is_empty() {
            return;
        }
        match self.app.store.newly_erased(id, &callers).await {
            Ok(erased) => self.app.rosters.forget(id, &erased),
            Err(error) => {
                warn!(workspace.id = %id, "who was erased of workspace {id} is not known: {error}");
            }
        }
    }

    /// One round: at most [`MOST_BATCHES`] of each workspace that this server knows. Returns what was removed.
    pub(crate) async fn round(&self) -> Retained {
        let mut all = Retained::default();
        for (id, _) in self.app.workspaces.rows() {
            self.forget(&id).await;
            let mut removed = Retained { has_more: true, ..Retained::default() };
            for _ in 0..MOST_BATCHES {
                if !removed.has_more || self.app.journal.backlog_bytes(&id) > 0 {
                    break;
                }
                let batch = match self.app.store.retain(&id).await {
                    Ok(batch) => batch,
                    Err(error) => {
                        warn!(workspace.id = %id, "nothing old is removed of workspace {id}: {error}");
                        break;
                    }
                };
                removed.calls += batch.calls;
                removed.requests += batch.requests;
                removed.has_more = batch.has_more;
                self.app.metrics.removed("calls", batch.calls);
                self.app.metrics.removed("requests", batch.requests);
                tokio::time::sleep(PAUSE).await;
            }
            if removed.calls + removed.requests > 0 {
                let Retained { calls, requests, .. } = removed;
                info!(workspace.id = %id, "workspace {id}: {calls} old calls and {requests} old requests are removed");
            }
            all.calls += removed.calls;
            all.requests += removed.requests;
            all.has_more |= removed.has_more;
        }
        all
    }
}

const EVERY: Duration = Duration::from_secs(60);

/// Batches of one workspace in a round: 2,000 calls a minute.
const MOST_BATCHES: usize = 20;

/// Between two batches, so that others find the database free.
const PAUSE: Duration = Duration::from_millis(100);
