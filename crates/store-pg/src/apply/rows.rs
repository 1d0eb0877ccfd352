//! Events, calls, legs and rows of the log as JSON, which the statements take apart again.
//!
//! They are written as text straight from the records: a tree of JSON values in between would cost
//! the server much of the time that it spends on a call.

use std::collections::BTreeMap;

use calls::{Call, Event, Leg, log_entry};
use identity::{CallSid, ContactId, Timestamp, UserId};
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::types::Json;

/// The rows of new events by call and key.
pub(super) type EventRows<'a> = BTreeMap<(CallSid, String), EventRow<'a>>;

/// A new event.
#[derive(Debug, Serialize)]
pub(super) struct EventRow<'a> {
    call_sid: CallSid,
    key: String,
    at: Timestamp,
    fact: &'a Event,
    params: &'a Value,
}

impl<'a> EventRow<'a> {
    pub(super) fn new(call_sid: CallSid, key: String, fact: &'a Event, params: &'a Value) -> Self {
        Self { call_sid, key, at: fact.at, fact, params }
    }
}

/// A call.
#[derive(Debug, Serialize)]
pub(super) struct CallRow<'a> {
    call_sid: CallSid,
    direction: &'static str,
    outcome: &'static str,
    from_party: &'a str,
    to_party: &'a str,
    contact_id: Option<ContactId>,
    handled_by: Option<UserId>,
    started_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    end_reason: Option<&'static str>,
    refusal: Option<&'a identity::Word<calls::Refusal>>,
    waves: &'a [calls::Wave],
}

/// A leg.
#[derive(Debug, Serialize)]
pub(super) struct LegRow {
    leg_sid: CallSid,
    call_sid: CallSid,
    user_id: Option<UserId>,
    status: &'static str,
    end_reason: Option<&'static str>,
    initiated_at: Option<Timestamp>,
    ringing_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

/// The live chat's row of a call.
#[derive(Debug, Serialize)]
pub(super) struct MessageRow {
    twilio_sid: CallSid,
    contact_id: Option<ContactId>,
    user_id: Option<UserId>,
    sender: &'static str,
    body: String,
    direction: &'static str,
    status: &'static str,
    created_at: Option<Timestamp>,
}

/// The rows of calls.
pub(super) fn of_calls(calls: &[Call]) -> Json<Vec<CallRow<'_>>> {
    Json(calls.iter().map(call_row).collect())
}

/// The rows of their legs.
pub(super) fn of_legs(calls: &[Call]) -> Json<Vec<LegRow>> {
    let legs = calls.iter().flat_map(|call| call.legs.iter().map(|leg| leg_row(call, leg)));
    Json(legs.collect())
}

/// The rows of the live chat's log.
pub(super) fn of_log(calls: &[Call]) -> Json<Vec<MessageRow>> {
    Json(calls.iter().map(message_row).collect())
}

fn call_row(call: &Call) -> CallRow<'_> {
    CallRow {
        call_sid: call.sid,
        direction: call.direction.code(),
        outcome: call.outcome.code(),
        from_party: call.from.as_str(),
        to_party: call.to.as_str(),
        contact_id: call.contact,
        handled_by: call.handled_by,
        started_at: call.started_at,
        answered_at: call.answered_at,
        ended_at: call.ended_at,
        end_reason: call.end_reason.map(calls::EndReason::code),
        refusal: call.refusal.as_ref(),
        waves: &call.waves,
    }
}

fn leg_row(call: &Call, leg: &Leg) -> LegRow {
    LegRow {
        leg_sid: leg.sid,
        call_sid: call.sid,
        user_id: leg.agent,
        status: leg.status.code(),
        end_reason: leg.end.map(calls::LegEnd::code),
        initiated_at: leg.initiated_at,
        ringing_at: leg.ringing_at,
        answered_at: leg.answered_at,
        ended_at: leg.ended_at,
    }
}

fn message_row(call: &Call) -> MessageRow {
    let entry = log_entry(call);
    MessageRow {
        twilio_sid: call.sid,
        contact_id: entry.contact_id,
        user_id: entry.user_id,
        sender: entry.sender.code(),
        body: entry.body,
        direction: entry.direction.code(),
        status: entry.status.code(),
        created_at: entry.created_at,
    }
}
