//! Session tokens, good ones and others.

use std::time::{SystemTime, UNIX_EPOCH};

use identity::UserId;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::http::{Answer, Ask};
use crate::team::Team;
use crate::world::{SESSION_SECRET, World};

/// A session as the live chat issues it.
pub(crate) fn session(user: UserId) -> String {
    sign(&claims(user), SESSION_SECRET)
}

pub(crate) fn claims(user: UserId) -> Value {
    json!({
        "sub": user.to_string(),
        "aud": "authenticated",
        "role": "authenticated",
        "exp": now() + 3600,
    })
}

pub(crate) fn sign(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::default(), claims, &key).expect("a token")
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
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
