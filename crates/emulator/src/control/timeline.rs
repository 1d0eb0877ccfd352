//! The timeline as JSON: all of it, or as a stream.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use identity::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Refusal;
use crate::exchange::{HttpRequest, Reply, stream};
use crate::http::signed_url;
use crate::shared::Shared;
use crate::timeline::{Entry, EntryId, What};
use crate::webhook::Outcome;
use crate::{Problem, Progress, Severity, Webhook};

/// The entries that were added or changed after a number of changes.
pub(super) fn page(shared: &Shared, http: &HttpRequest) -> Result<Value, Refusal> {
    let after = number(http.query.iter().find(|(name, _)| name == "after").map(|(_, it)| &**it))?;
    Ok(shared.read(|world| {
        let changed = world.timeline.changed_after(after.unwrap_or(0));
        let entries = changed.into_iter().map(|(id, it)| entry(id, it));
        json!({ "next": world.timeline.change_count(), "entries": entries.collect::<Vec<_>>() })
    }))
}

/// The same as a stream of server-sent events. The id of each event is the number to resume from.
///
/// Without `Last-Event-ID` or `after`, the stream begins now.
pub(super) fn events(shared: &Arc<Shared>, http: &HttpRequest) -> Result<Reply, Refusal> {
    let query = http.query.iter().find(|(name, _)| name == "after").map(|(_, it)| &**it);
    let after = number(http.header("last-event-id").or(query))?;
    let after = after.unwrap_or_else(|| shared.read(|world| world.timeline.change_count()));
    let (sender, pieces) = mpsc::channel(8);
    tokio::spawn(send_changes(Arc::clone(shared), after, sender));
    Ok(stream(pieces))
}

/// Sends every change until the reader is gone.
async fn send_changes(shared: Arc<Shared>, mut after: u64, sender: mpsc::Sender<Bytes>) {
    // The browser learns at once that the stream is open.
    let mut text = Bytes::from(format!("retry: 1000\nid: {after}\n\n"));
    loop {
        if sender.send(text).await.is_err() {
            return;
        }
        let news = shared.until(|world| {
            let count = world.timeline.change_count();
            (count != after).then(|| {
                let changed = world.timeline.changed_after(after);
                (count, changed.into_iter().map(|(id, it)| entry(id, it)).collect::<Vec<_>>())
            })
        });
        tokio::select! {
            () = sender.closed() => return,
            news = tokio::time::timeout(HEARTBEAT, news) => match news {
                Ok((count, entries)) => {
                    after = count;
                    text = format!("event: entries\nid: {count}\ndata: {}\n\n", json!(entries)).into();
                }
                Err(_) => text = ":\n\n".into(),
            },
        }
    }
}

fn number(text: Option<&str>) -> Result<Option<u64>, Refusal> {
    let rule = "`after` is not a number of changes";
    text.map(|text| text.parse().map_err(|_| Refusal::bad(rule))).transpose()
}

/// One entry.
pub(super) fn entry(id: EntryId, entry: &Entry) -> Value {
    let mut value = json!({
        "id": id.number(),
        "at": moment(entry.at),
        "call_sid": entry.call.map(|sid| sid.to_string()),
        "root_sid": entry.root.map(|sid| sid.to_string()),
        "type": kind(&entry.what),
        "text": entry.what.to_string(),
    });
    match &entry.what {
        What::Webhook(it) => value["webhook"] = webhook(it),
        What::Problem(it) => value["problem"] = problem(it),
        _ => {}
    }
    value
}

/// A time with all its digits, so that the texts have the order of the times.
pub(super) fn moment(at: Timestamp) -> String {
    let text = at.to_string();
    let text = text.trim_end_matches('Z');
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{seconds}.{fraction:0<6}Z")
}

fn kind(what: &What) -> &'static str {
    match what {
        What::Placed { .. } => "placed",
        What::Status { .. } => "status",
        What::Bridged { .. } => "bridged",
        What::InviteDropped { .. } => "invite_dropped",
        What::Conference { .. } => "conference",
        What::Queue { .. } => "queue",
        What::AnsweredBy(_) => "answered_by",
        What::Recording { .. } => "recording",
        What::Heard(_) => "heard",
        What::Spoken { .. } => "spoken",
        What::Webhook(_) => "webhook",
        What::Fault { .. } => "fault",
        What::Problem(_) => "problem",
        What::NotEmulated(_) => "not_emulated",
        What::NotFetched(_) => "not_fetched",
        What::ApplicationError => "application_error",
        What::Api { .. } => "api",
        What::Registration { .. } => "registration",
        What::Signal { .. } => "signal",
        What::Message { .. } => "message",
        What::SocketClosed { .. } => "socket_closed",
    }
}

fn webhook(webhook: &Webhook) -> Value {
    let outcome = webhook.outcome.as_ref();
    let answer = outcome.and_then(|it| it.answer.as_ref().ok());
    json!({
        "kind": webhook.kind.to_string(),
        "progress": webhook.progress.map(Progress::as_str),
        "request": {
            "method": webhook.method.to_string(),
            "url": webhook.url,
            "sent_to": webhook.sent_to,
            "params": webhook.params,
            "idempotency_token": webhook.idempotency_token,
        },
        "signature": {
            "value": webhook.signature,
            "signed_url": signed_url(webhook),
            "verdict": verdict(outcome),
        },
        "answer": answer.map(|answer| json!({
            "status": answer.status,
            "content_type": answer.content_type,
            "body": answer.body,
        })),
        "problem": outcome.and_then(|it| it.answer.as_ref().err()).map(problem),
        "attempts": outcome.map(|it| it.attempts),
        "ms": outcome.map(|it| it.took.as_secs_f64() * 1000.0),
    })
}

/// Whether the server accepted our signature, as far as its answer shows.
fn verdict(outcome: Option<&Outcome>) -> &'static str {
    match outcome.map(|outcome| &outcome.answer) {
        None => "waiting",
        Some(Err(_)) => "no answer",
        Some(Ok(answer)) if matches!(answer.status, 401 | 403) => "refused",
        Some(Ok(answer)) if answer.status >= 400 => "unknown",
        Some(Ok(_)) => "accepted",
    }
}

fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.code,
        "severity": match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "text": problem.text,
        "more_info": format!("https://www.twilio.com/docs/errors/{}", problem.code),
    })
}

/// The time between two keep-alives, so that a page notices a lost stream.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_all_their_digits() {
        for (micros, want) in [
            (36_530_000, "1970-01-01T00:00:36.530000Z"),
            (36_535_000, "1970-01-01T00:00:36.535000Z"),
            (36_000_000, "1970-01-01T00:00:36.000000Z"),
        ] {
            assert_eq!(moment(Timestamp::from_unix_micros(micros)), want);
        }
    }
}
