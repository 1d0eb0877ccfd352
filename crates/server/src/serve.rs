//! The running server, from its configuration to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use spool::Spool;
use store_pg::{Owner, Store, StoreError, StoreOptions};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::app::App;
use crate::assets::Assets;
use crate::config::Config;
use crate::database::budget::Budget;
use crate::database::embedded::{self, DATABASE, EmbeddedError};
use crate::database::guard::watch;
use crate::dispatch;
use crate::feed::Feed;
use crate::http::cors::Cors;
use crate::http::listener::{self, Limits};
use crate::journal::Journal;
use crate::journal::slots::{Slots, adopt};
use crate::known::{EndedCalls, Files, Refresh, Rosters, Sources, Workspaces};
use crate::metrics::Metrics;
use crate::reconcile::{Reconciled, Reconciler};
use crate::sessions::{Sessions, SessionsError};

/// A running server.
///
/// Dropping it stops nothing; [`Server::stop`] does.
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    listener: JoinHandle<()>,
    applier: JoinHandle<()>,
    stop_applier: CancellationToken,
    adopting: JoinHandle<()>,
    rotation: JoinHandle<()>,
    reconciler: Arc<Reconciler>,
    reconciling: JoinHandle<()>,
    refresh: Arc<Refresh>,
    refreshing: JoinHandle<()>,
    watching: JoinHandle<()>,
    feed: Feed,
    spool: Spool,
    store: Store,
    database: Option<localpg::Server>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The embedded Postgres did not start.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database is not reachable, or not safe to serve from.
    #[error("the database cannot be used")]
    Database(#[source] StoreError),
    /// Session tokens cannot be checked.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// The spool cannot be opened.
    #[error("the spool cannot be opened")]
    Spool(#[source] spool::OpenError),
    /// What is known of workspaces cannot be kept on disk.
    #[error("the directory for what is known of workspaces cannot be used")]
    Known(#[source] std::io::Error),
    /// The system has no TLS roots.
    #[error("the system's TLS roots cannot be read")]
    Tls(#[source] std::io::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
}

impl Server {
    /// Starts everything that the configuration names, the embedded Postgres first if there is no
    /// other.
    ///
    /// A database that does not answer is no reason to stay down: calls are answered from what is
    /// known, and callbacks are kept. A database that is not safe is.
    ///
    /// # Errors
    ///
    /// [`ServeError`], after which nothing is left running.
    pub async fn start(config: Config) -> Result<Self, ServeError> {
        let (database, url) = if let Some(url) = &config.database_url {
            (None, url.reveal().to_owned())
        } else {
            let database = embedded::start(&config.data_dir).await?;
            let url = database.connection_string(embedded::LOGIN, DATABASE);
            (Some(database), url)
        };
        if let Some(database) = &database {
            migrate(database, &url).await.map_err(ServeError::Database)?;
        }
        let store = Store::new(&url, StoreOptions::SMALL).map_err(ServeError::Database)?;
        let is_trusted = match tokio::time::timeout(FIRST_LOOK, store.guard()).await {
            Ok(Ok(())) => true,
            Ok(Err(error @ StoreError::Refused(_))) => return Err(ServeError::Database(error)),
            Ok(Err(error)) => {
                warn!("starting without the database: {error}");
                false
            }
            Err(_) => {
                warn!("starting without the database: it does not answer in time");
                false
            }
        };
        if !is_trusted {
            store.distrust();
        }
        Self::start_on(config, store, database, is_trusted)
    }

    fn start_on(
        config: Config,
        store: Store,
        database: Option<localpg::Server>,
        is_trusted: bool,
    ) -> Result<Self, ServeError> {
        let slots = Slots::of(&config.data_dir);
        let (spool, own_slot) = slots.take().map_err(ServeError::Spool)?;
        let metrics = Arc::new(Metrics::new());
        let budget = Arc::new(Budget::new(config.database_budget, config.clock.clone()));
        let journal = Journal::new(spool.clone(), Arc::clone(&metrics));
        let files = Files::open(&config.data_dir.join("known"), config.secrets_key.clone());
        let files = Arc::new(files.map_err(ServeError::Known)?);
        let rosters = Arc::new(Rosters::default());
        let workspaces = Arc::new(Workspaces::new(Sources {
            clock: config.clock.clone(),
            store: store.clone(),
            key: config.secrets_key,
            budget: Arc::clone(&budget),
            files: Arc::clone(&files),
            rosters: Arc::clone(&rosters),
        }));
        let stop = CancellationToken::new();
        // What has been started ends with an error on the way.
        let started = stop.clone().drop_guard();
        let feed = Feed::new(
            config.clock.clone(),
            store.clone(),
            Arc::clone(&workspaces),
            Arc::clone(&metrics),
            stop.clone(),
        );
        let app = Arc::new(App {
            clock: config.clock.clone(),
            public_url: config.public_url,
            workspaces: Arc::clone(&workspaces),
            store: store.clone(),
            budget,
            rosters: Arc::clone(&rosters),
            ended_calls: EndedCalls::default(),
            sessions: Sessions::new(config.sessions, config.clock.clone())?,
            journal: journal.clone(),
            feed: feed.clone(),
            metrics,
            cors: Cors::new(config.allowed_origins),
            assets: Assets::new(config.signalling.as_ref(), config.voice_sdk),
        });
        let reconciler =
            Reconciler::new(Arc::clone(&app), config.reconcile).map_err(ServeError::Tls)?;
        let reconciler = Arc::new(reconciler);
        let listen = |error| ServeError::Listen(config.listen, error);
        let listener = listener::bind(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;

        let stop_applier = CancellationToken::new();
        let applier = {
            let (store, stop) = (store.clone(), stop_applier.clone());
            tokio::spawn(async move { journal.apply_all(&store, &stop).await })
        };
        let adopting = {
            let (store, stop, metrics) = (store.clone(), stop.clone(), Arc::clone(&app.metrics));
            tokio::spawn(async move { adopt(&slots, &own_slot, &store, &metrics, &stop).await })
        };
        let rotation = {
            let spool = spool.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(ROTATION).await;
                    spool.rotate();
                }
            })
        };
        let reconciling = {
            let (reconciler, stop) = (Arc::clone(&reconciler), stop.clone());
            tokio::spawn(async move { reconciler.run(&stop).await })
        };
        let refresh = Arc::new(Refresh {
            clock: config.clock,
            store: store.clone(),
            workspaces,
            rosters,
            files,
            metrics: Arc::clone(&app.metrics),
            every: config.refresh_every,
        });
        let refreshing = {
            let (refresh, stop) = (Arc::clone(&refresh), stop.clone());
            tokio::spawn(async move { refresh.run(&stop).await })
        };
        let watching = {
            let (store, stop) = (store.clone(), stop.clone());
            tokio::spawn(async move { watch(&store, &stop, is_trusted).await })
        };
        let answer = move |request| {
            let app = Arc::clone(&app);
            async move { dispatch::answer(&app, request).await }
        };
        let served =
            listener::serve(listener, Limits::behind(config.proxies), stop.clone(), answer);
        info!("listening on {address}");
        let _ = started.disarm();
        Ok(Self {
            address,
            stop,
            listener: tokio::spawn(served),
            applier,
            stop_applier,
            adopting,
            rotation,
            reconciler,
            reconciling,
            refresh,
            refreshing,
            watching,
            feed,
            spool,
            store,
            database,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The embedded Postgres, if it is used.
    pub const fn database(&self) -> Option<&localpg::Server> {
        self.database.as_ref()
    }

    /// Records that are durable but not in the database yet.
    pub fn pending_records(&self) -> u64 {
        self.spool.stats().pending_records
    }

    /// Mends now what no callback told, as the server does by itself at its start and every so
    /// often after that: see `docs/architecture.md`, "What no callback tells".
    pub async fn reconcile(&self) -> Reconciled {
        self.reconciler.round().await
    }

    /// Writes now to disk what is known of workspaces, as the server does by itself every so often
    /// and at its end.
    pub async fn save_known(&self) {
        self.refresh.save().await;
    }

    /// Stops in two stages: no new connections, streams of events end at once, and requests that have
    /// begun come to their end; then what is in the spool goes to the database if it takes it, and
    /// everything is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        // A panic of a task was logged where it happened.
        let _ = self.listener.await;
        self.rotation.abort();
        let _ = self.reconciling.await;
        let _ = self.watching.await;
        // What it was at comes again after the next start.
        self.adopting.abort();
        let _ = self.adopting.await;
        let _ = self.refreshing.await;
        self.refresh.save().await;
        self.feed.ended().await;
        let drained = async {
            while self.spool.stats().pending_records > 0 && !self.applier.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(APPLY_REST, drained).await;
        self.stop_applier.cancel();
        let _ = self.applier.await;
        let spool = self.spool;
        let _ = tokio::task::spawn_blocking(move || spool.close()).await;
        self.store.close();
        if let Some(database) = self.database {
            let stopped = tokio::task::spawn_blocking(move || database.stop()).await;
            if let Ok(Err(error)) = stopped {
                warn!("the embedded Postgres did not stop in order: {error}");
            }
        }
        info!("stopped");
    }
}

/// Brings the embedded database to this program's schema.
async fn migrate(database: &localpg::Server, url: &str) -> Result<(), StoreError> {
    let owner = database.connection_string(localpg::SUPERUSER, DATABASE);
    Owner::connect(&owner).await?.migrate(url).await
}

/// For the guard at the start: a database that accepts and never answers is away, too.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// How often a segment of the spool that is applied goes, so that numbers do not stay on disk.
const ROTATION: Duration = Duration::from_secs(600);

/// For what is in the spool at the end; what remains is applied after the next start.
const APPLY_REST: Duration = Duration::from_secs(5);
