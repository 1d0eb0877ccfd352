//! Laws that hold for every workspace.

use std::collections::{BTreeMap, BTreeSet};

use core::time::Duration;

use identity::UserId;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use routing::{
    Activity, AssignedUnanswered, AssignedUnavailable, Caller, Candidate, Decision, Ending,
    EveryoneUnanswered, Order, Page, Policy, Presence, Reason, Role, Scope, WAVE_SIZE, resolve,
};

use crate::support::*;

fn any_activity() -> impl Strategy<Value = Activity> {
    prop_oneof![
        4 => Just(Activity::Idle),
        1 => Just(Activity::OnCall),
        1 => (-3..3_i64).prop_map(|seconds| Activity::WrapUp { until: at(seconds) }),
    ]
}

/// `ids` people, so that the same person may come twice.
fn any_candidate(ids: u8) -> impl Strategy<Value = Candidate> {
    let role = option::weighted(0.9, select(Role::ALL));
    let presence = (select(Presence::ALL), select(Page::ALL));
    let idle = option::of(-3..0_i64);
    let rung_in = option::weighted(0.1, 1..4_u16);
    let parts = (0..ids, role, any::<bool>(), presence, any_activity(), idle, rung_in);
    parts.prop_map(|(id, role, assigned, (presence, page), activity, idle, rung_in)| Candidate {
        user: user(id),
        role,
        assigned,
        presence,
        page,
        activity,
        idle_since: idle.map(at),
        rung_in,
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let parts = (
        select(AssignedUnavailable::ALL),
        select(AssignedUnanswered::ALL),
        select(EveryoneUnanswered::ALL),
        prop_oneof![0..8_u16, Just(u16::MAX)],
        select(Order::ALL),
    );
    parts.prop_map(|(unavailable, unanswered, everyone, max_waves, order)| Policy {
        ring: Duration::from_secs(30),
        assigned_unavailable: unavailable,
        assigned_unanswered: unanswered,
        everyone_unanswered: everyone,
        max_waves,
        order,
    })
}

fn any_caller() -> impl Strategy<Value = Caller> {
    select(vec![Caller::Unknown, contact()])
}

fn any_wave() -> impl Strategy<Value = u16> {
    prop_oneof![4 => Just(1_u16), 4 => 0..8_u16, 1 => any::<u16>()]
}

/// Every person is in one verdict, and rings if and only if a wave has them.
fn assert_partition(decision: &Decision, people: &[Candidate]) {
    let all: BTreeSet<UserId> = people.iter().map(|person| person.user).collect();
    let judged: BTreeSet<UserId> = decision.verdicts.iter().map(|verdict| verdict.user).collect();
    assert_eq!(judged, all);
    assert_eq!(decision.verdicts.len(), all.len(), "one verdict for everybody");
    let in_waves: Vec<(UserId, u16)> = decision
        .waves
        .iter()
        .zip(decision.first_wave..)
        .flat_map(|(wave, number)| wave.iter().map(move |user| (*user, number)))
        .collect();
    let ringing: Vec<(UserId, u16)> = decision
        .verdicts
        .iter()
        .filter_map(|verdict| match verdict.reason {
            Reason::Rings { wave } => Some((verdict.user, wave)),
            _ => None,
        })
        .collect();
    assert_eq!(in_waves, ringing, "verdicts begin with those that ring, in ring order");
    assert!(decision.waves.iter().all(|wave| (1..=WAVE_SIZE).contains(&wave.len())));
    let (last, full) = decision.waves.split_last().map_or((0, &[][..]), |(w, f)| (w.len(), f));
    assert!(full.iter().all(|wave| wave.len() == WAVE_SIZE) && last <= WAVE_SIZE);
}

proptest! {
    #[test]
    fn the_order_of_candidates_changes_nothing(
        (people, shuffled) in vec(any_candidate(60), 0..70)
            .prop_flat_map(|people| (Just(people.clone()), Just(people).prop_shuffle())),
        caller in any_caller(),
        policy in any_policy(),
        wave in any_wave(),
    ) {
        let want = resolve(caller, &people, &policy, wave, now());
        prop_assert_eq!(resolve(caller, &shuffled, &policy, wave, now()), want);
    }

    #[test]
    fn everybody_has_one_verdict_and_waves_are_full(
        people in vec(any_candidate(60), 0..70),
        caller in any_caller(),
        policy in any_policy(),
        wave in any_wave(),
    ) {
        let decision = resolve(caller, &people, &policy, wave, now());
        assert_partition(&decision, &people);
        let numbers = decision.first_wave..=policy.last_wave();
        prop_assert!(decision.waves.is_empty() || decision.waves.len() <= numbers.count());
        prop_assert!(!(decision.waves.is_empty() && decision.then == Ending::Everyone));
    }

    #[test]
    fn only_the_assigned_ring_while_the_call_is_theirs(
        people in vec(any_candidate(60), 0..70),
        policy in any_policy(),
    ) {
        let decision = resolve(contact(), &people, &policy, 1, now());
        let assigned: BTreeSet<UserId> =
            people.iter().filter(|person| person.assigned).map(|person| person.user).collect();
        let rings: Vec<UserId> = decision.waves.iter().flatten().copied().collect();
        match decision.scope {
            Scope::Assigned => {
                prop_assert!(rings.iter().all(|user| assigned.contains(user)));
                prop_assert!(!rings.is_empty(), "the scope is theirs because somebody can answer");
            }
            Scope::Nobody { .. } => prop_assert_eq!(rings, []),
            Scope::Everyone { .. } => {}
        }
    }

    #[test]
    fn nobody_who_cannot_take_a_call_rings(
        people in vec(any_candidate(60), 0..70),
        caller in any_caller(),
        policy in any_policy(),
    ) {
        let decision = resolve(caller, &people, &policy, 1, now());
        let mut states: BTreeMap<UserId, Vec<&Candidate>> = BTreeMap::new();
        for person in &people {
            states.entry(person.user).or_default().push(person);
        }
        for user in decision.waves.iter().flatten() {
            prop_assert!(states[user].iter().any(|person| person.role.is_some()));
            for person in &states[user] {
                prop_assert!(person.rung_in.is_none());
                prop_assert!(person.activity != Activity::OnCall);
                let wrap_up =
                    matches!(person.activity, Activity::WrapUp { until } if until > now());
                prop_assert!(!wrap_up);
                let here = matches!(person.presence, Presence::Available | Presence::Unknown);
                prop_assert!(here && !matches!(person.page, Page::Closed | Page::NotReady));
            }
        }
    }

    #[test]
    fn a_call_that_nobody_answers_ends_and_rings_nobody_twice(
        mut people in vec(any_candidate(40), 0..60),
        changes in vec(vec((0..60_usize, any_activity(), select(Presence::ALL)), 0..4), 0..8),
        caller in any_caller(),
        policy in any_policy(),
    ) {
        for person in &mut people {
            person.rung_in = None;
        }
        let mut rung: BTreeSet<UserId> = BTreeSet::new();
        let mut wave = 1;
        loop {
            let decision = resolve(caller, &people, &policy, wave, now());
            let next = decision.next();
            if next.is_empty() {
                prop_assert!(decision.then != Ending::Everyone);
                break;
            }
            prop_assert!(wave <= policy.last_wave());
            for user in next {
                prop_assert!(rung.insert(*user), "nobody rings twice");
            }
            for person in people.iter_mut().filter(|person| next.contains(&person.user)) {
                person.rung_in = Some(wave);
            }
            for (index, activity, presence) in changes.get(usize::from(wave)).into_iter().flatten() {
                if let Some(person) = people.get_mut(*index) {
                    (person.activity, person.presence) = (*activity, *presence);
                }
            }
            wave += 1;
        }
    }
}
