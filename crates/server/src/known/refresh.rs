//! What is known stays fresh in memory, and is written to disk.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use identity::WorkspaceId;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::files::{Files, KnownWorkspace};
use super::members::Members;
use super::rosters::Rosters;
use super::workspaces::Workspaces;
use crate::clock::Clock;
use crate::metrics::Metrics;

/// Asks the database again where the answer is old, and writes what is known to disk.
pub(crate) struct Refresh {
    pub(crate) clock: Clock,
    pub(crate) members: Arc<Members>,
    pub(crate) workspaces: Arc<Workspaces>,
    pub(crate) rosters: Arc<Rosters>,
    pub(crate) files: Arc<Files>,
    pub(crate) metrics: Arc<Metrics>,
    /// The pause between two rounds; `None`: no rounds.
    pub(crate) every: Option<Duration>,
}

impl Refresh {
    /// Runs round after round until `stop` is cancelled.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let Some(every) = self.every else { return stop.cancelled().await };
        loop {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = async { self.ask_again().await; self.save().await; } => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Reads the members again of workspaces that are not in use: a member who has left since then must not
    /// ring when the database is away.
    async fn ask_again(&self) {
        let Some(then) = self.clock.instant().checked_sub(OLD) else { return };
        for (id, _) in self.workspaces.rows() {
            if self.rosters.is_older(&id, then) && !self.ask(&id).await {
                // The next round tries again.
                return;
            }
        }
    }

    async fn ask(&self, id: &WorkspaceId) -> bool {
        match tokio::time::timeout(PATIENCE, self.members.read(id)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                debug!("rosters are not refreshed: {error}");
                false
            }
            Err(_) => false,
        }
    }

    /// Writes what has changed to disk for the last time. A process with the previous key alone may have
    /// written beside this one.
    pub(crate) async fn save_last(&self) {
        self.save().await;
        let files = Arc::clone(&self.files);
        let resealed = tokio::task::spawn_blocking(move || files.reseal()).await;
        if let Ok(Err(error)) = resealed {
            warn!("a file in known/ is still sealed with the previous key: {error}");
        }
    }

    /// Writes what has changed to disk.
    pub(crate) async fn save(&self) {
        let (workspaces, rosters) = (Arc::clone(&self.workspaces), Arc::clone(&self.rosters));
        let (files, metrics) = (Arc::clone(&self.files), Arc::clone(&self.metrics));
        let written = tokio::task::spawn_blocking(move || {
            for (id, row) in workspaces.rows() {
                let known = KnownWorkspace { row: (*row).clone(), roster: rosters.known(&id) };
                let written = files.write(&id, &known);
                if written.as_ref().is_err_and(|error| error.kind() == ErrorKind::FileTooLarge) {
                    // The file of before stays, and the others are written.
                    metrics.over_budget("known_bytes");
                    warn!(workspace.id = %id, "workspace {id} is too large for its file in known/");
                    continue;
                }
                if let Err(error) = written {
                    metrics.keeping("failed");
                    warn!(workspace.id = %id, "workspace {id} is not written to known/: {error}");
                    return;
                }
            }
            if let Err(error) = files.forget(&workspaces.absent()) {
                warn!("the file of a workspace that was removed is still on disk: {error}");
            }
            metrics.keeping("done");
        });
        // A panic was logged where it happened.
        let _ = written.await;
    }
}

/// The age at which a roster is read again.
const OLD: Duration = Duration::from_secs(60);

/// For one roster: longer than any good database needs.
const PATIENCE: Duration = Duration::from_secs(2);
