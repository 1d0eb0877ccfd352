//! The spools of a data directory. Several processes may run on it at the same time, for example while
//! a new one takes over from an old one, and each has a spool of its own.

use std::path::{Path, PathBuf};

use spool::{Config, OpenError, Spool};
use tracing::warn;

use super::parked::{WaitingLine, dirs_in, has_segment, parked_in};
use super::waiting::waiting_in;

/// Where the spools of a data directory are: `spool`, `spool-2`, `spool-3` and so on.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    data_dir: PathBuf,
}

impl Slots {
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned() }
    }

    /// Takes the first spool that no process has open.
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

    /// Every spool that exists, in use or not.
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        (1..=MOST).map(|number| self.dir(number)).filter(|dir| dir.is_dir()).collect()
    }

    /// Every spool that exists, and every log of a parked workspace in them.
    pub(crate) fn with_parked(&self) -> Vec<PathBuf> {
        let with = |dir: PathBuf| {
            let parked = dirs_in(&dir);
            std::iter::once(dir).chain(parked)
        };
        self.all().into_iter().flat_map(with).collect()
    }

    /// The workspaces that have a log of their own.
    pub(crate) fn parked(&self) -> Vec<WaitingLine> {
        self.all().iter().flat_map(|dir| parked_in(dir)).collect()
    }

    /// The workspaces whose records wait for long in a spool that others use, too.
    pub(crate) fn waiting(&self) -> Vec<WaitingLine> {
        self.all().iter().flat_map(|dir| waiting_in(dir)).collect()
    }

    /// The name of a spool or a parked log: its path in the data directory.
    pub(crate) fn name(&self, dir: &Path) -> String {
        dir.strip_prefix(&self.data_dir).unwrap_or(dir).display().to_string()
    }

    /// Takes every spool but `own` that no process has open and that may hold records.
    pub(super) fn left(&self, own: &Path) -> Vec<(Spool, PathBuf)> {
        let mut left = Vec::new();
        for dir in self.all() {
            let may_hold = has_segment(&dir).unwrap_or(true) || !parked_in(&dir).is_empty();
            if dir == own || !may_hold {
                continue;
            }
            match Spool::open(&dir, Config::default()) {
                Ok(spool) => left.push((spool, dir)),
                Err(OpenError::InUse { .. }) => {}
                Err(error) => warn!("the spool of another process cannot be opened: {error}"),
            }
        }
        left
    }

    fn dir(&self, number: u8) -> PathBuf {
        let name = if number == 1 { "spool".to_owned() } else { format!("spool-{number}") };
        self.data_dir.join(name)
    }
}

/// Processes on one data directory; a handover needs two.
const MOST: u8 = 8;
