//! From a request to its handler, and what holds for every answer.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode, Version, header};
use tracing::{Instrument, error, info_span};
use uuid::Uuid;

use crate::api;
use crate::app::App;
use crate::carrier;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::http::reply::{self, Reply};

/// Answers one request. It never fails: a fault of ours is an answer too.
pub(crate) async fn answer(app: &App, request: Request<Incoming>) -> Reply {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    if is_ambiguous(&parts) {
        let mut reply = reply::empty(StatusCode::BAD_REQUEST);
        // What follows on this connection may be meant for somebody else.
        reply::set(&mut reply, header::CONNECTION, "close");
        return reply;
    }
    let id = Uuid::new_v4();
    let Some(endpoint) = Endpoint::parse(parts.uri.path()) else {
        app.metrics.answered("none", StatusCode::NOT_FOUND.as_u16());
        let mut reply = ApiError::not_found().reply();
        mark_for_pages(app, &parts, id, &mut reply);
        return reply;
    };
    let span = info_span!("request", request.id = %id, endpoint = endpoint.name());
    let handled = route(app, &endpoint, &parts, body);
    let mut reply = match AssertUnwindSafe(handled).catch_unwind().instrument(span).await {
        Ok(reply) => reply,
        Err(_) => after_panic(app, &endpoint, id),
    };
    if !endpoint.is_carrier() {
        mark_for_pages(app, &parts, id, &mut reply);
    }
    app.metrics.answered(endpoint.name(), reply.status().as_u16());
    if endpoint.is_carrier() {
        app.metrics.webhook_took(endpoint.name(), started.elapsed());
    }
    reply
}

async fn route(app: &App, endpoint: &Endpoint, parts: &Parts, body: Incoming) -> Reply {
    if parts.method == Method::OPTIONS && !endpoint.is_carrier() {
        return app.cors.preflight(&endpoint.method(), &parts.headers);
    }
    if parts.method != endpoint.method() {
        let mut reply = if endpoint.is_carrier() {
            reply::empty(StatusCode::METHOD_NOT_ALLOWED)
        } else {
            ApiError::method_not_allowed().reply()
        };
        reply::set(&mut reply, header::ALLOW, endpoint.method().as_str());
        return reply;
    }
    if endpoint.is_carrier() {
        return carrier::answer(app, endpoint, parts, body).await;
    }
    let answered = tokio::time::timeout(API_DEADLINE, api::answer(app, endpoint, parts, body));
    match answered.await {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => error.reply(),
        Err(_) => ApiError::unavailable().reply(),
    }
}

/// What every answer to a page carries: whether the page may read it, and its id in our log.
fn mark_for_pages(app: &App, parts: &Parts, id: Uuid, reply: &mut Reply) {
    app.cors.mark(&parts.headers, reply);
    reply::set(reply, header::HeaderName::from_static("x-request-id"), &id.to_string());
}

/// A request whose length two readers could understand differently, or that does not name one host,
/// is refused before anything else (RFC 9112, 3.2, 6.1 and 6.3).
fn is_ambiguous(parts: &Parts) -> bool {
    let lengths = parts.headers.get_all(header::CONTENT_LENGTH).iter().count();
    let coded = parts.headers.contains_key(header::TRANSFER_ENCODING);
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    let is_old = parts.version != Version::HTTP_11;
    lengths + usize::from(coded) > 1 || hosts != 1 || (is_old && coded)
}

fn after_panic(app: &App, endpoint: &Endpoint, id: Uuid) -> Reply {
    error!(request.id = %id, "request {id} to {} ended in a panic", endpoint.name());
    if endpoint.is_carrier() {
        app.metrics.call("panic");
        carrier::after_panic(endpoint)
    } else {
        ApiError::internal().reply()
    }
}

/// For one request of an agent's page.
const API_DEADLINE: Duration = Duration::from_secs(5);
