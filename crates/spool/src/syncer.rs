//! The only place that syncs records and acknowledges them: all that was written during the last sync goes
//! into the next one together.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::catalogue::{Catalogue, Left};
use crate::error::{AppendError, Fault};
use crate::file;
use crate::record::Sequence;
use crate::storage::{Storage, Stored};
use crate::ticket::Answer;

/// What the writer hands over, in order.
pub(crate) enum Job {
    /// Records to sync.
    Group(Group),
    /// The writer will not write to this segment any more.
    Retire(u64),
    /// The same, if all records are applied.
    RetireIfIdle(u64),
}

/// Records that were written together.
pub(crate) struct Group {
    /// The first sequence of their segment.
    pub(crate) segment: u64,
    pub(crate) file: Arc<dyn Stored>,
    pub(crate) added: Left,
    /// The sequence of the first of them.
    pub(crate) sequence: u64,
    pub(crate) answers: Vec<Answer>,
}

/// What is written and not synced, between the writer and the syncer.
pub(crate) struct Unsynced {
    queue: Mutex<Queue>,
    /// There is a job, or there will be none.
    arrived: Condvar,
    /// There is room again.
    synced: Condvar,
    limit: u64,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Job>,
    /// Those that are being synced are included.
    bytes: u64,
    closed: bool,
}

impl Unsynced {
    /// Room for about this many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        let queue = Mutex::default();
        Self { queue, arrived: Condvar::new(), synced: Condvar::new(), limit }
    }

    /// Hands over a job. Never waits.
    pub(crate) fn push(&self, job: Job) {
        let mut queue = self.lock();
        if let Job::Group(group) = &job {
            queue.bytes += group.added.bytes;
        }
        queue.jobs.push(job);
        drop(queue);
        self.arrived.notify_one();
    }

    /// Waits until less than the limit is unsynced: a hanging disk must not make the queue grow.
    pub(crate) fn wait_for_room(&self) {
        let mut queue = self.lock();
        while queue.bytes >= self.limit {
            queue = self.synced.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that no job will follow.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Whether there is a job; waits for it. `false` once there will be none.
    fn wait(&self) -> bool {
        let mut queue = self.lock();
        while queue.jobs.is_empty() && !queue.closed {
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        !queue.jobs.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Syncs what was written, makes it known to the consumer, and acknowledges it.
pub(crate) struct Syncer {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) unsynced: Arc<Unsynced>,
}

impl Syncer {
    /// Runs until there will be no more jobs.
    pub(crate) fn work(&self) {
        while self.unsynced.wait() {
            self.sync();
        }
    }

    /// Does everything that was handed over, with one sync for each segment in it.
    pub(crate) fn sync(&self) {
        let jobs = mem::take(&mut self.unsynced.lock().jobs);
        let mut groups: Vec<Group> = Vec::new();
        for job in jobs {
            match job {
                Job::Group(group) => {
                    if groups.last().is_some_and(|last| last.segment != group.segment) {
                        self.acknowledge(mem::take(&mut groups));
                    }
                    groups.push(group);
                }
                Job::Retire(segment) => {
                    self.acknowledge(mem::take(&mut groups));
                    self.retire(segment);
                }
                Job::RetireIfIdle(segment) => {
                    self.acknowledge(mem::take(&mut groups));
                    if self.catalogue.lock().is_idle() {
                        self.retire(segment);
                    }
                }
            }
        }
        self.acknowledge(groups);
    }

    /// Syncs groups of one segment with one sync, and answers.
    ///
    /// If the disk fails, none is acknowledged and the segment is not written again: after a failed
    /// sync, the kernel may drop the unwritten pages, and the next sync would report success.
    fn acknowledge(&self, groups: Vec<Group>) {
        let Some(Group { segment, file, .. }) = groups.first() else { return };
        let added = groups.iter().fold(Left::default(), |sum, group| Left {
            records: sum.records + group.added.records,
            bytes: sum.bytes + group.added.bytes,
        });
        let synced = self.make_durable(*segment, &**file, added);
        if synced.is_err() {
            self.retire(*segment);
        }
        for Group { sequence, answers, .. } in groups {
            for (answer, sequence) in answers.into_iter().zip(sequence..) {
                answer.give(synced.map(|()| Sequence(sequence)));
            }
        }
        self.unsynced.lock().bytes -= added.bytes;
        self.unsynced.synced.notify_one();
    }

    fn make_durable(
        &self,
        segment: u64,
        file: &dyn Stored,
        added: Left,
    ) -> Result<(), AppendError> {
        if !self.catalogue.is_open(segment) {
            let refusal = self.catalogue.lock().refusal;
            return Err(refusal.map_or(AppendError::Damaged, AppendError::Storage));
        }
        let synced = file.sync();
        synced.map_err(|error| refused(&self.catalogue, "sync a segment", &error))?;
        let kept = self.storage.keeps(&file::segment(segment), file);
        kept.map_err(|error| refused(&self.catalogue, FIND, &error))?;
        if self.catalogue.publish(segment, added) { Ok(()) } else { Err(AppendError::Damaged) }
    }

    /// Takes a segment out of use, so that it is deleted once it is applied.
    fn retire(&self, segment: u64) {
        if self.catalogue.seal(segment) && self.storage.remove(&file::segment(segment)).is_ok() {
            self.catalogue.forget(segment);
        }
    }
}

/// Counts a failure of the disk.
pub(crate) fn refused(
    catalogue: &Catalogue,
    step: &'static str,
    error: &std::io::Error,
) -> AppendError {
    let fault = Fault::new(step, error);
    catalogue.refuse(fault);
    AppendError::Storage(fault)
}

/// After a write or a sync: the file may be one that no name leads to any more.
pub(crate) const FIND: &str = "find the segment again that was written";
