//! From the spool into the database.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::WorkspaceId;
use spool::{ConsumeError, Sequence, Spool};
use store_pg::{Store, StoredEvent};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Entry, Journal};

/// Applies the records of one spool, in batches.
pub(crate) struct Applier {
    journal: Journal,
    store: Store,
}

impl Applier {
    pub(crate) const fn new(journal: Journal, store: Store) -> Self {
        Self { journal, store }
    }

    /// Runs as a task of its own.
    pub(crate) async fn run(self, stop: CancellationToken) {
        self.apply_until(&stop).await;
    }

    /// Brings the records into the database until `stop` is cancelled. The rest is applied after the
    /// next start.
    async fn apply_until(&self, stop: &CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                ready = self.journal.spool.ready() => if ready.is_err() { return },
            }
            match self.apply_batch().await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(Stopped::Closed) => return,
                Err(Stopped::Later) if stop.is_cancelled() => {
                    info!("records that are not in the database yet stay in the spool");
                    return;
                }
                Err(Stopped::Later) => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = stop.cancelled() => {}
                    }
                    pause = (pause * 2).min(LAST_PAUSE);
                }
            }
        }
    }

    /// Runs until the spool is empty. For a spool to which nobody appends.
    pub(super) async fn run_until_empty(&self, stop: &CancellationToken) {
        let done = stop.child_token();
        let empty = async {
            while self.journal.spool.stats().pending_records > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            done.cancel();
        };
        tokio::join!(self.apply_until(&done), async {
            tokio::select! {
                () = empty => {}
                () = stop.cancelled() => {}
            }
        });
    }

    async fn apply_batch(&self) -> Result<(), Stopped> {
        let records = self.blocking(|spool| spool.next_batch(BATCH)).await?;
        let Some(last) = records.last().map(|record| record.sequence) else { return Ok(()) };
        let mut entries: BTreeMap<WorkspaceId, Vec<(Sequence, Entry)>> = BTreeMap::new();
        for record in &records {
            match Entry::read(&record.payload) {
                Ok(entry) => entries
                    .entry(entry.workspace.clone())
                    .or_default()
                    .push((record.sequence, entry)),
                Err(unreadable) => self.set_aside(record.sequence, unreadable.to_string()).await?,
            }
        }
        // Smallest backlog first.
        let mut turns: Vec<_> = entries.iter().collect();
        turns.sort_by_key(|(_, entries)| entries.len());
        for (workspace, entries) in turns {
            self.apply_workspace(workspace, entries).await?;
        }
        self.blocking(move |spool| spool.advance(last)).await
    }

    /// Applies the entries of one workspace together. If the database refuses them, they are applied one
    /// by one, so that a single bad entry does not hold up the others.
    async fn apply_workspace(
        &self,
        workspace: &WorkspaceId,
        entries: &[(Sequence, Entry)],
    ) -> Result<(), Stopped> {
        let all: Vec<StoredEvent> = entries.iter().flat_map(|(_, entry)| entry.stored()).collect();
        match self.apply(workspace, &all, entries.len()).await {
            Err(Refused::Data(_)) => {}
            Err(Refused::Later) => return Err(Stopped::Later),
            Ok(()) => return Ok(()),
        }
        for (sequence, entry) in entries {
            let events: Vec<StoredEvent> = entry.stored().collect();
            match self.apply(workspace, &events, 1).await {
                Ok(()) => {}
                Err(Refused::Later) => return Err(Stopped::Later),
                Err(Refused::Data(reason)) => self.set_aside(*sequence, reason).await?,
            }
        }
        Ok(())
    }

    async fn apply(
        &self,
        workspace: &WorkspaceId,
        events: &[StoredEvent],
        records: usize,
    ) -> Result<(), Refused> {
        let applied =
            tokio::time::timeout(APPLY_DEADLINE, self.store.apply(workspace, events)).await;
        match applied {
            Ok(Ok(left_out)) => {
                self.journal.metrics.journal("applied", records);
                if left_out > 0 {
                    self.journal.metrics.journal("left_out", left_out);
                    let most = Store::MOST_EVENTS;
                    warn!(workspace.id = %workspace, "{left_out} events of calls with {most} were left out");
                }
                Ok(())
            }
            Ok(Err(error)) if !error.is_transient() => Err(Refused::Data(error.to_string())),
            Ok(Err(error)) => {
                self.journal.metrics.journal("retried", records);
                warn!("{records} records stay in the spool: {error}");
                Err(Refused::Later)
            }
            Err(_) => {
                self.journal.metrics.journal("retried", records);
                warn!("{records} records stay in the spool: the database did not answer in time");
                Err(Refused::Later)
            }
        }
    }

    async fn set_aside(&self, sequence: Sequence, reason: String) -> Result<(), Stopped> {
        error!(reason, "record {sequence} cannot be applied and is set aside in the spool's dead/");
        self.journal.metrics.journal("set_aside", 1);
        self.blocking(move |spool| spool.set_aside(sequence, &reason)).await
    }

    /// Runs work that reads or writes files on a thread of its own.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Spool) -> Result<T, ConsumeError> + Send + 'static,
    ) -> Result<T, Stopped> {
        let spool = self.journal.spool.clone();
        match tokio::task::spawn_blocking(move || work(&spool)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(ConsumeError::Closed)) | Err(_) => Err(Stopped::Closed),
            Ok(Err(error)) => {
                error!(%error, "the spool cannot be read or written");
                Err(Stopped::Later)
            }
        }
    }
}

/// Why applying paused.
enum Stopped {
    /// The spool is closed.
    Closed,
    /// It may go on later.
    Later,
}

/// Why the database did not take a batch.
enum Refused {
    /// It never will.
    Data(String),
    /// It may later.
    Later,
}

/// Records that are applied together: many enough to share a commit, few enough for a second.
const BATCH: usize = 256;

/// Between two checks whether a spool is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// For one batch. After it the connection is closed and the batch is tried again.
const APPLY_DEADLINE: Duration = Duration::from_secs(15);
