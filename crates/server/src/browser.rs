//! What holds for every answer that a browser may read: CORS, `OPTIONS`, one method, a deadline, and a
//! status even after a panic.

use std::time::Duration;

use hyper::http::request::Parts;
use hyper::{Method, header};
use uuid::Uuid;

use crate::app::App;
use crate::error::ApiError;
use crate::http::panic;
use crate::http::reply::{self, Reply};

/// Runs a handler, which answers to one method.
pub(crate) async fn answer(
    app: &App,
    id: Uuid,
    (name, method): (&'static str, Method),
    parts: &Parts,
    handler: impl Future<Output = Result<Reply, ApiError>>,
) -> Reply {
    let answered = async {
        if parts.method == Method::OPTIONS {
            return app.cors.preflight(&method, &parts.headers);
        }
        if parts.method != method {
            let mut reply = ApiError::method_not_allowed().reply();
            reply::set(&mut reply, header::ALLOW, method.as_str());
            return reply;
        }
        match tokio::time::timeout(DEADLINE, handler).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => error.reply(),
            Err(_) => ApiError::unavailable().reply(),
        }
    };
    let answered = panic::caught(id, name, answered).await;
    let mut reply = answered.unwrap_or_else(|| ApiError::internal().reply());
    mark(app, id, parts, &mut reply);
    reply
}

/// Answers where there is nothing. A page of another origin may read that too: its browser asks first.
pub(crate) fn nothing(app: &App, id: Uuid, parts: &Parts) -> Reply {
    if parts.method == Method::OPTIONS {
        let asked = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let method = asked.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        return app.cors.preflight(&method.unwrap_or(Method::GET), &parts.headers);
    }
    let mut reply = ApiError::not_found().reply();
    mark(app, id, parts, &mut reply);
    reply
}

/// Adds what every answer to a browser carries: whether its page may read it, and its id in our log.
pub(crate) fn mark(app: &App, id: Uuid, parts: &Parts, reply: &mut Reply) {
    app.cors.mark(&parts.headers, reply);
    reply::set(reply, header::HeaderName::from_static("x-request-id"), &id.to_string());
}

/// For one request of a browser.
const DEADLINE: Duration = Duration::from_secs(5);
