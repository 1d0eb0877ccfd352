//! Who could take a call.

use std::time::Duration;

use identity::{UserId, WorkspaceId};
use routing::{Activity, Candidate, Page, Presence, Role};
use store_pg::{Claim, Roster, Store};

use crate::support::*;

const CALLER: &str = "+15005550001";

async fn roster(store: &Store, workspace: &WorkspaceId, caller: Option<&str>) -> Roster {
    let caller = caller.map(number);
    let found = crate::support::roster(
        store,
        workspace,
        caller.as_ref(),
        *US,
        sid(0xca),
        Duration::ZERO,
        at(0),
    );
    let found = found.await.expect("a roster");
    Roster { candidates: sorted(found.candidates), ..found }
}

fn sorted(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort();
    candidates
}

fn assigned(roster: &Roster) -> Vec<UserId> {
    roster.candidates.iter().filter(|one| one.assigned).map(|one| one.user).collect()
}

/// A member who never reported and is idle.
fn idle(user: u8) -> Candidate {
    Candidate {
        user: agent(user),
        role: Some(Role::Agent),
        assigned: false,
        presence: Presence::Unknown,
        page: Page::Unknown,
        activity: Activity::Idle,
        idle_since: None,
        rung_in: None,
    }
}

#[tokio::test]
async fn finds_the_contact_and_who_is_assigned() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3]).await;
    db.profile(&ws, agent(4), "admin").await;
    db.profile(&ws, agent(5), "viewer").await;
    let one = db.contact(&ws, 0x11, CALLER).await;
    let two = db.contact(&ws, 0x12, "+15005550002").await;
    let gone = db.contact(&ws, 0x13, "+15005550003").await;
    db.assign(&ws, one, agent(2), "active").await;
    // Twice the same, as nothing forbids.
    db.assign(&ws, one, agent(2), "active").await;
    db.assign(&ws, one, agent(1), "inactive").await;
    for user in [1, 3] {
        db.assign(&ws, two, agent(user), "active").await;
    }
    // Someone who has left, and someone whose role takes no calls.
    for user in [9, 5] {
        db.assign(&ws, gone, agent(user), "active").await;
    }
    let store = db.store();

    let found = roster(&store, &ws, Some(CALLER)).await;
    let contact = found.contact.clone().expect("a contact");
    assert_eq!((contact.id, contact.name.as_deref()), (one, Some("Contact 11")));
    let admin = Candidate { role: Some(Role::Admin), ..idle(4) };
    let want = [idle(1), Candidate { assigned: true, ..idle(2) }, idle(3), admin];
    assert_eq!(found.candidates, want);
    assert!(!found.call_is_over);

    assert_eq!(assigned(&roster(&store, &ws, Some("+15005550002")).await), [agent(1), agent(3)]);

    let found = roster(&store, &ws, Some("+15005550003")).await;
    let left = |user| Candidate { role: None, assigned: true, ..idle(user) };
    let want = [idle(1), idle(2), idle(3), admin, left(5), left(9)];
    assert_eq!(found.candidates, want, "assigned, but no members that take calls");

    for caller in [None, Some("+15005559999")] {
        let found = roster(&store, &ws, caller).await;
        assert_eq!(found.contact, None, "{caller:?}");
        assert_eq!(found.candidates, [idle(1), idle(2), idle(3), admin], "{caller:?}");
    }
}

#[tokio::test]
async fn of_several_contacts_with_one_number_the_assigned_one_is_meant_then_the_oldest() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    let store = db.store();
    let oldest = db.contact(&ws, 0x11, CALLER).await;
    let middle = db.contact(&ws, 0x12, CALLER).await;
    let newest = db.contact(&ws, 0x13, CALLER).await;
    let found = |roster: Roster| roster.contact.map(|contact| contact.id);
    assert_eq!(found(roster(&store, &ws, Some(CALLER)).await), Some(oldest));
    db.assign(&ws, newest, agent(1), "active").await;
    assert_eq!(found(roster(&store, &ws, Some(CALLER)).await), Some(newest));
    db.assign(&ws, middle, agent(1), "active").await;
    db.assign(&ws, oldest, agent(1), "closed").await;
    let found = roster(&store, &ws, Some(CALLER)).await;
    assert_eq!(found.contact.as_ref().map(|contact| contact.id), Some(middle));
    assert_eq!(found.candidates, [Candidate { assigned: true, ..idle(1) }]);
}

