//! Reads records in order, passes them, and sets them aside.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;

use crate::catalogue::{Catalogue, Left, Segment, State};
use crate::cursor::Cursor;
use crate::error::{ConsumeError, Fault};
use crate::file::{self, Found, Walk};
use crate::record::{Record, Sequence};
use crate::storage::{DEAD, Storage};

/// The one reader of a spool.
pub(crate) struct Consumer {
    storage: Arc<dyn Storage>,
    catalogue: Arc<Catalogue>,
    cursor: Cursor,
    /// What the cursor file says.
    durable: u64,
    /// What was passed in this run; the cursor file follows.
    applied: u64,
    /// Records set aside that are still before the reader.
    dead: BTreeSet<u64>,
    /// Where to look for the record after `applied`.
    place: Place,
    /// The part of the last batch that is not passed yet.
    delivered: VecDeque<Delivered>,
    /// The segment that is open for reading.
    walk: Option<(u64, Walk)>,
}

/// A place between two records.
#[derive(Clone, Copy)]
struct Place {
    /// The segment, by its first sequence; 0 before the first segment.
    segment: u64,
    at: u64,
    /// The sequence of the record that begins here.
    sequence: u64,
}

struct Delivered {
    sequence: u64,
    start: Place,
    bytes: u64,
    dead: bool,
}

/// One step of the reader.
enum Step {
    Record { start: Place, bytes: u64, payload: Vec<u8> },
    Skipped,
    Caught,
}

