//! Twilio's requests. Each handler has the same steps: authenticate, parse, load, decide, render.
//! Whatever happens, a caller never hears an application error.

mod authenticate;
mod inbound;
mod outbound;
mod rung;
mod status;
mod twiml;

use std::time::Duration;

use calls::{Direction, Event, Fact, Parsed, Source};
use dialling::Caller;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, header};
use identity::{CallSid, WorkspaceId};
use tracing::{error, info, warn};
use uuid::Uuid;

use self::authenticate::Signed;
use self::rung::Rung;
use crate::app::App;
use crate::endpoint::{Carrier, Endpoint};
use crate::error::CarrierRefusal;
use crate::http::panic;
use crate::http::reply::{self, Reply};
use crate::journal::Entry;
use crate::policy::Messages;

/// Answers a request that should be Twilio's. No browser reads the answer, so it has no CORS and no
/// body that explains an error.
pub(crate) async fn answer(
    app: &App,
    id: Uuid,
    workspace: &WorkspaceId,
    endpoint: Carrier,
    parts: &Parts,
    body: Incoming,
) -> Reply {
    let started = app.clock.instant();
    let name = endpoint.name();
    let handled = Box::pin(handle(app, workspace, &endpoint, parts, body));
    let reply = panic::caught(id, name, handled).await.unwrap_or_else(|| {
        app.metrics.call("panic");
        after_panic(&endpoint)
    });
    app.metrics.webhook_took(name, app.clock.elapsed(started));
    reply
}

async fn handle(
    app: &App,
    workspace: &WorkspaceId,
    endpoint: &Carrier,
    parts: &Parts,
    body: Incoming,
) -> Reply {
    let method = endpoint.method();
    if parts.method != method {
        note_method(app, workspace, endpoint, parts);
        let mut reply = reply::empty(StatusCode::METHOD_NOT_ALLOWED);
        reply::set(&mut reply, header::ALLOW, method.as_str());
        return reply;
    }
    let signed = match authenticate::authenticate(app, workspace, parts, body).await {
        Ok(signed) => signed,
        Err(refusal) => return refuse(app, refusal),
    };
    if *endpoint == Carrier::Status {
        return match status::record(app, &signed).await {
            Ok(()) => reply::empty(StatusCode::NO_CONTENT),
            Err(refusal) => refusal.reply(),
        };
    }
    note_fallback(app, &signed);
    let document = tokio::time::timeout(DEADLINE, document(app, endpoint, &signed)).await;
    reply::twiml(document.unwrap_or_else(|_| {
        error!("a webhook was not answered in time");
        app.metrics.call("late");
        twiml::unavailable(&signed.workspace.policy.messages)
    }))
}

/// Logs that a URL is asked with another method, as Twilio does if its number or app is set so. Nobody has
/// signed that yet, so it counts as a stranger's.
fn note_method(app: &App, workspace: &WorkspaceId, endpoint: &Carrier, parts: &Parts) {
    let method = endpoint.method();
    // A method of somebody's own making stays out of the log.
    let found = if parts.method == Method::GET { "GET" } else { "another method" };
    if app.strangers.may_write(app.clock.instant()).is_some() {
        warn!(
            workspace.id = %workspace,
            "a webhook came with {found} (405): set the URL that ends in /{endpoint} to HTTP {method} at Twilio"
        );
    }
}

/// Logs that a URL of Twilio's was asked with a slash at its end, which names nothing.
pub(crate) fn note_slash(app: &App, path: &str) {
    let Some(Endpoint::Carrier(workspace, endpoint)) =
        path.strip_suffix('/').and_then(Endpoint::parse)
    else {
        return;
    };
    if app.strangers.may_write(app.clock.instant()).is_some() {
        warn!(
            workspace.id = %workspace,
            "a webhook came with a slash at the end of its URL (404): remove the slash behind /{endpoint} at Twilio"
        );
    }
}

/// Logs that Twilio asks its fallback URL, which may be ours, because another request failed. The answer
/// stays the same, but an operator wants to know.
fn note_fallback(app: &App, signed: &Signed) {
    let code = signed.params.iter().find(|(name, _)| name == "ErrorCode");
    if let Some(code) = code.and_then(|(_, code)| code.parse::<u32>().ok()) {
        if app.may_log(&signed.workspace.id, "fallback") {
            warn!(error.code = code, "Twilio takes the fallback after its error {code}");
        }
        app.metrics.call("fallback");
    }
}

/// The answer after a panic, while a caller waits.
fn after_panic(endpoint: &Carrier) -> Reply {
    match endpoint {
        Carrier::Status => CarrierRefusal::NotDurable.reply(),
        Carrier::Voice | Carrier::Dial | Carrier::Voicemail => {
            reply::twiml(twiml::unavailable(&Messages::default()))
        }
    }
}

