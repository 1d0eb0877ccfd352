//! Says on disk whose records wait in the spool for long, and why: for people, by `switchroom check`.
//!
//! What a workspace has in a log of its own is told by `parked`. A process that ends leaves its files,
//! because its records wait all the same, and the next one on the spool begins anew.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use identity::{Timestamp, WorkspaceId};
use tokio::time::Instant;
use tracing::warn;

use super::parked::WaitingLine;

/// The workspaces whose last attempt failed.
pub(super) struct Waiting {
    dir: PathBuf,
    waits: BTreeMap<WorkspaceId, Wait>,
}

struct Wait {
    since: Instant,
    is_told: bool,
}

/// A file to write.
pub(super) struct Notice {
    path: PathBuf,
    text: String,
}

impl Waiting {
    /// Of the spool in this directory.
    pub(super) fn of(spool: &Path) -> Self {
        Self { dir: dir_of(spool), waits: BTreeMap::new() }
    }

    /// Removes what an earlier process said. Writes files.
    pub(super) fn clear(spool: &Path) -> io::Result<()> {
        match fs::remove_dir_all(dir_of(spool)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// An attempt failed. Gives a notice if the records wait for [`LONG`] and nothing was said yet; `now` is
    /// the same moment by the steady clock and by the calendar.
    pub(super) fn failed(
        &mut self,
        workspace: &WorkspaceId,
        reason: &str,
        now: (Instant, Timestamp),
    ) -> Option<Notice> {
        let new = Wait { since: now.0, is_told: false };
        let wait = self.waits.entry(workspace.clone()).or_insert(new);
        let lasted = now.0.saturating_duration_since(wait.since);
        if wait.is_told || lasted < LONG {
            return None;
        }
        wait.is_told = true;
        let since = now.1.before(lasted);
        let path = self.dir.join(workspace.as_str());
        Some(Notice { path, text: format!("since {since}: {reason}\n") })
    }

    /// An attempt succeeded, or the records are elsewhere now. Gives the notice that must be taken back.
    pub(super) fn over(&mut self, workspace: &WorkspaceId) -> Option<PathBuf> {
        let wait = self.waits.remove(workspace)?;
        wait.is_told.then(|| self.dir.join(workspace.as_str()))
    }
}

impl Notice {
    /// Writes the file.
    pub(super) fn write(&self) -> io::Result<()> {
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(&self.path, &self.text)
    }
}

/// The workspaces whose records wait in a spool, whether a process has it open or not.
pub(super) fn waiting_in(spool: &Path) -> Vec<WaitingLine> {
    let Ok(entries) = fs::read_dir(dir_of(spool)) else { return Vec::new() };
    let line = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        let workspace = entry.file_name().to_str()?.parse().ok()?;
        // It may be taken back at any moment.
        let why = fs::read_to_string(entry.path()).ok()?;
        Some(WaitingLine { workspace, why: why.trim().to_owned() })
    };
    let mut lines: Vec<WaitingLine> = entries.filter_map(line).collect();
    lines.sort();
    lines
}

/// Reads or writes small files that only people read, on a thread of their own.
pub(super) async fn on_files(fault: &str, work: impl FnOnce() -> io::Result<()> + Send + 'static) {
    if let Ok(Err(error)) = tokio::task::spawn_blocking(work).await {
        warn!("{fault}: {error}");
    }
}

fn dir_of(spool: &Path) -> PathBuf {
    spool.join("waiting")
}

/// How long records wait before a person should know.
const LONG: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_minute_is_named_until_it_is_over() {
        let spool =
            std::env::temp_dir().join(format!("switchroom-waiting-{}", uuid::Uuid::new_v4()));
        let ids: Vec<WorkspaceId> =
            ["acme", "beta"].iter().map(|id| id.parse().expect("an id")).collect();
        let begun = crate::clock::Clock::system().instant();
        let after = |seconds| {
            (begun + Duration::from_secs(seconds), Timestamp::from_unix_seconds(1_767_225_600 + 60))
        };
        let mut waiting = Waiting::of(&spool);
        assert!(waiting.failed(&ids[0], "a lock", after(0)).is_none());
        assert!(waiting.failed(&ids[0], "a lock", after(59)).is_none());
        assert!(waiting.failed(&ids[1], "a lock", after(59)).is_none());
        assert!(waiting.over(&ids[1]).is_none(), "nothing was said");
        waiting
            .failed(&ids[0], "a trigger", after(60))
            .expect("a notice")
            .write()
            .expect("written");
        assert!(waiting.failed(&ids[0], "a lock", after(61)).is_none(), "said once");
        assert!(waiting.failed(&ids[1], "a lock", after(119)).is_none(), "it had begun anew");
        let why = "since 2026-01-01T00:00:00Z: a trigger".to_owned();
        let line = WaitingLine { workspace: ids[0].clone(), why };
        assert_eq!(waiting_in(&spool), [line]);
        fs::remove_file(waiting.over(&ids[0]).expect("a notice")).expect("taken back");
        assert_eq!(waiting_in(&spool), []);
        waiting.failed(&ids[1], "a lock", after(179)).expect("a notice").write().expect("written");
        Waiting::clear(&spool).expect("cleared");
        assert_eq!(waiting_in(&spool), []);
        Waiting::clear(&spool).expect("nothing to clear");
        fs::remove_dir(&spool).expect("removed");
    }
}
