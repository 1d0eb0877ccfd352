//! The background tasks of a server, and the order in which they end.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::parts::Parts;
use crate::database::guard;
use crate::dispatch;
use crate::http::listener::{self, Limits};
use crate::journal::{Applier, adopt};
use crate::tasks::{Task, Tasks};

/// The tasks of a server that runs.
pub(super) struct Running {
    listener: Task,
    reconciler: Task,
    refresh: Task,
    guard: Task,
    changes: Task,
    adopter: Task,
    rotation: Task,
    applier: Task,
    /// The applier goes on when the others have stopped: they may still acknowledge something.
    stop_applier: CancellationToken,
}

impl Running {
    /// Starts all tasks. All but the applier end when `stop` is cancelled.
    pub(super) fn start(
        tasks: &Tasks,
        stop: &CancellationToken,
        parts: &Parts,
        (listener, limits): (TcpListener, Limits),
        is_trusted: bool,
    ) -> Self {
        let app = &parts.app;
        let store = &app.store;
        let stop_applier = CancellationToken::new();
        let listener = {
            let app = Arc::clone(app);
            let answer = move |request| {
                let app = Arc::clone(&app);
                async move { dispatch::answer(&app, request).await }
            };
            let serve = listener::serve(listener, limits, stop.clone(), answer);
            tasks.spawn("listener", stop, serve)
        };
        let reconciler = {
            let (reconciler, stop_it) = (Arc::clone(&parts.reconciler), stop.clone());
            tasks.spawn("reconciler", stop, async move { reconciler.run(&stop_it).await })
        };
        let refresh = {
            let (refresh, stop_it) = (Arc::clone(&parts.refresh), stop.clone());
            tasks.spawn("refresh", stop, async move { refresh.run(&stop_it).await })
        };
        let guard = {
            let (store, stop_it) = (store.clone(), stop.clone());
            let watch = async move { guard::watch(&store, &stop_it, is_trusted).await };
            tasks.spawn("database guard", stop, watch)
        };
        let changes = {
            let feed = app.feed.clone();
            tasks.spawn("changes", stop, async move { feed.listen().await })
        };
        let adopter = {
            let (slots, own_slot) = (parts.slots.clone(), parts.own_slot.clone());
            let (store, metrics, stop_it) = (store.clone(), Arc::clone(&app.metrics), stop.clone());
            let adopt = async move { adopt(&slots, &own_slot, &store, &metrics, &stop_it).await };
            tasks.spawn("adopter", stop, adopt)
        };
        let rotation = {
            let (spool, stop_it) = (app.journal.spool().clone(), stop.clone());
            tasks.spawn("spool rotation", stop, async move {
                while tokio::time::timeout(ROTATION, stop_it.cancelled()).await.is_err() {
                    spool.rotate();
                }
            })
        };
        let applier = {
            let applier = Applier::new(app.journal.clone(), store.clone());
            let stop_it = stop_applier.clone();
            tasks.spawn("applier", &stop_applier, async move { applier.run(&stop_it).await })
        };
        Self {
            listener,
            reconciler,
            refresh,
            guard,
            changes,
            adopter,
            rotation,
            applier,
            stop_applier,
        }
    }

    /// Waits for all tasks but the applier, once their `stop` was cancelled.
    pub(super) async fn ended(self) -> Applying {
        self.listener.ended().await;
        self.rotation.ended().await;
        self.reconciler.ended().await;
        self.guard.ended().await;
        self.changes.ended().await;
        // It may wait for the database for longer than anybody wants to wait here. The records stay
        // where they are, and are applied after the next start.
        self.adopter.abort().await;
        self.refresh.ended().await;
        Applying { applier: self.applier, stop: self.stop_applier }
    }
}

/// The applier, the last task that runs.
pub(super) struct Applying {
    applier: Task,
    stop: CancellationToken,
}

impl Applying {
    /// Lets it bring everything into the database, for at most [`APPLY_REST`].
    pub(super) async fn finish(self, pending_records: impl Fn() -> u64) {
        let drained = async {
            while pending_records() > 0 && !self.applier.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(APPLY_REST, drained).await;
        self.stop.cancel();
        self.applier.ended().await;
    }
}

/// How often the spool begins a new segment, so that applied records, with the numbers in them, leave
/// the disk.
const ROTATION: Duration = Duration::from_secs(600);

/// For the records that are in the spool at the end; the rest is applied after the next start.
const APPLY_REST: Duration = Duration::from_secs(5);