#[tokio::test]
async fn knows_nothing_of_other_workspaces() {
    let db = Db::new().await;
    let (a, b, empty) = (workspace("ws_a"), workspace("ws_b"), workspace("ws_empty"));
    db.team(&a, &[1]).await;
    db.team(&b, &[1, 2]).await;
    let theirs = db.contact(&b, 0x11, CALLER).await;
    db.assign(&b, theirs, agent(2), "active").await;
    // The same person is a member of both, and talks in one of them.
    db.execute(
        "insert into voice_calls (workspace_id, call_sid, direction, outcome, ended_at) \
           values ('ws_b', 'CAcacacacacacacacacacacacacacacaca', 'inbound', 'completed', now()); \
         insert into voice_events (workspace_id, call_sid, key, at, fact) \
           select 'ws_b', call_sid, 'ended', now(), '{}' from voice_calls; \
         insert into voice_legs (workspace_id, leg_sid, call_sid, user_id, status, answered_at) \
           select 'ws_b', 'CA01', call_sid, '01010101-0101-0101-0101-010101010101', 'in-progress', \
             '2026-01-01Z' from voice_calls",
    );
    let store = db.store();
    let found = roster(&store, &a, Some(CALLER)).await;
    assert_eq!(
        found,
        Roster { contact: None, candidates: vec![idle(1)], closed: vec![], call_is_over: false }
    );
    let found = roster(&store, &b, Some(CALLER)).await;
    assert_eq!(found.contact.map(|contact| contact.id), Some(theirs));
    assert!(found.call_is_over);
    let busy = Candidate { activity: Activity::OnCall, ..idle(1) };
    assert_eq!(found.candidates, [busy, Candidate { assigned: true, ..idle(2) }]);
    let found = roster(&store, &empty, Some(CALLER)).await;
    assert_eq!(
        found,
        Roster { contact: None, candidates: vec![], closed: vec![], call_is_over: false }
    );
}

#[tokio::test]
async fn knows_who_talks_and_who_is_away() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3, 4, 5]).await;
    // 1 talks; 2 rings; 3 talked; 4 lost the end of a call five hours ago; 5 said "away".
    db.execute(
        "insert into voice_calls (workspace_id, call_sid, direction, outcome) \
           values ('ws_a', 'CA1', 'inbound', 'in_progress'); \
         insert into voice_legs \
           (workspace_id, leg_sid, call_sid, user_id, status, answered_at, ended_at) values \
           ('ws_a', 'CAl1', 'CA1', repeat('01', 16)::uuid, 'in-progress', '2025-12-31T23:50Z', null), \
           ('ws_a', 'CAl2', 'CA1', repeat('02', 16)::uuid, 'ringing', null, null), \
           ('ws_a', 'CAl3', 'CA1', repeat('03', 16)::uuid, 'completed', '2025-12-31T23:50Z', \
             '2025-12-31T23:55Z'), \
           ('ws_a', 'CAl4', 'CA1', repeat('04', 16)::uuid, 'in-progress', '2025-12-31T19:00Z', null); \
         insert into voice_agents (workspace_id, user_id, presence, presence_since, idle_since) values \
           ('ws_a', repeat('03', 16)::uuid, null, null, '2025-12-31T23:55Z'), \
           ('ws_a', repeat('05', 16)::uuid, 'away', '2025-12-31T20:00Z', null)",
    );
    let found = roster(&db.store(), &ws, Some(CALLER)).await;
    let want = [
        Candidate { activity: Activity::OnCall, ..idle(1) },
        idle(2),
        Candidate { idle_since: Some(at(-300)), ..idle(3) },
        idle(4),
        Candidate { presence: Presence::Away, ..idle(5) },
    ];
    assert_eq!(found.candidates, want);
}

