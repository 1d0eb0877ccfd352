//! What subscribers are told, event by event.

use std::collections::BTreeMap;

use calls::{Call, DialStatus, Event, LegStatus, News, RingEnd, fold, news};
use identity::CallSid;

use crate::support::*;

/// Tells the events one after the other; the number of the event and why each ring ended, in order.
fn told(events: &[Event]) -> Vec<(usize, u8, RingEnd)> {
    let mut before: Option<Call> = None;
    let mut told = Vec::new();
    for known in 1..=events.len() {
        let after = fold(sid(CALL), &events[..known]);
        for one in news(before.as_ref(), &after) {
            let News::RingEnded(leg) = one else { continue };
            let leg = after.legs.iter().find(|other| other.sid == leg).expect("a leg");
            let end = after.ring_end(leg).expect("an end");
            let id = (1..=9).find(|id| sid(*id) == leg.sid).expect("a leg of an agent");
            told.push((known, id, end));
        }
        before = Some(after);
    }
    told
}

#[test]
fn every_ring_that_stops_is_told_with_its_reason_at_once() {
    let no = LegStatus::NoAnswer;
    let two = || [vec![arrived(0), routed(0, 1, &[1, 2])], rings(1), rings(2)].concat();
    let cases = [
        (
            "answered by 2: both are told when the answer is known",
            [two(), vec![leg(6, 2, 2, LegStatus::InProgress), leg(6, 1, 2, LegStatus::Canceled)]]
                .concat(),
            vec![(7, 1, RingEnd::Answered), (7, 2, RingEnd::Answered)],
        ),
        (
            "the other leg is called off before the answer is known",
            [two(), vec![leg(6, 1, 2, LegStatus::Canceled), leg(6, 2, 2, LegStatus::InProgress)]]
                .concat(),
            vec![(8, 1, RingEnd::Answered), (8, 2, RingEnd::Answered)],
        ),
        (
            "one declines, the other rings until the time is up",
            [
                two(),
                vec![leg(4, 1, 2, LegStatus::Busy), leg(35, 2, 2, no)],
                vec![unanswered(35, 1, DialStatus::NoAnswer, false)],
            ]
            .concat(),
            vec![(7, 1, RingEnd::Declined), (8, 2, RingEnd::TimedOut)],
        ),
        (
            "the caller leaves",
            [two(), vec![ended(9, LegStatus::Completed)]].concat(),
            vec![(7, 1, RingEnd::CallerHungUp), (7, 2, RingEnd::CallerHungUp)],
        ),
        (
            "there is no page",
            [two(), vec![leg(4, 1, 2, LegStatus::Failed)]].concat(),
            vec![(7, 1, RingEnd::Failed)],
        ),
        (
            "placed by an agent: no page rings",
            vec![called_out(0, 1), placed(0, 1), number(1, 0, no), number(2, 1, no)],
            vec![],
        ),
    ];
    for (name, events, want) in cases {
        assert_eq!(told(&events), want, "{name}");
    }
}

fn rings(id: u8) -> Vec<Event> {
    vec![leg(1, id, 0, LegStatus::Initiated), leg(2, id, 1, LegStatus::Ringing)]
}

#[test]
fn repeated_and_late_events_tell_nothing_new() {
    let events = three_agents();
    let call = fold(sid(CALL), &events);
    for event in &events {
        let again = fold(sid(CALL), events.iter().chain([event]));
        assert_eq!(news(Some(&call), &again), []);
    }
}

/// In whatever order events come, who listens knows the end of every ring at the end.
#[test]
fn whoever_hears_all_news_knows_every_end() {
    let events = three_agents();
    for first in 0..events.len() {
        for step in 1..events.len() {
            let order: Vec<Event> = (0..events.len())
                .map(|index| events[(first + index * step) % events.len()].clone())
                .chain(events.iter().cloned())
                .collect();
            let mut heard: BTreeMap<CallSid, RingEnd> = BTreeMap::new();
            let mut before: Option<Call> = None;
            for known in 1..=order.len() {
                let after = fold(sid(CALL), &order[..known]);
                for one in news(before.as_ref(), &after) {
                    let News::RingEnded(leg) = one else { continue };
                    let leg = after.legs.iter().find(|other| other.sid == leg).expect("a leg");
                    let end = after.ring_end(leg).expect("an end");
                    heard.insert(leg.sid, end);
                }
                before = Some(after);
            }
            let last = before.expect("a call");
            let ends = last.legs.iter().filter_map(|leg| Some((leg.sid, last.ring_end(leg)?)));
            assert_eq!(heard, ends.collect(), "from {first} by {step}");
        }
    }
}
