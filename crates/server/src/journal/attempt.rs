//! One attempt to bring records of one workspace into the database.

use std::time::Duration;

use futures_util::FutureExt as _;
use identity::WorkspaceId;
use spool::{ConsumeError, Spool};
use store_pg::{Class, Store, StoreError, StoredEvent};

use super::Entry;
use super::lane::Held;
use crate::clock::Clock;

/// What an attempt works on. It runs on threads of its own: the entries become JSON, and calls are
/// folded.
pub(super) struct Attempt {
    pub(super) workspace: WorkspaceId,
    pub(super) store: Store,
    pub(super) clock: Clock,
    /// Whether it goes over the connections of those whose last attempt failed.
    pub(super) is_aside: bool,
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
    pub(super) was_aside: bool,
    pub(super) took: Duration,
    pub(super) records: Vec<Held>,
    /// The log that they came from, if it is not the spool.
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
        let begun = self.clock.instant();
        let Self { workspace, store, clock, is_aside, source } = self;
        let (records, parked, read) = match source {
            Source::Spool(records) => (records, None, Ok(())),
            Source::Parked(log, most) => match read(log.clone(), most).await {
                Ok(records) => (records, Some(log), Ok(())),
                Err(error) => (Vec::new(), Some(log), Err(error)),
            },
        };
        let outcome = match read {
            Ok(()) => apply(&store, &workspace, is_aside, &records)
                .await
                .map_err(|error| Failed { class: error.class(), reason: error.to_string() }),
            Err(error) => Err(Failed { class: Class::Server, reason: error.to_string() }),
        };
        Done {
            workspace,
            was_aside: is_aside,
            took: clock.elapsed(begun),
            records,
            parked,
            outcome,
        }
    }
}

async fn apply(
    store: &Store,
    workspace: &WorkspaceId,
    is_aside: bool,
    records: &[Held],
) -> Result<usize, StoreError> {
    let events: Vec<StoredEvent> = records.iter().flat_map(|one| one.entry.stored()).collect();
    let (deadline, applied) = if is_aside {
        (LONG, store.apply(workspace, &events).boxed())
    } else {
        (SHORT, store.apply_promptly(workspace, &events).boxed())
    };
    // Each statement has a limit of its own, but there are many of them.
    tokio::time::timeout(deadline, applied).await.unwrap_or_else(|_| Err(StoreError::Late))
}

/// Reads the first records of a parked log; they come again until they are passed.
async fn read(log: Spool, most: usize) -> Result<Vec<Held>, ConsumeError> {
    let read = tokio::task::spawn_blocking(move || {
        let mut records = Vec::new();
        for record in log.next_batch(most)? {
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

/// For one attempt of a workspace that is well, opening a connection included.
const SHORT: Duration = Duration::from_secs(1);

/// For one attempt of a workspace whose last one failed or was slow.
const LONG: Duration = Duration::from_secs(15);