#[tokio::test]
async fn says_whether_an_agent_may_call_out() {
    let db = Db::new().await;
    let (ws, other) = (workspace("ws_a"), workspace("ws_b"));
    db.team(&ws, &[1, 2]).await;
    db.profile(&ws, agent(3), "viewer").await;
    db.team(&other, &[4]).await;
    let contact = db.contact(&ws, 0x11, CALLER).await;
    db.execute(
        "insert into voice_calls (workspace_id, call_sid, direction, outcome, ended_at) \
           select ws, 'CA' || n, 'outbound', 'completed', now() \
           from generate_series(0, 9) n, (values ('ws_a'), ('ws_b')) w (ws); \
         insert into voice_dials (workspace_id, call_sid, user_id, dialled_at) \
           select ws, 'CA' || n, repeat('01', 16)::uuid, \
             '2026-01-01Z'::timestamptz - n * interval '10 minutes' \
           from generate_series(0, 9) n, (values ('ws_a'), ('ws_b')) w (ws); \
         insert into voice_calls (workspace_id, call_sid, direction, outcome) \
           values ('ws_a', 'CAlive', 'inbound', 'in_progress'); \
         insert into voice_legs (workspace_id, leg_sid, call_sid, user_id, status, answered_at) \
           values ('ws_a', 'CAleg', 'CAlive', repeat('02', 16)::uuid, 'in-progress', \
             '2025-12-31T23:50Z')",
    );
    let store = db.store();
    let ask = async |user: u8, call: u8, to: &str, limit: u32| {
        let number = number(to);
        let claim = Claim {
            agent: agent(user),
            number: &number,
            home: *US,
            call: sid(call),
            limit,
            since: at(-3_600),
            limit_of_all: 1_000,
            since_of_all: at(-86_400),
        };
        store.claim_call(&ws, &claim, at(0)).await.expect("an answer")
    };
    let over = ask(1, 0xca, CALLER, 6).await;
    assert!(over.is_member && !over.on_call && !over.call_is_over && !over.claimed);
    assert_eq!(over.placed, 6, "the minutes 0 to 50");
    let known = over.contact.expect("a contact");
    assert_eq!((known.id, known.name.as_deref()), (contact, Some("Contact 11")));

    let allowed = ask(1, 0xca, CALLER, 7).await;
    assert!(allowed.claimed && !allowed.on_call);
    assert!(ask(1, 0xca, CALLER, 7).await.claimed, "the same call again");
    let second = ask(1, 0xcb, CALLER, 100).await;
    assert!(second.on_call && !second.claimed, "the first is not over");

    let busy = ask(2, 0xcc, "+15005550002", 7).await;
    assert!(busy.is_member && busy.on_call && !busy.claimed);
    assert_eq!((busy.placed, busy.contact), (0, None));
    for (user, what) in [(3, "a viewer"), (4, "another workspace's"), (9, "nobody")] {
        let refused = ask(user, 0xd0 + user, CALLER, 7).await;
        assert!(!refused.is_member && !refused.claimed, "{what}");
    }
    let dials: i64 = db.value("select count(*) from voice_dials where call_sid like 'CAca%'").await;
    assert_eq!(dials, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_of_one_agent_are_exact_however_many_arrive_at_once() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    let stores = [db.store(), db.store()];
    let mut claims = tokio::task::JoinSet::new();
    for call in 0..60 {
        let (store, ws) = (stores[usize::from(call % 2)].clone(), ws.clone());
        claims.spawn(async move {
            let number = number(CALLER);
            let (agent, call) = (agent(1), sid(call));
            let (since, since_of_all) = (at(-3_600), at(-86_400));
            let (limit, limit_of_all) = (30, 1_000);
            let number = &number;
            let claim =
                Claim { agent, number, home: *US, call, limit, since, limit_of_all, since_of_all };
            // More at once than the pool has connections: those that wait too long ask again.
            loop {
                match store.claim_call(&ws, &claim, at(0)).await {
                    Ok(answer) => return answer.claimed,
                    Err(error) => assert!(error.is_transient(), "{error}"),
                }
            }
        });
    }
    let claimed = claims.join_all().await.into_iter().filter(|claimed| *claimed).count();
    assert_eq!(claimed, 1, "one call at a time");
    let dials: i64 = db.value("select count(*) from voice_dials").await;
    assert_eq!(dials, 1);
}

/// Each contact of a workspace in the United States, as people wrote it, and who calls.
#[tokio::test]
async fn a_contact_is_found_however_its_number_is_written() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    let cases = [
        ("(500) 555-1001", "+15005551001"),
        ("500.555.1003", "+15005551003"),
        ("5005551004", "+15005551004"),
        ("15005551005", "+15005551005"),
        ("+1 500 555 1006", "+15005551006"),
        ("+15005551008 ", "+15005551008"),
        ("+1\u{a0}500\u{a0}555\u{a0}1009", "+15005551009"),
        ("\u{202a}+15005551010\u{202c}", "+15005551010"),
        ("tel:+1-500-555-1011", "+15005551011"),
        ("+15005551012;ext=22", "+15005551012"),
        ("+1 500 555 1013 x22", "+15005551013"),
        ("+1 500 555 1014 ext. 22", "+15005551014"),
        ("sip:+15005551015@pbx.example.com:5061", "+15005551015"),
        ("５００５５５１０１６", "+15005551016"),
        ("011 49 30 123456", "+4930123456"),
        ("+49 (0)30 123458", "+4930123458"),
        ("+49 (0)89 1234", "+49891234"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+54 9 221 123-4567", "+542211234567"),
        ("+55 11 8765-4321", "+5511987654321"),
    ];
    for (id, (text, _)) in (1..).zip(cases) {
        db.contact(&ws, id, text).await;
    }
    let store = db.store();
    for (id, (text, caller)) in (1_u8..).zip(cases) {
        let found = roster(&store, &ws, Some(caller)).await.contact;
        let found = found.map(|contact| contact.id);
        assert_eq!(found, Some(identity::ContactId::from_bytes([id; 16])), "{text:?} {caller}");
    }
    // The same last digits are not the same number.
    assert_eq!(roster(&store, &ws, Some("+14085551001")).await.contact, None);
}

#[tokio::test]
async fn several_contacts_with_one_number_are_one_caller() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3]).await;
    db.contact(&ws, 0x11, "(500) 555-0001").await;
    let second = db.contact(&ws, 0x12, CALLER).await;
    let third = db.contact(&ws, 0x13, "1 500 555 0001").await;
    db.contact(&ws, 0x14, "(408) 555-0001").await;
    db.assign(&ws, second, agent(2), "active").await;
    db.assign(&ws, third, agent(1), "active").await;
    let found = roster(&db.store(), &ws, Some(CALLER)).await;
    assert_eq!(assigned(&found), [agent(1), agent(2)]);
    let contact = found.contact.expect("a contact");
    assert_eq!(contact.id, second, "the first with an assignment");
    assert_eq!(contact.name.as_deref(), Some("Contact 12, Contact 11, Contact 13"));
}

