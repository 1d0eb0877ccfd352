//! Recovery: reads the directory at the start.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;

use crate::catalogue::{Catalogue, Segment, State};
use crate::consumer::Consumer;
use crate::cursor::{self, Cursor};
use crate::error::Fault;
use crate::file::{self, Found, Walk};
use crate::record::HEADER_BYTES;
use crate::storage::{DEAD, Storage};

/// The result of recovery. Log it, and look into any damage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recovery {
    /// Records that wait to be applied.
    pub pending_records: u64,
    /// Records in `dead/`, which a person should inspect.
    pub set_aside: u64,
    /// Places that could not be read. Everything before each of them was kept.
    pub damage: Vec<Damage>,
}

/// A part of a file that could not be read as records.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Damage {
    /// The file, in the spool's directory.
    pub file: String,
    /// Where the unreadable part begins.
    pub at_byte: u64,
    /// How long it is.
    pub bytes: u64,
    /// Where it was copied to, in the spool's directory. `None` if that failed too: then the
    /// whole file is moved to `damaged/` when the rest of it is applied.
    pub saved_as: Option<String>,
}

/// The initial state of a spool.
pub(crate) struct Start {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) consumer: Consumer,
    /// The first free sequence.
    pub(crate) next: u64,
    pub(crate) report: Recovery,
}

/// Reads the directory, saves what is damaged and begins a new cursor.
pub(crate) fn recover(storage: &Arc<dyn Storage>) -> Result<Start, Fault> {
    let names = list(storage, "")?;
    let dead_names = list(storage, DEAD)?;
    tidy(&**storage, &names, &dead_names);
    let dead: BTreeSet<u64> = dead_names.iter().filter_map(|name| file::parse_dead(name)).collect();

    let mut damage = Vec::new();
    let generations: Vec<u64> = names.iter().filter_map(|name| file::parse_cursor(name)).collect();
    let applied = read_cursors(&**storage, &generations, &mut damage)?;

    let mut firsts: Vec<u64> = names.iter().filter_map(|name| file::parse_segment(name)).collect();
    firsts.sort_unstable();
    let mut next = applied.max(dead.last().copied().unwrap_or(0)) + 1;
    let mut segments = VecDeque::new();
    for first in firsts {
        let scanned = scan(&**storage, first, applied, &dead)?;
        // Numbers that damage may hide are not used again.
        let hidden = scanned.damage.as_ref().map_or(0, |found| found.bytes / HEADER_BYTES + 1);
        next = next.max(scanned.segment.last() + hidden + 1);
        damage.extend(scanned.damage);
        segments.push_back(scanned.segment);
    }

    let catalogue = Arc::new(Catalogue::default());
    let cursor = Cursor::begin(&**storage, &generations, applied)?;
    let report = {
        let mut entries = catalogue.lock();
        entries.segments = segments;
        entries.applied = applied;
        entries.set_aside = dead.len() as u64;
        entries.damaged = damage.len() as u64;
        let pending_records = entries.left().records;
        Recovery { pending_records, set_aside: entries.set_aside, damage }
    };
    let shared = (Arc::clone(storage), Arc::clone(&catalogue));
    let mut consumer = Consumer::new(shared.0, shared.1, cursor, applied, dead);
    consumer.clean();
    Ok(Start { catalogue, consumer, next, report })
}

/// Deletes unfinished files of the last process; a remaining one does no harm.
fn tidy(storage: &dyn Storage, names: &[String], dead_names: &[String]) {
    for name in names.iter().filter(|name| file::is_unfinished(name)) {
        let _ = storage.remove(name);
    }
    for name in dead_names.iter().filter(|name| file::is_unfinished(name)) {
        let _ = storage.remove(&format!("{DEAD}/{name}"));
    }
}

/// The highest place that any cursor file says.
///
/// An unreadable file stops the start: if it became readable later, its cursor would hide
/// records that were appended in between.
fn read_cursors(
    storage: &dyn Storage,
    generations: &[u64],
    damage: &mut Vec<Damage>,
) -> Result<u64, Fault> {
    let mut applied = 0;
    for generation in generations {
        let read = patiently(|| cursor::read(storage, *generation));
        let read = read.map_err(|error| Fault::new("read the cursor", &error))?;
        applied = applied.max(read.unwrap_or(0));
        if read.is_none() {
            let file = file::cursor(*generation);
            let saved = file::damaged(&file, 0);
            let saved_as = storage.rename(&file, &saved).is_ok().then_some(saved);
            damage.push(Damage { file, at_byte: 0, bytes: 0, saved_as });
        }
    }
    Ok(applied)
}

struct Scanned {
    segment: Segment,
    damage: Option<Damage>,
}

/// Finds the intact records of a segment, saves the rest and cuts it off.
fn scan(
    storage: &dyn Storage,
    first: u64,
    applied: u64,
    dead: &BTreeSet<u64>,
) -> Result<Scanned, Fault> {
    let name = file::segment(first);
    let unreadable = |error: io::Error| Fault::new("open a segment", &error);
    let mut walk = patiently(|| Walk::open(storage, &name)).map_err(unreadable)?;
    let size = patiently(|| walk.size()).map_err(unreadable)?;
    let mut segment = Segment { state: State::Sealed, ..Segment::open(first, size) };
    let sound = loop {
        let sequence = first + segment.records;
        let found = patiently(|| match walk.find(segment.end, size, sequence)? {
            Found::Record { bytes, .. } => Ok(Some(bytes)),
            Found::Nothing | Found::Damage => Ok(None),
        });
        match found {
            Ok(Some(bytes)) => {
                segment.records += 1;
                segment.end += bytes;
                if sequence > applied && !dead.contains(&sequence) {
                    segment.left.records += 1;
                    segment.left.bytes += bytes;
                }
            }
            Ok(None) => {
                break patiently(|| walk.is_blank(segment.end, size)).unwrap_or(false);
            }
            Err(_) => break false,
        }
    };
    let damage = if sound { None } else { Some(save(storage, &mut walk, &mut segment)) };
    drop(walk);
    if !segment.keep && segment.end < size && storage.truncate(&name, segment.end).is_ok() {
        segment.size = segment.end;
    }
    Ok(Scanned { segment, damage })
}

/// Copies everything after the last intact record to `damaged/`.
fn save(storage: &dyn Storage, walk: &mut Walk, segment: &mut Segment) -> Damage {
    let file = file::segment(segment.first);
    let (at_byte, size) = (segment.end, segment.size);
    let saved = file::damaged(&file, at_byte);
    let copied = patiently(|| walk.copy(at_byte, size, storage, &saved)).is_ok();
    segment.keep = !copied;
    Damage { file, at_byte, bytes: size - at_byte, saved_as: copied.then_some(saved) }
}

fn list(storage: &Arc<dyn Storage>, dir: &str) -> Result<Vec<String>, Fault> {
    patiently(|| storage.list(dir)).map_err(|error| Fault::new("list the spool directory", &error))
}

/// Retries an operation that may be repeated: a read, or a write to a separate file.
fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    attempt().or_else(|_| attempt()).or_else(|_| attempt())
}
