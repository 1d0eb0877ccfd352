//! The spools of processes that are gone.

use std::path::PathBuf;
use std::time::Duration;

use store_pg::Store;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{Applier, Journal, Slots};

/// Applies the records in spools of processes that are gone, until `stop` is cancelled.
pub(crate) async fn adopt(
    slots: Slots,
    (own, journal): (PathBuf, Journal),
    store: Store,
    stop: CancellationToken,
) {
    // Each for itself: a workspace that waits in one of them holds up no other.
    let mut adopted = JoinSet::new();
    loop {
        let (there, not_this) = (slots.clone(), own.clone());
        let left = tokio::task::spawn_blocking(move || there.left(&not_this)).await;
        // A panic was logged where it happened.
        for (spool, dir) in left.unwrap_or_default() {
            let (like, store, stop) = (journal.clone(), store.clone(), stop.clone());
            adopted.spawn(async move {
                let opened = tokio::task::spawn_blocking(move || like.beside((spool, &dir))).await;
                let Ok(left) = opened else { return };
                let records = left.pending_records();
                if records > 0 {
                    info!("applying {records} records that another process left behind");
                }
                Applier::new(left.clone(), store).run_until_empty(&stop).await;
                let _ = tokio::task::spawn_blocking(move || left.close()).await;
            });
        }
        while adopted.try_join_next().is_some() {}
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Between two searches for such spools.
const PAUSE: Duration = Duration::from_secs(5);