/// Many contacts share their last eight digits, and the right one is the youngest of them.
#[tokio::test]
async fn the_right_contact_is_found_among_thousands_with_the_same_last_digits() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    // Other area codes, and the same digits in another country.
    db.execute(
        "insert into livechat_contacts (id, workspace_id, display_name, phone_number, created_at) \
         select gen_random_uuid(), 'ws_a', 'Other', \
           case when n <= 1000 then '(' || 199 + n || ') 555-1001' \
             when n <= 1900 then '+' || n || ' 05551001' else '+49 500 555 1001' end, \
           '2020-01-01Z'::timestamptz + n * interval '1 second' from generate_series(1, 2000) n",
    );
    let cases = [
        ("+15005551001", "+1 500 555 1001"),
        ("+15005551001", "(500) 555-1001"),
        ("+15005551001", "001 500 555 1001"),
        ("+15005551001", "+1 500 555 1001 DW 22"),
    ];
    let store = db.store();
    for (id, (caller, text)) in (1..).zip(cases) {
        let contact = db.contact(&ws, id, text).await;
        db.assign(&ws, contact, agent(1), "active").await;
        let found = roster(&store, &ws, Some(caller)).await;
        assert_eq!(found.contact.as_ref().map(|known| known.id), Some(contact), "{text}");
        assert_eq!(assigned(&found), [agent(1)], "{text}");
        db.execute(&format!("delete from livechat_contacts where phone_number = '{text}'"));
    }
}

