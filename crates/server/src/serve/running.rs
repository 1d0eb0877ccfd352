//! The background tasks of a server, and the order in which they end.

use std::sync::Arc;
use std::time::Duration;

use spool::Spool;
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
    retention: Task,
    refresh: Task,
    guard: Task,
    changes: Task,
    members: Task,
    adopter: Task,
    rotation: Task,
    lost_lines: Task,
    key_fit: Task,
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
        let answer = {
            let app = Arc::clone(app);
            move |request| {
                let app = Arc::clone(&app);
                async move { dispatch::answer(&app, request).await }
            }
        };
        let serve = listener::serve(listener, limits, stop.clone(), answer);
        let reconcile = Arc::clone(&parts.reconciler).run(stop.clone());
        let retain = Arc::clone(&parts.retention).run(stop.clone());
        let refresh = Arc::clone(&parts.refresh).run(stop.clone());
        let watch = guard::watch(store.clone(), stop.clone(), is_trusted);
        let listen = app.feed.clone().listen();
        let members = Arc::clone(&app.members).keep_current(stop.clone());
        let (slots, own) = (parts.slots.clone(), parts.own_slot.clone());
        let adopt = adopt(slots, (own, app.journal.clone()), store.clone(), stop.clone());
        let rotate = rotate(app.journal.spool().clone(), stop.clone());
        let apply = Applier::new(app.journal.clone(), store.clone()).run(stop_applier.clone());
        Self {
            listener: tasks.spawn("listener", stop, serve),
            reconciler: tasks.spawn("reconciler", stop, reconcile),
            retention: tasks.spawn("retention", stop, retain),
            refresh: tasks.spawn("refresh", stop, refresh),
            guard: tasks.spawn("database guard", stop, watch),
            changes: tasks.spawn("changes", stop, listen),
            members: tasks.spawn("members", stop, members),
            adopter: tasks.spawn("adopter", stop, adopt),
            rotation: tasks.spawn("spool rotation", stop, rotate),
            key_fit: tasks.spawn("secrets key", stop, app.key_fit.clone().run(stop.clone())),
            lost_lines: tasks.spawn(
                "lost lines",
                stop,
                parts.lost_lines.clone().report(stop.clone()),
            ),
            applier: tasks.spawn("applier", &stop_applier, apply),
            stop_applier,
        }
    }

    /// Waits for all tasks but the applier, once their `stop` was cancelled.
    pub(super) async fn ended(self) -> Applying {
        self.listener.ended().await;
        self.rotation.ended().await;
        self.lost_lines.ended().await;
        self.key_fit.ended().await;
        self.reconciler.ended().await;
        self.retention.ended().await;
        self.guard.ended().await;
        self.changes.ended().await;
        self.members.ended().await;
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

/// Lets the spool begin new segments until `stop` is cancelled.
async fn rotate(spool: Spool, stop: CancellationToken) {
    while tokio::time::timeout(ROTATION, stop.cancelled()).await.is_err() {
        spool.rotate();
    }
}

/// How often the spool begins a new segment, so that applied records, with the numbers in them, leave
/// the disk.
const ROTATION: Duration = Duration::from_secs(600);

/// For the records that are in the spool at the end; the rest is applied after the next start.
const APPLY_REST: Duration = Duration::from_secs(5);
