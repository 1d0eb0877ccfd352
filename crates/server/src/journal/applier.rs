//! From the spool into the database: each workspace in its own lane.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use identity::WorkspaceId;
use spool::{ConsumeError, Record, Sequence, Spool};
use store_pg::Store;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::attempt::{Attempt, Done, Part, Source};
use super::entry::Unreadable;
use super::lane::{Held, Turn};
use super::lanes::{Begun, Lanes};
use super::stopped::{Stopped, of_disk};
use super::waiting::{Waiting, on_files};
use super::{Entry, Journal};

/// Applies the records of one spool.
pub(crate) struct Applier {
    journal: Journal,
    store: Store,
}

impl Applier {
    pub(crate) const fn new(journal: Journal, store: Store) -> Self {
        Self { journal, store }
    }

    /// Runs as a task of its own, and brings the records into the database until `stop` is cancelled. The
    /// rest is applied after the next start.
    pub(crate) async fn run(self, stop: CancellationToken) {
        self.apply_until(&stop).await;
    }

    async fn apply_until(&self, stop: &CancellationToken) {
        let dir = self.journal.dir.clone();
        on_files("notices of an earlier process stay", move || Waiting::clear(&dir)).await;
        let mut work = Work::new(&self.journal, &self.store);
        loop {
            work.begin();
            work.begin_on_disk();
            let may_read = work.on_disk.is_empty() && work.lanes.has_room();
            let went_on = tokio::select! {
                biased;
                () = stop.cancelled() => return work.stop().await,
                Some(done) = work.on_disk.join_next() => work.disk_ended(done).await,
                Some(done) = work.attempts.join_next() => work.all_ended(done).await,
                Some(Ok(workspace)) = work.pauses.join_next() => {
                    work.resume(&workspace);
                    Ok(())
                }
                ready = self.journal.spool.unread(), if may_read => match ready {
                    Ok(()) => Ok(()),
                    Err(_) => return,
                },
            };
            let went_on = match went_on {
                Ok(()) => work.make_room().await,
                stopped => stopped,
            };
            match went_on {
                Ok(()) => {}
                Err(Stopped::Closed) => return,
                Err(Stopped::Later) => tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = stop.cancelled() => {}
                },
            }
        }
    }

    /// Runs until nothing is left. For a spool to which nobody appends.
    pub(super) async fn run_until_empty(&self, stop: &CancellationToken) {
        let done = stop.child_token();
        let empty = async {
            while self.journal.pending_records() > 0 {
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
}

/// The lanes, and what runs for them.
pub(super) struct Work<'a> {
    pub(super) journal: &'a Journal,
    store: &'a Store,
    pub(super) lanes: Lanes,
    pub(super) attempts: JoinSet<Done>,
    /// Records of the spool that are in the database, or in a parked log, and not passed yet.
    pub(super) applied: Vec<Sequence>,
    /// What is done on the spool's files, one thing at a time. Nobody waits for it here.
    on_disk: JoinSet<Result<OnDisk, ConsumeError>>,
    /// Whether the last thing there was a read.
    has_read: bool,
    pauses: JoinSet<WorkspaceId>,
    /// Records to read that an earlier process wrote: they count for their workspace's share from then on.
    old: u64,
    /// What is said on disk of those that wait.
    pub(super) waiting: Waiting,
    /// Workspaces that wait because of a failure of their own.
    pub(super) in_trouble: usize,
    /// What the metrics say of this spool: workspaces that wait, and that are parked.
    counted: (usize, usize),
    /// When the log last named a failure that is nobody's own.
    pub(super) told: Option<Instant>,
}

impl<'a> Work<'a> {
    fn new(journal: &'a Journal, store: &'a Store) -> Self {
        let mut work = Self {
            journal,
            store,
            lanes: Lanes::new(store.lane_connections()),
            attempts: JoinSet::new(),
            applied: Vec::new(),
            on_disk: JoinSet::new(),
            has_read: false,
            pauses: JoinSet::new(),
            old: journal.spool.recovery().pending_records,
            waiting: Waiting::of(&journal.dir),
            in_trouble: 0,
            counted: (0, 0),
            told: None,
        };
        for workspace in journal.parked.workspaces() {
            work.go_on(&workspace);
        }
        work.count();
        work
    }

    /// Begins attempts for those whose turn it is.
    fn begin(&mut self) {
        while let Some(Begun { workspaces, line, limit }) = self.lanes.begin() {
            let taken = workspaces.into_iter().map(|workspace| {
                let records = self.lanes.take(&workspace);
                (workspace, records)
            });
            let mut parts: Vec<Part> = taken.collect();
            let source = match &mut parts[..] {
                [(workspace, records)] if records.is_empty() => {
                    match self.journal.parked.of(workspace) {
                        Some(log) => {
                            let most = self.lanes.lane(workspace).batch();
                            Source::Parked(workspace.clone(), log, most)
                        }
                        None => Source::Spool(parts),
                    }
                }
                _ => Source::Spool(parts),
            };
            let (store, clock) = (self.store.clone(), self.journal.clock.clone());
            let aside = Arc::clone(&self.journal.aside);
            let attempt = Attempt { store, clock, line, limit, aside, source };
            match self.journal.threads.handle() {
                Some(threads) => drop(self.attempts.spawn_on(attempt.run(), threads)),
                None => return,
            }
        }
    }

    fn resume(&mut self, workspace: &WorkspaceId) {
        self.lanes.lane(workspace).turn = Turn::Resting;
        self.go_on(workspace);
    }

    /// Lets a lane stand in line again if it has records.
    pub(super) fn go_on(&mut self, workspace: &WorkspaceId) {
        let is_parked = self.journal.parked.of(workspace).is_some();
        let lane = self.lanes.lane(workspace);
        lane.is_parked = is_parked;
        if is_parked || !lane.is_empty() {
            self.lanes.stand_in_line(workspace);
        }
    }

    pub(super) fn pause(&mut self, workspace: WorkspaceId, pause: Duration) {
        self.lanes.lane(&workspace).turn = Turn::Paused;
        self.pauses.spawn(async move {
            tokio::time::sleep(pause).await;
            workspace
        });
    }

    /// Begins what is to be done on the spool's files: reads on, or passes what was applied meanwhile, in
    /// turns. The next attempts wait for neither.
    fn begin_on_disk(&mut self) {
        if !self.on_disk.is_empty() {
            return;
        }
        let may_read = self.lanes.has_room()
            && self.journal.spool.unread().now_or_never().is_some_and(|ready| ready.is_ok());
        let spool = self.journal.spool.clone();
        if !self.applied.is_empty() && (self.has_read || !may_read) {
            self.has_read = false;
            let applied = std::mem::take(&mut self.applied);
            self.on_disk.spawn_blocking(move || spool.pass(&applied).map(|()| OnDisk::Passed));
        } else if may_read {
            self.has_read = true;
            self.on_disk.spawn_blocking(move || {
                let entry = |record: Record| (Entry::read(&record.payload), record);
                let records = spool.read_on(READ_AHEAD)?;
                Ok(OnDisk::Read(records.into_iter().map(entry).collect()))
            });
        }
    }

    /// Passes what was applied, so that it is not applied again after the next start.
    async fn stop(mut self) {
        while self.on_disk.join_next().await.is_some() {}
        let applied = std::mem::take(&mut self.applied);
        // What cannot be passed is applied again, which changes nothing.
        let _ = self.blocking(move |spool| spool.pass(&applied)).await;
    }

    async fn disk_ended(
        &mut self,
        done: Result<Result<OnDisk, ConsumeError>, JoinError>,
    ) -> Result<(), Stopped> {
        match of_disk(done)? {
            OnDisk::Passed => Ok(()),
            OnDisk::Read(records) => self.hand_out(records).await,
        }
    }

    /// Hands each record to its lane.
    async fn hand_out(&mut self, records: Vec<Found>) -> Result<(), Stopped> {
        let mut parked = Vec::new();
        for (entry, Record { sequence, payload }) in records {
            let is_old = self.old > 0;
            self.old = self.old.saturating_sub(1);
            let entry = match entry {
                Ok(entry) => entry,
                Err(unreadable) => {
                    self.set_aside_unreadable(sequence, &unreadable).await?;
                    continue;
                }
            };
            let workspace = entry.workspace.clone();
            let record = Held { sequence, payload, entry };
            if is_old {
                self.journal.shares.found(&workspace, record.bytes());
                let now = self.journal.clock.instant();
                self.journal.acknowledged.note(record.entry.said(), now);
            }
            match self.journal.parked.of(&workspace) {
                Some(log) => parked.push((workspace, log.append(record.payload.clone()), record)),
                None => self.lanes.push(&workspace, record),
            }
        }
        for (workspace, append, record) in parked {
            if self.is_stored(&workspace, append).await {
                self.applied.push(record.sequence);
                self.go_on(&workspace);
            } else {
                self.lanes.push(&workspace, record);
            }
        }
        Ok(())
    }

    async fn set_aside_unreadable(
        &self,
        sequence: Sequence,
        why: &Unreadable,
    ) -> Result<(), Stopped> {
        let reason = why.to_string();
        error!(reason, "record {sequence} is set aside in the spool's dead/");
        self.journal.metrics.journal("set_aside", 1);
        self.blocking(move |spool| spool.set_aside(sequence, &reason)).await
    }

    pub(super) fn count(&mut self) {
        let now = (self.in_trouble, self.journal.parked.workspaces().len());
        let before = std::mem::replace(&mut self.counted, now);
        self.journal.metrics.behind(before, now);
    }

    /// Runs work that reads or writes files on a thread of its own.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Spool) -> Result<T, ConsumeError> + Send + 'static,
    ) -> Result<T, Stopped> {
        let spool = self.journal.spool.clone();
        of_disk(tokio::task::spawn_blocking(move || work(&spool)).await)
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.journal.metrics.behind(self.counted, (0, 0));
    }
}

/// What was done on the spool's files.
enum OnDisk {
    Read(Vec<Found>),
    Passed,
}

/// A record, and the entry that it holds.
type Found = (Result<Entry, Unreadable>, Record);

/// Records that are read at once: enough that one sync of the cursor between two reads delays nobody.
const READ_AHEAD: usize = 1_024;

/// Between two checks whether a spool is empty.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// After a failure of the disk or the database.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
