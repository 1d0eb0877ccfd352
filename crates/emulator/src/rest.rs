//! Twilio's REST API: calls and related resources, in Twilio's JSON.
//!
//! A path ends with `.json` or not; the answer is JSON either way.

mod absent;
mod accounts;
mod apps;
mod caller_ids;
mod calls;
mod conferences;
mod error;
mod form;
mod keys;
mod numbers;
mod page;
mod participants;
mod queues;
mod recordings;
mod settings;
mod user;

use std::sync::Arc;

use hyper::StatusCode;
use identity::{AccountSid, CallSid};
use serde_json::Value;

use crate::ApiMishap;
use crate::exchange::{HttpRequest, Reply, empty, json};
use crate::shared::Shared;
use crate::timeline::What;
use error::ApiError;
use form::Form;

/// The first segment of every path, and the version that resources name.
pub(crate) const VERSION: &str = "2010-04-01";

/// Answers a request below `/2010-04-01`.
pub(crate) fn answer(shared: &Arc<Shared>, http: &HttpRequest) -> Reply {
    let fault = shared.write(|world| world.api.next_fault());
    let result = match fault {
        Some(ApiMishap::TooManyRequests) => Err(ApiError::too_many_requests()),
        Some(ApiMishap::Unavailable) => return error::unavailable(StatusCode::SERVICE_UNAVAILABLE),
        Some(ApiMishap::Lost) => {
            drop(carry_out(shared, http));
            return error::unavailable(StatusCode::BAD_GATEWAY);
        }
        None => carry_out(shared, http),
    };
    note(shared, http, &result);
    match result {
        Ok(reply) => reply,
        Err(error) => error.reply(),
    }
}

/// Refuses a request to another API of Twilio's, such as `/v2/Services`. `None` if it is to none.
pub(crate) fn refuse_foreign(shared: &Arc<Shared>, http: &HttpRequest) -> Option<Reply> {
    let result = Err(ApiError::not_emulated(absent::foreign(&http.segments)?));
    note(shared, http, &result);
    result.err().map(|error| error.reply())
}

/// One request, and the account that it is about.
struct Request<'a> {
    shared: &'a Arc<Shared>,
    http: &'a HttpRequest,
    account: AccountSid,
}

fn carry_out(shared: &Arc<Shared>, http: &HttpRequest) -> Result<Reply, ApiError> {
    let user = user::authenticate(shared, http)?;
    let segments: Vec<&str> = http.segments.iter().skip(1).map(String::as_str).collect();
    let absent = || ApiError::not_found(http);
    let mut segments = segments;
    if let Some(last) = segments.last_mut() {
        *last = last.strip_suffix(".json").unwrap_or(last);
    }
    match (&*segments, http.method.as_str()) {
        (["Accounts"], "GET") => accounts::list(&Request { shared, http, account: user }),
        (["Accounts", account, rest @ ..], _) => {
            let account = user::account(shared, user, account)?;
            Request { shared, http, account }.route(rest)
        }
        _ => Err(absent()),
    }
}

