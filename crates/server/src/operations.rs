//! What operators, their machines, and browsers ask: health, metrics, the description of the API, and
//! the agent's page.

use std::time::Duration;

use hyper::StatusCode;
use hyper::http::request::Parts;
use serde_json::{Value, json};
use tracing::warn;
use uuid::Uuid;

use crate::app::App;
use crate::browser;
use crate::endpoint::{ConsoleFile, Operations};
use crate::http::reply::{self, Reply};

/// Answers a request of an operator, a machine of theirs, or a browser.
pub(crate) async fn answer(app: &App, id: Uuid, endpoint: &Operations, parts: &Parts) -> Reply {
    let handled = async {
        match endpoint {
            Operations::Health => Ok(health()),
            Operations::Ready => Ok(ready(app).await),
            Operations::Metrics => Ok(metrics(app)),
            Operations::OpenApi => Ok(openapi()),
            Operations::ConsoleConfig => Ok(app.assets.config()),
            Operations::VoiceSdk => app.assets.voice_sdk(parts).await,
            Operations::Console(ConsoleFile(file)) => Ok(app.assets.file(file, parts)),
        }
    };
    browser::answer(app, id, (endpoint.name(), endpoint.method()), parts, handled).await
}

fn health() -> Reply {
    reply::json(StatusCode::OK, &json!({ "status": "ok" }))
}

async fn ready(app: &App) -> Reply {
    match tokio::time::timeout(DEADLINE, app.store.ready()).await {
        Ok(Ok(())) => reply::json(StatusCode::OK, &readiness(app.feed.failing())),
        Ok(Err(error)) => {
            warn!("not ready: {error}");
            not_ready(&error.to_string())
        }
        Err(_) => not_ready("the database does not answer in time"),
    }
}

/// One workspace's trouble, or a lock that another program holds, is no reason to send requests to
/// another server, which has it too.
fn readiness(unrecorded: usize) -> Value {
    if unrecorded == 0 {
        return json!({ "status": "ready" });
    }
    let reason = format!("the open pages of {unrecorded} workspaces cannot be recorded");
    json!({ "status": "ready", "degraded": reason })
}

fn not_ready(reason: &str) -> Reply {
    let body = json!({ "status": "not_ready", "reason": reason });
    reply::json(StatusCode::SERVICE_UNAVAILABLE, &body)
}

fn metrics(app: &App) -> Reply {
    app.metrics.unrecorded(app.feed.failing());
    app.metrics.clock_skew(app.clock.skew());
    let page = app.metrics.render(&app.store.pools(), &app.journal.stats());
    reply::text("application/openmetrics-text; version=1.0.0; charset=utf-8", page)
}

fn openapi() -> Reply {
    reply::text("application/json", OPENAPI)
}

/// Written by hand; a test compares it with the router.
const OPENAPI: &str = include_str!("../openapi.json");

const DEADLINE: Duration = Duration::from_secs(2);
