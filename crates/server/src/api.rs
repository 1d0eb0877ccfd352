//! What agents and their pages ask. Each handler does the same: authenticate, parse, load, decide,
//! render.

mod agents;
mod calls;
mod events;
mod query;
mod stats;
mod token;

use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use identity::UserId;
use session::Session;

use crate::app::App;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::http::reply::Reply;
use crate::operations;
use crate::sessions::NoSession;

pub(crate) async fn answer(
    app: &App,
    endpoint: &Endpoint,
    parts: &Parts,
    body: Incoming,
) -> Result<Reply, ApiError> {
    match endpoint {
        Endpoint::Token(workspace) => {
            token::issue(app, workspace, user(app, parts).await?, parts).await
        }
        Endpoint::Agents(workspace) => agents::list(app, workspace, user(app, parts).await?).await,
        Endpoint::MyStatus(workspace) => {
            agents::set_status(app, workspace, user(app, parts).await?, body).await
        }
        Endpoint::MyWrapUpEnd(workspace) => {
            agents::end_wrap_up(app, workspace, user(app, parts).await?).await
        }
        Endpoint::Events(workspace) => {
            events::watch(app, workspace, &session(app, parts).await?, parts).await
        }
        Endpoint::Calls(workspace) => {
            calls::page(app, workspace, user(app, parts).await?, parts).await
        }
        Endpoint::Stats(workspace) => {
            stats::since(app, workspace, user(app, parts).await?, parts).await
        }
        Endpoint::Call(workspace, sid) => {
            calls::one(app, workspace, user(app, parts).await?, *sid).await
        }
        Endpoint::Health => Ok(operations::health()),
        Endpoint::Ready => Ok(operations::ready(app).await),
        Endpoint::Metrics => Ok(operations::metrics(app)),
        Endpoint::OpenApi => Ok(operations::openapi()),
        Endpoint::Console(file) => Ok(app.console.file(file, parts)),
        Endpoint::ConsoleConfig => Ok(app.console.config()),
        Endpoint::VoiceSdk => app.console.voice_sdk(parts).await,
        Endpoint::Voice(_) | Endpoint::Status(_) | Endpoint::Dial(_) | Endpoint::Voicemail(_) => {
            Err(ApiError::not_found())
        }
    }
}

/// The user whose session the request carries.
async fn user(app: &App, parts: &Parts) -> Result<UserId, ApiError> {
    session(app, parts).await.map(|session| session.user)
}

/// The session that the request carries.
async fn session(app: &App, parts: &Parts) -> Result<Session, ApiError> {
    let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(ApiError::session_missing)?;
    let token = header.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = token.ok_or_else(ApiError::session_missing)?;
    app.sessions.verify(token).await.map_err(|error| match error {
        NoSession::Refused(error) => ApiError::session(error),
        NoSession::KeysAway => ApiError::unavailable(),
    })
}
