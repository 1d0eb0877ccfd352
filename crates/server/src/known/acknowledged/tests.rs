use calls::LegEvent;
use routing::{Page, Presence, Role};

use super::*;
use crate::clock::Clock;

const WRAP_UP: Duration = Duration::from_secs(60);

fn call(n: u32) -> CallSid {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    CallSid::from_bytes(bytes)
}

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + second)
}

fn leg(leg: u32, agent: u8, status: LegStatus, second: i64) -> [Event; 1] {
    let fact = LegEvent { agent: Some(user(agent)), ..LegEvent::new(call(leg), status) };
    [Event { at: at(second), fact: Fact::Leg(fact) }]
}

struct Seen {
    acknowledged: Acknowledged,
    acme: WorkspaceId,
    now: Instant,
}

impl Seen {
    fn new() -> Self {
        let acme = "acme".parse().unwrap();
        Self { acknowledged: Acknowledged::default(), acme, now: Clock::system().instant() }
    }

    fn said<'a>(&'a self, number: u32, events: &'a [Event]) -> Said<'a> {
        Said { workspace: &self.acme, call: call(number), events }
    }

    fn note(&self, number: u32, events: &[Event]) {
        self.acknowledged.note(self.said(number, events), self.now);
    }

    fn applied(&self, number: u32, events: &[Event]) {
        self.acknowledged.applied(self.said(number, events), self.now);
    }

    /// Agent 1 after a read that says this.
    fn sees(&self, read: Mark, activity: Activity, idle_since: Option<Timestamp>) -> Candidate {
        let mut agent = [Candidate {
            user: user(1),
            role: Some(Role::Agent),
            assigned: false,
            presence: Presence::Available,
            page: Page::Open,
            activity,
            idle_since,
            rung_in: None,
        }];
        self.acknowledged.correct(&self.acme, read, &mut agent, WRAP_UP, self.now);
        agent[0]
    }

    /// What calls do to agent 1, of whom the database knows nothing.
    fn activity(&self) -> Activity {
        self.sees(self.acknowledged.mark(), Activity::Idle, None).activity
    }
}

#[test]
fn an_agent_is_busy_from_the_acknowledgement_of_the_answer_to_that_of_the_end() {
    let seen = Seen::new();
    let (answer, end) = (leg(9, 1, LegStatus::InProgress, 5), leg(9, 1, LegStatus::Completed, 65));
    seen.note(8, &leg(9, 1, LegStatus::Ringing, 0));
    assert_eq!(seen.activity(), Activity::Idle);
    seen.note(8, &answer);
    seen.note(8, &answer);
    assert_eq!(seen.activity(), Activity::OnCall);
    assert!(seen.acknowledged.was_answered(&seen.acme, call(8)));
    assert!(!seen.acknowledged.was_answered(&seen.acme, call(7)));
    seen.note(8, &end);
    let free = Activity::WrapUp { until: at(65).after(WRAP_UP) };
    assert_eq!(seen.activity(), free);
    // Whatever order they come in.
    seen.note(8, &answer);
    assert_eq!(seen.activity(), free);
    // The database still says that they are on this call, or knows of a later one.
    let mark = seen.acknowledged.mark();
    assert_eq!(seen.sees(mark, Activity::OnCall, Some(at(1))).activity, free);
    assert_eq!(seen.sees(mark, Activity::OnCall, Some(at(1))).idle_since, Some(at(65)));
    assert_eq!(seen.sees(mark, Activity::OnCall, Some(at(66))).activity, Activity::OnCall);
    // Two calls that end in one second.
    assert_eq!(seen.sees(mark, Activity::OnCall, Some(at(65))).activity, free);
    let other = "other".parse().unwrap();
    assert!(!seen.acknowledged.was_answered(&other, call(8)), "another workspace's call");
}

#[test]
fn what_is_applied_counts_only_for_reads_that_began_before() {
    let seen = Seen::new();
    let (answer, end) = (leg(9, 1, LegStatus::InProgress, 5), leg(9, 1, LegStatus::Completed, 65));
    let before = seen.acknowledged.mark();
    seen.note(8, &answer);
    seen.applied(8, &answer);
    assert_eq!(seen.sees(before, Activity::Idle, None).activity, Activity::OnCall);
    assert_eq!(seen.activity(), Activity::Idle, "the database says what it knows");
    let before = seen.acknowledged.mark();
    seen.note(8, &end);
    seen.applied(8, &end);
    let read = seen.sees(before, Activity::OnCall, None);
    assert!(matches!(read.activity, Activity::WrapUp { .. }), "{read:?}");
    assert_eq!(seen.activity(), Activity::Idle);
    // Soon, nobody can have begun to read before.
    let later = seen.now + LONGEST_READ + Duration::from_secs(1);
    let said = leg(11, 2, LegStatus::InProgress, 70);
    seen.acknowledged.note(seen.said(10, &said), later);
    assert_eq!(seen.acknowledged.lock().count, 1);
}

#[test]
fn the_end_of_a_call_ends_its_legs_and_that_of_the_agent_who_placed_it() {
    let seen = Seen::new();
    let number = "+15005550006".parse().unwrap();
    let placed = calls::Placed { agent: user(1), to: number, contact: None };
    let placed = [Event { at: at(0), fact: Fact::Placed(placed) }];
    seen.note(8, &placed);
    assert_eq!(seen.activity(), Activity::OnCall);
    assert!(!seen.acknowledged.was_answered(&seen.acme, call(8)), "by nobody else");
    seen.applied(8, &placed);
    let ended = calls::Ended { status: LegStatus::Completed, duration: None };
    seen.note(8, &[Event { at: at(30), fact: Fact::Ended(ended) }]);
    let read = seen.sees(seen.acknowledged.mark(), Activity::OnCall, None);
    assert_eq!(read.activity, Activity::WrapUp { until: at(30).after(WRAP_UP) });
    // A leg that was never answered changes nothing.
    seen.note(12, &leg(13, 2, LegStatus::Canceled, 40));
    assert_eq!(seen.acknowledged.lock().count, 1);
}

#[test]
fn a_workspace_with_too_many_legs_forgets_its_own() {
    let seen = Seen::new();
    seen.note(1, &leg(2, 1, LegStatus::InProgress, 0));
    for name in 0..=LIMIT_OF_ALL / LIMIT {
        let busy = format!("busy-{name}").parse().unwrap();
        for n in 0..=u32::try_from(LIMIT).unwrap() {
            let events = leg(n, 3, LegStatus::InProgress, 0);
            let said = Said { workspace: &busy, call: call(n), events: &events };
            seen.acknowledged.note(said, seen.now);
        }
        assert!(seen.acknowledged.lock().workspaces[&busy].len() <= LIMIT);
    }
    assert_eq!(seen.activity(), Activity::OnCall);
    let legs = seen.acknowledged.lock();
    let listed: usize = legs.workspaces.values().map(VecDeque::len).sum();
    assert!(legs.count <= LIMIT_OF_ALL && listed == legs.count);
    drop(legs);
    let later = seen.now + LONGEST_CALL + Duration::from_secs(1);
    let standing = seen.acknowledged.standing(&seen.acme, Mark::default(), later);
    assert!(standing.is_empty(), "its last callback was lost");
}
