//! What inbound calls come to, in full and with callbacks missing.

use calls::{
    ClosedBy, DialStatus, Direction, EndReason, Event, Fact, LegEnd, LegStatus, Outcome, fold,
};
use identity::CallSid;
use routing::ReasonCode;

use crate::support::*;

#[test]
fn the_second_of_three_agents_answers() {
    let call = call(&three_agents());
    let completed = Some(EndReason::Completed);
    let want = (Outcome::Completed, completed, Some(agent(2)), Some(6), Some(67));
    assert_eq!(short(&call), want);
    assert_eq!(call.contact, Some(contact()));
    assert_eq!(call.direction, Direction::Inbound);
    assert_eq!(call.waited().map(|waited| waited.as_secs()), Some(6));
    assert_eq!(call.talked().map(|talked| talked.as_secs()), Some(60));
    let ends = [1, 2, 3].map(|id| leg_of(&call, id).end);
    let want = [LegEnd::AnsweredElsewhere, LegEnd::Completed, LegEnd::Declined].map(Some);
    assert_eq!(ends, want);
    assert_eq!([1, 2, 3].map(|id| leg_of(&call, id).wave), [Some(1); 3]);
    assert_eq!(call.waves.len(), 1);
    assert_eq!(call.waves[0].ringing().collect::<Vec<_>>(), [agent(1), agent(2), agent(3)]);
    assert_eq!(call.waves[0].verdicts[3].reason, ReasonCode::OnCall);
}

#[test]
fn the_record_grows_with_the_call() {
    let events = three_agents();
    let agents = |ids: &[u8]| ids.iter().map(|id| agent(*id)).collect::<Vec<_>>();
    let cases = [
        (1, Outcome::Ringing, agents(&[])),
        (2, Outcome::Ringing, agents(&[])),
        (4, Outcome::Ringing, agents(&[1])),
        (5, Outcome::Ringing, agents(&[])),
        (7, Outcome::Ringing, agents(&[2])),
        // Agent 3 rings, but their neighbour was answered: they stopped at that moment.
        (11, Outcome::Completed, agents(&[])),
        (14, Outcome::Completed, agents(&[])),
    ];
    for (known, outcome, ringing) in cases {
        let call = call(&events[..known]);
        assert_eq!((call.outcome, call.ringing()), (outcome, ringing), "{known} events");
        assert_eq!(call.on_call(), [], "{known} events");
    }
    let live: Vec<Event> = events.iter().filter(|event| event.at <= at(6)).cloned().collect();
    assert_eq!(call(&live).on_call(), agents(&[2]));
    assert_eq!(call(&live).outcome, Outcome::InProgress);
    assert_eq!(call(&live).ended_at, None);
}

/// The first webhook, our decisions and the end of a Dial are dated by our clock, callbacks by Twilio's.
#[test]
fn a_clock_of_ours_that_is_ahead_makes_no_call_later_or_shorter() {
    let days_ahead = |mut event: Event| {
        if !matches!(event.fact, Fact::Leg(_) | Fact::Ended(_)) {
            event.at = event.at + core::time::Duration::from_secs(3 * 86_400);
        }
        event
    };
    let call = call(&three_agents().into_iter().map(days_ahead).collect::<Vec<_>>());
    assert_eq!(call.started_at, Some(at(1)), "the first callback");
    assert_eq!(short(&call), short(&crate::support::call(&three_agents())));
    assert_eq!(call.talked().map(|talked| talked.as_secs()), Some(60));
}

