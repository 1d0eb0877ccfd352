//! Short ways to name people and moments.

use identity::{ContactId, Timestamp, UserId};
use routing::{Activity, Caller, Candidate, Decision, Page, Presence, Reason, Role};

pub(crate) fn user(id: u8) -> UserId {
    UserId::from_bytes([id; 16])
}

pub(crate) fn contact() -> Caller {
    Caller::Contact(ContactId::from_bytes([0xcc; 16]))
}

/// The moment of every decision.
pub(crate) fn now() -> Timestamp {
    at(0)
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + seconds)
}

/// An agent who is available, idle for the same time as all others, and not assigned.
pub(crate) fn agent(id: u8) -> Candidate {
    Candidate {
        user: user(id),
        role: Some(Role::Agent),
        assigned: false,
        presence: Presence::Available,
        page: Page::Unknown,
        activity: Activity::Idle,
        idle_since: Some(at(-60)),
        rung_in: None,
    }
}

pub(crate) fn assigned(id: u8) -> Candidate {
    Candidate { assigned: true, ..agent(id) }
}

pub(crate) fn team(size: u8) -> Vec<Candidate> {
    (1..=size).map(agent).collect()
}

/// The waves by the numbers of their agents.
pub(crate) fn waves(decision: &Decision) -> Vec<Vec<u8>> {
    let number = |user: &UserId| user.as_bytes()[0];
    decision.waves.iter().map(|wave| wave.iter().map(number).collect()).collect()
}

/// What was decided about one agent.
pub(crate) fn reason(decision: &Decision, id: u8) -> Reason {
    let mut of = decision.verdicts.iter().filter(|verdict| verdict.user == user(id));
    let verdict = of.next().expect("a verdict for everybody");
    assert_eq!(of.next(), None, "one verdict for everybody");
    verdict.reason
}
