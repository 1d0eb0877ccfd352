//! A running server.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::layout::{self, Layout};
use crate::postmaster::{self, Holder, PidFile};
use crate::watchdog::Watchdog;
use crate::{Binaries, Error, Notice, Options, SUPERUSER, wire};

/// How long a dead server's process id may block the directory: process 1 may be slow to collect
/// it.
const BLOCKED_LIMIT: Duration = Duration::from_secs(10);

/// A server of this process.
///
/// It takes connections on a Unix socket, and only from the account that runs it and from root.
/// It stops when this value is dropped, and when this process ends, however it ends.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order, after the server was stopped: first the watchdog ends, then the
    // directory is unlocked.
    child: Option<Child>,
    _watchdog: Watchdog,
    layout: Layout,
    binaries: Binaries,
    stop_limit: Duration,
    _lock: File,
}

/// Starts a server, and creates its cluster if there is none.
///
/// Blocks until the server takes connections: about 50 ms, about one second for a new cluster, longer if
/// binaries must be fetched or after a crash. In asynchronous code, call it on a thread for blocking
/// work.
///
/// A server that a killed process left behind is stopped first.
///
/// # Errors
///
/// [`Error::NoBinaries`] and [`Error::OtherMajor`] if no fitting version was found,
/// [`Error::InUse`] if another process holds the directory for too long,
/// [`Error::NoAccount`] if this process is root and there is no account for the server, otherwise
/// [`Error::Program`] with the end of the server's log, [`Error::TooSlow`] or [`Error::Io`].
pub fn start(options: &Options) -> Result<Server, Error> {
    let majors = layout::majors(options);
    let binaries = options.search.find(&majors, options.notice)?;
    // Setting PG_BIN is an explicit choice; without it, an empty database would be a surprise.
    if let Some(data) = majors.last()
        && options.search.bin.is_none()
        && !majors.contains(&binaries.major)
    {
        let (dir, found) = (options.dir.clone(), binaries.major);
        return Err(Error::OtherMajor { dir, data: *data, found });
    }
    let layout = Layout::create(options, binaries.major)?;
    let lock = layout.lock(options.lock_limit)?;
    stop_leftover(&layout, options)?;
    layout.init(&binaries, options)?;
    layout.renew_socket_dir()?;

    let mut watchdog = Watchdog::start(&layout)?;
    let child = run(&layout, &binaries, options, |pid| watchdog.watch(pid))?;
    Ok(Server {
        child: Some(child),
        _watchdog: watchdog,
        layout,
        binaries,
        stop_limit: options.stop_limit,
        _lock: lock,
    })
}

impl Server {
    /// The directory of the socket, whose port is 5432: the `host` of a connection.
    pub fn socket_dir(&self) -> &Path {
        &self.layout.socket
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.layout.data
    }

