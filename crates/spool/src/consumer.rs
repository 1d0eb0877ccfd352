//! Reads records in order, passes them in any order, and sets them aside.

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
    /// Records passed or set aside for themselves, behind `applied`.
    passed: BTreeSet<u64>,
    /// Where to look for the record after `applied`.
    place: Place,
    /// Where to read on.
    read: Place,
    /// What was read and is not passed yet.
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

#[derive(Clone, Copy)]
struct Delivered {
    sequence: u64,
    start: Place,
    bytes: u64,
    passed: bool,
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
        passed: BTreeSet<u64>,
    ) -> Self {
        let place = Place { segment: 0, at: 0, sequence: 0 };
        Self {
            storage,
            catalogue,
            cursor,
            durable: applied,
            applied,
            passed,
            place,
            read: place,
            delivered: VecDeque::new(),
            walk: None,
        }
    }

    /// The records after the cursor that are not passed, in order.
    pub(crate) fn next_batch(&mut self, max_records: usize) -> Result<Vec<Record>, Fault> {
        self.delivered.clear();
        self.read = self.place;
        self.read_on(max_records)
    }

    /// The records after those that were read, in order.
    pub(crate) fn read_on(&mut self, max_records: usize) -> Result<Vec<Record>, Fault> {
        let mut place = self.read;
        let batch = self.read_from(&mut place, max_records);
        self.read = place;
        self.catalogue.lock().read = place.sequence.saturating_sub(1);
        batch
    }

    fn read_from(&mut self, place: &mut Place, max_records: usize) -> Result<Vec<Record>, Fault> {
        let mut batch = Vec::new();
        let mut batch_bytes = 0;
        while batch.len() < max_records && batch_bytes < BATCH_BYTES {
            match self.step(place) {
                // What was read before the fault is delivered.
                Err(_) if !batch.is_empty() => {
                    self.catalogue.count_fault();
                    self.walk = None;
                    break;
                }
                Err(error) => {
                    self.catalogue.count_fault();
                    self.walk = None;
                    return Err(Fault::new("read a segment", &error));
                }
                Ok(Step::Caught) => break,
                Ok(Step::Skipped) => {
                    if self.delivered.is_empty() {
                        self.pass_to(*place);
                    }
                }
                Ok(Step::Record { start, bytes, payload }) => {
                    let sequence = start.sequence;
                    batch_bytes += bytes;
                    batch.push(Record { sequence: Sequence(sequence), payload });
                    self.delivered.push_back(Delivered { sequence, start, bytes, passed: false });
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
            && (first.sequence <= through.0 || first.passed)
        {
            let (start, bytes, passed) = (first.start, first.bytes, first.passed);
            self.delivered.pop_front();
            if !passed {
                self.catalogue.lock().consume(start.segment, bytes);
            }
            self.pass_to(Place { at: start.at + bytes, sequence: start.sequence + 1, ..start });
        }
        self.persist().map_err(ConsumeError::Storage)
    }

    /// Passes these records, whatever is before them, and durably everything up to the first that is
    /// not passed.
    pub(crate) fn pass(&mut self, sequences: &[Sequence]) -> Result<(), ConsumeError> {
        let mut places = Vec::with_capacity(sequences.len());
        for sequence in sequences {
            places.push(self.delivered_at(*sequence)?);
        }
        for place in places {
            self.pass_one(place);
        }
        self.advance(Sequence(self.applied))
    }

    fn delivered_at(&self, sequence: Sequence) -> Result<usize, ConsumeError> {
        let found = self.delivered.binary_search_by_key(&sequence.0, |one| one.sequence);
        found.map_err(|_| ConsumeError::NotDelivered)
    }

    fn pass_one(&mut self, place: usize) {
        let Delivered { sequence, start, bytes, passed } = self.delivered[place];
        if !passed {
            self.delivered[place].passed = true;
            self.passed.insert(sequence);
            self.catalogue.lock().consume(start.segment, bytes);
        }
    }

    /// Puts a record of the last batch into `dead/` and passes it.
    pub(crate) fn set_aside(
        &mut self,
        sequence: Sequence,
        reason: &str,
    ) -> Result<(), ConsumeError> {
        let place = self.delivered_at(sequence)?;
        let Delivered { start, passed, .. } = self.delivered[place];
        if passed {
            return Ok(());
        }
        self.bury(start, reason).map_err(|error| {
            self.catalogue.count_fault();
            ConsumeError::Storage(Fault::new("set a record aside", &error))
        })?;
        self.pass_one(place);
        self.catalogue.lock().set_aside += 1;
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

    fn pass_to(&mut self, place: Place) {
        self.place = place;
        let passed = place.sequence.saturating_sub(1);
        if passed > self.applied {
            self.applied = passed;
            self.catalogue.lock().applied = passed;
        }
        self.passed = self.passed.split_off(&place.sequence);
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
                if start.sequence <= self.applied || self.passed.contains(&start.sequence) {
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
        let waits = |record: &&Delivered| record.start.segment == first && !record.passed;
        for record in self.delivered.iter().filter(waits) {
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
        // The writer may still add records after this end.
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
        let grave = self.storage.create(&unfinished)?;
        grave.write(0, &bytes)?;
        grave.sync()?;
        drop(grave);
        self.storage.rename(&unfinished, &name)?;
        self.storage.sync_dir(DEAD)
    }
}

/// A batch ends after this many bytes, so that large records do not fill the memory.
const BATCH_BYTES: u64 = 4 << 20;
