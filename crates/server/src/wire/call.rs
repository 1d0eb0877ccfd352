//! A call with its legs.

use identity::Timestamp;
use serde_json::{Value, json};
use store_pg::{CallRow, LegRow};

/// One call, as every page sees it.
pub(crate) fn render(call: &CallRow) -> Value {
    json!({
        "call_sid": call.sid.as_str(),
        "direction": call.direction,
        "outcome": call.outcome,
        "from": call.from,
        "to": call.to,
        "contact_id": call.contact.map(|id| id.to_string()),
        "contact_name": call.contact_name,
        "handled_by": call.handled_by.map(|id| id.to_string()),
        "started_at": moment(call.started_at),
        "answered_at": moment(call.answered_at),
        "ended_at": moment(call.ended_at),
        "end_reason": call.end_reason,
        "refusal": call.refusal,
        "legs": call.legs.iter().map(render_leg).collect::<Vec<_>>(),
        "waves": call.waves,
    })
}

fn render_leg(leg: &LegRow) -> Value {
    json!({
        "leg_sid": leg.sid.as_str(),
        "agent": leg.agent.map(|id| id.to_string()),
        "status": leg.status,
        "end_reason": leg.end_reason,
        "initiated_at": moment(leg.initiated_at),
        "ringing_at": moment(leg.ringing_at),
        "answered_at": moment(leg.answered_at),
        "ended_at": moment(leg.ended_at),
    })
}

fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