    /// The programs that run.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The major version, 15 or more.
    pub fn major(&self) -> u32 {
        self.binaries.major
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// How to connect, in the form `key='value'` that libpq and `tokio-postgres` read.
    ///
    /// No password is needed. [`SUPERUSER`] ignores row-level security.
    pub fn connection_string(&self, user: &str, database: &str) -> String {
        connection_string(self.socket_dir(), user, database)
    }

    /// Runs SQL as the superuser, to create the roles and databases that an application needs before
    /// it can connect. `sql` may hold several statements. They share one transaction, unless one
    /// of them cannot run in one, such as `CREATE DATABASE`.
    ///
    /// # Errors
    ///
    /// [`Error::Sql`] with the first refused statement, [`Error::Io`] if the connection fails.
    pub fn execute(&self, database: &str, sql: &str) -> Result<(), Error> {
        wire::execute(self.socket_dir(), SUPERUSER, database, sql)
    }

    /// Stops the server and waits for its end. Open sessions are rolled back.
    ///
    /// Dropping does the same, but reports no errors.
    ///
    /// # Errors
    ///
    /// [`Error::TooSlow`] if neither the orderly stop nor the immediate one worked in time.
    pub fn stop(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let pid = child.id();
        if child.try_wait().is_ok_and(|status| status.is_none()) {
            let stopped =
                postmaster::stop(pid, self.stop_limit, || Ok(child.try_wait()?.is_some()));
            if stopped.is_err() {
                let _ = child.kill();
                let _ = child.wait();
            }
            stopped?;
        }
        layout::remove_dir(&self.layout.socket)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Writes a connection string; quotes and backslashes inside a value are escaped.
pub(crate) fn connection_string(socket_dir: &Path, user: &str, database: &str) -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"));
    format!(
        "host={} port=5432 user={} dbname={}",
        quote(&socket_dir.to_string_lossy()),
        quote(user),
        quote(database)
    )
}

/// Stops the server of a dead process, and removes anything that blocks a new one.
///
/// Only the holder of the lock may call this, so nobody else can have just started the server.
pub(crate) fn stop_leftover(layout: &Layout, options: &Options) -> Result<(), Error> {
    let Some(PidFile { pid, .. }) = PidFile::read(&layout.data) else { return Ok(()) };
    let gone = || postmaster::holder(pid, &layout.data) == Holder::Gone;
    if postmaster::holder(pid, &layout.data) == Holder::Server {
        (options.notice)(&Notice::Leftover { pid });
        postmaster::stop(pid, options.stop_limit, || Ok(gone()))?;
    }
    if gone() && PidFile::read(&layout.data).is_some_and(|file| file.pid == pid) {
        let path = layout.data.join("postmaster.pid");
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}

/// Starts the server and waits until it is ready. `started` is called with each process id.
pub(crate) fn run(
    layout: &Layout,
    binaries: &Binaries,
    options: &Options,
    mut started: impl FnMut(u32) -> Result<(), Error>,
) -> Result<Child, Error> {
    let began = Instant::now();
    loop {
        let mut child = spawn(layout, binaries, options)?;
        let result = started(child.id()).and_then(|()| wait_ready(&mut child, layout, options));
        match result {
            Ok(()) => return Ok(child),
            Err(Error::Program { output, .. })
                if is_blocked(&output) && began.elapsed() < BLOCKED_LIMIT =>
            {
                sleep(Duration::from_millis(100));
            }
            Err(error) => {
                let _ = postmaster::signal(child.id(), postmaster::Stop::Immediate);
                let _ = child.wait();
                return Err(error);
            }
        }
    }
}

/// Whether the server gave up because another one has just died.
fn is_blocked(log: &str) -> bool {
    log.contains("lock file \"") && log.contains("already exists")
        || log.contains("pre-existing shared memory block")
}

/// Starts the program in its own process group, so that signals from the terminal do not reach it.
fn spawn(layout: &Layout, binaries: &Binaries, options: &Options) -> Result<Child, Error> {
    // Only the log of the last run is kept.
    let _ = fs::rename(&layout.log, layout.log.with_extension("old"));
    let mut log = File::options();
    let log = log.create(true).write(true).truncate(true).mode(0o600).open(&layout.log);
    let log = log.map_err(Error::io("create", &layout.log))?;
    let errors = log.try_clone().map_err(Error::io("write", &layout.log))?;

    let program = binaries.bin.join("postgres");
    let mut command = layout.program(&program);
    command.arg("-D").arg(&layout.data).process_group(0).stdout(log).stderr(errors);
    let socket = layout.socket.to_string_lossy();
    let throw_away = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];
    let given = options.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let ours = [
        ("listen_addresses", ""),
        ("port", "5432"),
        ("unix_socket_directories", &socket),
        ("unix_socket_permissions", "0700"),
    ];
    let throw_away = throw_away.into_iter().filter(|_| options.throw_away);
    for (name, value) in throw_away.chain(given).chain(ours) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command.spawn().map_err(Error::io("run", &program))
}

/// Waits until `postmaster.pid` names our child and says that it is ready.
fn wait_ready(child: &mut Child, layout: &Layout, options: &Options) -> Result<(), Error> {
    let began = Instant::now();
    let ours = PidFile { pid: child.id(), ready: true };
    while PidFile::read(&layout.data) != Some(ours) {
        if child.try_wait().map_err(Error::io("wait for", Path::new("postgres")))?.is_some() {
            let output = layout::tail(&fs::read(&layout.log).unwrap_or_default());
            return Err(Error::Program { name: "postgres", output });
        }
        if began.elapsed() > options.start_limit {
            return Err(Error::TooSlow { what: "starting the server", limit: options.start_limit });
        }
        sleep(Duration::from_millis(2));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_connection_strings() {
        assert_eq!(
            connection_string(Path::new("/run/a"), r"o'neil\", "my db"),
            r"host='/run/a' port=5432 user='o\'neil\\' dbname='my db'"
        );
    }

    #[test]
    fn knows_what_a_dead_server_leaves() {
        let cases = [
            ("FATAL:  lock file \"postmaster.pid\" already exists; HINT: …", true),
            ("FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use", true),
            ("FATAL:  could not access file \"x\"", false),
        ];
        for (log, want) in cases {
            assert_eq!(is_blocked(log), want, "{log}");
        }
    }
}
