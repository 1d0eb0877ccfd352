//! The list of segments. Writer and syncer add to it, and the consumer removes from it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::error::Fault;

/// All segments in order, and who waits for records.
#[derive(Default)]
pub(crate) struct Catalogue(Mutex<Entries>);

#[derive(Default)]
pub(crate) struct Entries {
    pub(crate) segments: VecDeque<Segment>,
    /// The consumer has passed everything up to here.
    pub(crate) applied: u64,
    /// The consumer has read everything up to here.
    pub(crate) read: u64,
    /// Records set aside, those of earlier runs included.
    pub(crate) set_aside: u64,
    /// Places found damaged in this run, at the start or later.
    pub(crate) damaged: u64,
    /// Disk failures in this run.
    pub(crate) faults: u64,
    /// Why no record can be stored now.
    pub(crate) refusal: Option<Fault>,
    pub(crate) closed: bool,
    wakers: Vec<Waker>,
}

/// One segment file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The sequence of its first record.
    pub(crate) first: u64,
    /// Its durable records.
    pub(crate) records: u64,
    /// Where its durable records end.
    pub(crate) end: u64,
    /// Its length on disk.
    pub(crate) size: u64,
    /// Records still to be applied, and their bytes.
    pub(crate) left: Left,
    pub(crate) state: State,
    /// Part of it could not be copied to `damaged/`: it is moved there instead of deleted.
    pub(crate) keep: bool,
}

/// Who still uses a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// The writer writes to it.
    Open,
    /// The consumer found damage in it while the writer writes to it.
    Broken,
    /// It is complete: nobody writes to it.
    Sealed,
}

/// Records to be applied.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Left {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
}

impl Segment {
    /// An empty segment that the writer is going to write to.
    pub(crate) const fn open(first: u64, size: u64) -> Self {
        let left = Left { records: 0, bytes: 0 };
        Self { first, records: 0, end: 0, size, left, state: State::Open, keep: false }
    }

    /// The sequence of the last durable record, or the one before the first.
    pub(crate) const fn last(&self) -> u64 {
        self.first + self.records - 1
    }
}

impl Catalogue {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count_fault(&self) {
        self.lock().faults += 1;
    }

    /// The disk took no record: counted, and kept until it does.
    pub(crate) fn refuse(&self, fault: Fault) {
        let mut entries = self.lock();
        entries.faults += 1;
        entries.refusal = Some(fault);
    }

    /// Adds durable records to the segment in use and wakes the consumer.
    ///
    /// False if the consumer found the segment broken meanwhile: then a restart would not find
    /// the records, and they must not be acknowledged.
    pub(crate) fn publish(&self, first: u64, added: Left) -> bool {
        let mut entries = self.lock();
        let Some(segment) = entries.find(first).filter(|found| found.state == State::Open) else {
            return false;
        };
        segment.records += added.records;
        segment.end += added.bytes;
        segment.left.records += added.records;
        segment.left.bytes += added.bytes;
        entries.refusal = None;
        entries.wake();
        true
    }

    /// Whether records can still be added to a segment.
    pub(crate) fn is_open(&self, first: u64) -> bool {
        self.lock().find(first).is_some_and(|segment| segment.state == State::Open)
    }

    /// Marks the segment as complete.
    ///
    /// True if it holds no durable record, so that its file can go at once.
    pub(crate) fn seal(&self, first: u64) -> bool {
        let mut entries = self.lock();
        entries.find(first).is_some_and(|segment| {
            segment.state = State::Sealed;
            segment.records == 0 && !segment.keep
        })
    }

    pub(crate) fn forget(&self, first: u64) {
        self.lock().segments.retain(|segment| segment.first != first);
    }

    pub(crate) fn close(&self) {
        let mut entries = self.lock();
        entries.closed = true;
        entries.wake();
    }
}

impl Entries {
    pub(crate) fn find(&mut self, first: u64) -> Option<&mut Segment> {
        self.segments.iter_mut().find(|segment| segment.first == first)
    }

    /// The segment after the one that begins with `first`.
    pub(crate) fn after(&self, first: u64) -> Option<Segment> {
        self.segments.iter().find(|segment| segment.first > first).copied()
    }

    /// The records to be applied, in all segments.
    pub(crate) fn left(&self) -> Left {
        self.segments.iter().fold(Left::default(), |sum, segment| Left {
            records: sum.records + segment.left.records,
            bytes: sum.bytes + segment.left.bytes,
        })
    }

    /// Whether there are records that the consumer has not read.
    pub(crate) fn has_unread(&self) -> bool {
        let unread = |segment: &Segment| segment.records > 0 && segment.last() > self.read;
        self.segments.iter().any(unread)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.segments.iter().all(|segment| segment.left.records == 0)
    }

    /// The lengths of all segments together.
    pub(crate) fn disk_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size).sum()
    }

    /// A record was applied or set aside.
    pub(crate) fn consume(&mut self, first: u64, bytes: u64) {
        if let Some(segment) = self.find(first) {
            segment.left.records = segment.left.records.saturating_sub(1);
            segment.left.bytes = segment.left.bytes.saturating_sub(bytes);
        }
    }

    /// Notes damage that the consumer found at a place; the records behind it are lost.
    ///
    /// Gives the end that the segment had.
    pub(crate) fn cut(&mut self, first: u64, records: u64, end: u64, left: Left) -> u64 {
        self.damaged += 1;
        let Some(segment) = self.find(first) else { return end };
        segment.records = records;
        segment.left = left;
        if segment.state == State::Open {
            segment.state = State::Broken;
        }
        std::mem::replace(&mut segment.end, end)
    }

    /// The first sequence that is still to be applied.
    pub(crate) fn oldest(&self) -> Option<u64> {
        let waits = |segment: &&Segment| segment.left.records > 0;
        let segment = self.segments.iter().find(waits)?;
        Some(segment.first.max(self.applied + 1))
    }

    /// The segments that are no longer needed once everything up to `durable` is durably applied.
    pub(crate) fn done(&self, durable: u64) -> Vec<Segment> {
        let done = |segment: &&Segment| {
            segment.state == State::Sealed && (segment.records == 0 || segment.last() <= durable)
        };
        self.segments.iter().filter(done).copied().collect()
    }

    pub(crate) fn register(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }

    fn wake(&mut self) {
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}
