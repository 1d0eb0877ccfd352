//! Answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// An answer with its whole body.
pub(crate) type Reply = Response<Full<Bytes>>;

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    with_body(status, None, Bytes::new())
}

/// TwiML, always with status 200: anything else and the caller hears an application error.
pub(crate) fn twiml(document: String) -> Reply {
    with_body(StatusCode::OK, Some("text/xml; charset=utf-8"), document.into())
}

/// JSON that no cache keeps.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut reply = with_body(status, Some("application/json"), body.into());
    set(&mut reply, header::CACHE_CONTROL, "no-store");
    reply
}

/// Text of another type.
pub(crate) fn text(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    with_body(StatusCode::OK, Some(content_type), body.into())
}

/// Sets a header whose value is known to be one.
pub(crate) fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

fn with_body(status: StatusCode, content_type: Option<&'static str>, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    if let Some(content_type) = content_type {
        reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    reply
}
