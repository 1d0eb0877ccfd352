//! Agents and their status.

use hyper::StatusCode;
use hyper::body::Incoming;
use identity::{UserId, WorkspaceId};
use routing::Presence;
use serde::{Deserialize, Serialize};
use store_pg::AgentRow;

use crate::app::App;
use crate::error::ApiError;
use crate::http::body;
use crate::http::reply::{self, Reply};
use crate::wire::agent::Agent;

#[derive(Serialize)]
struct Agents {
    agents: Vec<Agent>,
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
    let wrap_up = app.workspaces.wrap_up(workspace).await;
    let now = app.clock.now();
    let agents = agents.iter().map(|agent| Agent::of(agent, wrap_up, now)).collect();
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
    if !app.store.set_presence(workspace, user, presence, app.clock.now()).await? {
        return Err(ApiError::workspace_not_found());
    }
    own(app, workspace, user).await
}

pub(super) async fn end_wrap_up(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
) -> Result<Reply, ApiError> {
    if !app.store.end_wrap_up(workspace, user, app.clock.now()).await? {
        return Err(ApiError::workspace_not_found());
    }
    own(app, workspace, user).await
}

/// The agent who asks.
async fn own(app: &App, workspace: &WorkspaceId, user: UserId) -> Result<Reply, ApiError> {
    let agents = members(app, workspace, user).await?;
    let own = agents.iter().find(|agent| agent.user == user);
    let own = own.ok_or_else(ApiError::workspace_not_found)?;
    let wrap_up = app.workspaces.wrap_up(workspace).await;
    Ok(reply::json(StatusCode::OK, &Agent::of(own, wrap_up, app.clock.now())))
}

/// The agents. The agent who asks is always among them, so an empty list means: not a member.
async fn members(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
) -> Result<Vec<AgentRow>, ApiError> {
    let now = app.clock.now();
    let mut agents = app.store.agents(workspace, user, now).await?;
    app.feed.pages(workspace).correct_agents(&mut agents, now);
    if agents.is_empty() { Err(ApiError::workspace_not_found()) } else { Ok(agents) }
}
