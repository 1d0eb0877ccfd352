//! The names of files, and a reader for the records of a segment.

use std::io;

use crate::record::{HEADER, HEADER_BYTES, Header};
use crate::storage::{DAMAGED, DEAD, Storage, Stored};

/// The name of the segment whose first record has this sequence.
///
/// The end of the name is the version of the format.
pub(crate) fn segment(first: u64) -> String {
    format!("{first:020}{SEGMENT}")
}

/// The first sequence of a segment, from its name.
pub(crate) fn parse_segment(name: &str) -> Option<u64> {
    number(name.strip_suffix(SEGMENT)?)
}

/// The name of a cursor file.
pub(crate) fn cursor(generation: u64) -> String {
    format!("{CURSOR}{generation:020}")
}

/// The generation of a cursor file, from its name.
pub(crate) fn parse_cursor(name: &str) -> Option<u64> {
    number(name.strip_prefix(CURSOR)?)
}

/// The name of a record that was set aside.
pub(crate) fn dead(sequence: u64) -> String {
    format!("{DEAD}/{sequence:020}{RECORD}")
}

/// The sequence of a record that was set aside, from its name in [`DEAD`].
pub(crate) fn parse_dead(name: &str) -> Option<u64> {
    number(name.strip_suffix(RECORD)?)
}

/// The name of a file that is damaged in part or completely.
pub(crate) fn damaged(name: &str, at: u64) -> String {
    format!("{DAMAGED}/{name}-{at}")
}

/// The temporary name of a file before it gets its final one.
pub(crate) fn unfinished(name: &str) -> String {
    format!("{name}{UNFINISHED}")
}

/// Whether a file was unfinished when the process ended.
pub(crate) fn is_unfinished(name: &str) -> bool {
    name.ends_with(UNFINISHED)
}

fn number(digits: &str) -> Option<u64> {
    let all = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if all { digits.parse().ok() } else { None }
}

/// Reads records in order.
pub(crate) struct Walk {
    file: Box<dyn Stored>,
    /// Bytes of the file, from `window_at` on.
    window: Vec<u8>,
    window_at: u64,
}

/// What is at a place in a segment.
pub(crate) enum Found<'a> {
    /// A whole record.
    Record {
        /// The bytes of header and payload together.
        bytes: u64,
        payload: &'a [u8],
    },
    /// Nothing: a header of zeroes, or no room for a header.
    Nothing,
    /// Something else.
    Damage,
}

impl Walk {
    pub(crate) fn open(storage: &dyn Storage, name: &str) -> io::Result<Self> {
        Ok(Self { file: storage.open(name)?, window: Vec::new(), window_at: 0 })
    }

    /// The length of the file in bytes.
    pub(crate) fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    /// Reads the record at `at`, which must have this sequence and end at or before `end`.
    pub(crate) fn find(&mut self, at: u64, end: u64, sequence: u64) -> io::Result<Found<'_>> {
        let room = end.saturating_sub(at);
        if room < HEADER_BYTES {
            return Ok(Found::Nothing);
        }
        let header = self.load(at, HEADER_BYTES, end)?.first_chunk().copied();
        // The file has become shorter.
        let Some(header) = header else { return Ok(Found::Damage) };
        let Some(header) = Header::parse(header) else { return Ok(Found::Nothing) };
        let bytes = header.record_bytes();
        if bytes > room {
            return Ok(Found::Damage);
        }
        let payload = self.load(at, bytes, end)?.get(HEADER..);
        Ok(match payload {
            Some(payload) if header.fits(sequence, payload) => Found::Record { bytes, payload },
            _ => Found::Damage,
        })
    }

    /// Whether everything from `at` to `end` is zero.
    pub(crate) fn is_blank(&mut self, mut at: u64, end: u64) -> io::Result<bool> {
        while at < end {
            let bytes = self.load(at, (end - at).min(WINDOW), end)?;
            if bytes.is_empty() {
                break;
            }
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += bytes.len() as u64;
        }
        Ok(true)
    }

    /// Writes everything from `at` to `end` into another file and makes it durable.
    pub(crate) fn copy(
        &mut self,
        mut at: u64,
        end: u64,
        storage: &dyn Storage,
        name: &str,
    ) -> io::Result<()> {
        let copy = storage.create(name)?;
        let start = at;
        while at < end {
            let bytes = self.load(at, (end - at).min(WINDOW), end)?;
            if bytes.is_empty() {
                break;
            }
            copy.write(at - start, bytes)?;
            at += bytes.len() as u64;
        }
        copy.sync()?;
        storage.sync_dir(DAMAGED)
    }

    /// The bytes from `at` on, `bytes` of them or as many as the file has.
    ///
    /// Nothing at or beyond `end` is kept: it may still change.
    fn load(&mut self, at: u64, bytes: u64, end: u64) -> io::Result<&[u8]> {
        let held = self.window_at..self.window_at + self.window.len() as u64;
        if !(held.contains(&at) && at + bytes <= held.end) {
            let wanted = bytes.max(WINDOW.min(end - at));
            self.window.clear();
            self.window.resize(index(wanted), 0);
            self.window_at = at;
            let mut filled = 0;
            while filled < self.window.len() {
                let read = self.file.read(at + filled as u64, &mut self.window[filled..]);
                match read {
                    Ok(0) => break,
                    Ok(read) => filled += read,
                    Err(error) => {
                        self.window.clear();
                        return Err(error);
                    }
                }
            }
            self.window.truncate(filled);
        }
        let from = index(at - self.window_at);
        let to = index(at + bytes - self.window_at).min(self.window.len());
        Ok(self.window.get(from..to).unwrap_or_default())
    }
}

/// A place in memory; segments are at most 1 GiB.
fn index(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

const SEGMENT: &str = ".spool1";
const CURSOR: &str = "cursor-";
const RECORD: &str = ".record";
const UNFINISHED: &str = ".new";
/// Read at once: about as much as a hundred callbacks.
const WINDOW: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for number in [0, 1, 258, u64::MAX] {
            assert_eq!(parse_segment(&segment(number)), Some(number));
            assert_eq!(parse_cursor(&cursor(number)), Some(number));
            assert_eq!(dead(number).strip_prefix("dead/").and_then(parse_dead), Some(number));
        }
        for name in ["", "owner.lock", "1.spool1", "+0000000000000000001.spool1", "cursor-"] {
            assert_eq!((parse_segment(name), parse_cursor(name)), (None, None), "{name}");
        }
        let name = unfinished(&segment(1));
        assert!(is_unfinished(&name));
        assert_eq!(parse_segment(&name), None);
    }
}
