//! Each rule by itself.

use core::time::Duration;

use routing::{
    Activity, AssignedUnanswered, AssignedUnavailable, Because, Caller, Candidate, Decision,
    Ending, EveryoneUnanswered, Order, Page, Policy, Presence, Reason, Role, Scope, resolve,
};

use crate::support::*;

/// The numbers of the agents of each wave.
type Waves = Vec<Vec<u8>>;

fn decide(caller: Caller, candidates: &[Candidate]) -> Decision {
    resolve(caller, candidates, &Policy::default(), 1, now())
}

const fn everyone(because: Because) -> Scope {
    Scope::Everyone { because }
}

#[test]
fn the_assigned_ring_and_nobody_else() {
    let left = Candidate { role: None, ..assigned(9) };
    let busy = Candidate { activity: Activity::OnCall, ..assigned(2) };
    let cases: Vec<(&str, Caller, Vec<Candidate>, Scope, Waves)> = vec![
        ("one", contact(), vec![agent(1), assigned(2), agent(3)], Scope::Assigned, vec![vec![2]]),
        (
            "two of four",
            contact(),
            vec![assigned(1), agent(2), assigned(3), agent(4)],
            Scope::Assigned,
            vec![vec![1, 3]],
        ),
        ("one of two is busy", contact(), vec![assigned(1), busy], Scope::Assigned, vec![vec![1]]),
        (
            "unknown caller",
            Caller::Unknown,
            team(3),
            everyone(Because::UnknownCaller),
            vec![vec![1, 2, 3]],
        ),
        ("no assignment", contact(), team(2), everyone(Because::NotAssigned), vec![vec![1, 2]]),
        (
            "assigned to somebody who left",
            contact(),
            vec![agent(1), left],
            everyone(Because::NotAssigned),
            vec![vec![1]],
        ),
        (
            "all assigned are busy",
            contact(),
            vec![agent(1), busy, agent(3)],
            everyone(Because::AssignedUnavailable),
            vec![vec![1, 3]],
        ),
        ("nobody at all", contact(), vec![], everyone(Because::NotAssigned), vec![]),
    ];
    for (name, caller, candidates, scope, want) in cases {
        let decision = decide(caller, &candidates);
        assert_eq!(decision.scope, scope, "{name}");
        assert_eq!(waves(&decision), want, "{name}");
        assert_eq!(decision.verdicts.len(), candidates.len(), "{name}");
        assert_eq!(decision.then, Ending::GoodBye, "{name}");
    }
    let decision = decide(contact(), &[agent(1), assigned(2), left]);
    assert_eq!(reason(&decision, 1), Reason::NotAssigned);
    assert_eq!(reason(&decision, 2), Reason::Rings { wave: 1 });
    assert_eq!(reason(&decision, 9), Reason::NotMember);
}

#[test]
fn whoever_cannot_take_a_call_does_not_ring() {
    let wrap_up = |seconds| Activity::WrapUp { until: at(seconds) };
    let rings = Reason::Rings { wave: 1 };
    let cases = [
        ("available", Presence::Available, Activity::Idle, rings),
        ("never reported", Presence::Unknown, Activity::Idle, rings),
        ("away", Presence::Away, Activity::Idle, Reason::Away),
        ("offline", Presence::Offline, Activity::Idle, Reason::Offline),
        ("on a call", Presence::Available, Activity::OnCall, Reason::OnCall),
        ("on a call, never reported", Presence::Unknown, Activity::OnCall, Reason::OnCall),
        ("away during a call", Presence::Away, Activity::OnCall, Reason::OnCall),
        ("wrap-up", Presence::Available, wrap_up(1), Reason::WrapUp { until: at(1) }),
        ("wrap-up ends now", Presence::Available, wrap_up(0), rings),
        ("away in wrap-up", Presence::Away, wrap_up(1), Reason::Away),
    ];
    for (name, presence, activity, want) in cases {
        for page in [Page::Unknown, Page::Open] {
            let candidate = Candidate { presence, page, activity, ..agent(1) };
            let decision = decide(Caller::Unknown, &[candidate]);
            assert_eq!(reason(&decision, 1), want, "{name}");
            assert_eq!(decision.waves.is_empty(), !want.rings(), "{name}");
        }
    }
    for (page, missing) in
        [(Page::Closed, Reason::PageClosed), (Page::NotReady, Reason::PageNotReady)]
    {
        let cases = [
            ("available", Presence::Available, Activity::Idle, missing),
            ("in wrap-up", Presence::Available, wrap_up(1), missing),
            ("nothing set by hand", Presence::Unknown, Activity::Idle, missing),
            ("away", Presence::Away, Activity::Idle, Reason::Away),
            ("on a call", Presence::Available, Activity::OnCall, Reason::OnCall),
        ];
        for (name, presence, activity, want) in cases {
            let candidate = Candidate { presence, page, activity, ..agent(1) };
            assert_eq!(reason(&decide(Caller::Unknown, &[candidate]), 1), want, "{name}");
        }
    }
}

