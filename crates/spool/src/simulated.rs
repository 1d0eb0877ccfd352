//! A disk in memory that fails chosen operations, and forgets unsynced data.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::storage::{Identity, Storage, Stored};

/// Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Simulated(Arc<Mutex<World>>);

struct World {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    /// The names that a power cut leaves, before those in `changes`.
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since their directory was synced.
    changes: Vec<Change>,
    operations: u64,
    fail: Fail,
    dice: Dice,
}

#[derive(Clone, Default)]
struct File {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors written since the last sync.
    dirty: BTreeSet<usize>,
    is_resized: bool,
}

#[derive(Clone)]
enum Change {
    Link(String, usize),
    Unlink(String),
    Rename(String, String, usize),
}

#[derive(Clone, Copy)]
enum Fail {
    Never,
    Once(u64),
    From(u64),
}

impl Simulated {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(World {
            files: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
            operations: 0,
            fail: Fail::Never,
            dice: Dice::new(seed),
        })))
    }

    /// How many operations were requested so far; the next one has this number.
    pub(crate) fn operations(&self) -> u64 {
        self.world().operations
    }

    pub(crate) fn fail_once(&self, operation: u64) {
        self.world().fail = Fail::Once(operation);
    }

    pub(crate) fn fail_from(&self, operation: u64) {
        self.world().fail = Fail::From(operation);
    }

    pub(crate) fn heal(&self) {
        self.world().fail = Fail::Never;
    }

    /// Changes a file without the spool's knowledge, on disk and in the cache.
    pub(crate) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut world = self.world();
        let file = world.names[name];
        let file = &mut world.files[file];
        change(&mut file.bytes);
        file.durable.clone_from(&file.bytes);
        file.dirty.clear();
    }

    /// Deletes every file without the spool's knowledge.
    pub(crate) fn lose_everything(&self) {
        let mut world = self.world();
        world.names.clear();
        world.durable_names.clear();
        world.changes.clear();
    }

    /// The contents of a file.
    pub(crate) fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let world = self.world();
        world.names.get(name).map(|file| world.files[*file].bytes.clone())
    }

    /// Every file with its contents, as another disk.
    pub(crate) fn copy(&self) -> Self {
        let world = self.world();
        let copy = Self::new(1);
        {
            let mut other = copy.world();
            other.files.clone_from(&world.files);
            other.names.clone_from(&world.names);
            other.durable_names.clone_from(&world.names);
        }
        copy
    }

    /// Cuts the power and restores it.
    ///
    /// Each unsynced sector is randomly present, missing or torn, and each unsynced change of a name
    /// is present or missing.
    pub(crate) fn cut_power(&self) {
        let mut world = self.world();
        let World { files, names, durable_names, changes, dice, .. } = &mut *world;
        for change in changes.drain(..) {
            if dice.flip() {
                change.apply(durable_names);
            }
        }
        names.clone_from(durable_names);
        for file in files {
            file.write_back(dice);
            file.bytes.clone_from(&file.durable);
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Counts an operation; true if it must fail.
    fn refuses(&mut self) -> bool {
        let number = self.operations;
        self.operations += 1;
        match self.fail {
            Fail::Never => false,
            Fail::Once(chosen) => number == chosen,
            Fail::From(chosen) => number >= chosen,
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    /// Changes names; a failing change may have happened anyway.
    fn change_or_refuse(&mut self, change: Change) -> io::Result<()> {
        let refused = self.refuses();
        if !refused || self.dice.flip() {
            self.change(change);
        }
        if refused { Err(refusal()) } else { Ok(()) }
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, file) => drop(names.insert(name.clone(), *file)),
            Self::Unlink(name) => drop(names.remove(name)),
            Self::Rename(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }

    fn touches(&self, dir: &str) -> bool {
        let (Self::Link(name, _) | Self::Unlink(name) | Self::Rename(_, name, _)) = self;
        name.rsplit_once('/').map_or("", |(dir, _)| dir) == dir
    }
}

impl File {
    /// Some of what is dirty reaches the disk, some does not, some in part; nothing stays dirty.
    fn write_back(&mut self, dice: &mut Dice) {
        if self.is_resized && dice.flip() {
            self.durable.resize(self.bytes.len(), 0);
        }
        self.is_resized = false;
        for sector in std::mem::take(&mut self.dirty) {
            let kept = match dice.below(3) {
                0 => 0,
                1 => SECTOR,
                _ => usize::try_from(dice.below(SECTOR as u64)).unwrap_or(0),
            };
            let from = sector * SECTOR;
            let to = (from + kept).min(self.bytes.len()).min(self.durable.len());
            if from < to {
                self.durable[from..to].copy_from_slice(&self.bytes[from..to]);
            }
        }
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = at + bytes.len();
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
            self.is_resized = true;
        }
        self.bytes[at..end].copy_from_slice(bytes);
        self.dirty.extend(at / SECTOR..=(end - 1) / SECTOR);
    }

    fn sync(&mut self) {
        if self.is_resized {
            self.durable.resize(self.bytes.len(), 0);
            self.is_resized = false;
        }
        for sector in std::mem::take(&mut self.dirty) {
            let range = sector * SECTOR..((sector + 1) * SECTOR).min(self.bytes.len());
            self.durable[range.clone()].copy_from_slice(&self.bytes[range]);
        }
    }
}

impl Storage for Simulated {
    fn create(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        let mut world = self.world();
        let file = world.files.len();
        world.files.push(File::default());
        world.change_or_refuse(Change::Link(name.into(), file))?;
        Ok(Box::new(Handle { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        let mut world = self.world();
        if world.refuses() {
            return Err(refusal());
        }
        let file = world.find(name)?;
        Ok(Box::new(Handle { disk: self.clone(), file }))
    }

    fn truncate(&self, name: &str, size: u64) -> io::Result<()> {
        let mut world = self.world();
        let refused = world.refuses();
        let file = world.find(name)?;
        let size = usize::try_from(size).expect("small files");
        if !refused || world.dice.flip() {
            let file = &mut world.files[file];
            file.bytes.truncate(size);
            file.durable.truncate(size);
            file.dirty.retain(|sector| sector * SECTOR < size);
        }
        if refused { Err(refusal()) } else { Ok(()) }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.world();
        let file = world.find(from)?;
        world.change_or_refuse(Change::Rename(from.into(), to.into(), file))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.world();
        world.find(name)?;
        world.change_or_refuse(Change::Unlink(name.into()))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let mut world = self.world();
        let refused = world.refuses();
        let World { changes, durable_names, dice, .. } = &mut *world;
        changes.retain(|change| {
            let stays = !change.touches(dir);
            // Data that a failed sync did not write is forgotten, not kept for the next sync.
            if !stays && (!refused || dice.flip()) {
                change.apply(durable_names);
            }
            stays
        });
        if refused { Err(refusal()) } else { Ok(()) }
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let mut world = self.world();
        if world.refuses() {
            return Err(refusal());
        }
        let inside = |name: &String| {
            let (parent, name) = name.rsplit_once('/').unwrap_or(("", name));
            (parent == dir).then(|| name.to_owned())
        };
        Ok(world.names.keys().filter_map(inside).collect())
    }

    fn keeps(&self, name: &str, file: &dyn Stored) -> io::Result<()> {
        let identity = file.identity()?;
        let mut world = self.world();
        if world.refuses() {
            return Err(refusal());
        }
        let found = Identity(0, world.find(name)? as u64);
        if found == identity { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn restore(&self) -> io::Result<()> {
        if self.world().refuses() { Err(refusal()) } else { Ok(()) }
    }
}

struct Handle {
    disk: Simulated,
    file: usize,
}

impl Stored for Handle {
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut world = self.disk.world();
        if world.refuses() {
            return Err(refusal());
        }
        let bytes = &world.files[self.file].bytes;
        let at = usize::try_from(at).expect("small files").min(bytes.len());
        let count = buffer.len().min(bytes.len() - at);
        buffer[..count].copy_from_slice(&bytes[at..at + count]);
        Ok(count)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.disk.world();
        let at = usize::try_from(at).expect("small files");
        if world.refuses() {
            let part = usize::try_from(world.dice.below(bytes.len() as u64 + 1)).expect("small");
            world.files[self.file].write(at, &bytes[..part]);
            return Err(refusal());
        }
        world.files[self.file].write(at, bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.disk.world();
        if world.refuses() {
            // As Linux does: unwritten pages count as clean from now on.
            let World { files, dice, .. } = &mut *world;
            files[self.file].write_back(dice);
            return Err(refusal());
        }
        world.files[self.file].sync();
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        let mut world = self.disk.world();
        if world.refuses() {
            return Err(refusal());
        }
        Ok(world.files[self.file].bytes.len() as u64)
    }

    fn identity(&self) -> io::Result<Identity> {
        Ok(Identity(0, self.file as u64))
    }
}

/// Random numbers from a seed (xorshift64*, Vigna 2016).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % limit
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.below(2) == 0
    }
}

fn refusal() -> io::Error {
    io::Error::from_raw_os_error(EIO)
}

const SECTOR: usize = 512;
const EIO: i32 = 5;

#[test]
fn what_was_not_synced_may_be_gone() {
    let mut lost = 0;
    for seed in 0..64 {
        let disk = Simulated::new(seed);
        let file = disk.create("a").expect("made");
        file.write(0, b"synced").expect("written");
        file.sync().expect("synced");
        disk.sync_dir("").expect("synced");
        file.write(6, b" and not").expect("written");
        disk.create("b").expect("made");
        disk.cut_power();
        let left = disk.contents("a").expect("its name was synced");
        assert!(left.starts_with(b"synced"), "seed {seed}");
        lost += u32::from(left.len() == 6) + u32::from(disk.contents("b").is_none());
    }
    assert!((32..96).contains(&lost), "{lost} of 128");
}
