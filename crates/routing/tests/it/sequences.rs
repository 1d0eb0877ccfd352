//! Whole calls that nobody answers, wave after wave.

use routing::{
    Activity, AssignedUnanswered, Because, Caller, Candidate, Ending, Policy, Presence, Scope,
    resolve,
};

use crate::support::*;

/// Rings every wave in vain, as a server does: `change` is what happens to people meanwhile.
/// Gives who rang in which wave, and what the caller heard in the end.
fn ring_in_vain(
    caller: Caller,
    mut people: Vec<Candidate>,
    policy: &Policy,
    mut change: impl FnMut(u16, &mut Vec<Candidate>),
) -> (Vec<Vec<u8>>, Ending) {
    let mut rung = Vec::new();
    for wave in 1.. {
        let decision = resolve(caller, &people, policy, wave, now());
        let next = decision.next();
        if next.is_empty() {
            assert_ne!(decision.then, Ending::Everyone, "nobody rings, so this is the end");
            return (rung, decision.then);
        }
        rung.push(next.iter().map(|user| user.as_bytes()[0]).collect());
        for person in people.iter_mut().filter(|person| next.contains(&person.user)) {
            person.rung_in = Some(wave);
        }
        change(wave, &mut people);
        assert!(wave < Policy::MAX_WAVES + 1, "a call has an end");
    }
    unreachable!("the loop ends by itself")
}

fn nothing(_: u16, _: &mut Vec<Candidate>) {}

#[test]
fn twenty_five_ring_in_three_waves() {
    let (rung, then) = ring_in_vain(Caller::Unknown, team(25), &Policy::default(), nothing);
    let want: Vec<Vec<u8>> = vec![(1..=10).collect(), (11..=20).collect(), (21..=25).collect()];
    assert_eq!((rung, then), (want, Ending::GoodBye));
}

#[test]
fn the_assigned_ring_once_and_then_the_policy_applies() {
    let people = || vec![assigned(1), assigned(2), agent(3)];
    let (rung, then) = ring_in_vain(contact(), people(), &Policy::default(), nothing);
    assert_eq!((rung, then), (vec![vec![1, 2]], Ending::GoodBye));

    let widen = Policy { assigned_unanswered: AssignedUnanswered::Everyone, ..Policy::default() };
    let (rung, then) = ring_in_vain(contact(), people(), &widen, nothing);
    assert_eq!((rung, then), (vec![vec![1, 2], vec![3]], Ending::GoodBye));
}

#[test]
fn an_assigned_agent_who_becomes_free_rings_in_the_next_wave() {
    let busy = Candidate { activity: Activity::OnCall, ..assigned(2) };
    let hang_up = |_: u16, people: &mut Vec<Candidate>| people[1].activity = Activity::Idle;
    let people = vec![assigned(1), busy, agent(3)];
    let (rung, _) = ring_in_vain(contact(), people, &Policy::default(), hang_up);
    assert_eq!(rung, [[1], [2]]);
}

#[test]
fn a_call_for_everybody_stays_with_everybody() {
    // The only assigned agent is away; ten of the others ring, then the assigned one comes back.
    let mut people = team(15);
    people[14] = Candidate { presence: Presence::Away, ..assigned(15) };
    let back = |_: u16, people: &mut Vec<Candidate>| people[14].presence = Presence::Available;
    let (rung, _) = ring_in_vain(contact(), people.clone(), &Policy::default(), back);
    assert_eq!(rung, [(1..=10).collect::<Vec<u8>>(), vec![15, 11, 12, 13, 14]]);

    people[0].rung_in = Some(1);
    let decision = resolve(contact(), &people, &Policy::default(), 2, now());
    assert_eq!(decision.scope, Scope::Everyone { because: Because::AssignedUnavailable });
}

#[test]
fn a_team_that_never_ends_still_ends() {
    let mut next = 10;
    let join = |_: u16, people: &mut Vec<Candidate>| {
        next += 1;
        people.push(agent(next));
    };
    let policy = Policy { max_waves: u16::MAX, ..Policy::default() };
    let (rung, then) = ring_in_vain(Caller::Unknown, team(10), &policy, join);
    assert_eq!((rung.len(), then), (usize::from(Policy::MAX_WAVES), Ending::GoodBye));
}
