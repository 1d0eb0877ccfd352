//! A Postgres that a campaign can kill, stop and start again.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use localpg::{Options, SUPERUSER, Search};
use rustix::process::{Pid, Signal, kill_process};

/// A cluster, and the server that runs on it at this moment.
pub(crate) struct Postgres {
    options: Options,
    server: Option<localpg::Server>,
    socket: PathBuf,
}

impl Postgres {
    /// Makes a cluster below a directory, or uses the one that is there, and starts its server.
    /// It syncs as in production, because campaigns count what is lost.
    pub(crate) async fn start(directory: &Path) -> Self {
        let mut options = Options::new(directory, Search::from_env());
        // Recovery from a crash counts, and the machine may be busy.
        options.start_limit = std::time::Duration::from_secs(120);
        let mut postgres = Self { options, server: None, socket: PathBuf::new() };
        postgres.start_again().await;
        postgres
    }

    /// Starts the server on what the last one left.
    pub(crate) async fn start_again(&mut self) {
        let options = self.options.clone();
        let started = tokio::task::spawn_blocking(move || localpg::start(&options)).await;
        let server = started.expect("no panic").expect("a Postgres that starts");
        server.socket_dir().clone_into(&mut self.socket);
        self.server = Some(server);
    }

    /// The directory of the socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// How the superuser connects, past every proxy.
    pub(crate) fn url(&self, database: &str) -> String {
        self.running().connection_string(SUPERUSER, database)
    }

    /// Runs SQL as the superuser.
    pub(crate) fn execute(&self, database: &str, sql: &str) {
        self.running().execute(database, sql).expect("the superuser's statement");
    }

    /// Kills the server and its sessions at once. Unwritten data is gone.
    pub(crate) async fn kill(&mut self) {
        let family = self.family();
        signal(&family, Signal::KILL);
        // Its handle waits for the process, and frees the directory.
        self.stop().await;
    }

    /// Stops the server in order, and starts it again.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Stops the server in order, or waits for the end of a killed one.
    async fn stop(&mut self) {
        let server = self.server.take();
        tokio::task::spawn_blocking(move || drop(server)).await.expect("no panic");
    }

    /// A standby of this primary. The primary is stopped while its files are copied, so that no more
    /// is needed than the programs of every PostgreSQL.
    pub(crate) async fn standby(&mut self, directory: &Path) -> Self {
        let data = self.running().data_dir().to_owned();
        let version = data.parent().and_then(Path::file_name).expect("a version");
        let copy = directory.join(version).join("data");
        std::fs::create_dir_all(copy.parent().expect("a parent")).expect("a directory");
        self.stop().await;
        // Keep the owner: this copy may be made by root, but Postgres does not run as root.
        let copied = Command::new("cp").arg("--archive").args([&data, &copy]).status();
        assert!(copied.expect("cp runs").success(), "the data directory is copied");
        self.start_again().await;
        let follow =
            format!("primary_conninfo = 'host={} user={SUPERUSER}'\n", self.socket.display());
        let settings = OpenOptions::new().append(true).open(copy.join("postgresql.auto.conf"));
        let written = settings.and_then(|mut settings| settings.write_all(follow.as_bytes()));
        written.and_then(|()| std::fs::write(copy.join("standby.signal"), "")).expect("a standby");
        Self::start(directory).await
    }

    /// Freezes the server and its sessions: connections stay open, and nothing answers.
    pub(crate) fn freeze(&self) {
        signal(&self.family(), Signal::STOP);
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        signal(&self.family(), Signal::CONT);
    }

    fn running(&self) -> &localpg::Server {
        self.server.as_ref().expect("a Postgres that runs")
    }

    /// The server first, then its sessions.
    fn family(&self) -> Vec<u32> {
        let Some(server) = &self.server else { return Vec::new() };
        let pid = server.pid();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        std::iter::once(pid).chain(children).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A frozen server would not stop.
        self.thaw();
    }
}

fn signal(processes: &[u32], signal: Signal) {
    for pid in processes {
        if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
            // One that has ended in the meantime needs no signal.
            let _ = kill_process(pid, signal);
        }
    }
}
