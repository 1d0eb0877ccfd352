//! What an operator may ask of a running server.

use std::sync::Arc;

use tracing::info;

use crate::app::App;

/// A handle of a running server for the signals of its operator.
#[derive(Clone)]
pub struct Control(pub(super) Arc<App>);

impl Control {
    /// Reads again what can be read again: the session keys, the workspaces, and whether the secrets key
    /// opens them.
    pub async fn reload(&self) {
        self.0.workspaces.expire();
        self.0.key_fit.look_again();
        self.0.sessions.reload().await;
        info!("the session keys and the workspaces are read again");
    }

    /// Writes one line about the server's state to the log.
    pub fn say_status(&self) {
        let spool = self.0.journal.spool().stats();
        let waiting: usize = self.0.store.pools().iter().map(|pool| pool.waiting).sum();
        info!(
            spool.pending_records,
            spool.pending_bytes,
            spool.set_aside,
            spool.damaged,
            spool.faults,
            waiting,
            "status: {} records are not in the database yet, {waiting} requests wait for it, {}",
            spool.pending_records,
            spool.refusal.map_or_else(
                || "the spool takes records".to_owned(),
                |refusal| format!("the spool takes no records: {refusal}")
            ),
        );
    }
}
