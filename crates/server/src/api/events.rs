//! The stream of events.

use hyper::http::request::Parts;
use identity::WorkspaceId;
use session::{Session, SessionError};

use super::query;
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
    let page = query::value(parts, "page").map(page).transpose()?;
    let subscription = Subscription {
        user: session.user,
        lasts: session.expires_at.since(now),
        page,
        after: last_event(parts)?,
    };
    match app.feed.subscribe(workspace, subscription).await {
        Ok(stream) => Ok(reply::events(stream)),
        Err(SubscribeError::NotMember) => Err(ApiError::workspace_not_found()),
        Err(SubscribeError::TooMany) => Err(ApiError::too_many_streams()),
        Err(SubscribeError::Away) => Err(ApiError::unavailable()),
    }
}

/// The name that a page has chosen for itself.
fn page(text: String) -> Result<String, ApiError> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=MAX_PAGE).contains(&text.len()) && text.chars().all(is_word) {
        return Ok(text);
    }
    Err(ApiError::field(format!(
        "page must have 1 to {MAX_PAGE} letters, digits, hyphens and underscores."
    )))
}

/// The number of the last event that the page has. An id that is not ours counts as very old: the page
/// then gets a snapshot.
fn last_event(parts: &Parts) -> Result<Option<i64>, ApiError> {
    let Some(id) = parts.headers.get("last-event-id") else { return Ok(None) };
    let id =
        id.to_str().map_err(|_| ApiError::field("Last-Event-ID must be the id of an event."))?;
    if id.is_empty() { Ok(None) } else { Ok(Some(id.parse().unwrap_or(i64::MIN / 2))) }
}

const MAX_PAGE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_plain_name() {
        for good in ["a", "tab-1_B", &"x".repeat(MAX_PAGE)] {
            assert_eq!(page(good.to_owned()).as_deref(), Ok(good));
        }
        for wrong in ["", "a b", "ä", "a\n", &"x".repeat(MAX_PAGE + 1)] {
            assert!(page(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
