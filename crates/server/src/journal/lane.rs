//! The place in line of one workspace.

use std::collections::VecDeque;
use std::time::Duration;

use spool::Sequence;
use tokio::time::Instant;

use super::Entry;

/// The records of one workspace that are read and not applied yet, and how its last attempt went.
pub(super) struct Lane {
    records: VecDeque<Held>,
    bytes: u64,
    /// How many records the next attempt takes.
    batch: usize,
    pub(super) turn: Turn,
    pub(super) trouble: Option<Trouble>,
    /// Its last attempt took so long that it does not share connections with those that are quick.
    pub(super) is_slow: bool,
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
}

impl Lane {
    pub(super) const fn new() -> Self {
        Self {
            records: VecDeque::new(),
            bytes: 0,
            batch: BATCH,
            turn: Turn::Resting,
            trouble: None,
            is_slow: false,
            full_since: None,
            told_left_out: None,
        }
    }

    /// Whether its records go over the connections for those whose last attempt failed or was slow.
    pub(super) const fn is_aside(&self) -> bool {
        self.trouble.is_some() || self.is_slow
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
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
        let count = self.batch.min(self.records.len());
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

    /// An attempt succeeded. Gives the trouble that is over.
    pub(super) fn succeeded(&mut self, took: Duration) -> Option<Trouble> {
        self.batch = (self.batch * 2).min(BATCH);
        self.is_slow = took > SLOW;
        self.trouble.take()
    }

    /// One record was refused for good, or an attempt with several records that may hold it: the next
    /// ones are tried one by one.
    pub(super) const fn refused(&mut self) {
        self.batch = 1;
        self.is_slow = true;
    }

    /// An attempt failed because of the workspace. Gives the pause before the next one, and the trouble
    /// as it was.
    pub(super) fn failed(&mut self, now: Instant, others: u64) -> (Duration, &mut Trouble) {
        self.batch = (self.batch / 2).max(1);
        let trouble = self.trouble.get_or_insert(Trouble {
            since: now,
            pause: FIRST_PAUSE,
            others,
            tell_after: Duration::ZERO,
        });
        let pause = trouble.pause;
        trouble.pause = (pause * 2).min(LAST_PAUSE);
        (pause, trouble)
    }
}

/// Records that are applied together: many enough to share a commit, few enough for a second.
const BATCH: usize = 256;

/// Longer than any attempt of a workspace that is well.
const SLOW: Duration = Duration::from_millis(200);

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LAST_PAUSE: Duration = Duration::from_secs(5);
