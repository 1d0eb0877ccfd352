//! Session tokens, good ones and others.

pub(crate) use harness::session::{now, sign};
use identity::UserId;
use serde_json::{Value, json};

use crate::http::{Answer, Ask};
use crate::team::Team;
use crate::world::{SESSION_SECRET, World};

/// A session as the live chat issues it.
pub(crate) fn session(user: UserId) -> String {
    sign(&claims(user), SESSION_SECRET)
}

pub(crate) fn claims(user: UserId) -> Value {
    harness::session::claims(&user.to_string(), 3600)
}

impl World {
    /// Asks for something of the team in the name of one of its agents.
    pub(crate) async fn get(&self, team: &Team, agent: u8, rest: &str) -> Answer {
        self.ask(&Ask::get(&team.path(rest)).bearer(&session(team.user(agent)))).await
    }

    /// Sets an agent's own status.
    pub(crate) async fn set_status(&self, team: &Team, agent: u8, status: &str) -> Answer {
        let ask = Ask::new("PUT", &team.path("agents/me/status"))
            .bearer(&session(team.user(agent)))
            .json(&json!({ "status": status }));
        self.ask(&ask).await
    }
}
