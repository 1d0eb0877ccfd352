//! What happens in a workspace, told to the pages that watch it.
//!
//! Whoever changes something writes a numbered change beside it, in the same transaction
//! (`store-pg`), and the database tells every server which workspace it was. A server has one
//! [`room`] for each workspace that somebody watches there: it reads the changes after the last one
//! it knows, looks up what they name under the policies of an agent, and hands the same bytes to
//! every stream. So a change that was told to nobody, because a server was away or a notice was lost,
//! is found by its number, and a page that comes back, to any server, names the last one it has seen.

mod events;
mod frame;
mod hear;
mod news;
mod room;
mod seat;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity::{UserId, WorkspaceId};
use store_pg::Store;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::known::Workspaces;
use crate::metrics::Metrics;

pub(crate) use events::Events;
use room::Room;

/// The streams of this server.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

/// What all rooms share.
struct Shared {
    clock: Clock,
    store: Store,
    workspaces: Arc<Workspaces>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    tasks: TaskTracker,
    rooms: Mutex<HashMap<WorkspaceId, Door>>,
    /// Since when the leases of pages have been renewed without a gap; `None` while they are not.
    renewed_since: Mutex<Option<Instant>>,
}

/// The way into a room.
struct Door {
    watchers: mpsc::Sender<Watcher>,
    wake: Arc<Notify>,
}

/// Who wants to watch.
pub(crate) struct Ask {
    pub(crate) user: UserId,
    /// How long the session lasts.
    pub(crate) lasts: Duration,
    /// The page whose presence this stream is.
    pub(crate) page: Option<String>,
    /// The last change that the page has seen.
    pub(crate) after: Option<i64>,
}

/// Somebody at the door, and where the answer goes.
struct Watcher {
    ask: Ask,
    answer: oneshot::Sender<Result<Events, NoEvents>>,
}

/// Why there is no stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoEvents {
    /// The user is no member of the workspace.
    NotMember,
    /// The agent has [`MOST_STREAMS`] already.
    TooMany,
    /// The database cannot be asked, or the server stops.
    Away,
}

impl Feed {
    pub(crate) fn new(
        clock: Clock,
        store: Store,
        workspaces: Arc<Workspaces>,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> Self {
        Self(Arc::new(Shared {
            clock,
            store,
            workspaces,
            metrics,
            stop,
            tasks: TaskTracker::new(),
            rooms: Mutex::default(),
            renewed_since: Mutex::default(),
        }))
    }

    /// Listens for changes until the server stops.
    pub(crate) async fn listen(&self) {
        hear::hear(Arc::clone(&self.0)).await;
    }

    /// Begins a stream.
    pub(crate) async fn watch(
        &self,
        workspace: &WorkspaceId,
        ask: Ask,
    ) -> Result<Events, NoEvents> {
        let (answer, answered) = oneshot::channel();
        self.enter(workspace, Watcher { ask, answer })?;
        answered.await.unwrap_or(Err(NoEvents::Away))
    }

    fn enter(&self, workspace: &WorkspaceId, watcher: Watcher) -> Result<(), NoEvents> {
        let mut rooms = self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.stop.is_cancelled() {
            return Err(NoEvents::Away);
        }
        let door = rooms
            .entry(workspace.clone())
            .or_insert_with(|| Room::open(Arc::clone(&self.0), workspace.clone()));
        // A room leaves the list under this lock, and only while nobody stands at its door.
        door.watchers.try_send(watcher).map_err(|_| NoEvents::Away)
    }

    /// Whether leases of pages may have run out because nobody could renew them: for a while after
    /// the start, and after the database was away.
    pub(crate) fn doubts_pages(&self) -> bool {
        let since = *self.0.renewed_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_none_or(|since| self.0.clock.elapsed(since) < LEASE)
    }

    /// Returns when all streams have ended, after the server was told to stop.
    pub(crate) async fn ended(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl Shared {
    /// Says that leases can, or cannot, be renewed from now on.
    fn renews(&self, renews: bool) {
        let mut since = self.renewed_since.lock().unwrap_or_else(PoisonError::into_inner);
        *since = if renews { since.or_else(|| Some(self.clock.instant())) } else { None };
    }

    /// Lets a room look for changes.
    fn wake(&self, workspace: &WorkspaceId) {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = rooms.get(workspace) {
            door.wake.notify_one();
        }
    }

    /// Lets every room look for changes.
    fn wake_all(&self) {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.values().for_each(|door| door.wake.notify_one());
    }
}

/// Streams of one agent in one workspace on one server: a page holds one, whatever the number of its
/// tabs, so this is for a few browsers, and for connections of theirs that are dead and not yet
/// known to be.
const MOST_STREAMS: usize = 6;

/// How long a page counts as open after it was last heard of: longer than a reload, a change of the
/// network or a restart of a server takes.
const LEASE: Duration = Duration::from_secs(30);
