//! Laws that hold for every set of events, however contradictory.

use core::time::Duration;

use calls::{
    Arrived, Call, Closed, ClosedBy, DialStatus, Dialled, Direction, Ended, Event, Fact, Found,
    LegEvent, LegStatus, Outcome, Party, Placed, Refused, Routed, Source, Verdict, fold, log_entry,
    parse,
};
use identity::{CallSid, Timestamp, UserId};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::*;

/// Few legs, so that events meet; one of them is the call itself.
fn any_sid() -> impl Strategy<Value = CallSid> {
    select(&[1, 2, 3, 4, CALL][..]).prop_map(sid)
}

fn any_agent() -> impl Strategy<Value = UserId> {
    (1..=4_u8).prop_map(agent)
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        20 => (0..40_i64).prop_map(at),
        1 => any::<i64>().prop_map(Timestamp::from_unix_micros),
    ]
}

fn any_length() -> impl Strategy<Value = Option<Duration>> {
    option::of(prop_oneof![
        9 => (0..90_u64).prop_map(Duration::from_secs),
        1 => any::<u32>().prop_map(|seconds| Duration::from_secs(seconds.into())),
    ])
}

fn any_status() -> impl Strategy<Value = LegStatus> {
    select(LegStatus::ALL)
}

fn any_party() -> impl Strategy<Value = Party> {
    select(&["+15005550001", "client:user", "anonymous", ""][..]).prop_map(Party::read)
}

fn leg_event() -> impl Strategy<Value = LegEvent> {
    let sip = option::of(select(&[200_u16, 480, 486][..]));
    let parts =
        (any_sid(), option::of(any_agent()), any_status(), option::of(0..4_u32), any_length(), sip);
    parts.prop_map(|(sid, agent, status, sequence, duration, sip_response)| LegEvent {
        sid,
        agent,
        status,
        sequence,
        duration,
        sip_response,
    })
}

fn routed_event() -> impl Strategy<Value = Routed> {
    let verdict = (any_agent(), any::<bool>());
    let verdict = verdict.prop_map(|(user, rings)| Verdict { user, reason: "rings".into(), rings });
    (1..4_u16, any::<bool>(), vec(verdict, 0..4)).prop_map(|(wave, known, verdicts)| Routed {
        wave,
        contact: known.then(contact),
        scope: "everyone".into(),
        verdicts,
    })
}

fn dialled_event() -> impl Strategy<Value = Dialled> {
    let status = select(DialStatus::ALL);
    let bridged = option::of(any::<bool>());
    let parts = (1..4_u16, status, option::of(any_sid()), any_length(), bridged, any::<bool>());
    parts.prop_map(|(wave, status, child, duration, bridged, caller_gone)| Dialled {
        wave,
        status,
        child,
        duration,
        bridged,
        caller_gone,
    })
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let direction = select(Direction::ALL);
    let arrived = (direction, any_party(), any_party())
        .prop_map(|(direction, from, to)| Fact::Arrived(Arrived::new(direction, from, to)));
    let placed = any_agent().prop_map(|agent| {
        let to = "+15005550009".parse().expect("a number");
        Fact::Placed(Placed { agent, to, contact: None })
    });
    let refused = option::of(any_agent())
        .prop_map(|agent| Fact::Refused(Refused { agent, reason: "premium".into() }));
    let closed = (select(ClosedBy::ALL), option::of(any_sid()), any_status())
        .prop_map(|(by, leg, status)| Fact::Closed(Closed { by, leg, status }));
    let found = (select(Direction::ALL), any_party(), any_party(), any::<bool>()).prop_map(
        |(direction, from, to, known)| {
            Fact::Found(Found { direction, from, to, contact: known.then(contact) })
        },
    );
    prop_oneof![
        2 => arrived,
        1 => found,
        2 => leg_event().prop_map(Fact::FoundLeg),
        1 => placed,
        1 => refused,
        3 => routed_event().prop_map(Fact::Routed),
        10 => leg_event().prop_map(Fact::Leg),
        3 => dialled_event().prop_map(Fact::Dialled),
        1 => (any_status(), any_length())
            .prop_map(|(status, duration)| Fact::Ended(Ended { status, duration })),
        1 => closed,
    ]
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    vec((any_moment(), any_fact()).prop_map(|(at, fact)| Event { at, fact }), 0..24)
}

