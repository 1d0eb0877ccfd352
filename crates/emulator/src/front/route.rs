//! Which API answers a request.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use serde_json::json;

use super::guard;
use crate::exchange::{Content, HttpRequest, Reply, Unreadable, json};
use crate::shared::Shared;
use crate::{control, page, rest};

/// Answers a request.
pub(super) async fn answer(shared: &Arc<Shared>, request: Request<Incoming>) -> Reply {
    if request.uri().path() == "/signal" {
        let (head, body) = crate::signal::accept(Arc::clone(shared), request).into_parts();
        let Ok(body) = body.collect().await;
        let bytes = Some(body.to_bytes()).filter(|bytes| !bytes.is_empty());
        return Reply::from_parts(head, Content::Whole(bytes));
    }
    let http = match HttpRequest::read(request).await {
        Ok(http) => http,
        Err(error) => return unreadable(error),
    };
    if http.segments.first().is_some_and(|first| first == rest::VERSION) {
        return rest::answer(shared, &http);
    }
    if let Some(refused) = rest::refuse_foreign(shared, &http) {
        return refused;
    }
    if let Err((status, rule)) = guard::check(&http) {
        return json(status, &json!({ "error": rule }));
    }
    match http.segments.first().map(String::as_str) {
        Some("emulator") => control::answer(shared, &http),
        _ => page::answer(&http),
    }
}

fn unreadable(error: Unreadable) -> Reply {
    let (status, rule) = match error {
        Unreadable::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 64 KiB"),
        Unreadable::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took longer than 10 s"),
        Unreadable::Broken => (StatusCode::BAD_REQUEST, "the body cannot be read"),
    };
    json(status, &json!({ "error": rule }))
}
