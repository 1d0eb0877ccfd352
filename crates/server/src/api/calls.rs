//! The call log.

use hyper::StatusCode;
use hyper::http::request::Parts;
use identity::{CallSid, Timestamp, UserId, WorkspaceId};
use serde::Serialize;
use store_pg::{Before, Filter};

use super::query;
use crate::app::App;
use crate::database::damaged;
use crate::error::ApiError;
use crate::http::reply::{self, Reply};
use crate::wire::call::Call;

#[derive(Serialize)]
struct Page<'a> {
    calls: Vec<Call<'a>>,
    /// What to send as `before` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(super) async fn page(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
    parts: &Parts,
) -> Result<Reply, ApiError> {
    let limit = limit(query::value(parts, "limit").as_deref())?;
    let before = query::value(parts, "before").as_deref().map(before).transpose()?;
    let filter = filter(parts)?;
    // One more than the limit shows whether there is another page.
    let logged = app.store.calls(workspace, user, filter, limit + 1, before).await?;
    damaged::note(workspace, &logged.damaged);
    let mut calls = logged.calls;
    if calls.is_empty() && logged.left_out == 0 && !app.store.is_member(workspace, user).await? {
        return Err(ApiError::workspace_not_found());
    }
    let is_last = calls.len() + logged.left_out <= usize::from(limit);
    calls.truncate(usize::from(limit));
    let last = calls.last().filter(|_| !is_last).map(|last| &last.call);
    let next = last.and_then(|call| Some(format!("{}_{}", call.started_at?, call.sid)));
    let home = app.workspaces.home(workspace).await;
    let calls = calls.iter().map(|call| Call::of(call, home)).collect();
    Ok(reply::json(StatusCode::OK, &Page { calls, next }))
}

pub(super) async fn one(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
    sid: CallSid,
) -> Result<Reply, ApiError> {
    let mut logged = app.store.call(workspace, user, sid).await?;
    damaged::note(workspace, &logged.damaged);
    match logged.calls.pop() {
        Some(call) => {
            let home = app.workspaces.home(workspace).await;
            Ok(reply::json(StatusCode::OK, &Call::of(&call, home)))
        }
        None if app.store.is_member(workspace, user).await? => Err(ApiError::call_not_found()),
        None => Err(ApiError::workspace_not_found()),
    }
}

fn limit(text: Option<&str>) -> Result<u16, ApiError> {
    let Some(text) = text else { return Ok(DEFAULT_LIMIT) };
    match text.parse() {
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        _ => Err(ApiError::field(format!("limit must be a number from 1 to {MAX_LIMIT}."))),
    }
}

fn filter(parts: &Parts) -> Result<Filter, ApiError> {
    let agent = query::value(parts, "agent").map(|text| text.parse()).transpose();
    let direction = query::value(parts, "direction").map(|text| text.parse()).transpose();
    let result = query::value(parts, "outcome").map(|text| text.parse()).transpose();
    Ok(Filter {
        agent: agent.map_err(|_| ApiError::field("agent must be a user id, which is a UUID."))?,
        direction: direction
            .map_err(|_| ApiError::field("direction must be inbound or outbound."))?,
        result: result.map_err(|_| ApiError::field("outcome must be answered or missed."))?,
    })
}

/// The `next` of a page, or a moment.
fn before(text: &str) -> Result<Before, ApiError> {
    let wrong =
        || ApiError::field("before must be the `next` of another page or a moment (RFC 3339).");
    let (moment, sid) = match text.split_once('_') {
        Some((moment, sid)) => (moment, sid.parse().map_err(|_| wrong())?),
        // The smallest Sid: no call of that very moment comes before it.
        None => (text, CallSid::from_bytes([0; 16])),
    };
    let started_at: Timestamp = moment.parse().map_err(|_| wrong())?;
    Ok(Before { started_at, sid })
}

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_limits() {
        assert_eq!(limit(None), Ok(50));
        assert_eq!(limit(Some("200")), Ok(200));
        for wrong in ["0", "201", "-1", "ten", ""] {
            let error = limit(Some(wrong)).unwrap_err();
            assert_eq!(error, ApiError::field("limit must be a number from 1 to 200."), "{wrong}");
        }
    }

    #[test]
    fn a_page_begins_after_a_call_or_a_moment() {
        let sid = CallSid::from_bytes([0xab; 16]);
        let at = Timestamp::from_unix_micros(1_767_225_600_123_456);
        assert_eq!(before(&format!("{at}_{sid}")), Ok(Before { started_at: at, sid }));
        let zero = CallSid::from_bytes([0; 16]);
        assert_eq!(before(&at.to_string()), Ok(Before { started_at: at, sid: zero }));
        for wrong in ["", "yesterday", "2026-01-01T00:00:00Z_CA1"] {
            let error = before(wrong).unwrap_err();
            assert_eq!(error.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
    }
}
