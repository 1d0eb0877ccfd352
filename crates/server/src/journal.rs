//! Everything that is acknowledged is on disk first and in the database afterwards: one path in good and
//! bad weather.

mod adopt;
mod applier;
mod attempt;
mod ended;
mod entry;
mod lane;
mod lanes;
mod limits;
mod parked;
mod parking;
mod shares;
mod slots;
mod stopped;
mod threads;
mod waiting;

pub(crate) use adopt::adopt;
pub(crate) use applier::Applier;
pub(crate) use entry::Entry;
pub(crate) use parked::has_segment;
pub(crate) use slots::Slots;
pub(crate) use threads::Threads;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use identity::WorkspaceId;
use lanes::MOST_ASIDE;
use parked::Parked;
use shares::Shares;
use spool::{Append, AppendError, Spool, Stats};
use tokio::sync::Semaphore;
use tracing::error;

use crate::clock::Clock;
use crate::known::Acknowledged;
use crate::metrics::Metrics;

/// The durable record of callbacks and decisions that the database does not have yet.
#[derive(Clone)]
pub(crate) struct Journal {
    spool: Spool,
    /// Where the spool is.
    dir: Arc<Path>,
    parked: Parked,
    shares: Arc<Shares>,
    threads: Arc<Threads>,
    acknowledged: Arc<Acknowledged>,
    /// The turns of workspaces that may hang, in all spools.
    aside: Arc<Semaphore>,
    /// Records that are not synced yet.
    on_the_way: Arc<AtomicU64>,
    metrics: Arc<Metrics>,
    clock: Clock,
}

impl Journal {
    /// The journal in the spool of this directory. Reads the files of parked workspaces.
    pub(crate) fn new(
        (spool, dir): (Spool, &Path),
        threads: Arc<Threads>,
        acknowledged: Arc<Acknowledged>,
        metrics: Arc<Metrics>,
        clock: Clock,
    ) -> Self {
        let (parked, shares) = (Parked::open(dir), Arc::new(Shares::default()));
        for workspace in parked.workspaces() {
            shares.found(&workspace, parked.pending_bytes(&workspace));
        }
        let aside = Arc::new(Semaphore::new(MOST_ASIDE));
        let on_the_way = Arc::default();
        let dir = Arc::from(dir);
        Self {
            spool,
            dir,
            parked,
            shares,
            threads,
            acknowledged,
            aside,
            on_the_way,
            metrics,
            clock,
        }
    }

    /// Another spool's journal, with the same threads and figures.
    fn beside(&self, spool: (Spool, &Path)) -> Self {
        let (threads, acknowledged) = (Arc::clone(&self.threads), Arc::clone(&self.acknowledged));
        let (metrics, aside) = (Arc::clone(&self.metrics), Arc::clone(&self.aside));
        Self { aside, ..Self::new(spool, threads, acknowledged, metrics, self.clock.clone()) }
    }

    pub(crate) const fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Records that are not in the database yet, those of parked workspaces included.
    pub(crate) fn pending_records(&self) -> u64 {
        // In this order, because a record is pending in its log before this counts it no more.
        let on_the_way = self.on_the_way.load(Ordering::SeqCst);
        self.stats().pending_records + on_the_way
    }

    /// The figures of this moment, with the records of parked workspaces.
    pub(crate) fn stats(&self) -> Stats {
        // In this order, because records go from the spool to the parked logs.
        let mut stats = self.spool.stats();
        stats.pending_records += self.parked.pending_records();
        stats
    }

    /// The bytes of a workspace's records that are not in the database yet, as far as they were read.
    pub(crate) fn backlog_bytes(&self, workspace: &WorkspaceId) -> u64 {
        self.shares.used(workspace)
    }

    /// Closes all files. Waits until that is done.
    pub(crate) fn close(&self) {
        self.spool.close();
        self.parked.close();
    }

    /// Returns when the entry is durable. A workspace that has used up its share of the spool is refused.
    pub(crate) async fn record(&self, entry: Entry) -> Result<(), AppendError> {
        self.append(entry)?.settle().await
    }

    /// Returns when the entry is written: it survives the end of this process, and perhaps no power cut. It
    /// is synced afterwards, whether or not anybody waits for this. A workspace that has used up its share
    /// of the spool is refused.
    pub(crate) async fn write(&self, entry: Entry) -> Result<(), AppendError> {
        let recording = self.append(entry)?;
        let written = recording.append.written();
        tokio::spawn(recording.settle());
        written.await.map(drop)
    }

    fn append(&self, mut entry: Entry) -> Result<Recording, AppendError> {
        if entry.shorten() > 0 {
            self.metrics.over_budget("parameters");
        }
        let payload = match serde_json::to_vec(&entry) {
            Ok(payload) => payload,
            Err(error) => {
                // Every part of an entry has a JSON form, so this is a fault of ours.
                error!(%error, call.sid = %entry.call, "call {}: an event cannot be written as JSON", entry.call);
                return Err(AppendError::Damaged);
            }
        };
        let bytes = payload.len() as u64;
        if !self.shares.take(&entry.workspace, bytes) {
            self.metrics.journal("over_share", 1);
            return Err(AppendError::Full { limit: shares::LIMIT });
        }
        let on_the_way = OnTheWay::new(&self.on_the_way);
        // Before it can be applied.
        self.acknowledged.note(entry.said(), self.clock.instant());
        // What a parked workspace sends stands in nobody's way.
        let append = self.parked.append(&entry.workspace, payload);
        let append = append.unwrap_or_else(|payload| self.spool.append(payload));
        Ok(Recording { append, on_the_way, entry, bytes, journal: self.clone() })
    }

    /// Notes that an entry is in the database, or will never be.
    fn applied(&self, entry: &Entry) {
        self.acknowledged.applied(entry.said(), self.clock.instant());
    }
}

/// An entry on its way to the disk.
struct Recording {
    append: Append,
    on_the_way: OnTheWay,
    entry: Entry,
    bytes: u64,
    journal: Journal,
}

impl Recording {
    /// Waits for the sync. A failure is logged and counted here.
    async fn settle(self) -> Result<(), AppendError> {
        let Self { append, on_the_way, entry, bytes, journal } = self;
        let appended = append.await;
        drop(on_the_way);
        match appended {
            Ok(_) => {
                journal.metrics.journal("written", 1);
                Ok(())
            }
            Err(error) => {
                journal.shares.release(&entry.workspace, bytes);
                journal.applied(&entry);
                journal.metrics.journal("refused", 1);
                error!(%error, call.sid = %entry.call, "call {}: an event was not stored", entry.call);
                Err(error)
            }
        }
    }
}

/// Counts one record until it is synced or nobody waits for it any more.
struct OnTheWay(Arc<AtomicU64>);

impl OnTheWay {
    fn new(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
