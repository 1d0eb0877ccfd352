//! `Queues` and their `Members`.

use identity::{CallSid, QueueSid};
use serde_json::{Value, json};

use super::error::{ApiError, INVALID_PARAMETER, URL};
use super::page::{Item, page};
use super::{Reply, Request, created, found, gone, uri};
use crate::state::queue::{DEFAULT_QUEUE_SIZE, Queue};
use crate::world::World;

/// Creates a queue.
pub(super) fn create(request: &Request<'_>) -> Result<Reply, ApiError> {
    let form = request.form();
    let name = form.get("FriendlyName");
    let name = name.ok_or_else(|| ApiError::parameter("FriendlyName", "is missing"))?;
    check_name(request, name, None)?;
    let size = form.number("MaxSize", [1, MAX_SIZE])?.map_or(DEFAULT_QUEUE_SIZE, |it| it as usize);
    let shown = request.shared.write(|world| {
        let (seed, now) = (world.seed, world.time.now);
        let sid = world.queues.create(seed, request.account, name, size, now);
        world.queues.get(&sid).map(show)
    });
    shown.map(|it| created(&it)).ok_or_else(|| request.absent())
}

/// One queue.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let shown = request.shared.read(|world| world.queues.get(&sid).map(show));
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// All queues of the account.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let items: Vec<Item> = request.shared.read(|world| {
        let mut all: Vec<&Queue> =
            world.queues.values().filter(|it| it.account == request.account).collect();
        all.sort_by_key(|it| (it.created_at, it.sid));
        all.into_iter().map(|it| Item { sid: it.sid.to_string(), json: show(it) }).collect()
    });
    page(request, "queues", "Queues.json", &items).map(|page| found(&page))
}

/// Renames a queue, or changes its size.
pub(super) fn update(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let id = find(request, sid)?;
    let form = request.form();
    let name = form.get("FriendlyName");
    if let Some(name) = name {
        check_name(request, name, Some(id))?;
    }
    let size = form.number("MaxSize", [1, MAX_SIZE])?;
    request.shared.write(|world| {
        let now = world.time.now;
        let Some(queue) = world.queues.get_mut(&id) else { return };
        if let Some(name) = name {
            name.clone_into(&mut queue.name);
        }
        queue.max_size = size.map_or(queue.max_size, |it| it as usize);
        queue.updated_at = now;
    });
    fetch(request, sid)
}

/// Deletes an empty queue.
pub(super) fn delete(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let is_removed = request.shared.write(|world| {
        let is_empty = world.queues.get(&sid).is_some_and(|it| it.members.is_empty());
        is_empty && world.queues.remove(&sid).is_some()
    });
    if is_removed {
        return Ok(gone());
    }
    Err(ApiError::bad(INVALID_PARAMETER, "Only an empty queue can be deleted"))
}

/// The callers who wait, the first one first.
pub(super) fn members(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let id = find(request, sid)?;
    let items: Vec<Item> = request.shared.read(|world| {
        let calls = world.queues.get(&id).map(|it| it.members.iter().map(|it| it.call));
        let calls = calls.into_iter().flatten();
        let item =
            |call: CallSid| Some(Item { sid: call.to_string(), json: member(world, id, call)? });
        calls.filter_map(item).collect()
    });
    let below = format!("Queues/{id}/Members.json");
    page(request, "queue_members", &below, &items).map(|page| found(&page))
}

/// One caller who waits: by call Sid, or `Front`.
pub(super) fn fetch_member(request: &Request<'_>, sid: &str, who: &str) -> Result<Reply, ApiError> {
    let (id, call) = someone(request, sid, who)?;
    let shown = request.shared.read(|world| member(world, id, call));
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// Takes one caller out of the queue, to another document.
pub(super) fn dequeue(request: &Request<'_>, sid: &str, who: &str) -> Result<Reply, ApiError> {
    let (id, call) = someone(request, sid, who)?;
    let target = request.form().url("Url", "Method")?;
    let target = target.ok_or_else(|| ApiError::bad(URL, "Url parameter is required."))?;
    let shown = request.shared.write(|world| {
        let shown = member(world, id, call);
        world.dequeue(id, Some(call), target).and(shown)
    });
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

fn find(request: &Request<'_>, sid: &str) -> Result<QueueSid, ApiError> {
    let theirs = |sid: &QueueSid| {
        let account = request.account;
        request.shared.read(|world| world.queues.get(sid).is_some_and(|it| it.account == account))
    };
    sid.parse().ok().filter(theirs).ok_or_else(|| request.absent())
}

fn someone(request: &Request<'_>, sid: &str, who: &str) -> Result<(QueueSid, CallSid), ApiError> {
    let id = find(request, sid)?;
    let call = request.shared.read(|world| {
        let mut members = world.queues.get(&id)?.members.iter().map(|it| it.call);
        if who.eq_ignore_ascii_case("Front") {
            return members.next();
        }
        members.find(|call| call.as_str() == who)
    });
    call.map(|call| (id, call)).ok_or_else(|| request.absent())
}

/// A name is unique in its account, and has at most 64 characters. Twilio's numbers for this are
/// not known.
fn check_name(request: &Request<'_>, name: &str, own: Option<QueueSid>) -> Result<(), ApiError> {
    if name.chars().count() > MAX_NAME {
        let rule = format!("must not be longer than {MAX_NAME} characters");
        return Err(ApiError::parameter("FriendlyName", &rule));
    }
    let taken = request.shared.read(|world| world.queues.named(request.account, name));
    if taken.is_some_and(|sid| Some(sid) != own) {
        return Err(ApiError::parameter("FriendlyName", "another queue has this name"));
    }
    Ok(())
}

fn show(it: &Queue) -> Value {
    let path = |below: &str| uri(it.account, &format!("Queues/{}{below}.json", it.sid));
    json!({
        "sid": it.sid.as_str(),
        "account_sid": it.account.as_str(),
        "friendly_name": it.name,
        "max_size": it.max_size,
        "current_size": it.members.len(),
        "average_wait_time": it.average_wait(),
        "date_created": it.created_at.to_rfc2822().to_string(),
        "date_updated": it.updated_at.to_rfc2822().to_string(),
        "uri": path(""),
        "subresource_uris": { "members": path("/Members") },
    })
}

fn member(world: &World, id: QueueSid, call: CallSid) -> Option<Value> {
    let queue = world.queues.get(&id)?;
    let position = queue.members.iter().position(|it| it.call == call)?;
    let joined_at = queue.members.get(position)?.joined_at;
    Some(json!({
        "call_sid": call.as_str(),
        "queue_sid": id.as_str(),
        "date_enqueued": joined_at.to_rfc2822().to_string(),
        "position": position + 1,
        "wait_time": world.time.now.since(joined_at).as_secs(),
        "uri": uri(queue.account, &format!("Queues/{id}/Members/{call}.json")),
    }))
}

/// The most calls in a queue, and the longest name (Queue resource).
const MAX_SIZE: u32 = 5000;
const MAX_NAME: usize = 64;
