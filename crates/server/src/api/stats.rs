//! Figures of the day.

use std::time::Duration;

use hyper::StatusCode;
use hyper::http::request::Parts;
use identity::{Timestamp, UserId, WorkspaceId};
use serde::Serialize;
use store_pg::Stats;

use super::query;
use crate::app::App;
use crate::error::ApiError;
use crate::http::reply::{self, Reply};

#[derive(Serialize)]
struct Body {
    since: String,
    until: String,
    answered: i64,
    missed: i64,
    time_to_answer: Option<Waits>,
    waiting_now: i64,
    agents: Vec<Agent>,
    hours: Vec<Hour>,
}

#[derive(Serialize)]
struct Waits {
    median_s: f64,
    p90_s: f64,
}

#[derive(Serialize)]
struct Agent {
    user_id: String,
    name: Option<String>,
    answered: i64,
    talk_s: u64,
}

#[derive(Serialize)]
struct Hour {
    at: String,
    answered: i64,
    missed: i64,
}

pub(super) async fn since(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
    parts: &Parts,
) -> Result<Reply, ApiError> {
    let now = app.clock.now();
    let since = beginning(query::value(parts, "since").as_deref(), now)?;
    let stats = app.store.stats(workspace, user, since, now).await?;
    let stats = stats.ok_or_else(ApiError::workspace_not_found)?;
    Ok(reply::json(StatusCode::OK, &render(&stats, since, now)))
}

/// The beginning of the figures: a day ago, unless the page says when its day began.
fn beginning(text: Option<&str>, now: Timestamp) -> Result<Timestamp, ApiError> {
    let Some(text) = text else { return Ok(now.before(DAY)) };
    let since: Timestamp = text
        .parse()
        .map_err(|_| ApiError::field("since must be a moment (RFC 3339), encoded for a URL."))?;
    if since > now || now.since(since) > LONGEST {
        return Err(ApiError::field("since must lie in the last 31 days."));
    }
    Ok(since)
}

fn render(stats: &Stats, since: Timestamp, until: Timestamp) -> Body {
    Body {
        since: since.to_string(),
        until: until.to_string(),
        answered: stats.answered,
        missed: stats.missed,
        time_to_answer: stats.time_to_answer.map(|waits| Waits {
            median_s: waits.median.as_secs_f64(),
            p90_s: waits.p90.as_secs_f64(),
        }),
        waiting_now: stats.waiting_now,
        agents: stats
            .agents
            .iter()
            .map(|agent| Agent {
                user_id: agent.user.to_string(),
                name: agent.name.clone(),
                answered: agent.answered,
                talk_s: agent.talked.as_secs(),
            })
            .collect(),
        hours: stats
            .hours
            .iter()
            .map(|hour| Hour {
                at: hour.at.to_string(),
                answered: hour.answered,
                missed: hour.missed,
            })
            .collect(),
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// A month of hours.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);
