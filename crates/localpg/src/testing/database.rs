//! Databases for one test each.

use std::error;
use std::fmt;
use std::io;
use std::panic;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::SystemTime;

use super::{Cluster, base, forget};
use crate::Error;
use crate::layout::hash;

/// The code for a database that does not exist (`invalid_catalog_name`).
const NO_DATABASE: &str = "3D000";

impl Cluster {
    /// Creates a database for one test, as a copy of a template.
    ///
    /// `key` names the template: pass the schema itself, or its checksum. `build` fills the
    /// template once for each key, for any number of processes and threads. It runs on its own
    /// thread, so it may start a runtime. It must close its sessions: a template in use cannot be
    /// copied.
    ///
    /// Retries once if the cluster has just ended.
    ///
    /// # Errors
    ///
    /// [`DatabaseError::Build`] with the error of `build`, [`DatabaseError::Cluster`] otherwise.
    pub fn database(
        &self,
        key: impl AsRef<[u8]>,
        build: impl FnOnce(&Template<'_>) -> Result<(), Box<dyn error::Error + Send + Sync>> + Send,
    ) -> Result<TestDatabase, DatabaseError> {
        let template = format!("template_{:016x}", hash(key));
        let mut cluster = self.clone();
        let mut copied = cluster.copy(&template);
        if let Err(Error::Io { source, .. }) = &copied
            && is_lost(source)
        {
            forget(&cluster);
            cluster = super::cluster()?;
            copied = cluster.copy(&template);
        }
        if !is_missing(&copied) {
            return Ok(copied?);
        }
        let _lock = base::lock(&cluster.inner.base.join(format!("{template}.lock")))?;
        // Another process may have built it meanwhile.
        copied = cluster.copy(&template);
        if is_missing(&copied) {
            cluster.build(&template, build)?;
            copied = cluster.copy(&template);
        }
        Ok(copied?)
    }

    /// Copies the template.
    fn copy(&self, template: &str) -> Result<TestDatabase, Error> {
        let name = unique_name();
        let sql = format!("create database {name} template {template} strategy file_copy");
        self.execute("postgres", &sql)?;
        Ok(TestDatabase { cluster: self.clone(), name })
    }

    /// Builds the template under another name first, so it is complete or absent.
    fn build(
        &self,
        template: &str,
        build: impl FnOnce(&Template<'_>) -> Result<(), Box<dyn error::Error + Send + Sync>> + Send,
    ) -> Result<(), DatabaseError> {
        let new = format!("{template}_new");
        self.execute("postgres", &format!("drop database if exists {new} with (force)"))?;
        self.execute("postgres", &format!("create database {new} strategy file_copy"))?;
        let target = Template { cluster: self, name: &new };
        let outcome = thread::scope(|scope| scope.spawn(|| build(&target)).join());
        outcome
            .unwrap_or_else(|payload| panic::resume_unwind(payload))
            .map_err(DatabaseError::Build)?;
        let seal = format!("alter database {new} with is_template true allow_connections false");
        self.execute("postgres", &seal)?;
        // The server waits up to five seconds for sessions that are just closing.
        self.execute("postgres", &format!("alter database {new} rename to {template}"))?;
        Ok(())
    }
}

/// A database that becomes a template.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    cluster: &'a Cluster,
    name: &'a str,
}

impl Template<'_> {
    /// The directory of the socket, whose port is 5432.
    pub fn socket_dir(&self) -> &Path {
        self.cluster.socket_dir()
    }

    /// The name of the database while it is built.
    pub fn name(&self) -> &str {
        self.name
    }

    /// How to connect to it.
    pub fn connection_string(&self, user: &str) -> String {
        self.cluster.connection_string(user, self.name)
    }

    /// Runs SQL in it as the superuser.
    ///
    /// # Errors
    ///
    /// As [`Cluster::execute`].
    pub fn execute(&self, sql: &str) -> Result<(), Error> {
        self.cluster.execute(self.name, sql)
    }
}

/// A database for one test. Dropping this value drops the database and cuts its sessions.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: Cluster,
    name: String,
}

impl TestDatabase {
    /// The cluster that it belongs to.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The directory of the socket, whose port is 5432.
    pub fn socket_dir(&self) -> &Path {
        self.cluster.socket_dir()
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How to connect to it.
    pub fn connection_string(&self, user: &str) -> String {
        self.cluster.connection_string(user, &self.name)
    }

    /// Runs SQL in it as the superuser.
    ///
    /// # Errors
    ///
    /// As [`Cluster::execute`].
    pub fn execute(&self, sql: &str) -> Result<(), Error> {
        self.cluster.execute(&self.name, sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("drop database if exists {} with (force)", self.name);
        let _ = self.cluster.execute("postgres", &sql);
    }
}

/// Why a test got no database.
#[non_exhaustive]
#[derive(Debug)]
pub enum DatabaseError {
    /// The cluster failed.
    Cluster(Error),
    /// The caller's function failed.
    Build(Box<dyn error::Error + Send + Sync>),
}

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        Self::Cluster(error)
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(_) => f.write_str("the test cluster gave no database"),
            Self::Build(_) => f.write_str("the template could not be built"),
        }
    }
}

impl error::Error for DatabaseError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Cluster(error) => Some(error),
            Self::Build(error) => Some(&**error),
        }
    }
}

/// A name that no other process and thread uses, even if a process id comes again.
fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("test_{}_{:x}_{n}", process::id(), now.as_micros())
}

/// Whether the answer says that there is no such template.
fn is_missing(copied: &Result<TestDatabase, Error>) -> bool {
    matches!(copied, Err(Error::Sql { code, .. }) if code == NO_DATABASE)
}

/// Whether the server ended before or during the request.
fn is_lost(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, NotFound, UnexpectedEof};
    let lost = [BrokenPipe, ConnectionRefused, ConnectionReset, NotFound, UnexpectedEof];
    lost.contains(&error.kind())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::super::Inner;
    use super::*;

    #[test]
    fn joins_again_if_the_cluster_has_ended() {
        let gone = PathBuf::from("/nonexistent");
        let inner = Inner { base: gone.clone(), socket: gone.clone(), major: 15 };
        let ended = Cluster { inner: Arc::new(inner) };
        let database = ended.database("joins again", |_| Ok(())).unwrap();
        assert_ne!(database.socket_dir(), gone);
        database.execute("create table t ()").unwrap();
    }
}