#[test]
fn missed_calls_say_how() {
    let no = LegStatus::NoAnswer;
    let missed = |reason, ended| (Outcome::NoAnswer, Some(reason), None, None, Some(ended));
    let left =
        |ended| (Outcome::CallerHungUp, Some(EndReason::CallerHungUp), None, None, Some(ended));
    let rings = || [vec![arrived(0), routed(0, 1, &[1])], rang(1, 1, 31, no)].concat();
    let plus = |more: Vec<Event>| [rings(), more].concat();
    let dial = |status, gone| unanswered(32, 1, status, gone);
    let over = || ended(40, LegStatus::Completed);
    check(vec![
        (
            "nobody answers",
            plus(vec![dial(DialStatus::NoAnswer, false), over()]),
            missed(EndReason::TimedOut, 40),
        ),
        (
            "the good-bye is playing",
            plus(vec![dial(DialStatus::NoAnswer, false), routed(32, 2, &[])]),
            missed(EndReason::TimedOut, 32),
        ),
        (
            "everybody declines",
            plus(vec![dial(DialStatus::Busy, false), over()]),
            missed(EndReason::Declined, 40),
        ),
        (
            "no device at all",
            plus(vec![dial(DialStatus::Failed, false), over()]),
            missed(EndReason::Failed, 40),
        ),
        ("the caller leaves", plus(vec![dial(DialStatus::NoAnswer, true), over()]), left(40)),
        ("they leave, the end is lost", plus(vec![dial(DialStatus::NoAnswer, true)]), left(32)),
        (
            "they leave, by its word",
            plus(vec![dial(DialStatus::Canceled, false), over()]),
            left(40),
        ),
        ("they leave, no Dial action", plus(vec![over()]), left(40)),
        (
            "they leave, the decision is lost",
            vec![arrived(0), dial(DialStatus::NoAnswer, true)],
            left(32),
        ),
        (
            "the Dial action is lost, but no wave follows",
            plus(vec![routed(33, 2, &[]), over()]),
            missed(EndReason::TimedOut, 40),
        ),
        (
            "nobody could be rung",
            vec![arrived(0), routed(0, 1, &[]), ended(5, LegStatus::Completed)],
            missed(EndReason::NobodyAvailable, 5),
        ),
        (
            "it broke",
            vec![arrived(0), ended(5, LegStatus::Failed)],
            (Outcome::Failed, Some(EndReason::Failed), None, None, Some(5)),
        ),
        (
            "between two waves",
            plus(vec![dial(DialStatus::NoAnswer, false)]),
            (Outcome::Ringing, None, None, None, None),
        ),
        (
            "a deadline",
            plus(vec![closed(600, ClosedBy::Deadline, None, LegStatus::Completed)]),
            missed(EndReason::Lost, 600),
        ),
        (
            "the carrier's record",
            plus(vec![
                closed(600, ClosedBy::Deadline, None, LegStatus::Completed),
                closed(45, ClosedBy::Carrier, None, LegStatus::Completed),
            ]),
            left(45),
        ),
    ]);
}

#[test]
fn an_answer_counts_whatever_is_lost() {
    let full = three_agents();
    let completed = |answered, ended| {
        let reason = Some(EndReason::Completed);
        (Outcome::Completed, reason, Some(agent(2)), Some(answered), Some(ended))
    };
    let without = |lost: fn(&Fact) -> bool| -> Vec<Event> {
        full.iter().filter(|event| !lost(&event.fact)).cloned().collect()
    };
    let is_leg = |fact: &Fact| matches!(fact, Fact::Leg(_));
    check(vec![
        ("the end", without(|fact| matches!(fact, Fact::Ended(_))), completed(6, 66)),
        ("the Dial action", without(|fact| matches!(fact, Fact::Dialled(_))), completed(6, 67)),
        (
            "all `answered` callbacks",
            without(|fact| matches!(fact, Fact::Leg(leg) if leg.status == LegStatus::InProgress)),
            completed(6, 67),
        ),
        (
            "all `completed` callbacks",
            without(|fact| matches!(fact, Fact::Leg(leg) if leg.status.is_final())),
            completed(6, 67),
        ),
        ("the arrival", without(|fact| matches!(fact, Fact::Arrived(_))), completed(6, 67)),
        ("the decision", without(|fact| matches!(fact, Fact::Routed(_))), completed(6, 67)),
    ]);
    // Without any leg the Dial still says that somebody answered, but not who of the three.
    let call = call(&without(is_leg));
    let want = (Outcome::Completed, Some(EndReason::Completed), None, Some(6), Some(67));
    assert_eq!(short(&call), want);
}

#[test]
fn one_agent_alone_needs_no_leg() {
    let events = [arrived(0), routed(0, 1, &[4]), bridged(66, 1, 4, 60)];
    let by_name = call(&events);
    let completed = Some(EndReason::Completed);
    let want = (Outcome::Completed, completed, Some(agent(4)), Some(6), Some(66));
    assert_eq!(short(&by_name), want);
    assert_eq!(leg_of(&by_name, 4).agent, Some(agent(4)));

    let mut nameless = events;
    let Fact::Dialled(dialled) = &mut nameless[2].fact else { panic!("a Dial") };
    dialled.child = None;
    assert_eq!(short(&call(&nameless)), want);
}