impl Request<'_> {
    fn route(&self, path: &[&str]) -> Result<Reply, ApiError> {
        let is_json = self.http.path.strip_suffix(".json").is_some();
        match (self.http.method.as_str(), path) {
            ("GET", []) => accounts::fetch(self),
            ("POST", []) => accounts::update(self),
            ("GET", ["Calls"]) => calls::list(self),
            ("POST", ["Calls"]) => calls::create(self),
            ("GET", ["Calls", sid]) => calls::fetch(self, sid),
            ("POST", ["Calls", sid]) => calls::update(self, sid),
            ("DELETE", ["Calls", sid]) => calls::delete(self, sid),
            ("GET", ["Calls", sid, "Recordings"]) => recordings::of_call(self, sid),
            ("POST", ["Calls", sid, "Recordings"]) => recordings::begin(self, sid),
            ("POST", ["Calls", call, "Recordings", sid]) => recordings::end(self, call, sid),
            ("GET", ["Calls", call, "Recordings", sid]) => {
                calls::find(self, call).and_then(|_| recordings::fetch(self, sid))
            }
            ("GET", ["Conferences"]) => conferences::list(self),
            ("GET", ["Conferences", sid]) => conferences::fetch(self, sid),
            ("POST", ["Conferences", sid]) => conferences::update(self, sid),
            ("GET", ["Conferences", sid, "Recordings"]) => recordings::of_conference(self, sid),
            ("GET", ["Conferences", sid, "Participants"]) => participants::list(self, sid),
            ("POST", ["Conferences", sid, "Participants"]) => participants::create(self, sid),
            ("GET", ["Conferences", sid, "Participants", who]) => {
                participants::fetch(self, sid, who)
            }
            ("POST", ["Conferences", sid, "Participants", who]) => {
                participants::update(self, sid, who)
            }
            ("DELETE", ["Conferences", sid, "Participants", who]) => {
                participants::delete(self, sid, who)
            }
            ("GET", ["Queues"]) => queues::list(self),
            ("POST", ["Queues"]) => queues::create(self),
            ("GET", ["Queues", sid]) => queues::fetch(self, sid),
            ("POST", ["Queues", sid]) => queues::update(self, sid),
            ("DELETE", ["Queues", sid]) => queues::delete(self, sid),
            ("GET", ["Queues", sid, "Members"]) => queues::members(self, sid),
            ("GET", ["Queues", sid, "Members", who]) => queues::fetch_member(self, sid, who),
            ("POST", ["Queues", sid, "Members", who]) => queues::dequeue(self, sid, who),
            ("GET", ["Recordings"]) => recordings::list(self),
            ("GET", ["Recordings", sid]) if is_json => recordings::fetch(self, sid),
            ("GET", ["Recordings", sid]) if sid.strip_suffix(".mp3").is_some() => {
                recordings::mp3(self, sid)
            }
            // Without a suffix, the path is the file: Twilio's webhooks use that URL.
            ("GET", ["Recordings", sid]) => {
                recordings::file(self, sid.strip_suffix(".wav").unwrap_or(sid))
            }
            ("DELETE", ["Recordings", sid]) => recordings::delete(self, sid),
            ("DELETE", ["Calls", call, "Recordings", sid]) => {
                calls::find(self, call).and_then(|_| recordings::delete(self, sid))
            }
            ("GET", ["IncomingPhoneNumbers"]) => numbers::list(self),
            ("POST", ["IncomingPhoneNumbers"]) => numbers::create(self),
            ("GET", ["IncomingPhoneNumbers", sid]) if is_sid(sid) => numbers::fetch(self, sid),
            ("POST", ["IncomingPhoneNumbers", sid]) if is_sid(sid) => numbers::update(self, sid),
            ("DELETE", ["IncomingPhoneNumbers", sid]) => numbers::delete(self, sid),
            ("GET", ["Applications"]) => apps::list(self),
            ("POST", ["Applications"]) => apps::create(self),
            ("GET", ["Applications", sid]) => apps::fetch(self, sid),
            ("POST", ["Applications", sid]) => apps::update(self, sid),
            ("DELETE", ["Applications", sid]) => apps::delete(self, sid),
            ("GET", [name @ ("Keys" | "SigningKeys")]) => keys::list(self, name),
            ("POST", ["Keys" | "SigningKeys"]) => keys::create(self),
            ("GET", ["Keys" | "SigningKeys", sid]) => keys::fetch(self, sid),
            ("POST", ["Keys" | "SigningKeys", sid]) => keys::update(self, sid),
            ("DELETE", ["Keys" | "SigningKeys", sid]) => keys::delete(self, sid),
            ("GET", ["OutgoingCallerIds"]) => caller_ids::list(self),
            ("POST", ["OutgoingCallerIds"]) => caller_ids::create(self),
            ("GET", ["OutgoingCallerIds", sid]) => caller_ids::fetch(self, sid),
            ("POST", ["OutgoingCallerIds", sid]) => caller_ids::update(self, sid),
            ("DELETE", ["OutgoingCallerIds", sid]) => caller_ids::delete(self, sid),
            (_, [] | ["Calls" | "Conferences" | "Queues" | "Recordings", ..]) if path.len() < 3 => {
                Err(ApiError::method_not_allowed())
            }
            _ => Err(absent::name(path).map_or_else(|| self.absent(), ApiError::not_emulated)),
        }
    }

    fn absent(&self) -> ApiError {
        ApiError::not_found(self.http)
    }

    /// The form of a POST.
    fn form(&self) -> Form {
        Form::read(self.http)
    }

    /// The parameters of a list.
    fn query(&self) -> Form {
        Form::of(&self.http.query)
    }

    /// The path of a resource of the account.
    fn uri(&self, below: &str) -> String {
        uri(self.account, below)
    }
}

/// Whether it is the Sid of a number: other words are resources of their own.
fn is_sid(text: &str) -> bool {
    text.starts_with("PN")
}

fn uri(account: AccountSid, below: &str) -> String {
    format!("/{VERSION}/Accounts/{account}/{below}")
}

fn found(value: &Value) -> Reply {
    json(StatusCode::OK, value)
}

fn created(value: &Value) -> Reply {
    json(StatusCode::CREATED, value)
}

fn gone() -> Reply {
    empty()
}

/// Writes a request into the timeline if it changed something or was refused.
fn note(shared: &Shared, http: &HttpRequest, result: &Result<Reply, ApiError>) {
    if http.method == hyper::Method::GET && result.is_ok() {
        return;
    }
    let call = http
        .segments
        .iter()
        .find_map(|segment| segment.trim_end_matches(".json").parse::<CallSid>().ok());
    let what = What::Api {
        method: http.method.to_string(),
        path: http.path.clone(),
        status: match result {
            Ok(reply) => reply.status().as_u16(),
            Err(error) => error.status.as_u16(),
        },
        refused: result.as_ref().err().map(|error| format!("{}: {}", error.code, error.message)),
    };
    let missing = result.as_ref().err().and_then(|error| error.not_emulated.clone());
    shared.write(|world| {
        let call = call.filter(|sid| world.calls.contains_key(sid));
        world.note(call, what);
        if let Some(name) = missing {
            world.note(call, What::NotEmulated(format!("{name} of the REST API")));
        }
    });
}
