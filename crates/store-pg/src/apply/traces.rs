//! What the calls of events leave behind, by which it is known whether they were erased.

use std::collections::{BTreeMap, BTreeSet};

use calls::Fact;
use identity::CallSid;
use serde_json::Value;

use super::StoredEvent;
use crate::marks::{Traces, is_number};

/// The traces of the calls of some events.
pub(super) fn of(events: &[StoredEvent]) -> Vec<Traces> {
    let mut calls: BTreeMap<CallSid, Traces> = BTreeMap::new();
    for StoredEvent { call, event, params } in events {
        let found = calls.entry(*call).or_insert_with(|| Traces::of(*call, event.at, []));
        found.began = found.began.min(event.at);
        let ends: &[&str] = match &event.fact {
            Fact::Arrived(arrived) => &[arrived.from.as_str(), arrived.to.as_str()],
            Fact::Found(found) => &[found.from.as_str(), found.to.as_str()],
            Fact::Placed(placed) => &[placed.to.as_str()],
            _ => &[],
        };
        let ends = ends.iter().filter(|text| is_number(text)).map(|text| (*text).to_owned());
        found.traces.extend(ends);
        numbers(params, &mut found.traces);
    }
    calls.into_values().collect()
}

/// Adds every number in a request.
fn numbers(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if is_number(text) => drop(found.insert(text.clone())),
        Value::Array(values) => values.iter().for_each(|value| numbers(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| numbers(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use calls::{Arrived, Direction, Event, LegEvent, LegStatus, Party};
    use identity::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_known_by_its_sid_and_by_every_number_that_is_said() {
        let call = CallSid::from_bytes([1; 16]);
        let at = Timestamp::from_unix_seconds;
        let ends = (Party::read("+15005550001"), Party::read("client:user"));
        let arrived = Fact::Arrived(Arrived::new(Direction::Inbound, ends.0, ends.1));
        let leg = Fact::Leg(LegEvent::new(call, LegStatus::Ringing));
        let params = json!([["From", "+15005550002"], ["To", "anonymous"], ["Digits", "42"]]);
        let events = [
            StoredEvent { call, event: Event { at: at(20), fact: arrived }, params: Value::Null },
            StoredEvent { call, event: Event { at: at(10), fact: leg }, params },
        ];
        let want = Traces::of(call, at(10), ["+15005550001", "+15005550002"]);
        assert_eq!(of(&events), [want]);
    }
}