#[test]
fn the_bridge_decides_between_two_answers() {
    let both = |first: LegStatus, second: LegStatus| {
        vec![
            arrived(0),
            routed(0, 1, &[1, 2]),
            leg(5, 1, 2, LegStatus::InProgress),
            leg(5, 2, 2, LegStatus::InProgress),
            leg(6, 1, 3, first),
            leg(60, 2, 3, second),
        ]
    };
    let (done, off) = (LegStatus::Completed, LegStatus::Canceled);
    let with = |mut events: Vec<Event>, more: Event| {
        events.push(more);
        events
    };
    let cases = [
        ("same second: the smaller Sid", both(done, done), Some(agent(1))),
        ("the first was taken back", both(off, done), Some(agent(2))),
        ("both taken back", both(off, LegStatus::NoAnswer), None),
        (
            "the Dial names the second",
            with(both(done, done), bridged(60, 1, 2, 55)),
            Some(agent(2)),
        ),
        (
            "nobody was bridged",
            with(both(done, done), unanswered(60, 1, DialStatus::NoAnswer, true)),
            None,
        ),
    ];
    for (name, events, want) in cases {
        assert_eq!(call(&events).handled_by, want, "{name}");
    }
    let race = call(&with(both(off, done), bridged(60, 1, 2, 55)));
    assert_eq!(leg_of(&race, 1).end, Some(LegEnd::AnsweredElsewhere));
    let nobody = with(both(done, done), unanswered(60, 1, DialStatus::NoAnswer, true));
    assert_eq!(leg_of(&call(&nobody), 2).end, Some(LegEnd::NotConnected));
}

#[test]
fn every_leg_says_why_it_stopped() {
    let no = LegStatus::NoAnswer;
    let off = LegStatus::Canceled;
    let base = |status| [vec![arrived(0), routed(0, 1, &[1])], rang(1, 1, 31, status)].concat();
    let dial = |gone| unanswered(31, 1, DialStatus::NoAnswer, gone);
    let with = |mut events: Vec<Event>, more: Event| {
        events.push(more);
        events
    };
    let mut absent = base(no);
    let Fact::Leg(last) = &mut absent[4].fact else { panic!("a leg") };
    last.sip_response = Some(480);
    let cases = [
        ("time is up", with(base(no), dial(false)), LegEnd::TimedOut),
        ("time is up, before the Dial says so", base(no), LegEnd::TimedOut),
        ("called off as time is up", with(base(off), dial(false)), LegEnd::TimedOut),
        ("the caller left", with(base(off), dial(true)), LegEnd::CallerLeft),
        ("the caller left, by the call", with(base(off), ended(31, off)), LegEnd::CallerLeft),
        ("called off, nobody knows why", base(off), LegEnd::Canceled),
        ("declined", base(LegStatus::Busy), LegEnd::Declined),
        ("broken", base(LegStatus::Failed), LegEnd::Unreachable),
        ("no device", absent, LegEnd::Unreachable),
        (
            "a deadline",
            vec![
                arrived(0),
                routed(0, 1, &[1]),
                leg(1, 1, 1, LegStatus::Ringing),
                closed(99, ClosedBy::Deadline, Some(1), no),
            ],
            LegEnd::Lost,
        ),
        (
            "the carrier's record",
            vec![leg(1, 1, 1, LegStatus::Ringing), closed(9, ClosedBy::Carrier, Some(1), no)],
            LegEnd::TimedOut,
        ),
    ];
    for (name, events, want) in cases {
        assert_eq!(leg_of(&call(&events), 1).end, Some(want), "{name}");
    }
}

#[test]
fn a_leg_without_an_end_ends_with_its_dial_or_its_call() {
    let open = vec![arrived(0), routed(0, 1, &[1, 2]), leg(5, 1, 2, LegStatus::InProgress)];
    assert_eq!(call(&open).on_call(), [agent(1)]);
    let cases = [
        ("its Dial", bridged(60, 1, 1, 55), 60, LegEnd::Completed),
        ("its call", ended(61, LegStatus::Completed), 61, LegEnd::Completed),
        ("a late end of its own", leg(62, 1, 3, LegStatus::Completed), 62, LegEnd::Completed),
        (
            "a deadline for the leg",
            closed(63, ClosedBy::Deadline, Some(1), LegStatus::Completed),
            63,
            LegEnd::Lost,
        ),
        (
            "a deadline for the call",
            closed(64, ClosedBy::Deadline, None, LegStatus::Completed),
            64,
            LegEnd::Lost,
        ),
    ];
    for (name, event, second, end) in cases {
        let call = call(&[open.clone(), vec![event]].concat());
        assert_eq!(call.on_call(), [], "{name}");
        assert_eq!(leg_of(&call, 1).ended_at, Some(at(second)), "{name}");
        assert_eq!(leg_of(&call, 1).end, Some(end), "{name}");
        assert_eq!((call.outcome, call.handled_by), (Outcome::Completed, Some(agent(1))), "{name}");
    }
}

