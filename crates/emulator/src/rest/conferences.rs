//! `Conferences`: reading, listing and ending them, and announcements.

use std::cmp::Reverse;

use identity::{ConferenceSid, Timestamp};
use serde_json::{Value, json};

use super::error::{ApiError, INVALID_PARAMETER};
use super::page::{Item, page};
use super::{Reply, Request, VERSION, found, uri};
use crate::state::conference::Conference;

/// The conferences of the account that match the parameters, newest first.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let query = request.query();
    let created = query.moments("DateCreated")?;
    let updated = query.moments("DateUpdated")?;
    let wanted = |name: &str, value: &str| query.get(name).is_none_or(|it| it == value);
    let items: Vec<Item> = request.shared.read(|world| {
        let theirs = |it: &&Conference| {
            it.account == request.account
                && wanted("FriendlyName", &it.name)
                && wanted("Status", it.status.as_str())
                && created.hold(Some(it.created_at))
                && updated.hold(Some(it.updated_at))
        };
        let mut all: Vec<&Conference> = world.conferences.values().filter(theirs).collect();
        all.sort_by_key(|it| (Reverse(it.created_at), it.sid));
        all.into_iter().map(|it| Item { sid: it.sid.to_string(), json: show(it) }).collect()
    });
    page(request, "conferences", "Conferences.json", &items).map(|page| found(&page))
}

/// One conference.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let conference = request.shared.read(|world| world.conferences.get(&sid).map(show));
    conference.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// Ends a conference, or plays a document to every participant.
pub(super) fn update(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let id = find(request, sid)?;
    let form = request.form();
    let ends = match form.get("Status") {
        None => false,
        Some("completed") => true,
        Some(_) => return Err(ApiError::parameter("Status", "must be completed")),
    };
    let announcement = form.url("AnnounceUrl", "AnnounceMethod")?;
    let is_running = request.shared.read(|world| {
        world
            .conferences
            .get(&id)
            .is_some_and(|it| it.ended.is_none() && !it.participants.is_empty())
    });
    if announcement.is_some() && !is_running {
        return Err(ApiError::bad(INVALID_PARAMETER, "The conference is not in progress"));
    }
    request.shared.write(|world| {
        if let Some(target) = &announcement {
            world.announce_to_all(id, target);
        }
        if ends {
            world.end_conference(id);
        }
    });
    fetch(request, sid)
}

/// A conference of the account, by its Sid.
pub(super) fn find(request: &Request<'_>, sid: &str) -> Result<ConferenceSid, ApiError> {
    let theirs = |sid: &ConferenceSid| {
        let account = request.account;
        request
            .shared
            .read(|world| world.conferences.get(sid).is_some_and(|it| it.account == account))
    };
    sid.parse().ok().filter(theirs).ok_or_else(|| request.absent())
}

/// A conference by its Sid, or a running one by its name.
pub(super) fn find_or_named(request: &Request<'_>, name: &str) -> Result<ConferenceSid, ApiError> {
    let named = request.shared.read(|world| world.conferences.named(request.account, name));
    named.map_or_else(|| find(request, name), Ok)
}

fn show(it: &Conference) -> Value {
    let path = |below: &str| uri(it.account, &format!("Conferences/{}{below}.json", it.sid));
    let time = |at: Timestamp| at.to_rfc2822().to_string();
    json!({
        "sid": it.sid.as_str(),
        "account_sid": it.account.as_str(),
        "friendly_name": it.name,
        "status": it.status.as_str(),
        "region": "us1",
        "date_created": time(it.created_at),
        "date_updated": time(it.updated_at),
        "reason_conference_ended": it.ended,
        "call_sid_ending_conference": it.ended_by.map(|sid| sid.to_string()),
        "api_version": VERSION,
        "uri": path(""),
        "subresource_uris": {
            "participants": path("/Participants"),
            "recordings": path("/Recordings"),
        },
    })
}
