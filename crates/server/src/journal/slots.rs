//! The spools of a data directory: one for each process that runs on it at the same time, as while
//! a new one takes over from an old one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use spool::{Config, OpenError, Spool};
use store_pg::Store;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::journal::Journal;
use crate::metrics::Metrics;

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
    fn left(&self, own: &Path) -> Vec<Spool> {
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

/// Applies what processes that are gone have left in their spools, until `stop` is cancelled.
pub(crate) async fn adopt(
    slots: &Slots,
    own: &Path,
    store: &Store,
    metrics: &Arc<Metrics>,
    stop: &CancellationToken,
) {
    loop {
        let (there, not_this) = (slots.clone(), own.to_owned());
        let left = tokio::task::spawn_blocking(move || there.left(&not_this)).await;
        // A panic has been reported where it happened.
        for spool in left.unwrap_or_default() {
            let records = spool.stats().pending_records;
            if records > 0 {
                info!("{records} records that another run left are applied");
            }
            let journal = Journal::new(spool.clone(), Arc::clone(metrics));
            journal.apply_rest(store, stop).await;
            let _ = tokio::task::spawn_blocking(move || spool.close()).await;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Processes on one data directory; two are enough for any hand-over.
const MOST: u8 = 8;

/// Between two looks at what nobody has.
const PAUSE: Duration = Duration::from_secs(5);
