//! The place in line of one workspace.

use std::collections::VecDeque;
use std::time::Duration;

use spool::Sequence;
use tokio::time::Instant;

use super::Entry;
use super::limits::LAST_STEP;

/// The records of one workspace that are read and not applied yet, and how its last attempt went.
pub(super) struct Lane {
    records: VecDeque<Held>,
    bytes: u64,
    /// How many records the next attempt takes.
    batch: usize,
    pub(super) turn: Turn,
    pub(super) trouble: Option<Trouble>,
    /// Whether it has a log of its own.
    pub(super) is_parked: bool,
    /// Whether its next attempt is for it alone, because one together with others failed.
    pub(super) is_apart: bool,
    /// How much time its next attempt needs: a step of the limits.
    step: u32,
    /// The time that its attempts took, as its line counts it.
    pub(super) had: Duration,
    /// How many attempts of any lane had succeeded when this one first held too much.
    pub(super) full_since: Option<u64>,
    /// When the log last said that events were left out.
    pub(super) told_left_out: Option<Instant>,
}

/// A record in memory.
pub(super) struct Held {
    pub(super) sequence: Sequence,
    pub(super) payload: Vec<u8>,
    pub(super) entry: Entry,
}

impl Held {
    pub(super) fn bytes(&self) -> u64 {
        self.payload.len() as u64
    }
}

/// Where a lane is between two attempts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turn {
    /// It has nothing to do.
    Resting,
    /// It stands in line.
    Waiting,
    /// Its records are being applied.
    Running,
    /// It waits after a failure.
    Paused,
}

/// Attempts that failed, one after the other.
pub(super) struct Trouble {
    pub(super) since: Instant,
    pause: Duration,
    /// How many attempts of any lane had succeeded at the last failure.
    pub(super) others: u64,
    /// After how much time the log names the workspace again.
    pub(super) tell_after: Duration,
    /// Whether the log has named it.
    pub(super) is_told: bool,
}

impl Lane {
    pub(super) const fn new() -> Self {
        Self {
            records: VecDeque::new(),
            bytes: 0,
            batch: BATCH,
            turn: Turn::Resting,
            trouble: None,
            is_parked: false,
            is_apart: false,
            step: 0,
            had: Duration::ZERO,
            full_since: None,
            told_left_out: None,
        }
    }

    pub(super) const fn step(&self) -> u32 {
        self.step
    }

    /// Whether it has more records than one attempt takes.
    pub(super) fn has_backlog(&self) -> bool {
        self.is_parked || self.bytes > BATCH_BYTES || self.records.len() > BATCH
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn records(&self) -> usize {
        self.records.len()
    }

    pub(super) const fn batch(&self) -> usize {
        self.batch
    }

    pub(super) fn push(&mut self, record: Held) {
        self.bytes += record.bytes();
        self.records.push_back(record);
    }

    /// The records of the next attempt.
    pub(super) fn take(&mut self) -> Vec<Held> {
        let count = fitting(self.records.iter().take(self.batch).map(Held::bytes));
        let taken: Vec<Held> = self.records.drain(..count).collect();
        self.bytes -= taken.iter().map(Held::bytes).sum::<u64>();
        taken
    }

    /// All records, because they go to a log of their own.
    pub(super) fn take_all(&mut self) -> Vec<Held> {
        self.bytes = 0;
        self.full_since = None;
        self.records.drain(..).collect()
    }

    /// Records whose attempt failed.
    pub(super) fn put_back(&mut self, records: Vec<Held>) {
        for record in records.into_iter().rev() {
            self.bytes += record.bytes();
            self.records.push_front(record);
        }
    }

    /// An attempt succeeded, and the next one needs this step. Gives the trouble that is over.
    pub(super) fn succeeded(&mut self, step: u32) -> Option<Trouble> {
        self.batch = (self.batch * 2).min(BATCH);
        self.step = step;
        self.is_apart = false;
        self.trouble.take()
    }

    /// One record was refused for good, or an attempt with several records that may hold it: the next
    /// ones are tried one by one, beside others that do not work at once.
    pub(super) fn refused(&mut self) {
        self.batch = 1;
        self.step = self.step.max(1);
    }

    /// An attempt failed because of the workspace. Gives the pause before the next one, and the trouble
    /// as it was.
    pub(super) fn failed(&mut self, now: Instant, others: u64) -> (Duration, &mut Trouble) {
        self.batch = (self.batch / 2).max(1);
        self.step = (self.step + 1).min(LAST_STEP);
        let trouble = self.trouble.get_or_insert(Trouble {
            since: now,
            pause: FIRST_PAUSE,
            others,
            tell_after: FIRST_TOLD,
            is_told: false,
        });
        let pause = trouble.pause;
        trouble.pause = (pause * 2).min(LAST_PAUSE);
        (pause, trouble)
    }
}

/// How many of the first of some records, by their sizes, one attempt takes: at least one.
pub(super) fn fitting(sizes: impl Iterator<Item = u64>) -> usize {
    let mut bytes = 0;
    let fits = sizes.take_while(|size| {
        let is_first = bytes == 0;
        bytes += size;
        is_first || bytes <= BATCH_BYTES
    });
    fits.count()
}

/// Records that are applied together: many enough to share a commit, few enough that others soon have
/// their turn.
pub(super) const BATCH: usize = 256;
pub(super) const BATCH_BYTES: u64 = 256 << 10;

/// The log does not name a workspace whose records only needed another attempt.
const FIRST_TOLD: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LAST_PAUSE: Duration = Duration::from_secs(5);
