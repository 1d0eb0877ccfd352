//! One connection listens for changes, for all channels.

use std::time::Duration;

use store_pg::{Listener, StoreError};
use tracing::{info, warn};

use super::Shared;

/// Listens for changes until the server stops; a lost connection is opened again.
pub(super) async fn listen(shared: &Shared) {
    let listening = async {
        let mut was_lost = false;
        loop {
            let opened = tokio::time::timeout(DEADLINE, shared.store.listen()).await;
            match opened.unwrap_or_else(|_| Err(StoreError::Away("no answer in time".into()))) {
                Ok(listener) => {
                    if was_lost {
                        info!("listening for changes again");
                    }
                    shared.can_renew(true);
                    // Changes that were written meanwhile sent no notification here.
                    shared.wake_all();
                    let error = listen_until_lost(shared, listener).await;
                    warn!("not listening for changes: {error}");
                }
                Err(error) if !was_lost => warn!("not listening for changes: {error}"),
                Err(_) => {}
            }
            was_lost = true;
            shared.can_renew(false);
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        () = shared.stop.cancelled() => {}
        () = listening => {}
    }
}

async fn listen_until_lost(shared: &Shared, mut listener: Listener) -> StoreError {
    loop {
        tokio::select! {
            notified = listener.next() => match notified {
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

/// After so long without a notification the connection is checked.
const QUIET: Duration = Duration::from_secs(5);

const DEADLINE: Duration = Duration::from_secs(3);

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(500);