#[test]
fn waves_follow_one_another() {
    let no = LegStatus::NoAnswer;
    let mut events = vec![arrived(0), routed(0, 1, &[1, 2])];
    events.extend(rang(1, 1, 31, no));
    events.extend(rang(2, 1, 31, no));
    events.extend([unanswered(31, 1, DialStatus::NoAnswer, false), routed(31, 2, &[3])]);
    events.extend(talked(3, 32, 40, 50));
    events.extend([bridged(50, 2, 3, 10), ended(50, LegStatus::Completed)]);
    let call = call(&events);
    let completed = Some(EndReason::Completed);
    assert_eq!(short(&call), (Outcome::Completed, completed, Some(agent(3)), Some(40), Some(50)));
    let legs: Vec<_> = call.legs.iter().map(|leg| (leg.sid, leg.wave, leg.end)).collect();
    let want = [
        (sid(1), Some(1), Some(LegEnd::TimedOut)),
        (sid(2), Some(1), Some(LegEnd::TimedOut)),
        (sid(3), Some(2), Some(LegEnd::Completed)),
    ];
    assert_eq!(legs, want);
    assert_eq!(call.waves.iter().map(|wave| wave.number).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn nothing_known_is_a_call_that_rings() {
    let empty: CallSid = sid(CALL);
    let call = fold(empty, []);
    assert_eq!(short(&call), (Outcome::Ringing, None, None, None, None));
    assert_eq!((call.started_at, call.legs.len(), call.waves.len()), (None, 0, 0));
    assert_eq!((call.waited(), call.talked()), (None, None));
}

#[test]
fn moments_never_run_backwards() {
    let events =
        [arrived(50), leg(10, 1, 2, LegStatus::InProgress), leg(5, 1, 3, LegStatus::Completed)];
    let call = call(&events);
    assert_eq!(call.started_at, Some(at(50)));
    assert_eq!((call.answered_at, call.ended_at), (Some(at(50)), Some(at(50))));
    assert_eq!(call.talked().map(|talked| talked.as_secs()), Some(0));
    assert_eq!(call.legs[0].ended_at, Some(at(10)));
}

#[test]
fn a_leg_that_ended_before_the_answer_did_not_lose_to_it() {
    let mut events = vec![arrived(0), routed(0, 1, &[1, 2])];
    events.extend(rang(1, 1, 5, LegStatus::NoAnswer));
    events.extend(talked(2, 1, 6, 20));
    assert_eq!(leg_of(&call(&events), 1).end, Some(LegEnd::TimedOut));
    let open = [arrived(0), routed(0, 1, &[1]), leg(1, 1, 1, LegStatus::Ringing)];
    let events = [&open[..], &[unanswered(31, 1, DialStatus::NoAnswer, false)]].concat();
    assert_eq!(leg_of(&call(&events), 1).status, LegStatus::NoAnswer);
}

#[test]
fn legs_stand_by_wave_and_agents_once() {
    // By the clock and by the Sid the leg of the second wave would come first.
    let events = [
        routed(0, 1, &[3]),
        routed(31, 2, &[1]),
        leg(9, 3, 1, LegStatus::Ringing),
        leg(8, 1, 1, LegStatus::Ringing),
    ];
    let legs: Vec<CallSid> = call(&events).legs.iter().map(|leg| leg.sid).collect();
    assert_eq!(legs, [sid(3), sid(1)]);

    let mut twice = leg(5, 2, 2, LegStatus::InProgress);
    if let Fact::Leg(leg) = &mut twice.fact {
        leg.agent = Some(agent(1));
    }
    assert_eq!(call(&[leg(5, 1, 2, LegStatus::InProgress), twice]).on_call(), [agent(1)]);
}

#[test]
fn a_call_is_no_leg_of_itself() {
    let events = [arrived(0), leg(5, CALL, 2, LegStatus::InProgress)];
    assert_eq!((call(&events).legs.len(), call(&events).outcome), (0, Outcome::Ringing));
    let end = closed(9, ClosedBy::Carrier, Some(CALL), LegStatus::Completed);
    assert_eq!(call(&[arrived(0), end]).ended_at, Some(at(9)));
}
