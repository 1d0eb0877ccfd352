//! Calls, legs and rows of the log as JSON, which the statements take apart again.

use calls::{Call, Leg, log_entry};
use serde_json::{Value, json};

/// The rows of calls, of their legs and of the log.
pub(super) fn of(calls: &[Call]) -> (Value, Value, Value) {
    let legs = calls.iter().flat_map(|call| call.legs.iter().map(|leg| leg_row(call, leg)));
    (calls.iter().map(call_row).collect(), legs.collect(), calls.iter().map(message_row).collect())
}

fn call_row(call: &Call) -> Value {
    json!({
        "call_sid": call.sid.as_str(),
        "direction": call.direction.code(),
        "outcome": call.outcome.code(),
        "from_party": call.from.as_str(),
        "to_party": call.to.as_str(),
        "contact_id": call.contact.map(|id| id.to_string()),
        "handled_by": call.handled_by.map(|id| id.to_string()),
        "started_at": call.started_at.map(|at| at.to_string()),
        "answered_at": call.answered_at.map(|at| at.to_string()),
        "ended_at": call.ended_at.map(|at| at.to_string()),
        "end_reason": call.end_reason.map(calls::EndReason::code),
        "refusal": call.refusal,
        "waves": call.waves,
    })
}

fn leg_row(call: &Call, leg: &Leg) -> Value {
    json!({
        "leg_sid": leg.sid.as_str(),
        "call_sid": call.sid.as_str(),
        "user_id": leg.agent.map(|id| id.to_string()),
        "status": leg.status.code(),
        "end_reason": leg.end.map(calls::LegEnd::code),
        "initiated_at": leg.initiated_at.map(|at| at.to_string()),
        "ringing_at": leg.ringing_at.map(|at| at.to_string()),
        "answered_at": leg.answered_at.map(|at| at.to_string()),
        "ended_at": leg.ended_at.map(|at| at.to_string()),
    })
}

fn message_row(call: &Call) -> Value {
    let entry = log_entry(call);
    json!({
        "twilio_sid": call.sid.as_str(),
        "contact_id": entry.contact_id.map(|id| id.to_string()),
        "user_id": entry.user_id.map(|id| id.to_string()),
        "sender": entry.sender.code(),
        "body": entry.body,
        "direction": entry.direction.code(),
        "status": entry.status,
        "created_at": entry.created_at.map(|at| at.to_string()),
    })
}
