//! A world for one test: a database, one server or several, and Twilio.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use emulator::{Emulator, Phone, Route, Select};
use localpg::testing::{self, Template, TestDatabase};
use server::{Clock, Config, Server};
use store_pg::Owner;
use uuid::Uuid;

/// The public URL that Twilio knows; the emulator's routes lead to the servers.
pub(crate) const PUBLIC_URL: &str = "https://voice.example.com";
pub(crate) const SESSION_SECRET: &str = "a-session-secret-of-at-least-32-bytes";
pub(crate) const SECRETS_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// A page that may call the API.
pub(crate) const ORIGIN: &str = "https://chat.example.com";
/// The role as which the server logs in.
pub(crate) const LOGIN: &str = "voice_app";
/// A busy machine makes a healthy database slow; no test is about that.
const PATIENT: Duration = Duration::from_secs(3);

/// A database, servers on it, and Twilio.
pub(crate) struct World {
    pub(crate) twilio: Emulator,
    pub(crate) servers: Vec<Server>,
    pub(crate) owner: Owner,
    pub(crate) database: TestDatabase,
    directory: Directory,
    /// Servers that were started so far.
    started: usize,
    /// How long the servers wait for the database.
    budget: Duration,
    /// How old what memory has of members may be. Zero, because most tests change the database in one
    /// moment and call in the next one.
    members_current: Duration,
    /// The clock of the machine on which the next server starts.
    pub(crate) clock: Clock,
}

impl World {
    /// One server.
    pub(crate) async fn new() -> Self {
        Self::with_servers(1).await
    }

    /// Several servers on one database; Twilio's webhooks go to them in turn.
    pub(crate) async fn with_servers(count: usize) -> Self {
        Self::with(count, emulator::Config::default()).await
    }

    /// Several servers, and a Twilio that is set up like this.
    pub(crate) async fn with(count: usize, twilio: emulator::Config) -> Self {
        Self::start(count, twilio, PATIENT, Clock::system()).await
    }

    /// One server that answers without the database almost as soon as in production, which a busy
    /// machine may bring about.
    pub(crate) async fn impatient() -> Self {
        let budget = Duration::from_millis(500);
        Self::start(1, emulator::Config::default(), budget, Clock::system()).await
    }

    /// One server with this clock.
    pub(crate) async fn with_clock(clock: Clock) -> Self {
        Self::start(1, emulator::Config::default(), PATIENT, clock).await
    }

    /// Several servers that answer by what they know of members, as in production.
    pub(crate) async fn remembering(count: usize) -> Self {
        let (twilio, clock) = (emulator::Config::default(), Clock::system());
        let mut world = Self::on(database(), twilio, PATIENT, clock).await;
        world.members_current = Duration::from_secs(5);
        for _ in 0..count {
            world.start_server().await;
        }
        world
    }

    /// A database without servers that this SQL has made, schema and all.
    pub(crate) async fn of_schema(sql: &str) -> Self {
        let database = database_of(sql, |template| Ok(template.execute(sql)?));
        // Its calls are others than those in the database.
        let twilio = emulator::Config { seed: 3, ..emulator::Config::default() };
        Self::on(database, twilio, PATIENT, Clock::system()).await
    }

    /// A database without servers and without our schema, in which this SQL has made a live chat.
    pub(crate) async fn of_live_chat(sql: &str) -> Self {
        let twilio = emulator::Config::default();
        let world =
            Self::on(database_of("nothing", |_| Ok(())), twilio, PATIENT, Clock::system()).await;
        world.owner.client().batch_execute(sql).await.expect("a live chat");
        world.owner.client().batch_execute("reset all; discard temp").await.expect("reset");
        world
    }

    async fn start(count: usize, twilio: emulator::Config, budget: Duration, clock: Clock) -> Self {
        let mut world = Self::on(database(), twilio, budget, clock).await;
        for _ in 0..count {
            world.start_server().await;
        }
        world
    }

    async fn on(
        database: TestDatabase,
        twilio: emulator::Config,
        budget: Duration,
        clock: Clock,
    ) -> Self {
        let owner = Owner::connect(&database.connection_string(localpg::SUPERUSER))
            .await
            .expect("the owner");
        let twilio = Emulator::start(twilio).await.expect("an emulator");
        Self {
            twilio,
            servers: Vec::new(),
            owner,
            database,
            directory: Directory::new(),
            started: 0,
            budget,
            members_current: Duration::ZERO,
            clock,
        }
    }

