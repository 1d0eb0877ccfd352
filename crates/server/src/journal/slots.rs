//! The spools of a data directory: one for each process that runs on it at the same time, as while
//! a new one takes over from an old one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use spool::{Config, OpenError, Spool};
use tracing::warn;

/// Where the spools of a data directory are: `spool`, `spool-2`, `spool-3` and so on.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    data_dir: PathBuf,
}

impl Slots {
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned() }
    }

    /// Takes the first spool that nobody has.
    pub(crate) fn take(&self) -> Result<(Spool, PathBuf), OpenError> {
        let mut number = 1;
        loop {
            let dir = self.dir(number);
            match Spool::open(&dir, Config::default()) {
                Ok(spool) => return Ok((spool, dir)),
                Err(OpenError::InUse { .. }) if number < MOST => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Every spool that is there, whoever has it.
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        (1..=MOST).map(|number| self.dir(number)).filter(|dir| dir.is_dir()).collect()
    }

    /// Takes every spool but `own` that nobody has and that may hold records.
    pub(super) fn left(&self, own: &Path) -> Vec<Spool> {
        let mut left = Vec::new();
        for dir in self.all() {
            if dir == own || !has_segment(&dir).unwrap_or(true) {
                continue;
            }
            match Spool::open(&dir, Config::default()) {
                Ok(spool) => left.push(spool),
                Err(OpenError::InUse { .. }) => {}
                Err(error) => warn!("a spool that another run left cannot be opened: {error}"),
            }
        }
        left
    }

    fn dir(&self, number: u8) -> PathBuf {
        let name = if number == 1 { "spool".to_owned() } else { format!("spool-{number}") };
        self.data_dir.join(name)
    }
}

fn has_segment(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        if entry?.path().extension().is_some_and(|extension| extension == "spool1") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Processes on one data directory; two are enough for any hand-over.
const MOST: u8 = 8;
