//! Everything that a scenario needs: the server, its database, Twilio and two workspaces.
//!
//! The server is the real one, a process of its own on its embedded PostgreSQL. Twilio is the
//! emulator, in this process, which signs its webhooks and sends them over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use emulator::{Emulator, Route, Select};
use harness::http::Answer;
use harness::{server, session};
use serde_json::Value;

use crate::http::Http;
use crate::live_chat::LiveChat;
use crate::place::Place;
use crate::process::Process;
use crate::team::Team;

/// The set-up. Dropping it stops the server, and the server its PostgreSQL.
pub struct Stage {
    /// Twilio.
    pub twilio: Emulator,
    /// Asks the server.
    pub http: Http,
    /// The live chat's tables.
    pub live_chat: LiveChat,
    /// Four agents, and contacts.
    pub acme: Team,
    /// Twenty-five agents.
    pub globex: Team,
    session_secret: String,
    told: Vec<(&'static str, String)>,
    server: Option<Process>,
}

impl Stage {
    /// Starts the server and fills its database. `told` is added to the server's environment.
    pub async fn set_up(
        place: &Place,
        twilio: Emulator,
        told: Vec<(&'static str, String)>,
    ) -> Result<Self, String> {
        let (server, address) = start(place, ANY_PORT, &told).await?;
        let http = Http::new(address);
        let live_chat = LiveChat::open(&place.database_url()).await?;
        place.database_is_at(live_chat.home.clone());
        twilio.route(Route { on: Select::ALL, host: None, bases: vec![http.base.clone()] });
        let acme = Team::acme(&twilio, place, &live_chat).await?;
        let globex = Team::globex(&twilio, place, &live_chat).await?;
        Ok(Self {
            twilio,
            http,
            live_chat,
            acme,
            globex,
            session_secret: place.session_secret.clone(),
            told,
            server: Some(server),
        })
    }

    /// Stops the server and leaves the rest as it is.
    pub fn stop_server(&mut self) -> Result<(), String> {
        self.server.take().map_or(Ok(()), Process::stop)
    }

    /// Starts the server where it was.
    pub async fn start_server(&mut self, place: &Place) -> Result<(), String> {
        self.stop_server()?;
        let listen = self.http.base.trim_start_matches("http://").to_owned();
        let (server, _) = start(place, &listen, &self.told).await?;
        self.server = Some(server);
        // Its PostgreSQL was restarted too.
        self.live_chat = LiveChat::open(&place.database_url()).await?;
        Ok(())
    }

    /// Registers every agent's browser as its page does: with an access token from the server.
    pub async fn register(&self) -> Result<(), String> {
        for team in [&self.acme, &self.globex] {
            self.register_team(team).await?;
        }
        Ok(())
    }

    /// The same for one workspace.
    pub async fn register_team(&self, team: &Team) -> Result<(), String> {
        for (index, agent) in team.agents().iter().enumerate() {
            let path = team.path(&format!("token?identity={}", agent.identity()));
            let answer = self.ask(team, index + 1, &path).await?;
            let issued = answer.json();
            let token = issued["token"]
                .as_str()
                .ok_or_else(|| format!("GET {path}: {} {}", answer.status, answer.text()))?;
            agent.register(token).map_err(|error| {
                format!("agent {} of {} cannot register: {error}", index + 1, team.id)
            })?;
        }
        Ok(())
    }

    /// The session of an agent.
    pub fn session(&self, team: &Team, agent: usize) -> String {
        session::sign(&session::claims(&team.user(agent), DAY), &self.session_secret)
    }

    /// A request of an agent's page.
    pub async fn ask(&self, team: &Team, agent: usize, path: &str) -> Result<Answer, String> {
        self.http.get(path, Some(&self.session(team, agent))).await
    }

    /// The call log as agent 1 of the workspace sees it.
    pub async fn calls(&self, team: &Team) -> Result<Vec<Value>, String> {
        let path = team.path("calls?limit=200");
        let answer = self.ask(team, 1, &path).await?;
        match answer.json()["calls"].as_array() {
            Some(calls) if answer.status == 200 => Ok(calls.clone()),
            _ => Err(format!("GET {path}: {} {}", answer.status, answer.text())),
        }
    }

    /// Waits until everything that the server has acknowledged is in the database.
    pub async fn applied(&self) -> Result<(), String> {
        if server::drained(self.http.address(), APPLY).await {
            return Ok(());
        }
        Err(format!("acknowledged events are not applied after {} s", APPLY.as_secs()))
    }

    /// Whether the server still runs.
    pub fn alive(&mut self) -> Result<(), String> {
        self.server.as_mut().map_or(Ok(()), Process::alive)
    }

    /// Stops everything in order.
    pub fn stop(mut self) -> Result<(), String> {
        drop(self.live_chat);
        drop(self.twilio);
        self.server.take().map_or(Ok(()), Process::stop)
    }
}

/// Starts the server, and returns its address too.
async fn start(
    place: &Place,
    listen: &str,
    told: &[(&'static str, String)],
) -> Result<(Process, SocketAddr), String> {
    // The file of an earlier run would name a database that is gone.
    let _ = std::fs::remove_file(place.database_url());
    let mut command = place.serve(listen);
    command.envs(told.iter().map(|(name, value)| (name, value)));
    let mut server = Process::start(command, &place.log())?;
    let address = server.address().await?;
    Ok((server, address))
}

const ANY_PORT: &str = "127.0.0.1:0";

/// A session of a day, in seconds.
const DAY: u64 = 86_400;
const APPLY: Duration = Duration::from_secs(10);
