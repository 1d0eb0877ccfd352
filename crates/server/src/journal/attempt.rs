//! One attempt to bring records into the database: of one workspace, or of several that are well.

use std::collections::BTreeMap;
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
    Spool(Vec<Part>),
    /// In the log of a parked workspace: so many of its first.
    Parked(WorkspaceId, Spool, usize),
}

/// A workspace and records of it.
pub(super) type Part = (WorkspaceId, Vec<Held>);

/// How an attempt ended.
pub(super) struct Done {
    pub(super) parts: Vec<Part>,
    pub(super) line: Line,
    pub(super) took: Duration,
    /// The log that the records came from, if it is not the spool. What was applied is passed there.
    pub(super) parked: Option<Spool>,
    /// How many events of each workspace were left out, where any were.
    pub(super) outcome: Result<BTreeMap<WorkspaceId, usize>, Failed>,
}

/// Why the database did not take them.
#[derive(Clone)]
pub(super) struct Failed {
    pub(super) class: Class,
    pub(super) reason: String,
}

impl Attempt {
    pub(super) async fn run(self) -> Done {
        let Self { store, clock, line, limit, aside, source } = self;
        let _turn = match line {
            Line::Aside => Some(aside.acquire_owned().await),
            Line::Well | Line::Apart | Line::Long | Line::Slow => None,
        };
        let begun = clock.instant();
        let (parts, parked, read) = match source {
            Source::Spool(parts) => (parts, None, Ok(())),
            Source::Parked(workspace, log, most) => match read(log.clone(), most).await {
                Ok(records) => (vec![(workspace, records)], Some(log), Ok(())),
                Err(error) => (vec![(workspace, Vec::new())], Some(log), Err(error)),
            },
        };
        let of_disk =
            |error: ConsumeError| Failed { class: Class::Server, reason: error.to_string() };
        let mut outcome = match read {
            Ok(()) => apply(&store, limit, &parts)
                .await
                .map_err(|error| Failed { class: error.class(), reason: error.to_string() }),
            Err(error) => Err(of_disk(error)),
        };
        let took = clock.elapsed(begun);
        // A sync, for which only this workspace waits.
        if let Some(log) = parked.as_ref().filter(|_| outcome.is_ok())
            && let Err(error) = pass(log.clone(), &parts).await
        {
            outcome = Err(of_disk(error));
        }
        Done { parts, line, took, parked, outcome }
    }
}

async fn apply(
    store: &Store,
    limit: Limit,
    parts: &[Part],
) -> Result<BTreeMap<WorkspaceId, usize>, StoreError> {
    let events = |records: &[Held]| -> Vec<StoredEvent> {
        records.iter().flat_map(|one| one.entry.stored()).collect()
    };
    let parts = parts.iter().map(|(workspace, records)| (workspace.clone(), events(records)));
    let parts = parts.collect();
    let applied = store.apply_together(&parts, limit);
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
async fn pass(log: Spool, parts: &[Part]) -> Result<(), ConsumeError> {
    let records = parts.iter().flat_map(|(_, records)| records);
    let sequences: Vec<Sequence> = records.map(|one| one.sequence).collect();
    let passed = tokio::task::spawn_blocking(move || log.pass(&sequences));
    passed.await.unwrap_or(Err(ConsumeError::Closed))
}

/// For one attempt, whatever hangs.
const LONGEST: Duration = Duration::from_secs(35);
