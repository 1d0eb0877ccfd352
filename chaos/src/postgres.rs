//! A Postgres of one's own, to be killed, stopped and started again.

use std::path::{Path, PathBuf};

use localpg::{Options, SUPERUSER, Search};
use rustix::process::{Pid, Signal, kill_process};

/// A cluster, and the server that runs on it at this moment.
pub(crate) struct Postgres {
    options: Options,
    server: Option<localpg::Server>,
    socket: PathBuf,
    bin: PathBuf,
}

impl Postgres {
    /// Makes a cluster below a directory, or uses the one that is there, and starts its server.
    /// It syncs as in production: what is counted here is what is lost.
    pub(crate) async fn start(directory: &Path) -> Self {
        let mut options = Options::new(directory, Search::from_env());
        // Recovery from a crash counts, and the machine may be busy.
        options.start_limit = std::time::Duration::from_secs(120);
        let mut postgres =
            Self { options, server: None, socket: PathBuf::new(), bin: PathBuf::new() };
        postgres.start_again().await;
        postgres
    }

    /// Starts the server on what the last one left.
    pub(crate) async fn start_again(&mut self) {
        let options = self.options.clone();
        let started = tokio::task::spawn_blocking(move || localpg::start(&options)).await;
        let server = started.expect("no panic").expect("a Postgres that starts");
        server.socket_dir().clone_into(&mut self.socket);
        self.bin.clone_from(&server.binaries().bin);
        self.server = Some(server);
    }

    /// The directory of the socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.running().data_dir().to_owned()
    }

    /// A program that came with the server.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// How the superuser connects, past every proxy.
    pub(crate) fn url(&self, database: &str) -> String {
        self.running().connection_string(SUPERUSER, database)
    }

    /// Runs SQL as the superuser.
    pub(crate) fn execute(&self, database: &str, sql: &str) {
        self.running().execute(database, sql).expect("the superuser's statement");
    }

    /// Kills the server at once, its sessions with it. What was not written is gone.
    pub(crate) async fn kill(&mut self) {
        let family = self.family();
        signal(&family, Signal::KILL);
        // Its handle waits for the process, and frees the directory.
        let server = self.server.take();
        tokio::task::spawn_blocking(move || drop(server)).await.expect("no panic");
    }

    /// Stops the server in order, and starts it again.
    pub(crate) async fn restart(&mut self) {
        let server = self.server.take();
        tokio::task::spawn_blocking(move || drop(server)).await.expect("no panic");
        self.start_again().await;
    }

    /// Freezes the server and its sessions: connections stay open, and nobody answers.
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
