use identity::ContactId;
use routing::{Activity, Page, Presence, Role};

use super::*;
use crate::clock::Clock;

const CURRENT: Duration = Duration::from_secs(5);
const WRAP_UP: Duration = Duration::from_secs(60);

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + second)
}

/// An agent on a call since second 5, with a page that is open until second 100.
fn busy(n: u8) -> AgentRow {
    AgentRow {
        user: user(n),
        name: None,
        role: Role::Agent,
        presence: Presence::Available,
        presence_since: None,
        on_call_since: Some(at(5)),
        offered_since: None,
        call: None,
        idle_since: None,
        ready_since: None,
        page: Page::Open,
        online_until: Some(at(100)),
        page_ready_until: None,
        page_lacks: None,
    }
}

fn acme() -> WorkspaceId {
    "acme".parse().unwrap()
}

fn reading(began: Instant) -> Reading {
    Reading { began, mark: Mark::default() }
}

/// Rosters with two busy agents of one workspace, and when they were read.
fn rosters() -> (Rosters, Instant) {
    let (rosters, now) = (Rosters::default(), Clock::system().instant());
    rosters.hears(true, now);
    assert!(rosters.members(&acme(), now, CURRENT).is_none());
    assert!(!rosters.remember(&acme(), reading(now), vec![busy(1), busy(2)]));
    (rosters, now)
}

#[test]
fn an_assigned_caller_is_still_assigned_when_the_database_is_away() {
    let (rosters, now) = rosters();
    let [known, stranger]: [PhoneNumber; 2] =
        ["+15005550006", "+15005550007"].map(|number| number.parse().unwrap());
    let contact = KnownContact { id: ContactId::from_bytes([9; 16]), name: None };
    let found = KnownCaller { contact, assigned: vec![user(2), user(3)] };
    rosters.remember_caller(&acme(), &known, &found);
    let later = now + 2 * CURRENT;
    let members = rosters.members(&acme(), later, CURRENT).unwrap();
    let seen = |caller: &PhoneNumber| -> Vec<(UserId, bool)> {
        let roster = members.roster(rosters.caller(&acme(), caller), WRAP_UP, at(50));
        assert!(roster.candidates.iter().all(|one| one.activity == Activity::Idle));
        roster.candidates.iter().map(|one| (one.user, one.assigned)).collect()
    };
    assert_eq!(seen(&known), [(user(1), false), (user(2), true), (user(3), true)]);
    assert_eq!(seen(&stranger), [(user(1), false), (user(2), false)]);

    let crowd = KnownCaller { assigned: vec![user(1); 2 * MOST_ASSIGNED], ..found };
    rosters.remember_caller(&acme(), &known, &crowd);
    assert_eq!(rosters.caller(&acme(), &known).unwrap().assigned.len(), MOST_ASSIGNED);
    // Of a very large team it says so once.
    let members = || (0..MOST_MEMBERS).map(|_| busy(1)).collect();
    assert!(rosters.remember(&acme(), reading(later), members()));
    assert!(!rosters.remember(&acme(), reading(later), members()));
    assert!(!rosters.remember(&acme(), reading(now), vec![]), "an earlier read that took longer");
    assert_eq!(rosters.known(&acme()).unwrap().members.len(), MOST_MEMBERS);
}

#[test]
fn memory_is_believed_while_it_is_young_and_no_notification_can_be_missed() {
    let (rosters, now) = rosters();
    let is_current = |at| rosters.members(&acme(), at, CURRENT).unwrap().is_current;
    assert!(is_current(now));
    assert!(!is_current(now + CURRENT), "old");
    rosters.hears(false, now);
    assert!(!is_current(now), "nobody listens");
    let later = now + Duration::from_secs(1);
    rosters.hears(true, later);
    assert!(!is_current(later), "a change may have been missed");
    rosters.remember(&acme(), reading(later), vec![busy(1)]);
    assert!(is_current(later));
}

#[test]
fn doubt_rings() {
    let (rosters, now) = rosters();
    let members = rosters.members(&acme(), now, CURRENT).unwrap();
    let first = |members: &KnownMembers, at| members.roster(None, WRAP_UP, at);
    let roster = first(&members, at(99));
    assert_eq!(roster.candidates[0].activity, Activity::OnCall);
    assert_eq!((roster.candidates[0].page, roster.closed.len()), (Page::Open, 0));
    // The lease was not renewed, and that would be known.
    let roster = first(&members, at(103));
    assert_eq!(roster.candidates[0].page, Page::Closed);
    assert_eq!(roster.closed[0], (user(1), Duration::from_secs(3)));
    // It would not be known.
    let members = rosters.members(&acme(), now + CURRENT, CURRENT).unwrap();
    let roster = first(&members, at(103));
    assert_eq!(roster.candidates[0].activity, Activity::Idle);
    assert_eq!((roster.candidates[0].page, roster.closed.len()), (Page::Open, 0));
}

#[test]
fn workspaces_in_use_are_read_again_and_others_are_not() {
    let (rosters, now) = rosters();
    let due = |at| rosters.due(at).0;
    assert_eq!(due(now), [], "no call asked");
    rosters.members(&acme(), now, CURRENT);
    rosters.begins(&acme(), now);
    assert_eq!(rosters.due(now), (vec![], now + POLL));
    assert_eq!(due(now + POLL), [acme()]);
    assert_eq!(due(now + POLL), [], "it is being read");
    rosters.begins(&acme(), now + POLL);
    rosters.changed(&acme());
    rosters.was_read(&acme());
    assert_eq!(rosters.due(now + POLL), (vec![], now + POLL + PAUSE));
    assert_eq!(due(now + POLL + PAUSE), [acme()], "changed while it was read");
    rosters.begins(&acme(), now + POLL + PAUSE);
    rosters.was_read(&acme());
    assert_eq!(due(now + POLL + 2 * PAUSE), []);
    rosters.said(&acme(), user(1), true);
    assert_eq!(due(now + POLL + 2 * PAUSE), [], "known");
    rosters.said(&acme(), user(3), true);
    assert_eq!(due(now + POLL + 2 * PAUSE), [acme()], "a member of whom nothing is known");
    rosters.was_read(&acme());
    assert_eq!(due(now + IN_USE), [], "no call for long");
}
