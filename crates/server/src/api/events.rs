//! The stream of events.

use hyper::http::request::Parts;
use identity::WorkspaceId;
use session::{Session, SessionError};

use super::{page, query};
use crate::app::App;
use crate::error::ApiError;
use crate::feed::{SubscribeError, Subscription};
use crate::http::reply::{self, Reply};

/// Begins a stream, or continues where the page's last one ended.
pub(super) async fn subscribe(
    app: &App,
    workspace: &WorkspaceId,
    session: &Session,
    parts: &Parts,
) -> Result<Reply, ApiError> {
    let now = app.clock.now();
    if session.expires_at <= now {
        // The session check allows some seconds more, because clocks differ; a stream does not.
        return Err(ApiError::session(SessionError::Expired));
    }
    let page = query::value(parts, "page").map(page::name).transpose()?;
    let subscription = Subscription {
        user: session.user,
        lasts: session.expires_at.since(now),
        page,
        reports: query::value(parts, "reports").as_deref() == Some("true"),
        after: last_event(parts)?,
    };
    match app.feed.subscribe(workspace, subscription).await {
        Ok(stream) => Ok(reply::events(stream)),
        Err(SubscribeError::NotMember) => Err(ApiError::workspace_not_found()),
        Err(SubscribeError::TooMany) => Err(ApiError::too_many_streams()),
        Err(SubscribeError::Away) => Err(ApiError::unavailable()),
    }
}

/// The number of the last event that the page has. An id that is not ours counts as very old: the page
/// then gets a snapshot.
fn last_event(parts: &Parts) -> Result<Option<i64>, ApiError> {
    let Some(id) = parts.headers.get("last-event-id") else { return Ok(None) };
    let id =
        id.to_str().map_err(|_| ApiError::field("Last-Event-ID must be the id of an event."))?;
    if id.is_empty() { Ok(None) } else { Ok(Some(id.parse().unwrap_or(i64::MIN / 2))) }
}
