//! The running server, from its configuration to its end.

mod control;
mod parts;
mod running;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use store_pg::{Retained, Store, StoreError, StoreOptions};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::config::Config;
use crate::database::embedded::{self, DATABASE, EmbeddedError};
use crate::feed::Feed;
use crate::http::listener::{self, Limits};
use crate::journal::Journal;
use crate::known::Refresh;
use crate::reconcile::{Reconciled, Reconciler};
use crate::retention::Retention;
use crate::secrets::fit::{KeyFit, WrongKey};
use crate::sessions::SessionsError;
use crate::tasks::{TaskFailed, Tasks};
pub use control::Control;
use parts::Parts;
use running::Running;

/// A running server.
///
/// Dropping it stops nothing; [`Server::stop`] does.
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: Tasks,
    running: Running,
    reconciler: Arc<Reconciler>,
    retention: Arc<Retention>,
    refresh: Arc<Refresh>,
    feed: Feed,
    journal: Journal,
    control: Control,
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
    /// The secrets key opens none of the workspaces in the database.
    #[error(transparent)]
    SecretsKey(WrongKey),
    /// Session tokens cannot be checked.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// The spool cannot be opened.
    #[error("the spool cannot be opened")]
    Spool(#[source] spool::OpenError),
    /// The threads that fold calls cannot be started.
    #[error("the threads that apply records cannot be started")]
    Threads(#[source] std::io::Error),
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
    /// Starts everything that the configuration names. Without a database in it, the embedded Postgres
    /// is started first.
    ///
    /// The server also starts while its database does not answer: calls are answered from what is
    /// known, and callbacks are kept. It does not start on a database that is not safe.
    ///
    /// # Errors
    ///
    /// [`ServeError`], after which nothing is left running.
    pub async fn start(config: Config) -> Result<Self, ServeError> {
        let (database, url) = open_database(&config).await?;
        let store = Store::new(&url, StoreOptions::sharing(config.database_connections))
            .map_err(ServeError::Database)?;
        let is_trusted = first_look(&store, &config.clock).await?;
        if !is_trusted {
            store.distrust();
        }
        let key_fit = KeyFit::new(config.clock.clone(), store.clone(), config.secrets_keys.clone());
        if is_trusted {
            key_fit.first_look().await.map_err(ServeError::SecretsKey)?;
        }
        let (listen, limits) = (config.listen, Limits::behind(config.proxies.clone()));
        let stop = CancellationToken::new();
        let parts = Parts::make(config, store.clone(), key_fit, stop.clone())?;
        let failed = |error| ServeError::Listen(listen, error);
        let listener = listener::bind(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        let tasks = Tasks::new();
        let running = Running::start(&tasks, &stop, &parts, (listener, limits), is_trusted);
        info!("listening on {address}");
        Ok(Self {
            address,
            stop,
            tasks,
            running,
            feed: parts.app.feed.clone(),
            journal: parts.app.journal.clone(),
            control: Control(parts.app),
            reconciler: parts.reconciler,
            retention: parts.retention,
            refresh: parts.refresh,
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

    /// For the signals of its operator.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Records that are durable but not in the database yet.
    pub fn pending_records(&self) -> u64 {
        self.journal.pending_records()
    }

    /// Reconciles calls with Twilio's record now, as the server does by itself when it starts and every
    /// so often after that: see `docs/architecture.md`, "Missed callbacks".
    pub async fn reconcile(&self) -> Reconciled {
        self.reconciler.round().await
    }

    /// Removes now what workspaces do not want kept, as the server does by itself every minute.
    pub async fn retain(&self) -> Retained {
        self.retention.round().await
    }

    /// Writes what is known of workspaces to disk now, as the server does by itself every so often and
    /// when it stops.
    pub async fn save_known(&self) {
        self.refresh.save().await;
    }

    /// Returns when a background task has failed. The server answers without it as well as it can; it
    /// should be stopped and started again.
    pub async fn failed(&self) -> TaskFailed {
        self.tasks.failed().await
    }

    /// Serves until `told` is ready or a background task fails, and stops then.
    ///
    /// # Errors
    ///
    /// [`TaskFailed`] if that is why it stopped.
    pub async fn run_until(self, told: impl Future<Output = ()>) -> Result<(), TaskFailed> {
        let ended = tokio::select! {
            () = told => Ok(()),
            failure = self.failed() => {
                warn!("stopping, because {failure}");
                Err(failure)
            }
        };
        self.stop().await;
        ended
    }

    /// Stops in two stages. First no new connection is accepted, streams of events end at once, and
    /// requests that have begun are finished. Then the records in the spool go to the database, if it
    /// takes them, and everything is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        let applying = self.running.ended().await;
        self.refresh.save_last().await;
        self.feed.ended().await;
        applying.finish(|| self.journal.pending_records()).await;
        let journal = self.journal;
        let _ = tokio::task::spawn_blocking(move || journal.close()).await;
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

/// The connection string of the database that the configuration names, or of the embedded one, which
/// is started and brought to this program's schema.
async fn open_database(config: &Config) -> Result<(Option<localpg::Server>, String), ServeError> {
    if let Some(url) = &config.database_url {
        return Ok((None, url.reveal().to_owned()));
    }
    let database = embedded::start(&config.data_dir).await?;
    let url = database.connection_string(embedded::LOGIN, DATABASE);
    let owner = database.connection_string(localpg::SUPERUSER, DATABASE);
    embedded::migrate(&owner, &url).await.map_err(ServeError::Database)?;
    Ok((Some(database), url))
}

/// Whether the database was found safe. If it does not answer, that is found out later; if it is not
/// safe, nothing starts on it.
///
/// The first request is dated by a clock that is right.
async fn first_look(store: &Store, clock: &Clock) -> Result<bool, ServeError> {
    let look = async {
        store.guard().await?;
        clock.compare(store.now()).await
    };
    match tokio::time::timeout(FIRST_LOOK, look).await {
        Ok(Ok(())) => Ok(true),
        Ok(Err(error @ StoreError::Refused(_))) => Err(ServeError::Database(error)),
        Ok(Err(error)) => {
            warn!("starting without the database: {error}");
            Ok(false)
        }
        Err(_) => {
            warn!("starting without the database: it does not answer in time");
            Ok(false)
        }
    }
}

/// For the guard at the start: a database that accepts connections and never answers is away, too.
const FIRST_LOOK: Duration = Duration::from_secs(10);
