//! One attempt to bring records of one workspace into the database.

use std::sync::Arc;
use std::time::Duration;

use identity::WorkspaceId;
use spool::{ConsumeError, Sequence, Spool};
use store_pg::{Class, Limit, Store, StoreError, StoredEvent};
use tokio::sync::Semaphore;

use super::Entry;
use super::lane::{Held, fitting};
use super::lanes::Line;
use crate::clock::Clock;

/// What an attempt works on. It runs on threads of its own: the entries become JSON, and calls are
/// folded.
pub(super) struct Attempt {
    pub(super) workspace: WorkspaceId,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) line: Line,
    pub(super) limit: Limit,
    /// What those aside have to take part in first, in all spools.
    pub(super) aside: Arc<Semaphore>,
    pub(super) source: Source,
}

/// Where its records are.
pub(super) enum Source {
    /// In memory; they came from the spool.
    Spool(Vec<Held>),
    /// In the log of a parked workspace: so many of its first.
    Parked(Spool, usize),
}

/// How an attempt ended.
pub(super) struct Done {
    pub(super) workspace: WorkspaceId,
    pub(super) line: Line,
    pub(super) took: Duration,
    pub(super) records: Vec<Held>,
    /// The log that they came from, if it is not the spool. What was applied is passed there.
    pub(super) parked: Option<Spool>,
    /// How many events were left out.
    pub(super) outcome: Result<usize, Failed>,
}

/// Why the database did not take them.
pub(super) struct Failed {
    pub(super) class: Class,
    pub(super) reason: String,
}

impl Attempt {
    pub(super) async fn run(self) -> Done {
        let Self { workspace, store, clock, line, limit, aside, source } = self;
        let _turn = match line {
            Line::Aside => Some(aside.acquire_owned().await),
            Line::Well | Line::Long | Line::Slow => None,
        };
        let begun = clock.instant();
        let (records, parked, read) = match source {
            Source::Spool(records) => (records, None, Ok(())),
            Source::Parked(log, most) => match read(log.clone(), most).await {
                Ok(records) => (records, Some(log), Ok(())),
                Err(error) => (Vec::new(), Some(log), Err(error)),
            },
        };
        let of_disk =
            |error: ConsumeError| Failed { class: Class::Server, reason: error.to_string() };
        let mut outcome = match read {
            Ok(()) => apply(&store, &workspace, limit, &records)
                .await
                .map_err(|error| Failed { class: error.class(), reason: error.to_string() }),
            Err(error) => Err(of_disk(error)),
        };
        let took = clock.elapsed(begun);
        // A sync, for which only this workspace waits.
        if let Some(log) = parked.as_ref().filter(|_| outcome.is_ok())
            && let Err(error) = pass(log.clone(), &records).await
        {
            outcome = Err(of_disk(error));
        }
        Done { workspace, line, took, records, parked, outcome }
    }
}

async fn apply(
    store: &Store,
    workspace: &WorkspaceId,
    limit: Limit,
    records: &[Held],
) -> Result<usize, StoreError> {
    let events: Vec<StoredEvent> = records.iter().flat_map(|one| one.entry.stored()).collect();
    let applied = store.apply_within(workspace, &events, limit);
    // Opening a connection has limits of its own.
    tokio::time::timeout(LONGEST, applied).await.unwrap_or_else(|_| Err(StoreError::Late))
}

/// Reads the first records of a parked log; they come again until they are passed.
async fn read(log: Spool, most: usize) -> Result<Vec<Held>, ConsumeError> {
    let read = tokio::task::spawn_blocking(move || {
        let mut records = Vec::new();
        let mut found = log.next_batch(most)?;
        found.truncate(fitting(found.iter().map(|record| record.payload.len() as u64)));
        for record in found {
            match Entry::read(&record.payload) {
                Ok(entry) => {
                    let (sequence, payload) = (record.sequence, record.payload);
                    records.push(Held { sequence, payload, entry });
                }
                Err(error) => log.set_aside(record.sequence, &error.to_string())?,
            }
        }
        Ok(records)
    });
    read.await.unwrap_or(Err(ConsumeError::Closed))
}

/// Passes records of a parked log that are in the database.
async fn pass(log: Spool, records: &[Held]) -> Result<(), ConsumeError> {
    let sequences: Vec<Sequence> = records.iter().map(|one| one.sequence).collect();
    let passed = tokio::task::spawn_blocking(move || log.pass(&sequences));
    passed.await.unwrap_or(Err(ConsumeError::Closed))
}

/// For one attempt, whatever hangs.
const LONGEST: Duration = Duration::from_secs(35);
