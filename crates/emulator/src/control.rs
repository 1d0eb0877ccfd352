//! The control API: what a test does with an [`Emulator`](crate::Emulator), in JSON.

mod calls;
mod clock;
mod devices;
mod faults;
mod fields;
mod phones;
mod routes;
mod setup;
mod timeline;

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::exchange::{HttpRequest, Reply, empty, json as reply};
use crate::shared::Shared;
use fields::Fields;

pub use setup::SetupError;
pub(crate) use setup::set_up;

/// Why a request is refused: a status and the broken rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    status: StatusCode,
    rule: String,
}

impl Refusal {
    fn bad(rule: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, rule: rule.into() }
    }

    fn absent(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, rule: format!("there is no {what}") }
    }

    /// 409: not possible now, but possible at another time.
    #[expect(clippy::needless_pass_by_value, reason = "an error as it was returned")]
    fn conflict(rule: impl ToString) -> Self {
        Self { status: StatusCode::CONFLICT, rule: rule.to_string() }
    }
}

/// Answers a request below `/emulator`.
pub(crate) fn answer(shared: &Arc<Shared>, http: &HttpRequest) -> Reply {
    route(shared, http)
        .unwrap_or_else(|refusal| reply(refusal.status, &json!({ "error": refusal.rule })))
}

fn route(shared: &Arc<Shared>, http: &HttpRequest) -> Result<Reply, Refusal> {
    let segments: Vec<&str> = http.segments.iter().skip(1).map(String::as_str).collect();
    let body = || Fields::read(&http.body);
    match (http.method.as_str(), &segments[..]) {
        ("GET", ["calls"]) => Ok(found(&calls::list(shared))),
        ("POST", ["calls"]) => calls::place(shared, body()?).map(|made| created(&made)),
        ("GET", ["calls", sid]) => calls::show(shared, sid).map(|call| found(&call)),
        ("POST", ["calls", sid, "hangup"]) => calls::hang_up(shared, sid).map(|()| empty()),
        ("GET", ["phones"]) => Ok(found(&phones::list(shared))),
        ("GET", ["phones", number]) => Ok(found(&phones::show(shared, number))),
        ("PUT", ["phones", number]) => {
            phones::put(shared, number, body()?).map(|phone| found(&phone))
        }
        ("POST", ["phones", number, act @ ("answer" | "decline" | "hangup")]) => {
            phones::act(shared, number, act).map(|()| empty())
        }
        ("POST", ["calls", sid, "speech"]) => calls::say(shared, sid, body()?).map(|()| empty()),
        ("POST", ["phones", number, "speech"]) => {
            phones::say(shared, number, body()?).map(|()| empty())
        }
        ("POST", ["phones", number, "digits"]) => {
            phones::press(shared, number, body()?).map(|()| empty())
        }
        ("GET", ["clock"]) => Ok(found(&clock::show(shared))),
        ("PUT", ["clock"]) => clock::put(shared, body()?).map(|clock| found(&clock)),
        ("POST", ["clock", "advance"]) => {
            clock::advance(shared, body()?).map(|clock| found(&clock))
        }
        ("GET", ["devices"]) => Ok(found(&devices::list(shared))),
        ("POST", ["devices"]) => devices::open(shared, body()?).map(|made| created(&made)),
        ("POST", ["devices", id, act @ ("answer" | "decline" | "hangup" | "drop")]) => {
            devices::act(shared, id, act).map(|()| empty())
        }
        ("GET", ["faults"]) => Ok(found(&faults::list(shared))),
        ("POST", ["faults"]) => faults::add(shared, body()?).map(|made| created(&made)),
        ("DELETE", ["faults"]) => {
            faults::clear(shared);
            Ok(empty())
        }
        ("GET", ["routes"]) => Ok(found(&routes::list(shared))),
        ("POST", ["routes"]) => routes::add(shared, body()?).map(|made| created(&made)),
        ("DELETE", ["routes"]) => {
            routes::clear(shared);
            Ok(empty())
        }
        ("GET", ["timeline"]) => timeline::page(shared, http).map(|page| found(&page)),
        ("GET", ["events"]) => timeline::events(shared, http),
        ("GET", ["accounts"]) => Ok(found(&setup::list(shared))),
        ("POST", ["accounts"]) => setup::account(shared, body()?).map(|made| created(&made)),
        ("POST", ["numbers"]) => setup::number(shared, body()?).map(|made| created(&made)),
        ("POST", ["caller_ids"]) => setup::caller_id(shared, body()?).map(|made| created(&made)),
        ("POST", ["queues"]) => setup::queue(shared, body()?).map(|made| created(&made)),
        ("POST", ["apps"]) => setup::app(shared, body()?).map(|made| created(&made)),
        ("POST", ["keys"]) => setup::key(shared, body()?).map(|made| created(&made)),
        (method, _) => Err(Refusal::absent(&format!("{method} {}", http.path))),
    }
}

fn found(value: &Value) -> Reply {
    reply(StatusCode::OK, value)
}

fn created(value: &Value) -> Reply {
    reply(StatusCode::CREATED, value)
}
