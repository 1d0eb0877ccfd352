//! What is acknowledged is on disk first, and in the database after: one path in good and bad
//! weather.

pub(crate) mod slots;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use calls::Event;
use identity::{CallSid, WorkspaceId};
use serde::{Deserialize, Serialize};
use spool::{AppendError, ConsumeError, Record, Sequence, Spool};
use store_pg::{Store, StoredEvent};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::metrics::Metrics;

/// The durable record of callbacks and decisions that the database does not have yet.
#[derive(Clone)]
pub(crate) struct Journal {
    spool: Spool,
    metrics: Arc<Metrics>,
}

/// What one request told and what was decided about it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    pub(crate) workspace: WorkspaceId,
    pub(crate) call: CallSid,
    /// The first is what the request told; the others are our decisions.
    pub(crate) events: Vec<Event>,
    /// The request, parameter by parameter.
    pub(crate) params: Vec<(String, String)>,
}

impl Journal {
    pub(crate) fn new(spool: Spool, metrics: Arc<Metrics>) -> Self {
        Self { spool, metrics }
    }

    pub(crate) const fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Returns when the entry is on disk.
    pub(crate) async fn record(&self, entry: &Entry) -> Result<(), AppendError> {
        let payload = match serde_json::to_vec(entry) {
            Ok(payload) => payload,
            Err(error) => {
                // Every part of an entry has a JSON form, so this is a fault of ours.
                error!(%error, call.sid = %entry.call, "call {}: an event has no text", entry.call);
                return Err(AppendError::Damaged);
            }
        };
        match self.spool.append(payload).await {
            Ok(_) => {
                self.metrics.journal("written", 1);
                Ok(())
            }
            Err(error) => {
                self.metrics.journal("refused", 1);
                error!(%error, call.sid = %entry.call, "call {}: an event was not stored", entry.call);
                Err(error)
            }
        }
    }

    /// Brings what is on disk into the database until `stop` is cancelled. What is left then comes
    /// after the next start.
    pub(crate) async fn apply_all(&self, store: &Store, stop: &CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                ready = self.spool.ready() => if ready.is_err() { return },
            }
            match self.apply_batch(store).await {
                Ok(()) => pause = FIRST_PAUSE,
                Err(Stopped::Closed) => return,
                Err(Stopped::Later) if stop.is_cancelled() => {
                    info!("what is not in the database yet stays in the spool");
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

    /// The same until nothing is left, for a spool to which nobody appends.
    pub(crate) async fn apply_rest(&self, store: &Store, stop: &CancellationToken) {
        let done = stop.child_token();
        let empty = async {
            while self.spool.stats().pending_records > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            done.cancel();
        };
        tokio::join!(self.apply_all(store, &done), async {
            tokio::select! {
                () = empty => {}
                () = stop.cancelled() => {}
            }
        });
    }

    async fn apply_batch(&self, store: &Store) -> Result<(), Stopped> {
        let records = self.blocking(|spool| spool.next_batch(BATCH)).await?;
        let Some(last) = records.last().map(|record| record.sequence) else { return Ok(()) };
        let mut entries: BTreeMap<WorkspaceId, Vec<(Sequence, Entry)>> = BTreeMap::new();
        for record in &records {
            match read(record) {
                Ok(entry) => entries
                    .entry(entry.workspace.clone())
                    .or_default()
                    .push((record.sequence, entry)),
                Err(reason) => self.set_aside(record.sequence, reason).await?,
            }
        }
        // Who has much waits for those who have little.
        let mut turns: Vec<_> = entries.iter().collect();
        turns.sort_by_key(|(_, entries)| entries.len());
        for (workspace, entries) in turns {
            self.apply_workspace(store, workspace, entries).await?;
        }
        self.blocking(move |spool| spool.advance(last)).await
    }

    /// Applies the entries of one workspace together; if the database refuses them, one by one, so
    /// that a single bad one stands in nobody's way.
    async fn apply_workspace(
        &self,
        store: &Store,
        workspace: &WorkspaceId,
        entries: &[(Sequence, Entry)],
    ) -> Result<(), Stopped> {
        let all: Vec<StoredEvent> = entries.iter().flat_map(|(_, entry)| stored(entry)).collect();
        match self.apply(store, workspace, &all, entries.len()).await {
            Err(Refused::Data(_)) => {}
            Err(Refused::Later) => return Err(Stopped::Later),
            Ok(()) => return Ok(()),
        }
        for (sequence, entry) in entries {
            let events: Vec<StoredEvent> = stored(entry).collect();
            match self.apply(store, workspace, &events, 1).await {
                Ok(()) => {}
                Err(Refused::Later) => return Err(Stopped::Later),
                Err(Refused::Data(reason)) => self.set_aside(*sequence, reason).await?,
            }
        }
        Ok(())
    }

    async fn apply(
        &self,
        store: &Store,
        workspace: &WorkspaceId,
        events: &[StoredEvent],
        records: usize,
    ) -> Result<(), Refused> {
        let applied = tokio::time::timeout(APPLY_DEADLINE, store.apply(workspace, events)).await;
        match applied {
            Ok(Ok(left_out)) => {
                self.metrics.journal("applied", records);
                if left_out > 0 {
                    self.metrics.journal("left_out", left_out);
                    let most = Store::MOST_EVENTS;
                    warn!(workspace.id = %workspace, "{left_out} events of calls with {most} were left out");
                }
                Ok(())
            }
            Ok(Err(error)) if !error.is_transient() => Err(Refused::Data(error.to_string())),
            Ok(Err(error)) => {
                self.metrics.journal("retried", records);
                warn!("{records} records stay in the spool: {error}");
                Err(Refused::Later)
            }
            Err(_) => {
                self.metrics.journal("retried", records);
                warn!("{records} records stay in the spool: the database did not answer in time");
                Err(Refused::Later)
            }
        }
    }

    async fn set_aside(&self, sequence: Sequence, reason: String) -> Result<(), Stopped> {
        error!(reason, "record {sequence} cannot be applied and is set aside in the spool's dead/");
        self.metrics.journal("set_aside", 1);
        self.blocking(move |spool| spool.set_aside(sequence, &reason)).await
    }

    /// Runs a call that reads or writes files on a thread for such work.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Spool) -> Result<T, ConsumeError> + Send + 'static,
    ) -> Result<T, Stopped> {
        let spool = self.spool.clone();
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

fn read(record: &Record) -> Result<Entry, String> {
    serde_json::from_slice(&record.payload).map_err(|error| format!("unreadable: {error}"))
}

fn stored(entry: &Entry) -> impl Iterator<Item = StoredEvent> {
    entry.events.iter().enumerate().map(|(index, event)| StoredEvent {
        call: entry.call,
        event: event.clone(),
        params: if index == 0 {
            serde_json::to_value(&entry.params).unwrap_or_default()
        } else {
            serde_json::Value::Null
        },
    })
}

/// Records that are applied together: large enough to share a commit, small enough for a second.
const BATCH: usize = 256;

/// Whether a spool is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// For one batch; after it the connection is thrown away and the batch comes again.
const APPLY_DEADLINE: Duration = Duration::from_secs(15);
