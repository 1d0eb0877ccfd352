//! Agents and their status.

use hyper::StatusCode;
use hyper::body::Incoming;
use identity::{AgentIdentity, Timestamp, UserId, WorkspaceId};
use routing::Presence;
use serde::{Deserialize, Serialize};
use store_pg::AgentRow;

use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::http::body;
use crate::http::reply::{self, Reply};

#[derive(Serialize)]
struct Agents {
    agents: Vec<Agent>,
}

#[derive(Serialize)]
struct Agent {
    user_id: String,
    identity: String,
    name: Option<String>,
    role: &'static str,
    /// What they do now; calls come before what they set by hand.
    status: &'static str,
    since: Option<String>,
    /// What they set by hand, which holds again after the call.
    presence: &'static str,
}

#[derive(Deserialize)]
struct NewStatus {
    status: String,
}

pub(super) async fn list(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
) -> Result<Reply, ApiError> {
    let agents = members(app, workspace, user).await?;
    let agents = agents.iter().map(render).collect();
    Ok(reply::json(StatusCode::OK, &Agents { agents }))
}

pub(super) async fn set_status(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
    body: Incoming,
) -> Result<Reply, ApiError> {
    let body = body::read(body).await?;
    let new: NewStatus = serde_json::from_slice(&body).map_err(|_| {
        ApiError::field("The body must be JSON of the form {\"status\": \"available\"}.")
    })?;
    let presence = match new.status.parse() {
        Ok(presence) if presence != Presence::Unknown => presence,
        _ => {
            return Err(ApiError::field(
                "status must be available, away or offline; busy, offered and wrap_up are set by \
                 calls.",
            ));
        }
    };
    if !app.store.set_presence(workspace, user, presence, clock::now()).await? {
        return Err(ApiError::workspace_not_found());
    }
    let agents = members(app, workspace, user).await?;
    let own = agents.iter().find(|agent| agent.user == user);
    let own = own.ok_or_else(ApiError::workspace_not_found)?;
    Ok(reply::json(StatusCode::OK, &render(own)))
}

/// The agents; the asking one is always among them, so none means that it is no member.
async fn members(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
) -> Result<Vec<AgentRow>, ApiError> {
    let agents = app.store.agents(workspace, user, clock::now()).await?;
    if agents.is_empty() { Err(ApiError::workspace_not_found()) } else { Ok(agents) }
}

fn render(agent: &AgentRow) -> Agent {
    let (status, since) = effective(agent);
    Agent {
        user_id: agent.user.to_string(),
        identity: AgentIdentity::new(agent.user).to_string(),
        name: agent.name.clone(),
        role: agent.role.code(),
        status,
        since: since.map(|at| at.to_string()),
        presence: agent.presence.code(),
    }
}

/// What counts now, and since when.
fn effective(agent: &AgentRow) -> (&'static str, Option<Timestamp>) {
    if agent.on_call_since.is_some() {
        return ("busy", agent.on_call_since);
    }
    if agent.offered_since.is_some() {
        return ("offered", agent.offered_since);
    }
    let since = match agent.presence {
        // Who has finished a call since is available from then on.
        Presence::Available => agent.presence_since.max(agent.idle_since),
        _ => agent.presence_since,
    };
    (agent.presence.code(), since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::Role;

    #[test]
    fn calls_come_before_what_was_set_by_hand() {
        let at = Timestamp::from_unix_seconds;
        let agent = AgentRow {
            user: UserId::from_bytes([1; 16]),
            name: None,
            role: Role::Agent,
            presence: Presence::Available,
            presence_since: Some(at(10)),
            on_call_since: None,
            offered_since: None,
            idle_since: None,
        };
        let cases = [
            ("by hand", agent.clone(), ("available", Some(at(10)))),
            (
                "after a call",
                AgentRow { idle_since: Some(at(50)), ..agent.clone() },
                ("available", Some(at(50))),
            ),
            (
                "ringing",
                AgentRow { offered_since: Some(at(20)), ..agent.clone() },
                ("offered", Some(at(20))),
            ),
            (
                "talking, and another call rings",
                AgentRow {
                    offered_since: Some(at(20)),
                    on_call_since: Some(at(15)),
                    ..agent.clone()
                },
                ("busy", Some(at(15))),
            ),
            (
                "away during a call",
                AgentRow { presence: Presence::Away, on_call_since: Some(at(15)), ..agent.clone() },
                ("busy", Some(at(15))),
            ),
            (
                "never reported",
                AgentRow { presence: Presence::Unknown, presence_since: None, ..agent },
                ("unknown", None),
            ),
        ];
        for (name, agent, want) in cases {
            assert_eq!(effective(&agent), want, "{name}");
        }
    }
}
