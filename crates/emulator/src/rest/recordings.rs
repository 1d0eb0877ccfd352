//! `Recordings`: beginning, ending, listing and reading them, also as files.

use std::cmp::Reverse;

use identity::{CallSid, RecordingSid};
use serde_json::{Value, json};

use super::error::{ApiError, CALL_STATE};
use super::form::Form;
use super::page::{Item, page};
use super::{Reply, Request, VERSION, calls, conferences, created, found, gone, uri};
use crate::CallStatus;
use crate::exchange::text;
use crate::state::recording::{NewRecording, Recording, Source};
use crate::step::RecordingReport;

/// The recordings of the account, newest first.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let query = request.query();
    let call = query.get("CallSid").map(str::to_owned);
    let conference = query.get("ConferenceSid").map(str::to_owned);
    let meant = move |it: &Recording| {
        call.as_deref().is_none_or(|sid| it.call.as_str() == sid)
            && conference.as_deref().is_none_or(|sid| {
                it.conference.as_ref().is_some_and(|conference| conference.as_str() == sid)
            })
    };
    all(request, "Recordings.json", &meant)
}

/// The recordings of one call.
pub(super) fn of_call(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = calls::find(request, sid)?;
    all(request, &format!("Calls/{sid}/Recordings.json"), &move |it| it.call == sid)
}

/// The recordings of one conference.
pub(super) fn of_conference(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = conferences::find(request, sid)?;
    let below = format!("Conferences/{sid}/Recordings.json");
    all(request, &below, &move |it| it.conference == Some(sid))
}

/// Begins to record a call.
pub(super) fn begin(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let call = calls::find(request, sid)?;
    let form = request.form();
    let report = report(&form)?;
    let dual = form.get("RecordingChannels") == Some("dual");
    let shown = request.shared.write(|world| {
        let it = world.calls.get(&call)?;
        if it.life.status != CallStatus::InProgress {
            return None;
        }
        let legs = [call].into_iter().chain(it.legs.iter().copied()).collect();
        let new = NewRecording { call, legs, source: Source::Api, dual, report };
        let sid = world.begin_recording(new);
        world.recordings.get(&sid).map(show)
    });
    let refused = "A recording cannot be started for a call that is not in-progress.";
    shown.map(|it| created(&it)).ok_or_else(|| ApiError::bad(CALL_STATE, refused))
}

/// Ends a recording of a call: the one with this Sid, or the one in progress (`Twilio.CURRENT`).
pub(super) fn end(request: &Request<'_>, call: &str, sid: &str) -> Result<Reply, ApiError> {
    let call = calls::find(request, call)?;
    match request.form().get("Status") {
        Some("stopped") => {}
        _ => return Err(ApiError::parameter("Status", "must be stopped; pausing is not emulated")),
    }
    let current = |call: CallSid| {
        request.shared.read(|world| {
            let mut all = world.recordings.values();
            let goes_on = |it: &&Recording| it.call == call && it.status.as_str() == "in-progress";
            all.find(goes_on).map(|it| it.sid)
        })
    };
    let sid = if sid == "Twilio.CURRENT" { current(call) } else { find(request, sid).ok() };
    let sid = sid.ok_or_else(|| request.absent())?;
    request.shared.write(|world| world.end_recording(sid, None));
    fetch(request, sid.as_str())
}

/// One recording, without its sound.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let shown = request.shared.read(|world| world.recordings.get(&sid).map(show));
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// The file.
pub(super) fn file(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let file = request.shared.read(|world| world.recordings.get(&sid).map(Recording::wav));
    file.map(|file| text("audio/x-wav", file)).ok_or_else(|| request.absent())
}

/// The file as MP3, which is refused in words.
pub(super) fn mp3(request: &Request<'_>, file: &str) -> Result<Reply, ApiError> {
    let sid = find(request, file.trim_end_matches(".mp3"))?;
    Err(ApiError::not_emulated(format!("the sound of a recording as MP3: ask for {sid}.wav")))
}

/// Deletes a recording.
pub(super) fn delete(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    request.shared.write(|world| {
        world.end_recording(sid, None);
        world.recordings.remove(&sid);
    });
    Ok(gone())
}

fn all(
    request: &Request<'_>,
    below: &str,
    meant: &dyn Fn(&Recording) -> bool,
) -> Result<Reply, ApiError> {
    let made = request.query().moments("DateCreated")?;
    let items: Vec<Item> = request.shared.read(|world| {
        let theirs = |it: &&Recording| {
            it.account == request.account && meant(it) && made.hold(Some(it.started_at))
        };
        let mut all: Vec<&Recording> = world.recordings.values().filter(theirs).collect();
        all.sort_by_key(|it| (Reverse(it.started_at), it.sid));
        all.into_iter().map(|it| Item { sid: it.sid.to_string(), json: show(it) }).collect()
    });
    page(request, "recordings", below, &items).map(|page| found(&page))
}

fn find(request: &Request<'_>, sid: &str) -> Result<RecordingSid, ApiError> {
    let theirs = |sid: &RecordingSid| {
        let account = request.account;
        request
            .shared
            .read(|world| world.recordings.get(sid).is_some_and(|it| it.account == account))
    };
    sid.parse().ok().filter(theirs).ok_or_else(|| request.absent())
}

/// Where a recording is reported.
pub(super) fn report(form: &Form) -> Result<Option<RecordingReport>, ApiError> {
    let target = form.callback("RecordingStatusCallback", "RecordingStatusCallbackMethod")?;
    let events: Vec<&str> =
        form.all("RecordingStatusCallbackEvent").flat_map(str::split_whitespace).collect();
    Ok(target.map(|target| RecordingReport {
        target,
        begun: events.contains(&"in-progress"),
        completed: events.is_empty() || events.contains(&"completed"),
    }))
}

fn show(it: &Recording) -> Value {
    let below = format!("Recordings/{}", it.sid);
    let is_over = it.status.as_str() == "completed";
    json!({
        "sid": it.sid.as_str(),
        "account_sid": it.account.as_str(),
        "call_sid": it.call.as_str(),
        "conference_sid": it.conference.map(|sid| sid.to_string()),
        "status": if is_over { "completed" } else { "processing" },
        "channels": it.channels(),
        "source": it.source.as_str(),
        "duration": is_over.then(|| it.length.as_secs().to_string()),
        "start_time": it.started_at.to_rfc2822().to_string(),
        "date_created": it.started_at.to_rfc2822().to_string(),
        "date_updated": (it.started_at + it.length).to_rfc2822().to_string(),
        "error_code": null,
        "encryption_details": null,
        "price": null,
        "price_unit": "USD",
        "api_version": VERSION,
        "media_url": uri(it.account, &below),
        "uri": uri(it.account, &format!("{below}.json")),
    })
}
