use super::*;
use routing::{Activity, Candidate, Presence, Role};

const SECOND: Duration = Duration::from_secs(1);

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn acme() -> WorkspaceId {
    "acme".parse().unwrap()
}

/// Some moment, and those after it.
fn start() -> Instant {
    crate::clock::Clock::system().instant()
}

/// A doubt about nothing: the database has been within reach for long.
fn settled(began: Instant) -> (Doubt, Instant) {
    (Doubt::new(began), began + LEASE)
}

fn candidate(n: u8, page: Page) -> Candidate {
    Candidate {
        user: user(n),
        role: Some(Role::Agent),
        assigned: false,
        presence: Presence::Available,
        page,
        activity: Activity::Idle,
        idle_since: None,
        rung_in: None,
    }
}

/// The law, over every state of a lease, of renewals and of this server's own streams: a page is closed
/// only if its lease ran out while renewals worked, and nobody knows of an open page.
#[test]
fn only_a_lease_that_could_be_renewed_closes_a_page() {
    let lengths = || (0..=7).map(|tens| 10 * tens * SECOND);
    let leases = || {
        let ran_out = lengths().map(|ago| (Page::Closed, Some(ago)));
        [(Page::Unknown, None), (Page::Open, None), (Page::Closed, None)].into_iter().chain(ran_out)
    };
    let mut seen = 0;
    for (said, ran_out) in leases() {
        for failing_for in lengths().map(Some).chain([None]) {
            for is_known_to_be_open in [false, true] {
                for is_blind in [false, true] {
                    let open = if is_known_to_be_open { [user(1)].into() } else { [].into() };
                    let known = KnownPages { open, failing_for, is_blind };
                    let page = known.page(user(1), said, ran_out);
                    let ran_out_in_order = match (ran_out, failing_for) {
                        (_, None) => true,
                        (Some(ran_out), Some(failing)) => ran_out > failing,
                        (None, Some(_)) => false,
                    };
                    let is_closed =
                        said == Page::Closed && ran_out_in_order && !is_known_to_be_open;
                    assert_eq!(page == Page::Closed, is_closed, "{known:?} {said} {ran_out:?}");
                    assert!(!is_known_to_be_open || page == Page::Open);
                    seen += 1;
                }
            }
        }
    }
    assert_eq!(seen, 11 * 9 * 2 * 2);
}

#[test]
fn renewals_that_fail_leave_pages_open_for_as_long_as_they_fail_and_one_lease_more() {
    let (mut doubt, now) = settled(start());
    let closed = |doubt: &Doubt, now, ago| {
        doubt.pages(&acme(), now).page(user(2), Page::Closed, Some(ago)) == Page::Closed
    };
    assert!(closed(&doubt, now, SECOND), "nothing failed");
    for failing in 0..60 {
        doubt.renewed(&acme(), false, now + failing * SECOND);
    }
    let last = now + 59 * SECOND;
    assert!(!closed(&doubt, last, 59 * SECOND), "it ran out when the first renewal failed");
    assert!(closed(&doubt, last, 60 * SECOND), "it ran out while renewals worked");
    doubt.renewed(&acme(), true, last);
    assert!(!closed(&doubt, last + 29 * SECOND, SECOND), "another server may need a moment");
    assert!(closed(&doubt, last + 30 * SECOND, SECOND));
    let other: WorkspaceId = "other".parse().unwrap();
    let page = doubt.pages(&other, last).page(user(2), Page::Closed, Some(SECOND));
    assert_eq!(page, Page::Closed, "another workspace's renewals worked");
}

#[test]
fn a_page_that_is_open_here_is_open_and_one_that_closed_is_not() {
    let (mut doubt, now) = settled(start());
    let page = |doubt: &Doubt| doubt.pages(&acme(), now).page(user(1), Page::Closed, Some(SECOND));
    doubt.open(&acme(), [user(1)].into());
    assert_eq!(page(&doubt), Page::Open);
    doubt.open(&acme(), [].into());
    assert_eq!(page(&doubt), Page::Closed);
}

#[test]
fn what_one_server_cannot_record_the_others_know() {
    let (mut here, now) = settled(start());
    let (mut there, _) = settled(start());
    here.open(&acme(), [user(1), user(2)].into());
    assert_eq!(here.unrecorded(now), [], "nothing failed");
    here.renewed(&acme(), false, now);
    assert_eq!(here.failing(), 1);
    for (workspace, users) in here.unrecorded(now) {
        there.told(workspace, users, now);
    }
    // Even a page whose lease ran out long before: it was opened while nothing could be recorded.
    let hour = Some(3600 * SECOND);
    let page = |n, later| there.pages(&acme(), now + later).page(user(n), Page::Closed, hour);
    assert_eq!(
        [page(1, SECOND), page(2, SECOND), page(3, SECOND)],
        [Page::Open, Page::Open, Page::Closed]
    );
    assert_eq!(page(1, LEASE), Page::Closed, "the other server has fallen silent");
    here.renewed(&acme(), true, now);
    assert_eq!((here.failing(), here.unrecorded(now)), (0, vec![]));
}

#[test]
fn what_is_not_needed_any_more_is_forgotten() {
    let (mut doubt, now) = settled(start());
    doubt.told(acme(), vec![user(1)], now);
    doubt.open(&acme(), [user(1)].into());
    doubt.renewed(&acme(), false, now);
    doubt.open(&acme(), [].into());
    assert_eq!(doubt.unrecorded(now + LEASE), []);
    assert!(doubt.workspaces.is_empty());
}

#[test]
fn while_the_database_is_out_of_reach_somebody_rings() {
    let mut doubt = Doubt::new(start());
    let mut now = start();
    for _ in 0..100 {
        now += SECOND;
        doubt.out_of_reach(now);
    }
    let hour = 3600 * SECOND;
    let correct = |doubt: &Doubt, now, pages: [Page; 2]| {
        let mut roster = Roster {
            contact: None,
            candidates: vec![candidate(1, pages[0]), candidate(2, pages[1])],
            closed: vec![(user(1), hour), (user(2), hour)],
            call_is_over: false,
        };
        doubt.pages(&acme(), now).correct(&mut roster);
        [roster.candidates[0].page, roster.candidates[1].page]
    };
    let all_closed = [Page::Closed; 2];
    assert_eq!(correct(&doubt, now, all_closed), [Page::Unknown; 2]);
    let one_open = [Page::Open, Page::Closed];
    assert_eq!(correct(&doubt, now, one_open), one_open);
    assert_eq!(correct(&doubt, now + LEASE, all_closed), all_closed, "they had time to come back");
}

/// The word of a page holds against everything but a time in which it could not be written down.
#[test]
fn only_a_word_that_could_be_written_down_keeps_an_open_page_from_ringing() {
    for is_open_here in [false, true] {
        let open = || if is_open_here { [user(1)].into() } else { [].into() };
        let ran_out = Some(20 * SECOND);
        let well = KnownPages { open: open(), failing_for: None, is_blind: false };
        assert_eq!(well.page(user(1), Page::NotReady, ran_out), Page::NotReady);
        let since_before = KnownPages { failing_for: Some(10 * SECOND), ..well.clone() };
        assert_eq!(since_before.page(user(1), Page::NotReady, ran_out), Page::NotReady);
        let since_then = KnownPages { failing_for: Some(30 * SECOND), ..well };
        let rings = if is_open_here { Page::Open } else { Page::Unknown };
        assert_eq!(since_then.page(user(1), Page::NotReady, ran_out), rings);
    }
}
