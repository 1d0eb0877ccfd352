//! A new process takes over from an old one, on the same port and the same directory.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::TcpSocket;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::load::{Load, Request, callback, send};
use crate::world::{LOGIN, PUBLIC_URL, SECRETS_KEY, SESSION_SECRET, World, until};

/// How long a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `switchroom serve`.
pub(crate) struct Process {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Process {
    /// Starts one and waits until it listens.
    pub(crate) async fn start(world: &World, listen: SocketAddr) -> Self {
        Self::start_at(world, listen, PUBLIC_URL).await
    }

    /// The same with another public URL.
    pub(crate) async fn start_at(world: &World, listen: SocketAddr, public_url: &str) -> Self {
        // Only the lines that are waited for: lines of a log that is not read are lost.
        let env = [
            ("SWITCHROOM_PUBLIC_URL", public_url),
            ("RUST_LOG", "server::serve=info,server::command=info"),
        ];
        Self::start_with(world, listen, &env).await
    }

    /// The same with another environment.
    pub(crate) async fn start_with(
        world: &World,
        listen: SocketAddr,
        env: &[(&str, &str)],
    ) -> Self {
        let mut child = program(world, "serve")
            .env("SWITCHROOM_LISTEN", listen.to_string())
            .envs(env.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let log = BufReader::new(child.stderr.take().expect("its log")).lines();
        let mut process = Self { child, log };
        process.says("listening on ").await;
        process
    }

    /// Waits for a line of its log.
    pub(crate) async fn says(&mut self, text: &str) {
        let found = async {
            while let Some(line) = self.log.next_line().await.expect("UTF-8") {
                if line.contains(text) {
                    return true;
                }
            }
            false
        };
        let found = timeout(PATIENCE, found).await.expect("in time");
        assert!(found, "it ended before it said {text:?}");
    }

    /// Sends it a signal.
    pub(crate) async fn signal(&self, name: &str) {
        signal(name, &self.pid()).await;
    }

    /// Waits until it has ended; whether it says that all was well.
    pub(crate) async fn ended(&mut self) -> bool {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("in time");
        status.expect("a status").success()
    }

    fn pid(&self) -> String {
        self.child.id().expect("it runs").to_string()
    }

    /// Tells it to stop and reads its log to the end.
    pub(crate) async fn stop(mut self) {
        self.signal("-TERM").await;
        self.says("stopped").await;
        assert!(self.ended().await);
    }

    pub(crate) async fn kill(mut self) {
        signal("-KILL", &self.pid()).await;
        drop(timeout(PATIENCE, self.child.wait()).await.expect("in time"));
    }
}

/// The program with the environment of a world.
pub(crate) fn program(world: &World, command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_switchroom"));
    program
        .arg(command)
        .env_clear()
        .env("DATABASE_URL", world.database.connection_string(LOGIN))
        .env("SWITCHROOM_DATA_DIR", world.data_dir(0))
        .env("SWITCHROOM_PUBLIC_URL", PUBLIC_URL)
        .env("SWITCHROOM_SESSION_SECRET", SESSION_SECRET)
        .env("SWITCHROOM_SECRETS_KEY", SECRETS_KEY)
        // Nobody listens there: nothing leaves the machine.
        .env("TWILIO_API_BASE_URL", "http://127.0.0.1:9");
    program
}

async fn signal(name: &str, pid: &str) {
    let status = Command::new("kill").args([name, pid]).status().await;
    assert!(status.expect("kill").success(), "{name} {pid}");
}

/// A port that nobody else takes for as long as the socket is held, and that listens nowhere.
pub(crate) fn reserve() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseport(true).expect("an option");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

/// Calls that have an event in the database.
pub(crate) async fn kept(world: &World) -> u32 {
    let sql = "select count(distinct call_sid) from public.voice_events";
    let count: i64 = world.owner.client().query_one(sql, &[]).await.expect("a count").get(0);
    u32::try_from(count).expect("few")
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_take_over_from_each_other_without_a_failed_request() {
    let world = World::with_servers(0).await;
    let team = world.team("acme").await;
    let (_port, address) = reserve();
    let mut old = Process::start(&world, address).await;
    let load = Load::start(address, move |number| Request::callback(&team, number));
    for _ in 0..4 {
        load.goes_on(50).await;
        let new = Process::start(&world, address).await;
        load.goes_on(50).await;
        old.stop().await;
        old = new;
    }
    load.goes_on(50).await;
    let sent = load.ends().await;
    old.stop().await;
    assert_eq!(kept(&world).await, sent, "each was acknowledged, so each is kept");
    println!("{sent} requests over 4 hand-overs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_is_applied_by_the_one_beside_it() {
    let world = World::with_servers(0).await;
    let team = world.team("acme").await;
    let (_port, address) = reserve();
    let old = Process::start(&world, address).await;
    let line = send(address, &callback(&team, 1).bytes()).await.expect("an answer");
    assert_eq!(line, "HTTP/1.1 204 No Content", "the workspace is known");
    until("it is in the database", async || kept(&world).await == 1).await;
    world.cut_off().await;
    for call in 2..=20 {
        let line = send(address, &callback(&team, call).bytes()).await.expect("an answer");
        assert_eq!(line, "HTTP/1.1 204 No Content");
    }
    let new = Process::start(&world, address).await;
    old.kill().await;
    world.let_in().await;
    until("everything is in the database", async || kept(&world).await == 20).await;
    new.stop().await;
}
