//! Twilio's record of a call as events.

use std::time::Duration;

use calls::{Closed, ClosedBy, Direction, Event, Fact, Found, LegEvent, LegStatus, Party};
use identity::{ContactId, Timestamp};
use twilio_rest::{CallRecord, CallStatus};

use crate::known::Workspace;

/// Writes the caller of a record as the webhook's is written: the workspace's country reads it.
pub(super) fn read_caller(root: &mut CallRecord, workspace: &Workspace) {
    root.from = workspace.caller(Some(&root.from)).0.to_string();
}

/// The events that follow from Twilio's record of a call and its legs; none if the record has no time at
/// all.
///
/// The same record gives the same events, at any server and any time.
pub(super) fn events(
    root: &CallRecord,
    legs: &[CallRecord],
    contact: Option<ContactId>,
) -> Vec<Event> {
    let Some(start) = root.started_at.or(root.ended_at) else { return Vec::new() };
    let from = Party::read(&root.from);
    let found = Found { direction: direction(&from), to: to(root, legs), from, contact };
    let mut events = vec![Event { at: start, fact: Fact::Found(found) }];
    for leg in legs {
        events.extend(of_leg(leg, start));
    }
    if root.status.is_final() {
        let closed = Closed { by: ClosedBy::Carrier, leg: None, status: status(root.status) };
        let at = root.ended_at.unwrap_or(start);
        events.push(Event { at, fact: Fact::Closed(closed) });
    }
    events
}

/// The direction as we see it: for Twilio, a call from a browser is inbound, too.
pub(super) fn direction(from: &Party) -> Direction {
    match from {
        Party::Client(_) => Direction::Outbound,
        Party::Number(_) | Party::Other(_) => Direction::Inbound,
    }
}

/// The called party: for a call from a browser, the dialled number.
pub(super) fn to(root: &CallRecord, legs: &[CallRecord]) -> Party {
    match direction(&Party::read(&root.from)) {
        Direction::Outbound => legs.first().map_or_else(Party::unknown, |leg| Party::read(&leg.to)),
        Direction::Inbound => Party::read(&root.to),
    }
}

fn of_leg(leg: &CallRecord, start: Timestamp) -> Vec<Event> {
    let began = leg.started_at.unwrap_or(start);
    let agent = Party::read(&leg.to).agent();
    let event = |at, status| Event {
        at,
        fact: Fact::FoundLeg(LegEvent { agent, ..LegEvent::new(leg.sid, status) }),
    };
    let mut events = vec![event(began, LegStatus::Initiated)];
    let over = leg.ended_at.unwrap_or(began);
    match leg.status {
        CallStatus::Ringing => events.push(event(began, LegStatus::Ringing)),
        // Twilio does not say when it was answered until it is over.
        CallStatus::InProgress => events.push(event(began, LegStatus::InProgress)),
        CallStatus::Completed => {
            let answered = over.before(leg.duration.unwrap_or(Duration::ZERO));
            events.push(event(answered, LegStatus::InProgress));
        }
        _ => {}
    }
    if leg.status.is_final() {
        let (by, status) = (ClosedBy::Carrier, status(leg.status));
        let closed = Closed { by, leg: Some(leg.sid), status };
        events.push(Event { at: over, fact: Fact::Closed(closed) });
    }
    events
}

fn status(status: CallStatus) -> LegStatus {
    match status {
        CallStatus::Queued | CallStatus::Initiated => LegStatus::Initiated,
        CallStatus::Ringing => LegStatus::Ringing,
        CallStatus::InProgress => LegStatus::InProgress,
        CallStatus::Completed => LegStatus::Completed,
        CallStatus::Busy => LegStatus::Busy,
        CallStatus::Failed => LegStatus::Failed,
        CallStatus::NoAnswer => LegStatus::NoAnswer,
        CallStatus::Canceled => LegStatus::Canceled,
    }
}

#[cfg(test)]
mod tests {
    use calls::{Outcome, fold};
    use identity::CallSid;
    use twilio_rest::CallDirection;

    use super::*;

    const ANA: &str = "client:agent_07070707070707070707070707070707";
    const BEN: &str = "client:agent_08080808080808080808080808080808";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_767_225_600 + seconds)
    }

    fn record(id: u8, from: &str, to: &str, status: CallStatus, span: (i64, i64)) -> CallRecord {
        CallRecord {
            sid: CallSid::from_bytes([id; 16]),
            parent: None,
            status,
            direction: CallDirection::Inbound,
            from: from.to_owned(),
            to: to.to_owned(),
            started_at: Some(at(span.0)),
            ended_at: status.is_final().then(|| at(span.1)),
            duration: None,
        }
    }

    #[test]
    fn the_record_of_a_call_gives_its_row() {
        use CallStatus::{Busy, Canceled, Completed, InProgress, NoAnswer};
        let (caller, own) = ("+15005550001", "+15005550006");
        let called = |status| record(1, caller, own, status, (0, 70));
        let ana = |status| record(7, caller, ANA, status, (1, 60));
        let talked = CallRecord { duration: Some(Duration::from_secs(50)), ..ana(Completed) };
        let ben = |status| record(8, caller, BEN, status, (1, 10));
        let placed = |status| record(1, ANA, "", status, (0, 70));
        let number = |status| record(9, own, "+15005550009", status, (2, 60));
        let cases = [
            ("nobody rang", called(Completed), vec![], Outcome::NoAnswer, None),
            ("goes on", called(InProgress), vec![ana(InProgress)], Outcome::InProgress, Some(7)),
            ("rings", called(InProgress), vec![ana(CallStatus::Ringing)], Outcome::Ringing, None),
            (
                "answered by one of two",
                called(Completed),
                vec![ben(Canceled), talked],
                Outcome::Completed,
                Some(7),
            ),
            ("placed, busy", placed(Completed), vec![number(Busy)], Outcome::Busy, Some(7)),
            ("placed, late", placed(Completed), vec![number(NoAnswer)], Outcome::NoAnswer, Some(7)),
        ];
        for (name, root, legs, outcome, agent) in cases {
            let events = events(&root, &legs, None);
            let call = fold(root.sid, &events);
            let handled_by = call.handled_by.map(|user| user.as_bytes()[0]);
            assert_eq!((call.outcome, handled_by), (outcome, agent), "{name}");
            assert_eq!(call.started_at, Some(at(0)), "{name}");
            assert_eq!(call.outcome.is_open(), !root.status.is_final(), "{name}");
            if name == "answered by one of two" {
                assert_eq!(call.answered_at, Some(at(10)));
                assert_eq!(call.ended_at, Some(at(70)));
            }
            if name.starts_with("placed") {
                assert_eq!(call.to.as_str(), "+15005550009");
            }
        }
    }

    #[test]
    fn a_record_without_a_moment_says_nothing() {
        let queued = record(1, "", "", CallStatus::Queued, (0, 0));
        let queued = CallRecord { started_at: None, ..queued };
        assert_eq!(events(&queued, &[], None), []);
    }
}