    /// Starts one more server on the same database, with a directory of its own.
    pub(crate) async fn start_server(&mut self) {
        let server = self.server_in(self.started).await;
        self.started += 1;
        self.servers.push(server);
        self.route();
    }

    /// Stops the first server.
    pub(crate) async fn stop_first(&mut self) -> Stopped {
        self.servers.remove(0).stop().await;
        Stopped
    }

    /// Starts a server on the files of the first one.
    pub(crate) async fn start_again(&mut self, _: Stopped) {
        let server = self.server_in(0).await;
        self.servers.insert(0, server);
        self.route();
    }

    async fn server_in(&self, number: usize) -> Server {
        let data_dir = self.data_dir(number);
        let database_url = self.database.connection_string(LOGIN);
        let config = Config::read(|name| {
            let text = match name {
                "DATABASE_URL" => database_url.as_str(),
                "SWITCHROOM_DATA_DIR" => data_dir.to_str()?,
                "SWITCHROOM_LISTEN" => "127.0.0.1:0",
                "SWITCHROOM_PUBLIC_URL" => PUBLIC_URL,
                "SWITCHROOM_SESSION_SECRET" => SESSION_SECRET,
                "SWITCHROOM_SECRETS_KEY" => SECRETS_KEY,
                "SWITCHROOM_ALLOWED_ORIGINS" => ORIGIN,
                // Nobody listens there: nothing leaves the machine.
                "TWILIO_API_BASE_URL" => "http://127.0.0.1:9",
                _ => return None,
            };
            Some(text.to_owned())
        });
        let mut config = config.expect("a configuration");
        // Rounds of its own would write between the states that a test compares.
        config.reconcile.every = None;
        config.refresh_every = None;
        config.database_budget = self.budget;
        config.members_current = self.members_current;
        config.clock = self.clock.clone();
        Server::start(config).await.expect("a server")
    }

    /// Where the server that was started as this one keeps its files.
    pub(crate) fn data_dir(&self, number: usize) -> PathBuf {
        self.directory.0.join(number.to_string())
    }

    /// Leads Twilio's webhooks to the servers in turn.
    pub(crate) fn route(&self) {
        let bases = self.servers.iter().map(|one| format!("http://{}", one.address())).collect();
        self.twilio.clear_routes();
        self.twilio.route(Route { on: Select::ALL, host: None, bases });
    }

    /// A phone that calls.
    pub(crate) fn phone(&self, number: &str) -> Phone {
        self.twilio.phone(number)
    }

    /// Waits until everything that was acknowledged is in the database.
    pub(crate) async fn applied(&self) {
        until("everything acknowledged is in the database", async || {
            self.servers.iter().all(|server| server.pending_records() == 0)
        })
        .await;
    }

    /// Stops the servers, in order.
    pub(crate) async fn stop(mut self) {
        for server in self.servers.drain(..) {
            server.stop().await;
        }
    }
}

/// The first server, while it is stopped.
#[must_use]
pub(crate) struct Stopped;

/// Waits until something holds, for as long as a busy machine may take.
pub(crate) async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    let holds = harness::wait::until(Duration::from_secs(30), Duration::from_millis(2), holds);
    assert!(holds.await, "not within 30 s: {what}");
}

fn database() -> TestDatabase {
    database_of(&store_pg::template_key(), |template| {
        let (owner, login) =
            (template.connection_string(localpg::SUPERUSER), template.connection_string(LOGIN));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { Owner::connect(&owner).await?.migrate(&login).await })?;
        Ok(())
    })
}

/// A copy of the template with this key, which is built if it is not there yet.
fn database_of(
    key: &str,
    build: impl FnOnce(&Template<'_>) -> Result<(), Box<dyn Error + Send + Sync>> + Send,
) -> TestDatabase {
    let cluster = testing::cluster().expect("a Postgres");
    let database = cluster.database(format!("server {key}"), build).expect("a database");
    // The rights on a database are its own; a copy has those of a new one.
    let revoke = format!("revoke temporary on database {} from public", database.name());
    database.execute(&revoke).expect("revoked");
    database
}

/// A directory for this world alone.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path =
            std::env::temp_dir().join(format!("switchroom-test-{}", Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left is found under the system's temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
