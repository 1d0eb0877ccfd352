//! Logs of workspaces whose records would hold the spool for too long: each has one of its own, in the
//! spool's directory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use identity::WorkspaceId;
use spool::{Append, Config, OpenError, Spool};
use tracing::{error, warn};

/// The parked logs of one spool, by workspace.
#[derive(Clone)]
pub(crate) struct Parked {
    dir: PathBuf,
    logs: Arc<Mutex<BTreeMap<WorkspaceId, Spool>>>,
    /// Logs that are being ended. Each counts as one record, because something may have been appended.
    ending: Arc<AtomicU64>,
}

impl Parked {
    /// Opens the logs that an earlier process left behind. One that cannot be opened stays where it is.
    pub(super) fn open(spool: &Path) -> Self {
        let parked = Self { dir: dir_of(spool), logs: Arc::default(), ending: Arc::default() };
        for (workspace, dir) in logs_in(&parked.dir) {
            match Spool::open(&dir, CONFIG) {
                Ok(log) => drop(parked.lock().insert(workspace, log)),
                Err(error) => error!("a parked log cannot be opened: {error}"),
            }
        }
        parked
    }

    /// The log of a workspace, if it is parked.
    pub(super) fn of(&self, workspace: &WorkspaceId) -> Option<Spool> {
        self.lock().get(workspace).cloned()
    }

    /// Appends to the log of a workspace, or gives the record back if it is not parked.
    pub(super) fn append(
        &self,
        workspace: &WorkspaceId,
        payload: Vec<u8>,
    ) -> Result<Append, Vec<u8>> {
        // Under the lock, so that the log is not closed in between.
        match self.lock().get(workspace) {
            Some(log) => Ok(log.append(payload)),
            None => Err(payload),
        }
    }

    pub(super) fn workspaces(&self) -> Vec<WorkspaceId> {
        self.lock().keys().cloned().collect()
    }

    pub(super) fn pending_records(&self) -> u64 {
        let logs = self.lock();
        let pending: u64 = logs.values().map(|log| log.stats().pending_records).sum();
        pending + self.ending.load(Ordering::SeqCst)
    }

    pub(super) fn pending_bytes(&self, workspace: &WorkspaceId) -> u64 {
        self.lock().get(workspace).map_or(0, |log| log.stats().pending_bytes)
    }

    /// Begins the log of a workspace. Reads and writes files.
    pub(super) fn begin(&self, workspace: &WorkspaceId, why: &str) -> Result<Spool, OpenError> {
        let dir = self.dir.join(workspace.as_str());
        let log = Spool::open(&dir, CONFIG)?;
        // Only people read it.
        if let Err(error) = fs::write(dir.join(WHY), why) {
            warn!(workspace.id = %workspace, "why it is parked is not on disk: {error}");
        }
        self.lock().insert(workspace.clone(), log.clone());
        Ok(log)
    }

    /// Ends the log of a workspace if it is empty. What is in its `dead/` or `damaged/` stays. Reads and
    /// writes files.
    pub(super) fn end(&self, workspace: &WorkspaceId) {
        let Some(log) = self.of(workspace).filter(|log| log.stats().pending_records == 0) else {
            return;
        };
        {
            let mut logs = self.lock();
            logs.remove(workspace);
            self.ending.fetch_add(1, Ordering::SeqCst);
        }
        self.end_log(workspace, log);
        self.ending.fetch_sub(1, Ordering::SeqCst);
    }

    fn end_log(&self, workspace: &WorkspaceId, log: Spool) {
        // This waits for what was appended before that.
        log.close();
        let (stats, dir) = (log.stats(), self.dir.join(workspace.as_str()));
        drop(log);
        if stats.pending_records > 0 {
            match Spool::open(&dir, CONFIG) {
                Ok(log) => drop(self.lock().insert(workspace.clone(), log)),
                Err(error) => {
                    error!(workspace.id = %workspace, "a parked log cannot be opened again: {error}");
                }
            }
        } else if stats.set_aside == 0
            && stats.damaged == 0
            && let Err(error) = fs::remove_dir_all(&dir)
        {
            warn!(workspace.id = %workspace, "an empty parked log stays on disk: {error}");
        }
    }

    pub(super) fn close(&self) {
        for log in self.lock().values() {
            log.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, Spool>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A workspace whose records wait.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct WaitingLine {
    pub(crate) workspace: WorkspaceId,
    /// Since when and why.
    pub(crate) why: String,
}

/// The workspaces that are parked in a spool's directory, whether a process has it open or not.
pub(crate) fn parked_in(spool: &Path) -> Vec<WaitingLine> {
    let line = |(workspace, dir): (WorkspaceId, PathBuf)| {
        let why = fs::read_to_string(dir.join(WHY)).unwrap_or_default();
        WaitingLine { workspace, why: why.trim().to_owned() }
    };
    logs_in(&dir_of(spool)).into_iter().map(line).collect()
}

/// The directories of parked logs in a spool's directory, also those that only hold records that were
/// set aside.
pub(super) fn dirs_in(spool: &Path) -> Vec<PathBuf> {
    named(&dir_of(spool)).into_iter().map(|(_, dir)| dir).collect()
}

fn dir_of(spool: &Path) -> PathBuf {
    spool.join("parked")
}

fn logs_in(parked: &Path) -> Vec<(WorkspaceId, PathBuf)> {
    let mut logs = named(parked);
    logs.retain(|(_, dir)| has_segment(dir).unwrap_or(true));
    logs
}

fn named(parked: &Path) -> Vec<(WorkspaceId, PathBuf)> {
    let Ok(entries) = fs::read_dir(parked) else { return Vec::new() };
    let mut named: Vec<(WorkspaceId, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path()))
        })
        .collect();
    named.sort();
    named
}

/// Whether a spool's directory may hold records.
pub(crate) fn has_segment(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        if entry?.path().extension().is_some_and(|extension| extension == "spool1") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Smaller than the spool's own, since there may be many. The limit is never reached: a workspace is
/// refused earlier.
const CONFIG: Config =
    Config { segment_bytes: 2 << 20, limit_bytes: 4 << 30, waiting_bytes: 64 << 20 };

/// The file that says since when and why a workspace is parked.
const WHY: &str = "why";
