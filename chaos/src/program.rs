//! The program under test, as a process of its own.

use std::fs::{self, File};
use std::io::{PipeReader, pipe};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use harness::wait::until;
use harness::{Group, server};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::planted;

/// The public URL that Twilio knows; every signature is made for it.
pub(crate) const PUBLIC_URL: &str = "https://voice.example.com";

/// The path of the program, and the folder for its output.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The executable.
    pub(crate) path: PathBuf,
    /// For logs, which are searched at the end.
    pub(crate) logs: PathBuf,
}

impl Program {
    /// A command with an empty environment. All output goes to a file.
    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let log = File::create(self.log(name)).expect("a log");
        // The usual limit of open files for a process that does not ask for more.
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", r#"ulimit -S -n 1024 && exec "$0" "$@""#])
            .arg(&self.path)
            .args(arguments)
            .env_clear()
            .env("RUST_LOG", "trace")
            // There is no such account at Twilio, and nothing leaves this machine (RFC 863).
            .env("TWILIO_API_BASE_URL", "http://127.0.0.1:9")
            .env("SWITCHROOM_SECRETS_KEY", planted::SECRETS_KEY)
            .env("SWITCHROOM_SESSION_SECRET", planted::SESSION_SECRET)
            .env("SWITCHROOM_PUBLIC_URL", PUBLIC_URL)
            .env("SWITCHROOM_ALLOWED_ORIGINS", "https://chat.example.com")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log);
        command
    }

    /// Runs one of the owner's commands.
    pub(crate) fn owner(&self, arguments: &[&str], environment: &[(&str, &str)]) {
        let name = format!("owner-{}", arguments.join("-").replace('/', "_"));
        let mut command = self.command(&name, arguments);
        command.envs(environment.iter().copied());
        let status = command.status().expect("the program");
        let said = fs::read_to_string(self.log(&name)).unwrap_or_default();
        assert!(status.success(), "switchroom {}: {said}", arguments.join(" "));
    }

    fn server(&self, serve: &Serve) -> Command {
        let mut command = self.command(&serve.name, &["serve"]);
        command
            .env("DATABASE_URL", &serve.database_url)
            .env("SWITCHROOM_DATA_DIR", &serve.data)
            .env("SWITCHROOM_LISTEN", "127.0.0.1:0")
            .envs(serve.environment.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// Starts a server, and waits until it listens.
    pub(crate) async fn serve(&self, serve: &Serve) -> Server {
        let began = Instant::now();
        let group = Group::start(&mut self.server(serve)).expect("the program");
        let (log, address) = (self.log(&serve.name), ([127, 0, 0, 1], 0).into());
        let mut server = Server { group, address, log };
        server.address = server.listening(began).await;
        server
    }

    /// Starts a server whose log goes into a pipe that nobody reads. The other end of the pipe must be
    /// kept.
    pub(crate) async fn serve_unread(&self, serve: &Serve) -> (Server, PipeReader) {
        let (reader, writer) = pipe().expect("a pipe");
        // The log does not tell the address, so the port is chosen here.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = port.expect("a free port");
        let mut command = self.server(serve);
        command
            .env("SWITCHROOM_LISTEN", address.to_string())
            .stdout(writer.try_clone().expect("the pipe"))
            .stderr(writer);
        let group = Group::start(&mut command).expect("the program");
        let answers =
            async || server::metric(address, "switchroom_spool_pending_records").await.is_some();
        let answers = until(START, Duration::from_millis(20), answers).await;
        assert!(answers, "the server does not listen");
        (Server { group, address, log: self.log(&serve.name) }, reader)
    }

    /// Starts a server that should refuse to serve. Returns its exit status, and none if it listens.
    pub(crate) async fn refuses(&self, serve: &Serve) -> Option<ExitStatus> {
        let mut group = Group::start(&mut self.server(serve)).expect("the program");
        let log = self.log(&serve.name);
        loop {
            let ended = group.ended().expect("a process");
            if ended.is_some() || server::listening(&log).is_some() {
                return ended;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(name).with_extension("log")
    }
}

/// The options of a server.
#[derive(Clone, Debug)]
pub(crate) struct Serve {
    /// The name of its log.
    pub(crate) name: String,
    /// Its spool.
    pub(crate) data: PathBuf,
    /// The connection string of its own role.
    pub(crate) database_url: String,
    /// More of the environment.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A running server; killed when it is dropped, and ended when this process is gone.
pub(crate) struct Server {
    group: Group,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its output.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Kills it at once (`SIGKILL`).
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself; its log shows that.
        let _ = self.group.kill();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.group.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), signal).expect("it runs");
    }

    /// Waits until everything that it acknowledged is in the database.
    pub(crate) async fn drained(&self) {
        let is_drained = server::drained(self.address, Duration::from_secs(180)).await;
        assert!(is_drained, "the spool is not drained: {}", self.log.display());
    }

    /// How much memory it uses.
    pub(crate) fn resident_mib(&self) -> f64 {
        server::resident_mib(self.group.id())
    }

    /// The most memory that it used since the last [`Self::forget_most`].
    pub(crate) fn most_mib(&self) -> f64 {
        server::most_resident_mib(self.group.id())
    }

    /// Lets [`Self::most_mib`] begin with what it uses now (`proc(5)`, `clear_refs`).
    pub(crate) fn forget_most(&self) {
        let reset = fs::write(format!("/proc/{}/clear_refs", self.group.id()), "5");
        reset.expect("a process of ours");
    }

    async fn listening(&mut self, began: Instant) -> SocketAddr {
        loop {
            if let Some(address) = server::listening(&self.log) {
                return address;
            }
            let ended = self.group.ended().expect("a process");
            let said = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(ended.is_none(), "the server has ended: {}", said());
            assert!(began.elapsed() < START, "the server does not listen: {}", said());
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A busy machine, and a database that may be away.
const START: Duration = Duration::from_secs(30);
