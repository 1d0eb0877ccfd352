//! Moves the records of workspaces that hold the spool into logs of their own.

use identity::WorkspaceId;
use spool::Spool;
use tracing::{error, warn};

use super::applier::Work;
use super::lane::Held;
use super::stopped::Stopped;

impl Work<'_> {
    /// Parks the workspaces whose records leave no room for those of others.
    pub(super) async fn make_room(&mut self) -> Result<(), Stopped> {
        let too_full = self.lanes.too_full();
        if too_full.is_empty() {
            return Ok(());
        }
        self.park(too_full, "its records leave no room for those of others").await
    }

    pub(super) async fn is_stored(&self, workspace: &WorkspaceId, append: spool::Append) -> bool {
        match append.await {
            Ok(_) => true,
            Err(error) => {
                error!(workspace.id = %workspace, "a record cannot go to a parked log: {error}");
                false
            }
        }
    }

    /// Moves the records of workspaces into logs of their own, so that they do not hold the spool.
    ///
    /// A record is in both for a moment. If the process ends then, it is applied twice, which changes
    /// nothing.
    pub(super) async fn park(
        &mut self,
        workspaces: Vec<WorkspaceId>,
        why: &str,
    ) -> Result<(), Stopped> {
        let mut appends = Vec::new();
        for (workspace, log) in self.logs_of(workspaces, why).await? {
            let records = self.lanes.take_all(&workspace);
            warn!(
                workspace.id = %workspace,
                "{} records get a log of their own, so that the others go on: {why}", records.len()
            );
            let records = records.into_iter();
            let records = records.map(|one| (log.append(one.payload.clone()), one)).collect();
            appends.push((workspace, records));
        }
        for (workspace, records) in appends {
            let records: Vec<(spool::Append, Held)> = records;
            let mut kept = Vec::new();
            for (append, record) in records {
                if self.is_stored(&workspace, append).await {
                    self.applied.push(record.sequence);
                } else {
                    kept.push(record);
                }
            }
            self.lanes.put_back(&workspace, kept);
            self.go_on(&workspace);
        }
        self.count();
        Ok(())
    }

    /// The logs of workspaces that are parked, begun where there is none yet.
    async fn logs_of(
        &mut self,
        workspaces: Vec<WorkspaceId>,
        why: &str,
    ) -> Result<Vec<(WorkspaceId, Spool)>, Stopped> {
        let text = format!("since {}: {why}\n", self.journal.clock.now());
        let begin = workspaces.into_iter().map(|workspace| {
            let (parked, text) = (self.journal.parked.clone(), text.clone());
            tokio::task::spawn_blocking(move || {
                let log = parked.of(&workspace).map_or_else(|| parked.begin(&workspace, &text), Ok);
                (workspace, log)
            })
        });
        let mut logs = Vec::new();
        for begun in futures_util::future::join_all(begin).await {
            match begun.map_err(|_| Stopped::Closed)? {
                (workspace, Ok(log)) => logs.push((workspace, log)),
                (workspace, Err(error)) => {
                    error!(workspace.id = %workspace, "a workspace cannot be parked: {error}");
                    // Not again before something has been applied.
                    let succeeded = self.lanes.succeeded();
                    self.lanes.lane(&workspace).full_since = Some(succeeded);
                }
            }
        }
        Ok(logs)
    }
}
