//! The cursor on disk: up to where records are applied.
//!
//! A cursor file holds two places, a sector each, written in turn; the higher valid one counts.
//! A torn write can only damage the place being written, so the other one stays valid. Every start and
//! every disk failure begins a new file.

use std::io;

use crate::error::Fault;
use crate::file;
use crate::storage::{Storage, Stored};

/// The cursor file in use.
pub(crate) struct Cursor {
    generation: u64,
    file: Option<Box<dyn Stored>>,
    /// Which place is written next.
    turn: u64,
}

impl Cursor {
    /// Begins a new file with `sequence`, and deletes the files of the generations in `old`.
    pub(crate) fn begin(storage: &dyn Storage, old: &[u64], sequence: u64) -> Result<Self, Fault> {
        let generation = old.iter().max().map_or(1, |last| last + 1);
        let mut cursor = Self { generation, file: None, turn: 0 };
        cursor.renew(storage, sequence)?;
        for generation in old {
            // A remaining file is only outdated, not wrong; the next start tries again.
            let _ = storage.remove(&file::cursor(*generation));
        }
        Ok(cursor)
    }

    /// Makes `sequence` durable.
    pub(crate) fn store(&mut self, storage: &dyn Storage, sequence: u64) -> Result<(), Fault> {
        if let Some(file) = &self.file {
            let stored =
                file.write(self.turn * PLACE, &encode(sequence)).and_then(|()| file.sync());
            let name = file::cursor(self.generation);
            if stored.and_then(|()| storage.keeps(&name, &**file)).is_ok() {
                self.turn = 1 - self.turn;
                return Ok(());
            }
            // Never write to it again: the kernel may have dropped the unwritten pages, or nobody will
            // find it.
            self.file = None;
        }
        let old = self.generation;
        self.generation += 1;
        self.renew(storage, sequence)?;
        let _ = storage.remove(&file::cursor(old));
        Ok(())
    }

    fn renew(&mut self, storage: &dyn Storage, sequence: u64) -> Result<(), Fault> {
        let name = file::cursor(self.generation);
        let unfinished = file::unfinished(&name);
        let make = || -> io::Result<Box<dyn Stored>> {
            let file = storage.create(&unfinished)?;
            let mut bytes = [0; 2 * PLACE_BYTES];
            bytes[..USED_BYTES].copy_from_slice(&encode(sequence));
            file.write(0, &bytes)?;
            file.sync()?;
            storage.rename(&unfinished, &name)?;
            storage.sync_dir("")?;
            Ok(file)
        };
        self.file = Some(make().map_err(|error| Fault::new("store the cursor", &error))?);
        self.turn = 1;
        Ok(())
    }
}

/// Reads a cursor file; `None` if neither place is whole.
pub(crate) fn read(storage: &dyn Storage, generation: u64) -> io::Result<Option<u64>> {
    let mut file = storage.open(&file::cursor(generation))?;
    let mut highest = None;
    for place in 0..2 {
        let mut bytes = [0; USED_BYTES];
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read(place * PLACE + filled as u64, &mut bytes[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        highest = highest.max(decode(bytes));
    }
    Ok(highest)
}

fn encode(sequence: u64) -> [u8; USED_BYTES] {
    let mut bytes = [0; USED_BYTES];
    bytes[..8].copy_from_slice(&sequence.to_le_bytes());
    bytes[8..].copy_from_slice(&checksum(sequence).to_le_bytes());
    bytes
}

fn decode(bytes: [u8; USED_BYTES]) -> Option<u64> {
    let sequence = u64::from_le_bytes(*bytes.first_chunk()?);
    let checksum_read = u32::from_le_bytes(*bytes.last_chunk()?);
    (checksum_read == checksum(sequence)).then_some(sequence)
}

fn checksum(sequence: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(b"cursor");
    hasher.update(&sequence.to_le_bytes());
    hasher.finalize()
}

/// A sector, which a disk writes completely or not at all.
const PLACE_BYTES: usize = 512;
const PLACE: u64 = PLACE_BYTES as u64;
const USED_BYTES: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::Simulated;

    #[test]
    fn the_higher_whole_place_counts() {
        let storage = Simulated::new(1);
        let mut cursor = Cursor::begin(&storage, &[], 7).expect("begun");
        cursor.store(&storage, 9).expect("stored");
        assert_eq!(read(&storage, 1).expect("read"), Some(9));
        let name = file::cursor(1);
        storage.damage(&name, |bytes| bytes[512] ^= 1);
        assert_eq!(read(&storage, 1).expect("read"), Some(7));
        storage.damage(&name, |bytes| bytes[3] ^= 1);
        assert_eq!(read(&storage, 1).expect("read"), None);
    }

    #[test]
    fn a_refused_sync_begins_another_file() {
        let storage = Simulated::new(1);
        let mut cursor = Cursor::begin(&storage, &[], 0).expect("begun");
        // The write passes, the sync does not.
        storage.fail_once(storage.operations() + 1);
        cursor.store(&storage, 5).expect("stored elsewhere");
        assert_eq!(storage.list("").expect("listed"), [file::cursor(2)]);
        assert_eq!(read(&storage, 2).expect("read"), Some(5));
    }
}