impl Consumer {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        catalogue: Arc<Catalogue>,
        cursor: Cursor,
        applied: u64,
        dead: BTreeSet<u64>,
    ) -> Self {
        let place = Place { segment: 0, at: 0, sequence: 0 };
        let delivered = VecDeque::new();
        let durable = applied;
        Self { storage, catalogue, cursor, durable, applied, dead, place, delivered, walk: None }
    }

    /// The records after the cursor, in order.
    pub(crate) fn next_batch(&mut self, max_records: usize) -> Result<Vec<Record>, Fault> {
        self.delivered.clear();
        let mut batch = Vec::new();
        let mut batch_bytes = 0;
        let mut place = self.place;
        while batch.len() < max_records && batch_bytes < BATCH_BYTES {
            match self.step(&mut place).map_err(|error| {
                self.catalogue.count_fault();
                self.walk = None;
                Fault::new("read a segment", &error)
            })? {
                Step::Caught => break,
                Step::Skipped => {
                    if self.delivered.is_empty() {
                        self.pass(place);
                    }
                }
                Step::Record { start, bytes, payload } => {
                    let sequence = start.sequence;
                    batch_bytes += bytes;
                    batch.push(Record { sequence: Sequence(sequence), payload });
                    self.delivered.push_back(Delivered { sequence, start, bytes, dead: false });
                }
            }
        }
        Ok(batch)
    }

    /// Durably passes everything up to `through`, and deletes the segments that are no longer needed.
    pub(crate) fn advance(&mut self, through: Sequence) -> Result<(), ConsumeError> {
        if through.0 > self.applied {
            let last = self.delivered.back().map_or(self.applied, |last| last.sequence);
            if through.0 > last {
                return Err(ConsumeError::NotDelivered);
            }
        }
        while let Some(first) = self.delivered.front()
            && (first.sequence <= through.0 || first.dead)
        {
            let (start, bytes, dead) = (first.start, first.bytes, first.dead);
            self.delivered.pop_front();
            if !dead {
                self.catalogue.lock().consume(start.segment, bytes);
            }
            self.pass(Place { at: start.at + bytes, sequence: start.sequence + 1, ..start });
        }
        self.persist().map_err(ConsumeError::Storage)
    }

    /// Puts a record of the last batch into `dead/` and passes it.
    pub(crate) fn set_aside(
        &mut self,
        sequence: Sequence,
        reason: &str,
    ) -> Result<(), ConsumeError> {
        let known = |delivered: &Delivered| delivered.sequence == sequence.0;
        let place = self.delivered.iter().position(known).ok_or(ConsumeError::NotDelivered)?;
        let Delivered { start, bytes, dead, .. } = self.delivered[place];
        if dead {
            return Ok(());
        }
        self.bury(start, reason).map_err(|error| {
            self.catalogue.count_fault();
            ConsumeError::Storage(Fault::new("set a record aside", &error))
        })?;
        self.delivered[place].dead = true;
        self.dead.insert(sequence.0);
        {
            let mut entries = self.catalogue.lock();
            entries.consume(start.segment, bytes);
            entries.set_aside += 1;
        }
        // Passes it now if everything before it is passed.
        self.advance(Sequence(self.applied))
    }

    /// Deletes the durably applied segments; a failed deletion is retried later.
    pub(crate) fn clean(&mut self) {
        let done = self.catalogue.lock().done(self.durable);
        for segment in done {
            if self.walk.as_ref().is_some_and(|(first, _)| *first == segment.first) {
                self.walk = None;
            }
            let name = file::segment(segment.first);
            let gone = if segment.keep {
                self.storage.rename(&name, &file::damaged(&name, segment.end))
            } else {
                self.storage.remove(&name)
            };
            match gone {
                Ok(()) => self.catalogue.forget(segment.first),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.catalogue.forget(segment.first);
                }
                Err(_) => self.catalogue.count_fault(),
            }
        }
    }

    /// Writes the cursor if it lags.
    pub(crate) fn persist(&mut self) -> Result<(), Fault> {
        if self.durable < self.applied {
            if let Err(fault) = self.cursor.store(&*self.storage, self.applied) {
                self.catalogue.count_fault();
                return Err(fault);
            }
            self.durable = self.applied;
        }
        // Not earlier: a segment must outlive every cursor that points into it.
        self.clean();
        Ok(())
    }

    fn pass(&mut self, place: Place) {
        self.place = place;
        let passed = place.sequence.saturating_sub(1);
        if passed > self.applied {
            self.applied = passed;
            self.catalogue.lock().applied = passed;
        }
        self.dead = self.dead.split_off(&place.sequence);
    }

    /// Reads the record at `place`, or goes to the next segment, and moves `place` on.
    fn step(&mut self, place: &mut Place) -> io::Result<Step> {
        let Some(segment) = self.segment_at(place) else { return Ok(Step::Caught) };
        let walk = match &mut self.walk {
            Some((first, walk)) if *first == segment.first => walk,
            other => match Walk::open(&*self.storage, &file::segment(segment.first)) {
                Ok(walk) => &mut other.insert((segment.first, walk)).1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // Somebody deleted it: what it held is lost, and must not hold up the rest.
                    self.walk = None;
                    self.cut(segment.first, *place);
                    return Ok(Step::Skipped);
                }
                Err(error) => return Err(error),
            },
        };
        match walk.find(place.at, segment.end, place.sequence)? {
            Found::Record { bytes, payload } => {
                let start = *place;
                *place = Place { at: start.at + bytes, sequence: start.sequence + 1, ..start };
                if start.sequence <= self.applied || self.dead.contains(&start.sequence) {
                    return Ok(Step::Skipped);
                }
                Ok(Step::Record { start, bytes, payload: payload.to_vec() })
            }
            Found::Nothing | Found::Damage => {
                self.cut(segment.first, *place);
                Ok(Step::Skipped)
            }
        }
    }

    /// Gives up the rest of a segment from `place` on, after copying it to `damaged/`.
    fn cut(&mut self, first: u64, place: Place) {
        let mut left = Left::default();
        for record in self.delivered.iter().filter(|record| record.start.segment == first) {
            left.records += 1;
            left.bytes += record.bytes;
        }
        let records = place.sequence - first;
        let end = self.catalogue.lock().cut(first, records, place.at, left);
        let saved = file::damaged(&file::segment(first), place.at);
        let copied = self
            .walk
            .as_mut()
            .is_some_and(|(_, walk)| walk.copy(place.at, end, &*self.storage, &saved).is_ok());
        if !copied && let Some(segment) = self.catalogue.lock().find(first) {
            segment.keep = true;
        }
    }

    /// The segment with the record at `place`; moves `place` to the next one at the end of one.
    fn segment_at(&self, place: &mut Place) -> Option<Segment> {
        let mut entries = self.catalogue.lock();
        if let Some(segment) = entries.find(place.segment)
            && place.at < segment.end
        {
            return Some(*segment);
        }
        // The committer may still add records after this end.
        if entries.find(place.segment).is_some_and(|segment| segment.state == State::Open) {
            return None;
        }
        let mut next = entries.after(place.segment)?;
        while next.end == 0 && next.state != State::Open {
            next = entries.after(next.first)?;
        }
        *place = Place { segment: next.first, at: 0, sequence: next.first };
        (next.end > 0).then_some(next)
    }

    /// Writes a record to `dead/`, durably.
    fn bury(&mut self, start: Place, reason: &str) -> io::Result<()> {
        let end = self.catalogue.lock().find(start.segment).map_or(0, |segment| segment.end);
        let mut walk = Walk::open(&*self.storage, &file::segment(start.segment))?;
        let Found::Record { payload, .. } = walk.find(start.at, end, start.sequence)? else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        // The reason becomes one line.
        let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut bytes = format!("sequence: {}\nreason: {reason}\n\n", start.sequence).into_bytes();
        bytes.extend_from_slice(payload);
        let name = file::dead(start.sequence);
        let unfinished = file::unfinished(&name);
        let mut grave = self.storage.create(&unfinished)?;
        grave.write(0, &bytes)?;
        grave.sync()?;
        drop(grave);
        self.storage.rename(&unfinished, &name)?;
        self.storage.sync_dir(DEAD)
    }
}

/// A batch ends after this many bytes, so that large records do not fill the memory.
const BATCH_BYTES: u64 = 4 << 20;
