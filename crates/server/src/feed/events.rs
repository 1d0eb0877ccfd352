//! Changes as events for pages.

use bytes::Bytes;
use dialling::Country;
use identity::CallSid;
use store_pg::{Change, Changes, Subject};

use super::frame;
use crate::wire::call::Call;
use crate::wire::ring::RingEnded;

/// The events of these changes, each with its number, for people in `home`.
pub(super) fn of(changes: &[Change], state: &Changes, home: Country) -> Vec<(i64, Bytes)> {
    let event = |change: &Change| {
        let id = Some(change.seq);
        let event = match change.subject {
            Subject::Call(sid) => {
                let call = state.calls.iter().find(|logged| logged.call.sid == sid)?;
                frame::event("call", id, &Call::of(call, home).text())
            }
            Subject::Ring(leg) => {
                let ended = ring_ended(state, leg)?;
                frame::event("ring_ended", id, &serde_json::to_string(&ended).ok()?)
            }
            Subject::Agent => return None,
        };
        Some((change.seq, event))
    };
    changes.iter().filter_map(event).collect()
}

/// Why a page stopped ringing, with the name of who has the call.
fn ring_ended(state: &Changes, leg_sid: CallSid) -> Option<RingEnded<'_>> {
    let found = state.calls.iter().map(|logged| &logged.call).find_map(|call| {
        let leg = call.legs.iter().find(|leg| leg.sid == leg_sid)?;
        Some((call, leg))
    });
    let (call, leg) = found?;
    RingEnded::of(call, leg, |user| {
        let agent = state.agents.iter().find(|agent| agent.user == user)?;
        agent.name.as_deref()
    })
}