#[test]
fn the_policy_says_what_follows() {
    let off = |id| Candidate { presence: Presence::Offline, ..assigned(id) };
    let rang = |id| Candidate { rung_in: Some(1), ..assigned(id) };
    let nobody = |because| Scope::Nobody { because };
    let base = Policy::default();
    let strict = Policy { assigned_unavailable: AssignedUnavailable::Nobody, ..base };
    let voicemail = Policy { assigned_unanswered: AssignedUnanswered::Voicemail, ..base };
    let widen = Policy { assigned_unanswered: AssignedUnanswered::Everyone, ..base };
    let widen_strict = Policy {
        assigned_unavailable: AssignedUnavailable::Nobody,
        everyone_unanswered: EveryoneUnanswered::Voicemail,
        ..widen
    };
    let (unavailable, unanswered) = (Because::AssignedUnavailable, Because::AssignedUnanswered);
    let cases: Vec<(&str, Policy, Candidate, Scope, Waves, Ending)> = vec![
        ("they ring", base, assigned(1), Scope::Assigned, vec![vec![1]], Ending::GoodBye),
        (
            "then voicemail",
            voicemail,
            assigned(1),
            Scope::Assigned,
            vec![vec![1]],
            Ending::Voicemail,
        ),
        ("then everyone", widen, assigned(1), Scope::Assigned, vec![vec![1]], Ending::Everyone),
        ("unavailable", base, off(1), everyone(unavailable), vec![vec![2]], Ending::GoodBye),
        ("and nobody", strict, off(1), nobody(unavailable), vec![], Ending::GoodBye),
        (
            "nobody, although unanswered ones widen",
            widen_strict,
            off(1),
            nobody(unavailable),
            vec![],
            Ending::Voicemail,
        ),
        ("unanswered", base, rang(1), nobody(unanswered), vec![], Ending::GoodBye),
        ("to voicemail", voicemail, rang(1), nobody(unanswered), vec![], Ending::Voicemail),
        ("to everyone", widen, rang(1), everyone(unanswered), vec![vec![2]], Ending::GoodBye),
    ];
    for (name, policy, candidate, scope, want, then) in cases {
        let decision = resolve(contact(), &[candidate, agent(2)], &policy, 1, now());
        assert_eq!(decision.scope, scope, "{name}");
        assert_eq!(waves(&decision), want, "{name}");
        assert_eq!(decision.then, then, "{name}");
    }
}

#[test]
fn the_order_has_no_ties() {
    let idle = |id, seconds: Option<i64>| Candidate { idle_since: seconds.map(at), ..agent(id) };
    let admin = |id| Candidate { role: Some(Role::Admin), idle_since: None, ..agent(id) };
    let people = [idle(5, Some(-9)), idle(4, Some(-9)), idle(3, Some(-1)), idle(2, None), admin(1)];
    let by = |order| {
        let policy = Policy { order, ..Policy::default() };
        waves(&resolve(Caller::Unknown, &people, &policy, 1, now()))
    };
    assert_eq!(by(Order::LongestIdle), [[1, 2, 4, 5, 3]]);
    assert_eq!(by(Order::AgentsFirst), [[2, 4, 5, 3, 1]]);
}

