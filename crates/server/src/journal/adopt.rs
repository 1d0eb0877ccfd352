//! The spools of processes that are gone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use store_pg::Store;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{Applier, Journal, Slots};
use crate::metrics::Metrics;

/// Applies the records in spools of processes that are gone, until `stop` is cancelled.
pub(crate) async fn adopt(
    slots: Slots,
    own: PathBuf,
    store: Store,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    loop {
        let (there, not_this) = (slots.clone(), own.clone());
        let left = tokio::task::spawn_blocking(move || there.left(&not_this)).await;
        // A panic was logged where it happened.
        for spool in left.unwrap_or_default() {
            let records = spool.stats().pending_records;
            if records > 0 {
                info!("applying {records} records that another process left behind");
            }
            let journal = Journal::new(spool.clone(), Arc::clone(&metrics));
            Applier::new(journal, store.clone()).run_until_empty(&stop).await;
            let _ = tokio::task::spawn_blocking(move || spool.close()).await;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Between two searches for such spools.
const PAUSE: Duration = Duration::from_secs(5);
