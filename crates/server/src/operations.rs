//! What operators, their machines, and browsers ask: health, metrics, the description of the API, and
//! the agent's page.

use std::time::Duration;

use hyper::StatusCode;
use hyper::http::request::Parts;
use serde_json::json;
use tracing::warn;
use uuid::Uuid;

use crate::app::App;
use crate::browser;
use crate::endpoint::{ConsoleFile, Operations};
use crate::http::reply::{self, Reply};
use crate::secrets::fit::KeyTrouble;

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

/// Whether another server would do better. What all servers have alike, or what only some workspaces
/// have, is `degraded`.
async fn ready(app: &App) -> Reply {
    let key = app.key_fit.trouble();
    let refusal = app.journal.spool().stats().refusal;
    let reason = match tokio::time::timeout(DEADLINE, app.store.ready()).await {
        Ok(Ok(())) => match (&key, refusal) {
            (Some(KeyTrouble::Wrong(wrong)), _) => Some(wrong.to_string()),
            (Some(KeyTrouble::Unknown), _) => Some(UNKNOWN_KEY.to_owned()),
            (_, Some(refusal)) => Some(format!("the spool takes no records: {refusal}")),
            _ => None,
        },
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("the database does not answer in time".to_owned()),
    };
    if let Some(reason) = reason {
        warn!("not ready: {reason}");
        return not_ready(&reason);
    }
    let mut degraded = Vec::new();
    // A lock that another program holds is no reason to send requests to another server, which has it too.
    let unrecorded = app.feed.failing();
    if unrecorded > 0 {
        degraded.push(format!("the open pages of {unrecorded} workspaces cannot be recorded"));
    }
    let behind = app.metrics.workspaces_behind();
    if behind > 0 {
        degraded.push(format!(
            "the records of {behind} workspaces wait for a reason of their own; the log names them"
        ));
    }
    if let Some(KeyTrouble::Shut(shut)) = key {
        degraded.push(format!(
            "SWITCHROOM_SECRETS_KEY does not open {shut} workspaces; the log names them"
        ));
    }
    if degraded.is_empty() {
        return reply::json(StatusCode::OK, &json!({ "status": "ready" }));
    }
    let body = json!({ "status": "ready", "degraded": degraded.join("; ") });
    reply::json(StatusCode::OK, &body)
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

const UNKNOWN_KEY: &str = "it is not known yet whether SWITCHROOM_SECRETS_KEY opens the workspaces";

const DEADLINE: Duration = Duration::from_secs(2);
