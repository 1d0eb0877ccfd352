//! One connection listens for changes, for all channels.

use std::time::Duration;

use store_pg::{Listener, Notice, StoreError};
use tokio::time::MissedTickBehavior;
use tracing::{info, warn};

use super::Shared;

/// Listens for changes until the server stops; a lost connection is opened again.
pub(super) async fn listen(shared: &Shared) {
    let listening = async {
        let mut was_lost = false;
        loop {
            let opened = tokio::time::timeout(DEADLINE, shared.store.listen()).await;
            match opened.unwrap_or(Err(StoreError::Late)) {
                Ok(listener) => {
                    if was_lost {
                        info!("listening for changes again");
                    }
                    shared.doubt().out_of_reach(shared.clock.instant());
                    shared.rosters.hears(true, shared.clock.instant());
                    // Changes that were written meanwhile sent no notification here.
                    shared.wake_all();
                    let error = listen_until_lost(shared, listener).await;
                    shared.rosters.hears(false, shared.clock.instant());
                    warn!("not listening for changes: {error}");
                }
                Err(error) if !was_lost => warn!("not listening for changes: {error}"),
                Err(_) => {}
            }
            was_lost = true;
            shared.doubt().out_of_reach(shared.clock.instant());
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
    let mut turn = tokio::time::interval(TURN);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            notified = listener.next() => match notified {
                Ok(Notice::Changed(workspace)) => shared.wake(&workspace),
                Ok(Notice::Agents(workspace)) => shared.rosters.changed(&workspace),
                Ok(Notice::Unrecorded(workspace, users)) => {
                    shared.doubt().told(workspace, users, shared.clock.instant());
                }
                Err(error) => return error,
            },
            _ = turn.tick() => {
                match tokio::time::timeout(DEADLINE, take_turn(shared, &listener)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return error,
                    Err(_) => return StoreError::Late,
                }
            }
        }
    }
}

/// Checks the connection and the clock, and tells the other servers which open pages could not be recorded.
async fn take_turn(shared: &Shared, listener: &Listener) -> Result<(), StoreError> {
    shared.clock.compare(listener.now()).await?;
    let unrecorded = shared.doubt().unrecorded(shared.clock.instant());
    for (workspace, users) in unrecorded {
        listener.tell_unrecorded(&workspace, &users).await?;
    }
    Ok(())
}

/// How often the connection is checked.
const TURN: Duration = Duration::from_secs(5);

const DEADLINE: Duration = Duration::from_secs(3);

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(500);
