//! What operators and their machines ask.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;
use tracing::warn;

use crate::app::App;
use crate::http::reply::{self, Reply};

pub(crate) fn health() -> Reply {
    reply::json(StatusCode::OK, &json!({ "status": "ok" }))
}

pub(crate) async fn ready(app: &App) -> Reply {
    match tokio::time::timeout(DEADLINE, app.store.ready()).await {
        Ok(Ok(())) => reply::json(StatusCode::OK, &json!({ "status": "ready" })),
        Ok(Err(error)) => {
            warn!("not ready: {error}");
            not_ready(&error.to_string())
        }
        Err(_) => not_ready("the database does not answer in time"),
    }
}

fn not_ready(reason: &str) -> Reply {
    let body = json!({ "status": "not_ready", "reason": reason });
    reply::json(StatusCode::SERVICE_UNAVAILABLE, &body)
}

pub(crate) fn metrics(app: &App) -> Reply {
    let page = app.metrics.render(&app.store.pools(), &app.journal.spool().stats());
    reply::text("application/openmetrics-text; version=1.0.0; charset=utf-8", page)
}

pub(crate) fn openapi() -> Reply {
    reply::text("application/json", OPENAPI)
}

/// Written by hand; a test compares it with the router.
pub(crate) const OPENAPI: &str = include_str!("../openapi.json");

const DEADLINE: Duration = Duration::from_secs(2);