/// The next document for the caller, or for the agent who calls out.
async fn document(app: &App, endpoint: &Carrier, signed: &Signed) -> String {
    let messages = &signed.workspace.policy.messages;
    let rung = Rung::parse(signed.query.as_deref());
    let source = match endpoint {
        Carrier::Voicemail => {
            return twiml::say_and_hang_up(messages, &messages.voicemail_done);
        }
        Carrier::Dial => Source::Dial { wave: rung.last_wave().max(1) },
        _ => Source::Voice,
    };
    let (sid, event) = match read(app, signed, &source) {
        Ok(parsed) => parsed,
        Err(error) => {
            if app.may_log(&signed.workspace.id, "unreadable") {
                warn!("a signed webhook cannot be read: {error}");
            }
            app.metrics.call("unreadable");
            return twiml::unavailable(messages);
        }
    };
    let call = Webhook { app, signed, sid };
    match &event.fact {
        Fact::Dialled(dialled) if dialled.connected() || dialled.caller_gone => {
            call.record(vec![event]).await;
            twiml::hang_up()
        }
        Fact::Dialled(_) if call.agent().is_some() => {
            call.record(vec![event]).await;
            twiml::say_and_hang_up(messages, &messages.unreached)
        }
        Fact::Arrived(arrived) if arrived.direction == Direction::Outbound => {
            outbound::place(&call, event).await
        }
        _ => inbound::ring(&call, event, &rung).await,
    }
}

/// Reads a signed webhook. One that comes from the future is dated by its receipt, and that is said.
fn read(
    app: &App,
    signed: &Signed,
    source: &Source,
) -> Result<(CallSid, Event), calls::ParamError> {
    let received = app.clock.now();
    let params = signed.params.iter().map(|(name, value)| (&**name, &**value));
    let Parsed { call, mut event, disbelieved } = calls::parse(source, params, received)?;
    if let Fact::Arrived(arrived) = &mut event.fact
        && arrived.direction == Direction::Inbound
    {
        arrived.from = signed.workspace.caller(param(signed, "From")).0;
    }
    // One from the past was delivered late, and its receipt is good enough.
    if let Some(at) = disbelieved.filter(|at| *at > received) {
        app.metrics.dated_ahead();
        if app.may_log(&signed.workspace.id, "ahead") {
            let ahead = at.since(received).as_secs();
            warn!(
                call.sid = %call, dated = "by receipt",
                "call {call}: a webhook is {ahead} s ahead of its receipt, and is dated by that"
            );
        }
    }
    Ok((call, event))
}

/// One signed request about one call.
struct Webhook<'a> {
    app: &'a App,
    signed: &'a Signed,
    sid: CallSid,
}

impl Webhook<'_> {
    /// Writes the request and the decision to disk. The sync follows while the call goes on, and the call
    /// goes on if the disk fails.
    async fn record(&self, events: Vec<Event>) {
        let entry = Entry {
            workspace: self.signed.workspace.id.clone(),
            call: self.sid,
            events,
            params: self.signed.params.clone(),
        };
        // A failure is logged and counted where it happens. If the disk hangs, the write goes on
        // in the background: the caller has waited long enough.
        let written = tokio::time::timeout(DISK_BUDGET, self.app.journal.write(entry));
        if written.await.is_err() {
            warn!(call.sid = %self.sid, "call {} goes on before its record is on disk", self.sid);
            self.app.metrics.call("unrecorded");
        }
    }

    /// The other party, if it is a browser.
    fn agent(&self) -> Option<calls::Party> {
        let from = self.param("From")?;
        Some(calls::Party::read(from)).filter(|party| matches!(party, calls::Party::Client(_)))
    }

    /// Who calls, as the workspace's country reads it.
    fn caller(&self) -> Caller {
        self.signed.workspace.caller(self.param("From")).1
    }

    fn param(&self, name: &str) -> Option<&str> {
        param(self.signed, name)
    }
}

fn param<'a>(signed: &'a Signed, name: &str) -> Option<&'a str> {
    let found = signed.params.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str())
}

fn refuse(app: &App, refusal: CarrierRefusal) -> Reply {
    match refusal {
        CarrierRefusal::NotSigned(class) => {
            app.metrics.refused(class);
            match app.strangers.may_write(app.clock.instant()) {
                None => {}
                Some(0) => info!(class, "a webhook was refused: {class}"),
                Some(more) => {
                    info!(class, more, "a webhook was refused: {class}, and {more} more before it");
                }
            }
        }
        CarrierRefusal::CannotCheck => {
            app.metrics.refused("cannot_check");
            if app.strangers.may_write(app.clock.instant()).is_some() {
                warn!("a webhook cannot be checked: the workspace was never read");
            }
        }
        CarrierRefusal::NotAForm | CarrierRefusal::TooLarge | CarrierRefusal::NotDurable => {}
    }
    refusal.reply()
}

/// How long a caller waits for a write, which takes microseconds unless the disk is broken.
const DISK_BUDGET: Duration = Duration::from_millis(500);

/// Early enough for a second try within Twilio's 15 s, and later than every deadline inside.
const DEADLINE: Duration = Duration::from_secs(4);
