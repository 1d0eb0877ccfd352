//! The only place that writes records: one group, one write. The syncer makes them durable.

use std::mem;
use std::sync::Arc;

use crate::catalogue::{Catalogue, Left, Segment};
use crate::config::Config;
use crate::error::AppendError;
use crate::file;
use crate::record::{Sequence, encode, encoded_bytes};
use crate::spare::Spares;
use crate::storage::{Storage, Stored};
use crate::syncer::{FIND, Group, Job, Unsynced, refused};
use crate::ticket::Answer;

/// A payload that waits for the writer.
pub(crate) struct Waiting {
    pub(crate) payload: Vec<u8>,
    pub(crate) answer: Answer,
}

/// Writes groups of records to the segment in use.
pub(crate) struct Writer {
    config: Config,
    storage: Arc<dyn Storage>,
    catalogue: Arc<Catalogue>,
    spares: Arc<Spares>,
    unsynced: Arc<Unsynced>,
    next: u64,
    active: Option<Active>,
    /// The bytes of the group, kept for the next one.
    buffer: Vec<u8>,
    group: Vec<Answer>,
}

/// The segment in use.
struct Active {
    first: u64,
    file: Arc<dyn Stored>,
    end: u64,
}

impl Writer {
    pub(crate) fn new(
        config: Config,
        storage: Arc<dyn Storage>,
        catalogue: Arc<Catalogue>,
        spares: Arc<Spares>,
        unsynced: Arc<Unsynced>,
        next: u64,
    ) -> Self {
        let (buffer, group) = (Vec::new(), Vec::new());
        Self { config, storage, catalogue, spares, unsynced, next, active: None, buffer, group }
    }

    /// Writes what waits, says so, and hands it to the syncer.
    pub(crate) fn write(&mut self, waiting: impl IntoIterator<Item = Waiting>) {
        self.leave_closed();
        for Waiting { payload, answer } in waiting {
            if !self.has_room(encoded_bytes(&payload)) {
                self.flush();
                if let Err(error) = self.roll() {
                    answer.give(Err(error));
                    continue;
                }
            }
            encode(self.next, &payload, &mut self.buffer);
            self.next += 1;
            self.group.push(answer);
        }
        self.flush();
        if self.active.as_ref().is_some_and(|active| active.end > self.config.segment_bytes / 2) {
            self.spares.want();
        }
    }

    /// Takes the segment in use out of use, so that it is deleted once it is applied.
    pub(crate) fn retire(&mut self) {
        if let Some(active) = self.active.take() {
            self.unsynced.push(Job::Retire(active.first));
        }
    }

    /// Takes the segment in use out of use if everything is applied, because the spool is closed.
    pub(crate) fn end(&mut self) {
        if let Some(active) = self.active.take() {
            self.unsynced.push(Job::RetireIfIdle(active.first));
        }
    }

    /// Looks whether the segment in use is still where the next start looks for it, and tries to get a new
    /// one after a failure, so that the next record need not be refused.
    pub(crate) fn look(&mut self) {
        self.leave_closed();
        if let Some(active) = &self.active {
            let kept = self.storage.keeps(&file::segment(active.first), &*active.file);
            let Err(error) = kept else { return };
            let _counted = refused(&self.catalogue, FIND, &error);
            self.retire();
        }
        if self.catalogue.lock().refusal.is_some() {
            // What is wrong is in the statistics.
            let _ = self.roll();
        }
    }

    /// Leaves a segment that could not be synced, or in which the consumer found damage.
    fn leave_closed(&mut self) {
        if self.active.as_ref().is_some_and(|active| !self.catalogue.is_open(active.first)) {
            self.retire();
        }
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.active.as_ref().is_some_and(|active| {
            active.end + self.buffer.len() as u64 + bytes <= self.config.segment_bytes
        })
    }

    /// Writes the group. If the disk fails, the segment is not written again.
    fn flush(&mut self) {
        if self.group.is_empty() {
            return;
        }
        let (records, bytes) = (self.group.len() as u64, self.buffer.len() as u64);
        let sequence = self.next - records;
        match self.write_group(bytes) {
            Ok((segment, file)) => {
                let answers = mem::take(&mut self.group);
                for (answer, sequence) in answers.iter().zip(sequence..) {
                    answer.written(Sequence(sequence));
                }
                let added = Left { records, bytes };
                let group = Group { segment, file, added, sequence, answers };
                self.unsynced.push(Job::Group(group));
            }
            Err(error) => {
                self.retire();
                for answer in self.group.drain(..) {
                    answer.give(Err(error));
                }
            }
        }
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_KEPT);
    }

    fn write_group(&mut self, bytes: u64) -> Result<(u64, Arc<dyn Stored>), AppendError> {
        let Some(active) = &mut self.active else { return Err(AppendError::Closed) };
        let written = active.file.write(active.end, &self.buffer);
        written.map_err(|error| refused(&self.catalogue, "write a segment", &error))?;
        // Otherwise the record would not even survive the end of this process.
        let kept = self.storage.keeps(&file::segment(active.first), &*active.file);
        kept.map_err(|error| refused(&self.catalogue, FIND, &error))?;
        active.end += bytes;
        Ok((active.first, Arc::clone(&active.file)))
    }

    /// Begins a segment. If that fails, the current one stays in use: a smaller record may fit.
    fn roll(&mut self) -> Result<(), AppendError> {
        let limit = self.config.limit_bytes;
        let size = self.config.segment_bytes;
        if self.catalogue.lock().disk_bytes() + size > limit {
            return Err(AppendError::Full { limit });
        }
        let restored = self.storage.restore();
        restored.map_err(|error| refused(&self.catalogue, "make the spool directory", &error))?;
        let spare = self.spares.take().map_err(|fault| {
            self.catalogue.refuse(fault);
            AppendError::Storage(fault)
        })?;
        let first = self.next;
        let name = file::segment(first);
        if let Err(error) = self.storage.rename(&spare.name, &name) {
            self.spares.discard(spare);
            return Err(refused(&self.catalogue, "name a segment", &error));
        }
        if let Err(error) = self.storage.sync_dir("") {
            // It is empty. If it remains, the next start deletes it, or this name is used
            // again.
            drop(spare.file);
            let _ = self.storage.remove(&name);
            return Err(refused(&self.catalogue, "sync the spool directory", &error));
        }
        self.retire();
        let mut entries = self.catalogue.lock();
        entries.segments.push_back(Segment::open(first, size));
        entries.refusal = None;
        drop(entries);
        self.active = Some(Active { first, file: spare.file, end: 0 });
        Ok(())
    }
}

/// About as much as 64 callbacks.
const BUFFER_KEPT: usize = 256 << 10;
