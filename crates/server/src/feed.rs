//! What happens in a workspace, sent to the pages that subscribe to it.
//!
//! Each write adds a numbered change in the same transaction (`store-pg`), and the database notifies
//! every server of the workspace. A server has one [`channel`] for each workspace with subscribers
//! here. It reads the changes after the last one it has seen, looks up what they name under the
//! policies of an agent, and sends the same bytes to every subscriber. A notification that is lost, because a server was away, loses nothing: changes are
//! recovered by their numbers. A page that reconnects, to any server, names the last one it has seen.

mod channel;
mod doubt;
mod events;
mod frame;
mod listener;
mod stream;
mod subscriber;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity::{UserId, WorkspaceId};
use store_pg::Store;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;

use crate::clock::Clock;
use crate::known::{Rosters, Workspaces};
use crate::metrics::Metrics;

use channel::Channel;
use doubt::Doubt;
pub(crate) use doubt::KnownPages;
#[cfg(test)]
pub(crate) use frame::ResetReason;
pub(crate) use stream::EventStream;

/// The channels of this server.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

/// What all channels share.
struct Shared {
    clock: Clock,
    store: Store,
    workspaces: Arc<Workspaces>,
    rosters: Arc<Rosters>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    tasks: TaskTracker,
    channels: Mutex<HashMap<WorkspaceId, Handle>>,
    doubt: Mutex<Doubt>,
}

/// The way to a channel's task.
struct Handle {
    requests: mpsc::Sender<Request>,
    wake: Arc<Notify>,
}

/// A subscription that a page asks for.
pub(crate) struct Subscription {
    pub(crate) user: UserId,
    /// How long the session lasts.
    pub(crate) lasts: Duration,
    /// The page whose presence this stream is.
    pub(crate) page: Option<String>,
    /// Whether that page itself says that it can take calls.
    pub(crate) reports: bool,
    /// The last change that the page has seen.
    pub(crate) after: Option<i64>,
}

/// A subscription on its way to the channel, and where the answer goes.
struct Request {
    subscription: Subscription,
    answer: oneshot::Sender<Result<EventStream, SubscribeError>>,
}

/// Why there is no stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SubscribeError {
    /// The user is no member of the workspace.
    NotMember,
    /// The agent has [`MAX_STREAMS`] already.
    TooMany,
    /// The database cannot be asked, or the server stops.
    Away,
}

impl Feed {
    pub(crate) fn new(
        clock: Clock,
        store: Store,
        workspaces: Arc<Workspaces>,
        rosters: Arc<Rosters>,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> Self {
        let doubt = Mutex::new(Doubt::new(clock.instant()));
        Self(Arc::new(Shared {
            clock,
            store,
            workspaces,
            rosters,
            metrics,
            stop,
            tasks: TaskTracker::new(),
            channels: Mutex::default(),
            doubt,
        }))
    }

    /// Listens for changes until the server stops.
    pub(crate) async fn listen(self) {
        listener::listen(&self.0).await;
    }

    /// Begins a stream.
    pub(crate) async fn subscribe(
        &self,
        workspace: &WorkspaceId,
        subscription: Subscription,
    ) -> Result<EventStream, SubscribeError> {
        let (answer, answered) = oneshot::channel();
        self.send(workspace, Request { subscription, answer })?;
        answered.await.unwrap_or(Err(SubscribeError::Away))
    }

    /// Sends a request to the workspace's channel, which is opened if there is none.
    fn send(&self, workspace: &WorkspaceId, request: Request) -> Result<(), SubscribeError> {
        let mut channels = self.0.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if self.0.stop.is_cancelled() {
            return Err(SubscribeError::Away);
        }
        let open = || Channel::open(Arc::clone(&self.0), workspace.clone());
        // A channel leaves the list under this lock, and only while no request waits for it.
        let handle = channels.entry(workspace.clone()).or_insert_with(open);
        match handle.requests.try_send(request) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(SubscribeError::Away),
            Err(TrySendError::Closed(request)) => {
                error!(workspace.id = %workspace, "the channel of workspace {workspace} panicked and is opened again");
                let handle = open();
                let sent = handle.requests.try_send(request);
                channels.insert(workspace.clone(), handle);
                sent.map_err(|_| SubscribeError::Away)
            }
        }
    }

    /// What is known about the pages of a workspace beside their leases.
    pub(crate) fn pages(&self, workspace: &WorkspaceId) -> KnownPages {
        self.0.pages(workspace)
    }

    /// In how many workspaces the leases of open pages cannot be renewed.
    pub(crate) fn failing(&self) -> usize {
        self.0.doubt().failing()
    }

    /// Returns when all streams have ended, once the server was told to stop.
    pub(crate) async fn ended(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl Shared {
    fn doubt(&self) -> MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pages(&self, workspace: &WorkspaceId) -> KnownPages {
        self.doubt().pages(workspace, self.clock.instant())
    }

    /// Lets the channel of a workspace poll for changes.
    fn wake(&self, workspace: &WorkspaceId) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = channels.get(workspace) {
            handle.wake.notify_one();
        }
    }

    /// Lets every channel poll for changes.
    fn wake_all(&self) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.values().for_each(|handle| handle.wake.notify_one());
    }
}

/// Streams of one agent in one workspace on one server. A page holds one, whatever the number of its
/// tabs, so this is enough for a few browsers and for some dead connections that are not noticed yet.
const MAX_STREAMS: usize = 6;

/// How long a page counts as open after its last renewal: longer than a reload, a change of the
/// network or a restart of a server takes.
const LEASE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use store_pg::StoreOptions;

    use super::*;
    use crate::database::budget::Budget;
    use crate::known::{Files, Sources};
    use crate::log::LostLines;
    use crate::secrets::{SecretsKey, SecretsKeys};

    #[tokio::test]
    async fn a_channel_that_panicked_is_opened_again() {
        let name = format!("switchroom-feed-{}", uuid::Uuid::new_v4().simple());
        let directory = std::env::temp_dir().join(name);
        let key = SecretsKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let keys = SecretsKeys::from(key);
        let clock = Clock::system();
        let store = Store::new("postgres://voice_app@127.0.0.1:9/none", StoreOptions::SMALL);
        let store = store.unwrap();
        let workspaces = Workspaces::new(Sources {
            clock: clock.clone(),
            store: store.clone(),
            budget: Arc::new(Budget::new(LEASE, clock.clone())),
            files: Arc::new(Files::open(&directory, keys.clone()).unwrap()),
            keys,
            rosters: Arc::default(),
        });
        let (metrics, stop) =
            (Arc::new(Metrics::new(&LostLines::default())), CancellationToken::new());
        let feed = Feed::new(clock, store, Arc::new(workspaces), Arc::default(), metrics, stop);
        let workspace: WorkspaceId = "acme".parse().unwrap();
        let (requests, gone) = mpsc::channel(1);
        drop(gone);
        let handle = Handle { requests, wake: Arc::default() };
        feed.0.channels.lock().unwrap().insert(workspace.clone(), handle);

        let user = UserId::from_bytes([1; 16]);
        let subscription =
            Subscription { user, lasts: LEASE, page: None, reports: false, after: None };
        let (answer, _answered) = oneshot::channel();
        assert_eq!(feed.send(&workspace, Request { subscription, answer }), Ok(()));
        let is_open = !feed.0.channels.lock().unwrap()[&workspace].requests.is_closed();
        assert!(is_open);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
