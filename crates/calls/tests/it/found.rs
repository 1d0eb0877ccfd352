//! What only the carrier's own record knows, and deadlines that turn out to be wrong.

use calls::{
    ClosedBy, Direction, EndReason, Event, Fact, Found, LegEnd, LegEvent, LegStatus, Outcome,
    Party, fold,
};

use crate::support::*;

pub(crate) fn found(seconds: i64, from: &str, to: &str) -> Event {
    let (from, to) = (Party::read(from), Party::read(to));
    let direction = match from {
        Party::Client(_) => Direction::Outbound,
        _ => Direction::Inbound,
    };
    let fact = Found { direction, from, to, contact: Some(contact()) };
    Event { at: at(seconds), fact: Fact::Found(fact) }
}

pub(crate) fn found_leg(seconds: i64, id: u8, status: LegStatus) -> Event {
    let leg = LegEvent { agent: Some(agent(id)), ..LegEvent::new(sid(id), status) };
    Event { at: at(seconds), fact: Fact::FoundLeg(leg) }
}

/// A call of which no webhook ever came: agent 2 answered, agent 1 did not.
fn gap() -> Vec<Event> {
    vec![
        found(0, "+15005550001", "+15005550006"),
        found_leg(1, 1, LegStatus::Initiated),
        found_leg(1, 2, LegStatus::Initiated),
        found_leg(6, 2, LegStatus::InProgress),
        closed(6, ClosedBy::Carrier, Some(1), LegStatus::Canceled),
        closed(66, ClosedBy::Carrier, Some(2), LegStatus::Completed),
        closed(67, ClosedBy::Carrier, None, LegStatus::Completed),
    ]
}

#[test]
fn a_call_without_any_webhook_is_told_by_the_carrier() {
    let call = fold(sid(CALL), &gap());
    assert_eq!((call.direction, call.outcome), (Direction::Inbound, Outcome::Completed));
    assert_eq!((call.from.as_str(), call.to.as_str()), ("+15005550001", "+15005550006"));
    assert_eq!((call.handled_by, call.contact), (Some(agent(2)), Some(contact())));
    assert_eq!(call.talked().map(|it| it.as_secs()), Some(60));
    assert_eq!((call.started_at, call.ended_at), (Some(at(0)), Some(at(67))));
    let ends: Vec<_> = call.legs.iter().map(|leg| (leg.agent, leg.end)).collect();
    let lost = (Some(agent(1)), Some(LegEnd::AnsweredElsewhere));
    assert_eq!(ends, [lost, (Some(agent(2)), Some(LegEnd::Completed))]);
}

#[test]
fn a_call_that_nobody_was_rung_for_is_missed_and_an_open_one_is_open() {
    let parts = [found(0, "+15005550001", "+15005550006")];
    assert_eq!(fold(sid(CALL), &parts).outcome, Outcome::Ringing);
    let over = closed(9, ClosedBy::Carrier, None, LegStatus::Completed);
    let missed = fold(sid(CALL), parts.iter().chain([&over]));
    assert_eq!(missed.outcome, Outcome::NoAnswer);
    assert_eq!(missed.end_reason, Some(EndReason::NobodyAvailable));

    let open = fold(sid(CALL), &gap()[..4]);
    assert_eq!((open.outcome, open.on_call()), (Outcome::InProgress, vec![agent(2)]));

    let agents = "client:agent_07070707070707070707070707070707";
    let placed = [found(0, agents, "+15005550009")];
    let placed = fold(sid(CALL), &placed);
    assert_eq!((placed.direction, placed.handled_by), (Direction::Outbound, Some(agent(7))));
    assert_eq!((placed.on_call(), placed.to.as_str()), (vec![agent(7)], "+15005550009"));
}

#[test]
fn what_webhooks_said_stands() {
    let webhooks = three_agents();
    let want = fold(sid(CALL), &webhooks);
    let mut all = vec![
        found(-3, "+15005559999", "+15005559998"),
        closed(3, ClosedBy::Carrier, None, LegStatus::Failed),
        closed(4, ClosedBy::Deadline, None, LegStatus::NoAnswer),
    ];
    for leg in &want.legs {
        for status in LegStatus::ALL {
            let seen = LegEvent { agent: Some(agent(9)), ..LegEvent::new(leg.sid, *status) };
            all.push(Event { at: at(2), fact: Fact::FoundLeg(seen) });
        }
    }
    all.extend(webhooks);
    let call = fold(sid(CALL), &all);
    assert_eq!((call.outcome, call.handled_by), (want.outcome, want.handled_by));
    assert_eq!((call.from, call.to), (want.from, want.to));
    assert_eq!((call.answered_at, call.ended_at), (want.answered_at, want.ended_at));
    assert_eq!((call.started_at, call.contact), (want.started_at, want.contact));
    let ends = |legs: &[calls::Leg]| -> Vec<_> {
        legs.iter().map(|leg| (leg.sid, leg.agent, leg.status, leg.end)).collect()
    };
    assert_eq!(ends(&call.legs), ends(&want.legs));
}

#[test]
fn a_deadline_does_not_count_if_the_call_was_heard_of_later() {
    let rang = [arrived(0), leg(1, 1, 0, LegStatus::Initiated), leg(2, 1, 1, LegStatus::Ringing)];
    let missed = closed(100, ClosedBy::Deadline, None, LegStatus::NoAnswer);
    let call = fold(sid(CALL), rang.iter().chain([&missed]));
    assert_eq!((call.outcome, call.end_reason), (Outcome::NoAnswer, Some(EndReason::Lost)));

    // Another server knew of it all the time.
    let answered = leg(120, 1, 2, LegStatus::InProgress);
    let heard = || rang.iter().chain([&missed, &answered]);
    let call = fold(sid(CALL), heard());
    assert_eq!((call.outcome, call.on_call()), (Outcome::InProgress, vec![agent(1)]));

    // The deadline of a call that is answered is another one.
    let lost = closed(14_700, ClosedBy::Deadline, None, LegStatus::Completed);
    let call = fold(sid(CALL), heard().chain([&lost]));
    assert_eq!((call.outcome, call.end_reason), (Outcome::Completed, Some(EndReason::Lost)));
    assert_eq!((call.on_call(), call.ended_at), (vec![], Some(at(14_700))));

    let of_leg = closed(100, ClosedBy::Deadline, Some(1), LegStatus::NoAnswer);
    let call = fold(sid(CALL), rang.iter().chain([&of_leg, &answered]));
    assert_eq!(call.on_call(), [agent(1)]);
}

#[test]
fn keys_tell_whose_word_it_is() {
    let no = LegStatus::NoAnswer;
    for (event, key) in [
        (found(0, "", ""), "found".to_owned()),
        (found_leg(0, 2, LegStatus::InProgress), format!("found:{}:in-progress", sid(2))),
        (closed(0, ClosedBy::Carrier, None, no), "mended:carrier".into()),
        (closed(0, ClosedBy::Carrier, Some(2), no), format!("mended:carrier:{}", sid(2))),
        (closed(0, ClosedBy::Deadline, None, no), "mended:deadline:no-answer".into()),
        (
            closed(0, ClosedBy::Deadline, Some(2), no),
            format!("mended:deadline:{}:no-answer", sid(2)),
        ),
    ] {
        assert_eq!(event.key(), key);
    }
}