/// Events and the same ones in another order, some of them several times.
fn repeated() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    any_events().prop_flat_map(|events| {
        let more = vec(0..events.len().max(1), 0..8);
        let all = more.prop_map({
            let events = events.clone();
            move |more| {
                let again = more.iter().filter_map(|index| events.get(*index));
                events.iter().chain(again).cloned().collect::<Vec<_>>()
            }
        });
        (Just(events), all.prop_shuffle())
    })
}

/// What holds in every record.
fn assert_sound(call: &Call) {
    assert_eq!(call.outcome.is_open(), call.end_reason.is_none());
    assert_eq!(call.ended_at.is_some(), call.end_reason.is_some());
    assert!(call.started_at <= call.answered_at || call.answered_at.is_none());
    let last = call.answered_at.or(call.started_at);
    assert!(last <= call.ended_at || call.ended_at.is_none());
    let answered = matches!(call.outcome, Outcome::InProgress | Outcome::Completed);
    if call.direction == Direction::Inbound && !answered {
        assert_eq!(call.handled_by, None, "nobody handled a call that was not answered");
    }
    for leg in &call.legs {
        assert_eq!(leg.end.is_some(), leg.ended_at.is_some());
        assert_eq!(leg.status.is_final(), leg.ended_at.is_some(), "{leg:?}");
        let moments = [leg.initiated_at, leg.ringing_at, leg.answered_at, leg.ended_at];
        let known: Vec<_> = moments.into_iter().flatten().collect();
        assert!(known.is_sorted(), "{leg:?}");
    }
    if call.direction == Direction::Outbound {
        assert_eq!(call.legs[0].sid, call.sid);
        assert_eq!(call.legs[0].is_on_call(), call.outcome.is_open());
    }
    assert!(call.waves.is_sorted_by(|one, two| one.number < two.number));
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same_record((events, again) in repeated()) {
        let want = fold(sid(CALL), &events);
        prop_assert_eq!(fold(sid(CALL), &again), want);
    }

    #[test]
    fn a_later_repetition_changes_nothing(events in any_events(), delay in 1..99_u64) {
        let want = fold(sid(CALL), &events);
        let late = events.iter().map(|event| Event {
            at: event.at + Duration::from_secs(delay),
            fact: event.fact.clone(),
        });
        let all: Vec<Event> = late.chain(events.iter().cloned()).collect();
        prop_assert_eq!(fold(sid(CALL), &all), want);
    }

    #[test]
    fn one_event_a_key_is_enough(events in any_events()) {
        let mut kept = std::collections::BTreeMap::new();
        for event in &events {
            let slot = kept.entry(event.key()).or_insert(event);
            *slot = (*slot).min(event);
        }
        prop_assert_eq!(fold(sid(CALL), kept.into_values()), fold(sid(CALL), &events));
    }

    #[test]
    fn every_record_is_sound(events in any_events()) {
        let call = fold(sid(CALL), &events);
        assert_sound(&call);
        prop_assert!(!log_entry(&call).body.contains("+1500"));
    }

    #[test]
    fn nobody_is_on_a_call_that_is_over(mut events in any_events(), status in any_status()) {
        events.push(Event { at: at(30), fact: Fact::Ended(Ended { status, duration: None }) });
        let call = fold(sid(CALL), &events);
        prop_assert_eq!(call.on_call(), []);
        prop_assert_eq!(call.ringing(), []);
        prop_assert!(!call.outcome.is_open());
    }

    #[test]
    fn forms_never_panic(
        params in vec(("[A-Za-z]{0,8}|CallSid|From|To|CallStatus|DialCallStatus", ".{0,40}"), 0..12),
        wave in any::<u16>(),
    ) {
        let sources =
            [Source::Voice, Source::Leg { agent: None }, Source::Dial { wave }, Source::Status];
        for source in sources {
            let params = params.iter().map(|(name, value)| (&**name, &**value));
            if let Err(error) = parse(&source, params, at(0)) {
                prop_assert!(!error.name().is_empty());
            }
        }
    }
}
