//! `Participants` of a conference: calling, changing and removing them.

use identity::{CallSid, ConferenceSid};
use serde_json::{Value, json};

use super::calls::{Plan, subscription};
use super::conferences::{find, find_or_named};
use super::error::{ApiError, INVALID_PARAMETER};
use super::form::Form;
use super::page::{Item, page};
use super::{Reply, Request, created, found, gone, uri};
use crate::state::call::First;
use crate::state::conference::{Coaching, Participant, ParticipantChange};
use crate::step::{Target, Wait};
use crate::world::World;
use crate::{Method, Voice, url};

/// Calls somebody, who joins the conference when they answer.
pub(super) fn create(request: &Request<'_>, name: &str) -> Result<Reply, ApiError> {
    let form = request.form();
    let named = find_or_named(request, name).ok();
    if named.is_none() && name.parse::<ConferenceSid>().is_ok() {
        return Err(request.absent());
    }
    let known = named.and_then(|id| {
        request.shared.read(|world| world.conferences.get(&id).map(|it| it.name.clone()))
    });
    let twiml = document(&known.unwrap_or_else(|| name.to_owned()), &form)?;
    let first = First { voice: Voice::new(""), twiml: Some(twiml.clone()) };
    // Here, one parameter may hold several events.
    let subscription = subscription(&form.split("StatusCallbackEvent"))?;
    let call = Plan::new(request, &form, first, None, subscription)?.carry_out(request);
    let shown = request.shared.write(|world| {
        let id = world.conference_of_document(call, request.account, &twiml);
        Some(invited(world, id?, call, &form))
    });
    shown.map(|it| created(&it)).ok_or_else(|| {
        ApiError::bad(INVALID_PARAMETER, "The conference cannot be made of these parameters")
    })
}