#[test]
fn ten_ring_at_once() {
    let sizes = |team: &[Candidate], policy: &Policy| -> Vec<usize> {
        let decision = resolve(Caller::Unknown, team, policy, 1, now());
        decision.waves.iter().map(Vec::len).collect()
    };
    let policy = Policy::default();
    assert_eq!(sizes(&team(0), &policy), [0_usize; 0]);
    assert_eq!(sizes(&team(10), &policy), [10]);
    assert_eq!(sizes(&team(11), &policy), [10, 1]);
    assert_eq!(sizes(&team(25), &policy), [10, 10, 5]);
    assert_eq!(sizes(&team(50), &policy), [10; 5]);
    assert_eq!(sizes(&team(50), &Policy { max_waves: 2, ..policy }), [10, 10]);
    assert_eq!(sizes(&team(50), &Policy { max_waves: 0, ..policy }), [10], "at least one");

    let two = Policy { max_waves: 2, ..policy };
    let decision = resolve(Caller::Unknown, &team(50), &two, 1, now());
    assert_eq!(reason(&decision, 20), Reason::Rings { wave: 2 });
    assert_eq!(reason(&decision, 21), Reason::BeyondLastWave);
    assert_eq!(decision.next().len(), 10);
    assert_eq!(decision.verdicts.len(), 50);
}

#[test]
fn waves_are_numbered_from_the_next() {
    let policy = Policy::default();
    let decision = resolve(Caller::Unknown, &team(15), &policy, 4, now());
    assert_eq!(decision.first_wave, 4);
    assert_eq!(reason(&decision, 10), Reason::Rings { wave: 4 });
    assert_eq!(reason(&decision, 11), Reason::Rings { wave: 5 });

    let beyond = resolve(contact(), &[assigned(1)], &policy, 11, now());
    assert_eq!((beyond.waves.len(), reason(&beyond, 1)), (0, Reason::BeyondLastWave));
    let widen = Policy { assigned_unanswered: AssignedUnanswered::Everyone, ..policy };
    for wave in [10, 11, u16::MAX] {
        let last = resolve(contact(), &[assigned(1), agent(2)], &widen, wave, now());
        assert_eq!(last.then, Ending::GoodBye, "no wave is left for everybody after {wave}");
    }
    assert_eq!(resolve(Caller::Unknown, &team(1), &policy, 0, now()).first_wave, 1);
}

#[test]
fn the_same_person_twice_counts_once_and_against_ringing() {
    let (idle, busy) = (agent(1), Candidate { activity: Activity::OnCall, ..agent(1) });
    let left = Candidate { role: None, ..agent(1) };
    let rang = |wave| Candidate { rung_in: Some(wave), ..agent(1) };
    let cases = [
        ("the same", [idle, idle], Reason::Rings { wave: 1 }),
        ("busy once", [idle, busy], Reason::OnCall),
        ("rang twice", [rang(3), rang(2)], Reason::AlreadyRang { wave: 2 }),
        ("rang once", [idle, rang(2)], Reason::AlreadyRang { wave: 2 }),
        ("member once", [left, idle], Reason::Rings { wave: 1 }),
    ];
    for (name, [one, two], want) in cases {
        let decision = decide(Caller::Unknown, &[one, two]);
        assert_eq!(decision, decide(Caller::Unknown, &[two, one]), "{name}");
        assert_eq!(reason(&decision, 1), want, "{name}");
    }
}

#[test]
fn the_same_person_twice_keeps_the_assignment_and_the_later_clock() {
    let decision =
        decide(contact(), &[assigned(1), Candidate { role: None, ..agent(1) }, agent(2)]);
    assert_eq!((decision.scope, waves(&decision)), (Scope::Assigned, vec![vec![1]]));
    let later = Candidate { idle_since: Some(at(-1)), ..agent(1) };
    assert_eq!(waves(&decide(Caller::Unknown, &[agent(1), later, agent(2)])), [[2, 1]]);
}

#[test]
fn policies_stay_within_what_twilio_allows() {
    let seconds = Duration::from_secs;
    for (ring, want) in [(0, 5), (5, 5), (30, 30), (600, 600), (u64::MAX, 600)] {
        let policy = Policy { ring: seconds(ring), ..Policy::default() };
        assert_eq!(policy.ring_timeout(), seconds(want), "{ring}");
    }
    let half = Policy { ring: Duration::from_millis(7900), ..Policy::default() };
    assert_eq!(half.ring_timeout(), seconds(7));
    for (waves, want) in [(0, 1), (1, 1), (50, 50), (u16::MAX, 50)] {
        assert_eq!(Policy { max_waves: waves, ..Policy::default() }.last_wave(), want);
    }
}
