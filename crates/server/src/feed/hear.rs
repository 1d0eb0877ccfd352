//! One connection hears of changes, for all rooms.

use std::sync::Arc;
use std::time::Duration;

use store_pg::{Listener, StoreError};
use tracing::{info, warn};

use super::Shared;

/// Hears of changes until the server stops; a lost connection is made again.
pub(super) async fn hear(shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    let hearing = async {
        let mut was_lost = false;
        loop {
            let opened = tokio::time::timeout(DEADLINE, shared.store.listen()).await;
            match opened.unwrap_or_else(|_| Err(StoreError::Away("no answer in time".into()))) {
                Ok(listener) => {
                    if was_lost {
                        info!("changes are heard of again");
                    }
                    shared.renews(true);
                    // What was written meanwhile was told to nobody.
                    shared.wake_all();
                    let error = hear_until_lost(&shared, listener).await;
                    warn!("changes are not heard of: {error}");
                }
                Err(error) if !was_lost => warn!("changes are not heard of: {error}"),
                Err(_) => {}
            }
            was_lost = true;
            shared.renews(false);
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        () = hearing => {}
    }
}

async fn hear_until_lost(shared: &Shared, mut listener: Listener) -> StoreError {
    loop {
        tokio::select! {
            heard = listener.next() => match heard {
                Ok(workspace) => shared.wake(&workspace),
                Err(error) => return error,
            },
            () = tokio::time::sleep(QUIET) => {
                match tokio::time::timeout(DEADLINE, listener.check()).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return error,
                    Err(_) => return StoreError::Away("no answer in time".into()),
                }
            }
        }
    }
}

/// After so long without a notice the connection is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(5);

const DEADLINE: Duration = Duration::from_secs(3);

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(500);
