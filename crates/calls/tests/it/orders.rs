//! Every order of a call with three agents gives the same record.

use calls::{Event, LegStatus, fold};

use crate::support::*;

/// Calls `check` with every order of `items` (Heap's algorithm).
fn every_order<T>(items: &mut [T], check: &mut impl FnMut(&[T])) -> usize {
    let mut counters = vec![0; items.len()];
    let (mut at, mut count) = (0, 1);
    check(items);
    while at < items.len() {
        if counters[at] < at {
            items.swap(if at % 2 == 0 { 0 } else { counters[at] }, at);
            check(items);
            count += 1;
            counters[at] += 1;
            at = 0;
        } else {
            counters[at] = 0;
            at += 1;
        }
    }
    count
}

/// Calls `check` with every merge of the sequences that keeps each in its own order.
fn every_merge<'a>(
    left: &mut [&'a [Event]],
    merged: &mut Vec<&'a Event>,
    check: &mut impl FnMut(&[&Event]),
) -> usize {
    let mut count = 0;
    for which in 0..left.len() {
        let Some((next, rest)) = left[which].split_first() else { continue };
        let before = left[which];
        left[which] = rest;
        merged.push(next);
        count += every_merge(left, merged, check);
        merged.pop();
        left[which] = before;
    }
    if left.iter().all(|sequence| sequence.is_empty()) {
        check(merged);
        count += 1;
    }
    count
}

#[test]
fn every_permutation_of_the_facts_that_matter() {
    // What is left out says only when a leg began to dial or ring.
    let mut events: Vec<Event> = three_agents()
        .into_iter()
        .filter(|event| {
            let calls::Fact::Leg(leg) = &event.fact else { return true };
            leg.status.rank() >= LegStatus::InProgress.rank()
        })
        .collect();
    assert_eq!(events.len(), 8);
    let want = fold(sid(CALL), &events);
    assert_eq!(want.handled_by, Some(agent(2)));
    let count = every_order(&mut events, &mut |events| assert_eq!(fold(sid(CALL), events), want));
    assert_eq!(count, 40_320);
}

#[test]
fn every_permutation_of_two_agents_who_answer_at_once() {
    let mut events = vec![
        routed(0, 1, &[1, 2, 3]),
        leg(5, 1, 2, LegStatus::InProgress),
        leg(5, 2, 2, LegStatus::InProgress),
        leg(6, 1, 3, LegStatus::Canceled),
        leg(60, 2, 3, LegStatus::Completed),
        leg(5, 3, 2, LegStatus::NoAnswer),
        bridged(60, 1, 2, 55),
        closed(90, calls::ClosedBy::Deadline, None, LegStatus::Completed),
    ];
    let want = fold(sid(CALL), &events);
    assert_eq!(want.handled_by, Some(agent(2)));
    let count = every_order(&mut events, &mut |events| assert_eq!(fold(sid(CALL), events), want));
    assert_eq!(count, 40_320);
}

#[test]
fn every_interleaving_of_three_legs() {
    let events = three_agents();
    let (legs, rest): (Vec<Event>, Vec<Event>) =
        events.iter().cloned().partition(|event| matches!(event.fact, calls::Fact::Leg(_)));
    let (one, two, three) = (&legs[..3], &legs[3..7], &legs[7..]);
    let want = fold(sid(CALL), &events);
    let mut check = |merged: &[&Event]| {
        assert_eq!(fold(sid(CALL), merged.iter().copied().chain(&rest)), want);
        assert_eq!(fold(sid(CALL), rest.iter().rev().chain(merged.iter().copied())), want);
    };
    let count = every_merge(&mut [one, two, three], &mut Vec::new(), &mut check);
    assert_eq!(count, 4200, "10! / (3! 4! 3!)");
}

#[test]
fn every_event_at_every_place_and_twice() {
    let events = three_agents();
    let want = fold(sid(CALL), &events);
    for from in 0..events.len() {
        for to in 0..events.len() {
            let mut moved: Vec<&Event> = events.iter().collect();
            let event = moved.remove(from);
            moved.insert(to, event);
            assert_eq!(fold(sid(CALL), moved.iter().copied()), want, "{from} to {to}");
            moved.push(&events[from]);
            assert_eq!(fold(sid(CALL), moved.iter().copied()), want, "{from} to {to}, twice");
        }
    }
}
