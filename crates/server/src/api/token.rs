//! An agent's access token.

use std::time::Duration;

use hyper::StatusCode;
use hyper::http::request::Parts;
use identity::{AgentIdentity, UserId, WorkspaceId};
use serde::Serialize;
use voice_token::{Grants, Outgoing, VoiceGrant};

use super::query;
use crate::app::App;
use crate::error::ApiError;
use crate::http::reply::{self, Reply};
use crate::known::NoWorkspace;
use crate::place::Edge;

#[derive(Serialize)]
struct Issued {
    token: String,
    identity: String,
    ttl: u64,
    expires_at: String,
    refresh_at: String,
    /// Twilio's edge for the Voice SDK; absent for the SDK's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    edge: Option<&'static str>,
}

/// Issues an access token to an agent, for their own identity only.
pub(super) async fn issue(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
    parts: &Parts,
) -> Result<Reply, ApiError> {
    let identity = query::value(parts, "identity").ok_or_else(ApiError::identity_required)?;
    let identity: AgentIdentity = identity.parse().map_err(ApiError::identity)?;
    if identity.user() != user {
        return Err(ApiError::identity_not_yours());
    }
    let is_member = app.store.is_member(workspace, user).await?;
    app.rosters.said(workspace, user, is_member);
    if !is_member {
        return Err(ApiError::workspace_not_found());
    }
    let workspace = app.workspaces.find(workspace, app.budget.allowance()).await.map_err(
        |error| match error {
            NoWorkspace::Absent => ApiError::workspace_not_found(),
            NoWorkspace::Away => ApiError::unavailable(),
        },
    )?;

    let now = app.clock.now();
    let voice = VoiceGrant {
        incoming: true,
        outgoing: Some(Outgoing::from(workspace.app)),
        ..VoiceGrant::default()
    };
    let token = workspace.issuer.issue(&identity.into(), &Grants::from(voice), now);
    let expires_at = workspace.issuer.expires_at(now);
    Ok(reply::json(
        StatusCode::OK,
        &Issued {
            token,
            identity: identity.to_string(),
            ttl: voice_token::Ttl::HOUR.length().as_secs(),
            expires_at: expires_at.to_string(),
            refresh_at: expires_at.before(REFRESH_EARLY).to_string(),
            edge: workspace.place.sdk_edge().map(Edge::as_str),
        },
    ))
}

/// Enough time for a page to try a few times before its token ends.
const REFRESH_EARLY: Duration = Duration::from_secs(300);