/// One participant, by call Sid or label.
pub(super) fn fetch(request: &Request<'_>, id: &str, who: &str) -> Result<Reply, ApiError> {
    let (id, call) = someone(request, id, who)?;
    let shown = request.shared.read(|world| {
        let conference = world.conferences.get(&id)?;
        Some(show(world, id, conference.participant(call)?))
    });
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// The current participants.
pub(super) fn list(request: &Request<'_>, id: &str) -> Result<Reply, ApiError> {
    let sid = find(request, id)?;
    let query = request.query();
    let (muted, hold) = (query.flag("Muted")?, query.flag("Hold")?);
    let coaching = query.flag("Coaching")?;
    let wanted = |want: Option<bool>, is: bool| want.is_none_or(|want| want == is);
    let items: Vec<Item> = request.shared.read(|world| {
        let all = world.conferences.get(&sid).map(|it| it.participants.as_slice());
        let meant = |it: &&Participant| {
            wanted(muted, it.muted)
                && wanted(hold, it.hold)
                && wanted(coaching, it.coaching.is_some())
        };
        let all = all.unwrap_or_default().iter().filter(meant);
        all.map(|it| Item { sid: it.call.to_string(), json: show(world, sid, it) }).collect()
    });
    let below = format!("Conferences/{sid}/Participants.json");
    page(request, "participants", &below, &items).map(|page| found(&page))
}

/// Mutes, holds, coaches, or plays an announcement.
pub(super) fn update(request: &Request<'_>, id: &str, who: &str) -> Result<Reply, ApiError> {
    let (sid, call) = someone(request, id, who)?;
    let change = change(&request.form())?;
    let done = request.shared.write(|world| world.change_participant(sid, call, change));
    done.map_err(|problem| ApiError::bad(problem.code, problem.text))?;
    fetch(request, id, who)
}

/// Removes a participant. Their call continues with the `action` of its `<Dial>`, or ends.
pub(super) fn delete(request: &Request<'_>, id: &str, who: &str) -> Result<Reply, ApiError> {
    let (sid, call) = someone(request, id, who)?;
    request.shared.write(|world| world.remove_participant(sid, call));
    Ok(gone())
}

fn someone(
    request: &Request<'_>,
    id: &str,
    who: &str,
) -> Result<(ConferenceSid, CallSid), ApiError> {
    let sid = find(request, id)?;
    let call = request
        .shared
        .read(|world| world.conferences.get(&sid).and_then(|it| it.participant_named(who)));
    call.map(|call| (sid, call)).ok_or_else(|| request.absent())
}

fn change(form: &Form) -> Result<ParticipantChange, ApiError> {
    let coaching = match (form.flag("Coaching")?, form.get("CallSidToCoach")) {
        (Some(false), _) => Some(Coaching::Nobody),
        (_, Some(sid)) => {
            let rule = "must be a call Sid";
            let sid = sid.parse().map_err(|_| ApiError::parameter("CallSidToCoach", rule))?;
            Some(Coaching::Participant(sid))
        }
        (Some(true), None) => {
            return Err(ApiError::parameter("CallSidToCoach", "is missing"));
        }
        (None, None) => None,
    };
    Ok(ParticipantChange {
        muted: form.flag("Muted")?,
        hold: form.flag("Hold")?,
        // `HoldMethod` is the only method of this API that is GET by default.
        hold_wait: wait(form, "HoldUrl", "HoldMethod", Method::Get)?,
        coaching,
        ends: form.flag("EndConferenceOnExit")?,
        beep_on_exit: form.flag("BeepOnExit")?,
        wait: wait(form, "WaitUrl", "WaitMethod", Method::Post)?,
        announce: form.url("AnnounceUrl", "AnnounceMethod")?,
    })
}

fn wait(form: &Form, name: &str, method: &str, default: Method) -> Result<Option<Wait>, ApiError> {
    let target = form.url(name, method)?;
    let is_given = form.get(method).is_some();
    Ok(target
        .map(|it| Wait::Url(Target { method: if is_given { it.method } else { default }, ..it })))
}

/// The document that sends a call into a conference.
fn document(name: &str, form: &Form) -> Result<String, ApiError> {
    let mut attributes = String::new();
    let mut set = |name: &str, value: &str| {
        attributes.extend([" ", name, "=\"", &escaped(value), "\""]);
    };
    for (parameter, attribute) in ATTRIBUTES {
        if let Some(value) = form.get(parameter) {
            set(attribute, value);
        }
    }
    for (parameter, attribute) in [
        ("WaitUrl", "waitUrl"),
        ("ConferenceStatusCallback", "statusCallback"),
        ("ConferenceRecordingStatusCallback", "recordingStatusCallback"),
    ] {
        if let Some(value) = form.get(parameter) {
            if !url::is_absolute(value) {
                let message = format!("{parameter} is not a valid URL: {value}");
                return Err(ApiError::bad(super::error::URL, message));
            }
            set(attribute, value);
        }
    }
    if form.get("ConferenceStatusCallback").is_some() {
        let events: Vec<&str> = form.all("ConferenceStatusCallbackEvent").collect();
        set(
            "statusCallbackEvent",
            &if events.is_empty() { "start end".into() } else { events.join(" ") },
        );
    }
    if form.flag("Coaching")? == Some(true) && form.get("CallSidToCoach").is_none() {
        return Err(ApiError::parameter("CallSidToCoach", "is missing"));
    }
    Ok(format!(
        "<Response><Dial><Conference{attributes}>{}</Conference></Dial></Response>",
        escaped(name)
    ))
}

/// Parameters, and the attributes of `<Conference>` that they correspond to.
const ATTRIBUTES: [(&str, &str); 11] = [
    ("Label", "participantLabel"),
    ("Muted", "muted"),
    ("Beep", "beep"),
    ("StartConferenceOnEnter", "startConferenceOnEnter"),
    ("EndConferenceOnExit", "endConferenceOnExit"),
    ("MaxParticipants", "maxParticipants"),
    ("CallSidToCoach", "coach"),
    ("WaitMethod", "waitMethod"),
    ("ConferenceRecord", "record"),
    ("ConferenceStatusCallbackMethod", "statusCallbackMethod"),
    ("ConferenceRecordingStatusCallbackMethod", "recordingStatusCallbackMethod"),
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A participant who has joined.
fn show(world: &World, id: ConferenceSid, it: &Participant) -> Value {
    let mut all = json!({
        "label": it.label,
        "muted": it.muted,
        "hold": it.hold,
        "coaching": it.coaching.is_some(),
        "call_sid_to_coach": it.coaching.map(|sid| sid.to_string()),
        "start_conference_on_enter": it.starts,
        "end_conference_on_exit": it.ends,
        "status": "connected",
        "date_created": it.joined_at.to_rfc2822().to_string(),
        "date_updated": it.updated_at.to_rfc2822().to_string(),
    });
    add_place(&mut all, world, id, it.call);
    all
}

/// A participant who is being called.
fn invited(world: &World, id: ConferenceSid, call: CallSid, form: &Form) -> Value {
    let is = |name: &str| form.get(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let now = world.time.now.to_rfc2822().to_string();
    let mut all = json!({
        "label": form.get("Label"),
        "muted": is("Muted"),
        "hold": false,
        "coaching": form.get("CallSidToCoach").is_some(),
        "call_sid_to_coach": form.get("CallSidToCoach"),
        "start_conference_on_enter":
            form.get("StartConferenceOnEnter").is_none() || is("StartConferenceOnEnter"),
        "end_conference_on_exit": is("EndConferenceOnExit"),
        "status": "queued",
        "date_created": now.clone(),
        "date_updated": now,
    });
    add_place(&mut all, world, id, call);
    all
}

fn add_place(all: &mut Value, world: &World, id: ConferenceSid, sid: CallSid) {
    let Some(call) = world.calls.get(&sid) else { return };
    all["account_sid"] = call.account.as_str().into();
    all["call_sid"] = sid.as_str().into();
    all["conference_sid"] = id.as_str().into();
    let waited = call.life.started_at.map_or(0, |at| at.since(call.life.created_at).as_millis());
    all["queue_time"] = waited.to_string().into();
    all["uri"] = uri(call.account, &format!("Conferences/{id}/Participants/{sid}.json")).into();
}
