//! Keeps what is known of workspaces young in memory, and on disk.

use std::sync::Arc;
use std::time::Duration;

use identity::{CallSid, WorkspaceId};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::app::App;
use crate::known::files::{Kept, Vault};

/// What is known of workspaces, for the time when nobody can be asked.
pub(crate) struct Keeper {
    app: Arc<App>,
    vault: Arc<Vault>,
    every: Option<Duration>,
}

impl Keeper {
    pub(crate) const fn new(app: Arc<App>, vault: Arc<Vault>, every: Option<Duration>) -> Self {
        Self { app, vault, every }
    }

    /// Round after round, until `stop` is cancelled.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        let Some(every) = self.every else { return };
        loop {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = async { self.refresh().await; self.keep().await; } => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Looks again at rosters that no call has brought for a while: whoever left since then must
    /// not ring when the database is away.
    async fn refresh(&self) {
        let Some(then) = self.app.clock.instant().checked_sub(OLD) else { return };
        for (id, _) in self.app.workspaces.rows() {
            if self.app.last_known.is_older(&id, then) && !self.look(&id).await {
                // The next round tries again; there is nothing to hurry for.
                return;
            }
        }
    }

    async fn look(&self, id: &WorkspaceId) -> bool {
        let no_call = CallSid::from_bytes([0; 16]);
        // What calls do to anybody now is not kept.
        let lookup = self.app.store.roster(id, None, no_call, Duration::ZERO, self.app.clock.now());
        match tokio::time::timeout(PATIENCE, lookup).await {
            Ok(Ok(roster)) => {
                self.app.last_known.keep(id, None, &roster, self.app.clock.instant());
                true
            }
            Ok(Err(error)) => {
                debug!("rosters are not refreshed: {error}");
                false
            }
            Err(_) => false,
        }
    }

    /// Writes what has changed to disk.
    pub(crate) async fn keep(&self) {
        let app = Arc::clone(&self.app);
        let vault = Arc::clone(&self.vault);
        let written = tokio::task::spawn_blocking(move || {
            for (id, row) in app.workspaces.rows() {
                let kept = Kept { row: (*row).clone(), seen: app.last_known.seen(&id) };
                if let Err(error) = vault.write(&id, &kept) {
                    app.metrics.keeping("failed");
                    warn!(workspace.id = %id, "what is known of workspace {id} is not kept: {error}");
                    return;
                }
            }
            if let Err(error) = vault.forget(&app.workspaces.absent()) {
                warn!("what was known of a workspace that is no more is still on disk: {error}");
            }
            app.metrics.keeping("done");
        });
        // A panic has been reported where it happened.
        let _ = written.await;
    }
}

/// After which a roster is looked at again.
const OLD: Duration = Duration::from_secs(60);

/// For one roster: longer than any good database needs.
const PATIENCE: Duration = Duration::from_secs(2);
