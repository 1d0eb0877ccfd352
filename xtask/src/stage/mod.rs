//! Everything that a scenario needs: the server, its database, Twilio and two workspaces.
//!
//! The server is the real one, a process of its own on its embedded PostgreSQL. Twilio is the
//! emulator, in this process, which signs its webhooks and sends them over HTTP.

pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod place;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod session;
pub(crate) mod team;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use emulator::{Config, Emulator, Route, Select};
use identity::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use self::database::Database;
use self::http::{Answer, Http};
use self::place::Place;
use self::process::Process;
use self::session::SignIn;
use self::team::Team;

/// The set-up. Dropping it stops the server, and the server its PostgreSQL.
pub(crate) struct Stage {
    pub(crate) twilio: Emulator,
    pub(crate) http: Http,
    pub(crate) database: Database,
    /// Four agents, and contacts.
    pub(crate) acme: Team,
    /// Twenty-five agents.
    pub(crate) globex: Team,
    sign_in: SignIn,
    server: Process,
}

impl Stage {
    /// Starts and fills everything.
    pub(crate) async fn set_up(place: &Place, twilio: Config) -> Result<Self, String> {
        // What an earlier run left would lead to a database that is gone.
        let _ = std::fs::remove_file(place.database_url());
        let mut server = Process::start(place.serve(), &place.log())?;
        let base = format!("http://{}", server.address().await?);
        let database = Database::open(&place.database_url()).await?;
        place.database_is_at(database.home.clone());
        let twilio = Emulator::start(twilio).await;
        let twilio = twilio.map_err(|error| format!("the emulator: {error}"))?;
        twilio.route(Route { on: Select::ALL, bases: vec![base.clone()] });
        let acme = Team::acme(&twilio, place, &database).await?;
        let globex = Team::globex(&twilio, place, &database).await?;
        let stage = Self {
            twilio,
            http: Http::new(base),
            database,
            acme,
            globex,
            sign_in: SignIn::new(place.session_secret.clone()),
            server,
        };
        stage.register().await?;
        Ok(stage)
    }

    /// Brings the emulated time well ahead of the machine's.
    ///
    /// It stands still while nothing happens. The server notes by its own clock when a call comes
    /// in, and no answer stands before that; behind it, calls would look shorter than they were.
    pub(crate) async fn catch_up(&self) {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = Timestamp::from_unix_seconds(0) + wall;
        self.twilio.advance((wall + AHEAD).since(self.twilio.now())).await;
    }

    /// Registers every agent's browser as its page does: with an access token from the server.
    pub(crate) async fn register(&self) -> Result<(), String> {
        for team in [&self.acme, &self.globex] {
            for (index, agent) in team.agents().iter().enumerate() {
                let path = team.path(&format!("token?identity={}", agent.identity()));
                let answer = self.ask(team, index + 1, &path).await?;
                let issued = answer.json();
                let token = issued["token"]
                    .as_str()
                    .ok_or_else(|| format!("GET {path}: {} {}", answer.status, answer.body))?;
                agent.register(token).map_err(|error| {
                    format!("agent {} of {} cannot register: {error}", index + 1, team.id)
                })?;
            }
        }
        Ok(())
    }

    /// The session of an agent.
    pub(crate) fn session(&self, team: &Team, agent: usize) -> Result<String, String> {
        self.sign_in.session(&team.user(agent))
    }

    /// A question of an agent's page.
    pub(crate) async fn ask(
        &self,
        team: &Team,
        agent: usize,
        path: &str,
    ) -> Result<Answer, String> {
        self.http.get(path, Some(&self.session(team, agent)?)).await
    }

    /// The call log as agent 1 of the workspace sees it.
    pub(crate) async fn calls(&self, team: &Team) -> Result<Vec<Value>, String> {
        let path = team.path("calls?limit=200");
        let answer = self.ask(team, 1, &path).await?;
        match answer.json()["calls"].as_array() {
            Some(calls) if answer.status == 200 => Ok(calls.clone()),
            _ => Err(format!("GET {path}: {} {}", answer.status, answer.body)),
        }
    }

    /// Waits until everything that the server has acknowledged is in the database.
    pub(crate) async fn applied(&self) -> Result<(), String> {
        let deadline = Instant::now() + APPLY;
        loop {
            let page = self.http.get("/metrics", None).await?;
            if page.body.lines().any(|line| line == "switchroom_spool_pending_records 0") {
                return Ok(());
            }
            if Instant::now() > deadline {
                let seconds = APPLY.as_secs();
                return Err(format!("acknowledged events are not applied after {seconds} s"));
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether the server still runs.
    pub(crate) fn alive(&mut self) -> Result<(), String> {
        self.server.alive()
    }

    /// Stops everything in order.
    pub(crate) fn stop(self) -> Result<(), String> {
        drop(self.database);
        drop(self.twilio);
        self.server.stop()
    }
}

/// More than any scenario takes in real time.
const AHEAD: Duration = Duration::from_secs(60);
const APPLY: Duration = Duration::from_secs(10);
