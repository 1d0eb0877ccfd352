//! What follows from the end of an attempt.

use std::time::Duration;

use identity::WorkspaceId;
use spool::Spool;
use store_pg::{Class, Store};
use tokio::task::JoinError;
use tracing::{error, info, warn};

use super::applier::{PAUSE, Work};
use super::attempt::{Done, Failed};
use super::lane::{Held, Trouble};
use super::stopped::{Stopped, of_disk};
use super::waiting::on_files;

impl Work<'_> {
    /// An attempt is over, and perhaps others are too.
    pub(super) async fn all_ended(
        &mut self,
        first: Result<Done, JoinError>,
    ) -> Result<(), Stopped> {
        let mut next = Some(first);
        while let Some(done) = next {
            self.ended(done).await?;
            next = self.attempts.try_join_next();
        }
        Ok(())
    }

    /// An attempt is over.
    async fn ended(&mut self, done: Result<Done, JoinError>) -> Result<(), Stopped> {
        let done = match done {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => return Err(Stopped::Closed),
            },
        };
        let Done { parts, line, took, parked, outcome } = done;
        self.lanes.end(parts.iter().map(|(workspace, _)| workspace), line);
        let workspaces: Vec<WorkspaceId> =
            parts.iter().map(|(workspace, _)| workspace.clone()).collect();
        match outcome {
            Ok(mut left_out) => {
                let took = took / u32::try_from(parts.len()).unwrap_or(u32::MAX);
                for (workspace, records) in parts {
                    self.waits_no_longer(&workspace).await;
                    let trouble = self.lanes.succeed(&workspace, line, took);
                    let left_out = left_out.remove(&workspace).unwrap_or_default();
                    self.succeeded(&workspace, trouble, left_out);
                    self.finish(&workspace, records, parked.clone()).await?;
                }
            }
            Err(failed) => {
                let is_anyones = parts.len() > 1 && failed.class != Class::Server;
                for (workspace, records) in parts {
                    if is_anyones {
                        self.set_apart(&workspace, records);
                    } else {
                        self.refused(&workspace, records, parked.as_ref(), failed.clone()).await?;
                    }
                }
            }
        }
        for workspace in &workspaces {
            self.go_on(workspace);
        }
        Ok(())
    }

    /// An attempt for several workspaces failed, because of one of them or because of its size.
    fn set_apart(&mut self, workspace: &WorkspaceId, records: Vec<Held>) {
        self.journal.metrics.journal("retried", records.len());
        self.lanes.put_back(workspace, records);
        self.lanes.lane(workspace).is_apart = true;
    }

    /// An attempt for this workspace alone failed, or for a reason that is everybody's.
    async fn refused(
        &mut self,
        workspace: &WorkspaceId,
        records: Vec<Held>,
        parked: Option<&Spool>,
        failed: Failed,
    ) -> Result<(), Stopped> {
        if failed.class == Class::Record {
            self.lanes.lane(workspace).refused();
            if let [record] = &records[..] {
                return self.set_aside(workspace, record, parked, failed.reason).await;
            }
            if parked.is_none() {
                self.lanes.put_back(workspace, records);
            }
            return Ok(());
        }
        self.journal.metrics.journal("retried", records.len());
        if parked.is_none() {
            self.lanes.put_back(workspace, records);
        }
        self.failed(workspace, failed).await
    }

    fn succeeded(&mut self, workspace: &WorkspaceId, trouble: Option<Trouble>, left_out: usize) {
        if left_out > 0 {
            self.journal.metrics.journal("left_out", left_out);
            let told = self.lanes.lane(workspace).told_left_out;
            if told.is_none_or(|told| self.journal.clock.elapsed(told) > FIRST_TOLD) {
                self.lanes.lane(workspace).told_left_out = Some(self.journal.clock.instant());
                let most = Store::MOST_EVENTS;
                warn!(
                    workspace.id = %workspace,
                    "{left_out} events of calls that have their share of {most} were left out"
                );
            }
        }
        if let Some(trouble) = trouble {
            self.in_trouble -= 1;
            self.count();
            if trouble.is_told {
                let lasted = self.journal.clock.elapsed(trouble.since).as_secs();
                info!(workspace.id = %workspace, "its records are applied again, after {lasted} s");
            }
        }
    }

    /// Notes records that are in the database: those of the spool are passed soon.
    async fn finish(
        &mut self,
        workspace: &WorkspaceId,
        records: Vec<Held>,
        parked: Option<Spool>,
    ) -> Result<(), Stopped> {
        self.journal.metrics.journal("applied", records.len());
        for record in &records {
            self.journal.applied(&record.entry);
        }
        self.journal.shares.release(workspace, records.iter().map(Held::bytes).sum());
        if parked.is_none() {
            self.applied.extend(records.iter().map(|one| one.sequence));
            return Ok(());
        }
        let (logs, id) = (self.journal.parked.clone(), workspace.clone());
        let ended = tokio::task::spawn_blocking(move || logs.end(&id)).await;
        self.count();
        ended.map_err(|_| Stopped::Closed)
    }

    /// The database did not take records, for a reason that may go away.
    async fn failed(&mut self, workspace: &WorkspaceId, failed: Failed) -> Result<(), Stopped> {
        let Failed { class, reason } = failed;
        self.waits(workspace, &reason).await;
        let (now, succeeded) = (self.journal.clock.instant(), self.lanes.succeeded());
        if class == Class::Server {
            if self.told.is_none_or(|told| self.journal.clock.elapsed(told) > TELL_SERVER) {
                self.told = Some(now);
                warn!("records stay in the spool: {reason}");
            }
            self.pause(workspace.clone(), PAUSE);
            return Ok(());
        }
        let is_new = self.lanes.lane(workspace).trouble.is_none();
        let (pause, trouble) = self.lanes.lane(workspace).failed(now, succeeded);
        let lasted = self.journal.clock.elapsed(trouble.since);
        // While nothing at all is applied, the trouble may be everybody's.
        let is_left_behind = trouble.others < succeeded && lasted > PATIENCE;
        trouble.others = succeeded;
        if lasted >= trouble.tell_after {
            trouble.is_told = true;
            trouble.tell_after = (trouble.tell_after * 2).clamp(FIRST_TOLD, LAST_TOLD) + lasted;
            let lasted = lasted.as_secs();
            warn!(workspace.id = %workspace, "its records wait, for {lasted} s now: {reason}");
        }
        self.pause(workspace.clone(), pause);
        if is_new {
            self.in_trouble += 1;
            self.count();
        }
        if is_left_behind && !self.lanes.lane(workspace).is_empty() {
            self.park(vec![workspace.clone()], &reason).await?;
        }
        Ok(())
    }

    /// Says on disk that the records of a workspace wait in the spool, if they do so for long.
    async fn waits(&mut self, workspace: &WorkspaceId, reason: &str) {
        if self.journal.parked.of(workspace).is_some() {
            return self.waits_no_longer(workspace).await;
        }
        let now = (self.journal.clock.instant(), self.journal.clock.now());
        if let Some(notice) = self.waiting.failed(workspace, reason, now) {
            on_files("why records wait is not on disk", move || notice.write()).await;
        }
    }

    async fn waits_no_longer(&mut self, workspace: &WorkspaceId) {
        if let Some(path) = self.waiting.over(workspace) {
            on_files("that records wait stays on disk", move || std::fs::remove_file(path)).await;
        }
    }

    async fn set_aside(
        &self,
        workspace: &WorkspaceId,
        record: &Held,
        parked: Option<&Spool>,
        reason: String,
    ) -> Result<(), Stopped> {
        let sequence = record.sequence;
        error!(
            workspace.id = %workspace, reason,
            "record {sequence} cannot be applied and is set aside in the spool's dead/"
        );
        self.journal.metrics.journal("set_aside", 1);
        self.journal.applied(&record.entry);
        self.journal.shares.release(workspace, record.bytes());
        let log = parked.unwrap_or(&self.journal.spool).clone();
        let (logs, id) = (self.journal.parked.clone(), workspace.clone());
        let done = tokio::task::spawn_blocking(move || {
            log.set_aside(sequence, &reason)?;
            logs.end(&id);
            Ok(())
        });
        of_disk(done.await)
    }
}

/// So long a workspace in trouble may hold the spool while others go on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two lines of the log about a failure of the database.
const TELL_SERVER: Duration = Duration::from_secs(5);

/// Between two lines of the log about one workspace.
const FIRST_TOLD: Duration = Duration::from_secs(10);
const LAST_TOLD: Duration = Duration::from_secs(600);
