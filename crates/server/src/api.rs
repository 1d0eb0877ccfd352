//! Requests of agents' pages. Each handler has the same steps: authenticate, parse, load, decide,
//! render.

mod agents;
mod calls;
mod events;
mod numbers;
mod page;
mod query;
mod stats;
mod token;

use hyper::body::Incoming;
use hyper::header;
use hyper::http::request::Parts;
use identity::WorkspaceId;
use session::Session;
use uuid::Uuid;

use crate::app::App;
use crate::browser;
use crate::endpoint::Api;
use crate::error::ApiError;
use crate::http::reply::Reply;
use crate::sessions::NoSession;

/// Answers a request of an agent's page.
pub(crate) async fn answer(
    app: &App,
    id: Uuid,
    workspace: &WorkspaceId,
    endpoint: &Api,
    parts: &Parts,
    body: Incoming,
) -> Reply {
    let handled = Box::pin(handle(app, workspace, endpoint, parts, body));
    browser::answer(app, id, (endpoint.name(), endpoint.method()), parts, handled).await
}

async fn handle(
    app: &App,
    workspace: &WorkspaceId,
    endpoint: &Api,
    parts: &Parts,
    body: Incoming,
) -> Result<Reply, ApiError> {
    let session = session(app, parts).await?;
    let user = session.user;
    if let Some(filters) = filters(endpoint) {
        query::only(parts, filters)?;
    }
    match endpoint {
        Api::Token => token::issue(app, workspace, user, parts).await,
        Api::Agents => agents::list(app, workspace, user).await,
        Api::MyStatus => agents::set_status(app, workspace, user, body).await,
        Api::MyWrapUpEnd => agents::end_wrap_up(app, workspace, user).await,
        Api::MyPage => page::report(app, workspace, user, body).await,
        Api::Events => events::subscribe(app, workspace, &session, parts).await,
        Api::Calls => calls::page(app, workspace, user, parts).await,
        Api::Call(sid) => calls::one(app, workspace, user, *sid).await,
        Api::Numbers => numbers::read(app, workspace, user, parts).await,
        Api::Stats => stats::since(app, workspace, user, parts).await,
    }
}

/// The parameters that decide what the answer tells: others would be ignored in silence. Elsewhere they are,
/// because a page may add to every URL, for example what keeps caches away.
const fn filters(endpoint: &Api) -> Option<&'static [&'static str]> {
    match endpoint {
        Api::Calls => Some(&["limit", "before", "agent", "direction", "outcome"]),
        Api::Numbers => Some(&["text"]),
        Api::Stats => Some(&["since"]),
        Api::Token
        | Api::Events
        | Api::Agents
        | Api::MyStatus
        | Api::MyWrapUpEnd
        | Api::MyPage
        | Api::Call(_) => None,
    }
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
