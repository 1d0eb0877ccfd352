//! Checks again and again whether the database is safe to use.

use std::time::Duration;

use store_pg::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// Checks the database whenever new connections were opened, until `stop` is cancelled.
///
/// A database that was away at the start is not used before it was checked. One that goes away and comes
/// back may be another one, after a restore or a failover: it is used at once, checked behind the first
/// requests, and not used any more if it is not safe.
pub(crate) async fn watch(store: Store, stop: CancellationToken, mut is_trusted: bool) {
    let mut is_due = !is_trusted;
    loop {
        if !is_due {
            tokio::select! {
                () = store.connected() => {}
                () = stop.cancelled() => return,
            }
        }
        is_due = true;
        let look =
            async { if is_trusted { store.look_again().await } else { store.guard().await } };
        let pause = match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(())) => {
                if !is_trusted {
                    info!("the database is safe and is used");
                }
                (is_trusted, is_due) = (true, false);
                PAUSE
            }
            Ok(Err(StoreError::Refused(faults))) => {
                for fault in &faults {
                    error!("the database is not used: {fault}");
                }
                is_trusted = false;
                PAUSE
            }
            Ok(Err(fault)) => {
                if !is_trusted {
                    warn!("the database could not be checked: {fault}");
                }
                AGAIN
            }
            Err(_) => AGAIN,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Between two checks: pools open their connections one after the other, and people need time to fix
/// faults.
const PAUSE: Duration = Duration::from_secs(5);

/// Between two checks while it is away.
const AGAIN: Duration = Duration::from_millis(500);

/// For one check, which takes about twenty statements.
const PATIENCE: Duration = Duration::from_secs(10);
