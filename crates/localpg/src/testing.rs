//! One throw-away cluster for all test processes of a checkout, and databases cloned from
//! templates.
//!
//! The first process starts the server, the others share it: `cargo test` with its threads, and
//! runners that give every test its own process. It stops some 20 seconds after the last of them
//! has ended, and its directory is removed. Nothing is synced to disk; if there is room, it is kept
//! in memory. Checkouts, accounts and versions of PostgreSQL have a cluster each.
//!
//! ```
//! use localpg::testing;
//!
//! const SCHEMA: &str = "create table agents (name text primary key)";
//!
//! let database = testing::cluster()?.database(SCHEMA, |template| {
//!     // Once for each schema, not for each test: the key is the schema itself.
//!     template.execute(SCHEMA)?;
//!     Ok(())
//! })?;
//! database.execute("insert into agents values ('ann')")?;
//! # Ok::<(), testing::DatabaseError>(())
//! ```
//!
//! All functions block, usually for milliseconds, and work inside an asynchronous runtime too.

mod base;
mod database;
mod watchdog;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

pub use database::{DatabaseError, Template, TestDatabase};

use crate::layout::Layout;
use crate::postmaster::{self, Holder, PidFile};
use crate::{Binaries, Error, SUPERUSER, Search, server, wire};
use base::Base;

/// The shared cluster. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cluster {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Holds the files by which the processes coordinate.
    base: PathBuf,
    socket: PathBuf,
    major: u32,
}

/// The cluster of this process, once it has been asked for.
static CURRENT: Mutex<Option<Cluster>> = Mutex::new(None);

/// Joins the shared cluster, and starts it if it does not run.
///
/// The binaries are searched as [`Search::from_env`] says. The cluster runs at least as long as
/// this process.
///
/// # Errors
///
/// As for [`start`](crate::start).
pub fn cluster() -> Result<Cluster, Error> {
    // A test that panicked may have poisoned the lock; its value is valid anyway.
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = &*current {
        return Ok(cluster.clone());
    }
    let cluster = join()?;
    *current = Some(cluster.clone());
    Ok(cluster)
}

impl Cluster {
    /// The directory of the socket, whose port is 5432.
    pub fn socket_dir(&self) -> &Path {
        &self.inner.socket
    }

    /// The major version, 15 or more.
    pub fn major(&self) -> u32 {
        self.inner.major
    }

    /// How to connect, as [`Server::connection_string`](crate::Server::connection_string) says it.
    pub fn connection_string(&self, user: &str, database: &str) -> String {
        server::connection_string(self.socket_dir(), user, database)
    }

    /// Runs SQL as the superuser. Roles belong to the whole cluster: another test may already have
    /// created them.
    ///
    /// # Errors
    ///
    /// [`Error::Sql`] with the first refused statement, [`Error::Io`] if the connection fails.
    pub fn execute(&self, database: &str, sql: &str) -> Result<(), Error> {
        wire::execute(self.socket_dir(), SUPERUSER, database, sql)
    }
}

/// Forgets a cluster that does not answer, so the next call looks again.
fn forget(lost: &Cluster) {
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    if current.as_ref().is_some_and(|cluster| Arc::ptr_eq(&cluster.inner, &lost.inner)) {
        *current = None;
    }
}

/// Registers this process and makes sure that the server and its watchdog run.
fn join() -> Result<Cluster, Error> {
    let binaries = Search::from_env().find(&BTreeSet::new(), |_| {})?;
    let mut attempts = 0;
    loop {
        let base = Base::find(&binaries)?;
        match join_at(&base, &binaries) {
            // The watchdog has removed the directory. This happens at most once, because the
            // next watchdog sees this process.
            Err(Error::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && attempts < 3 =>
            {
                attempts += 1;
            }
            result => return result,
        }
    }
}

fn join_at(base: &Base, binaries: &Binaries) -> Result<Cluster, Error> {
    let guard = base.guard()?;
    base.register()?;
    let options = base.options();
    let layout = Layout::create(&options, binaries.major)?;
    if !runs(&layout, options.start_limit)? {
        server::stop_leftover(&layout, &options)?;
        // After a kill without syncing, no data can be trusted.
        crate::layout::remove_dir(&layout.data)?;
        layout.init(binaries, &options)?;
        layout.renew_socket_dir()?;
        server::run(&layout, binaries, &options, |_| base.ensure_watchdog())?;
    }
    base.ensure_watchdog()?;
    drop(guard);
    let (base, socket, major) = (base.path().to_path_buf(), layout.socket, binaries.major);
    Ok(Cluster { inner: Arc::new(Inner { base, socket, major }) })
}

/// Whether a server runs there; waits for one that is just starting.
fn runs(layout: &Layout, limit: Duration) -> Result<bool, Error> {
    let began = Instant::now();
    while let Some(PidFile { pid, ready }) = PidFile::read(&layout.data) {
        if postmaster::holder(pid, &layout.data) != Holder::Server {
            return Ok(false);
        }
        if ready {
            return Ok(fs::exists(&layout.socket).unwrap_or(false));
        }
        if began.elapsed() > limit {
            return Err(Error::TooSlow { what: "starting the server", limit });
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(false)
}
