//! `Calls`: placing, reading, changing and listing them.

mod create;
mod show;

pub(super) use create::{Plan, subscription};
pub(super) use show::formatted;

use std::cmp::Reverse;

use identity::CallSid;

use super::error::{ApiError, CALL_STATE, CANNOT_DELETE, INVALID_PARAMETER};
use super::form::{Form, Moments};
use super::page::{Item, page};
use super::{Reply, Request, created, found, gone};
use crate::state::call::{Call, First};
use crate::step::Subscription;
use crate::world::api::Instruction;
use crate::{Progress, Voice};

/// Places a call.
pub(super) fn create(request: &Request<'_>) -> Result<Reply, ApiError> {
    let plan = Plan::read(request, &request.form())?;
    let sid = plan.carry_out(request);
    show(request, sid).map(|call| created(&call))
}

/// One call.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    show(request, sid).map(|call| found(&call))
}

/// Gives a call another document, or ends it.
pub(super) fn update(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let form = request.form();
    let instruction = instruction(&form)?;
    let callback = form.callback("StatusCallback", "StatusCallbackMethod")?;
    let done = request.shared.write(|world| {
        if let Some(target) = callback {
            let events = vec![Progress::Completed];
            world.report_to(sid, Subscription { target, events });
        }
        instruction.map_or(Ok(()), |what| world.instruct(sid, what))
    });
    done.map_err(|_| ApiError::bad(CALL_STATE, "Call is not in-progress. Cannot redirect."))?;
    show(request, sid).map(|call| found(&call))
}

/// Deletes the record of a call that is over.
pub(super) fn delete(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let deleted = request.shared.write(|world| world.delete_record(sid));
    if deleted {
        return Ok(gone());
    }
    let message = "Cannot delete this resource before it is complete";
    Err(ApiError::bad(CANNOT_DELETE, message))
}

/// The calls and legs of the account that match the parameters, newest first.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let filter = Filter::read(&request.query())?;
    let items: Vec<Item> = request.shared.read(|world| {
        let theirs = |call: &&Call| call.account == request.account && !call.rest.deleted;
        let mut calls: Vec<&Call> =
            world.calls.values().filter(theirs).filter(|call| filter.holds(call)).collect();
        calls.sort_by_key(|call| Reverse(call.order));
        let item = |call: &Call| Item { sid: call.sid.to_string(), json: show::call(world, call) };
        calls.into_iter().map(item).collect()
    });
    page(request, "calls", "Calls.json", &items).map(|page| found(&page))
}

/// A call of the account.
pub(super) fn find(request: &Request<'_>, sid: &str) -> Result<CallSid, ApiError> {
    let theirs = |sid: &CallSid| {
        request.shared.read(|world| {
            let call = world.calls.get(sid);
            call.is_some_and(|call| call.account == request.account && !call.rest.deleted)
        })
    };
    sid.parse().ok().filter(theirs).ok_or_else(|| request.absent())
}

fn show(request: &Request<'_>, sid: CallSid) -> Result<serde_json::Value, ApiError> {
    let call = request.shared.read(|world| world.calls.get(&sid).map(|it| show::call(world, it)));
    call.ok_or_else(|| request.absent())
}

fn instruction(form: &Form) -> Result<Option<Instruction>, ApiError> {
    let first = first(form)?;
    let ends = match form.get("Status") {
        None => None,
        Some("completed") => Some(Instruction::Complete),
        Some("canceled") => Some(Instruction::Cancel),
        Some(_) => return Err(ApiError::parameter("Status", "must be completed or canceled")),
    };
    // A request that ends the call needs no document.
    Ok(ends.or(first.map(|first| Instruction::GoOn(Box::new(first)))))
}

/// Where the next document is. `None` if the form has neither a URL nor a document.
fn first(form: &Form) -> Result<Option<First>, ApiError> {
    let url = form.url("Url", "Method")?;
    let fallback = form.url("FallbackUrl", "FallbackMethod")?;
    let twiml = create::twiml(form)?;
    if url.is_some() && twiml.is_some() {
        let message = "Url and Twiml cannot both be given";
        return Err(ApiError::bad(INVALID_PARAMETER, message));
    }
    if url.is_none() && twiml.is_none() {
        return Ok(None);
    }
    let target = url.unwrap_or_default();
    let mut voice = Voice::new(target.url);
    voice.method = target.method;
    voice.fallback_method = fallback.as_ref().map(|it| it.method).unwrap_or_default();
    voice.fallback_url = fallback.map(|it| it.url);
    Ok(Some(First { voice, twiml }))
}

/// The filters of the list of calls.
struct Filter {
    to: Option<String>,
    from: Option<String>,
    status: Option<String>,
    parent: Option<String>,
    started: Moments,
    ended: Moments,
}

impl Filter {
    fn read(query: &Form) -> Result<Self, ApiError> {
        let owned = |name: &str| query.get(name).map(str::to_owned);
        Ok(Self {
            to: owned("To"),
            from: owned("From"),
            status: owned("Status"),
            parent: owned("ParentCallSid"),
            started: query.moments("StartTime")?,
            ended: query.moments("EndTime")?,
        })
    }

    fn holds(&self, call: &Call) -> bool {
        let equal = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        equal(&self.to, &call.to.to_string())
            && equal(&self.from, &call.from.to_string())
            && equal(&self.status, call.life.status.as_str())
            && equal(&self.parent, call.parent().as_ref().map_or("", |sid| sid.as_str()))
            && self.started.hold(call.life.started_at)
            && self.ended.hold(call.life.ended_at)
    }
}