/// Of many contacts with one number the oldest are asked for an assignment, as before.
#[tokio::test]
async fn of_many_contacts_with_the_number_the_oldest_are_read() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    db.execute(
        "insert into livechat_contacts (id, workspace_id, display_name, phone_number, created_at) \
         select gen_random_uuid(), 'ws_a', lpad(n::text, 3, '0'), '500 555 0001', \
           '2020-01-01Z'::timestamptz + n * interval '1 second' from generate_series(1, 60) n",
    );
    let contact = roster(&db.store(), &ws, Some(CALLER)).await.contact.expect("a contact");
    let names = contact.name.expect("names");
    assert!(names.starts_with("001, 002, ") && names.ends_with(", 050"), "{names}");
}

/// An index that an earlier definition of `voice.tail` made is made again.
#[tokio::test]
async fn an_index_of_an_earlier_definition_is_made_again() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    db.execute(
        "create or replace function voice.tail(number text) returns text language sql immutable \
           return nullif(right(regexp_replace(number, '[^0-9]', '', 'g'), 8), ''); \
         comment on function voice.tail(text) is null",
    );
    let contact = db.contact(&ws, 0x11, "(500) 555-0001 DW 22").await;
    db.owner.migrate(&db.url(LOGIN)).await.expect("migrated");
    db.execute("set enable_seqscan = off");
    let found = roster(&db.store(), &ws, Some(CALLER)).await.contact;
    assert_eq!(found.map(|known| known.id), Some(contact));
}

/// The database's last digits are those of the crate, or a contact would not be found.
#[tokio::test]
async fn the_last_digits_are_the_same_in_the_database_and_outside() {
    let db = Db::new().await;
    let texts = [
        "",
        "+",
        "none",
        "112",
        "(500) 555-1001",
        "+49 (0)30 123456 ext. 22",
        "(0)(0)12(0)34",
        "0049 (0)89 1234",
        "x12",
        "12x34",
        "12X34",
        "1,2",
        "1;ext=2",
        "#1#2",
        "1#2",
        "a@1@2",
        "sip:1@2",
        "sip:+15005551001@10.0.0.1:5060;transport=tcp",
        "０３０－１２３４５６",
        "٠٣٠ ١٢٣٤٥٦",
        "۰۳۰ x ۱",
        "४९ x22",
        "१ 1 x2",
        "1\n2x3\n4",
        "١x2",
        "e1x",
        "½5",
        "+1\u{a0}500\u{a0}555\u{a0}1001",
        "\u{202a}+15005551001\u{202c}",
        "123456789012345",
        "( 0 )12",
        "(00)12",
        "030 123456 DW 22",
        "030 123456 App. 3",
        "8 (495) 123-45-67 доб. 22",
        "03-1234-5678 内線22",
        "02-123-4567 내선 22",
        "03-1234ー5678",
        "1-800-FLOWERS 1",
        "030 123456 (Büro 2)",
        "030 123456 ÜBER 2",
        "030‐12–34—56",
    ];
    for text in texts {
        let row =
            db.owner.client().query_one("select voice.tail($1)", &[&text]).await.expect("one");
        assert_eq!(row.get::<_, Option<String>>(0), dialling::tail(text), "{text:?}");
    }
}
