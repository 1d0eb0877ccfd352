//! What is erased, purged or removed is gone, and does not come back.

use calls::{Event, Fact, LegEvent, Party};
use identity::{CallSid, ContactId, PhoneNumber, WorkspaceId};
use serde_json::json;
use store_pg::{Deleted, Erased, Person, Removed, Store, StoredEvent, Traces};

use crate::events::*;
use crate::support::*;

/// The caller of the stories.
pub(crate) const CALLER: &str = "+15005550001";

/// The tables in which a call leaves something.
const OF_CALLS: [&str; 4] = ["voice_calls", "voice_legs", "voice_events", "voice_dials"];

pub(crate) fn enter(db: &Db, names: &[&str]) {
    for name in names {
        db.execute(&format!(
            "insert into voice_workspaces (workspace_id, account_sid, api_key_sid, app_sid, sealed) \
               values ('{name}', 'AC1', 'SK1', 'AP1', '\\x00'); \
             insert into voice_numbers values ('{name}', '+15005550006', 1)"
        ));
    }
}

/// The events of a story as those of another call.
pub(crate) fn of_call(call: u8, events: &[StoredEvent]) -> Vec<StoredEvent> {
    let leg = |id: CallSid| -> CallSid {
        format!("CA{call:02x}{}", &id.as_str()[4..]).parse().expect("a Sid")
    };
    let moved = |stored: &StoredEvent| {
        let mut stored = StoredEvent { call: sid(call), ..stored.clone() };
        match &mut stored.event.fact {
            Fact::Leg(LegEvent { sid, .. }) => *sid = leg(*sid),
            Fact::Dialled(dialled) => dialled.child = dialled.child.map(leg),
            _ => {}
        }
        stored
    };
    events.iter().map(moved).collect()
}

pub(crate) fn person(numbers: &[PhoneNumber], contact: Option<ContactId>) -> Person<'_> {
    Person { numbers, contact, is_meant: &|text| text == "500 555-0001" }
}

pub(crate) async fn count(db: &Db, table: &str, workspace: &WorkspaceId) -> usize {
    db.dump(table, workspace).await.len()
}

/// Whether the number stands anywhere in our tables.
async fn is_anywhere(db: &Db, text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for table in store_pg::OURS {
        let sql = format!("select count(*) from {table} t where t::text like '%{text}%'");
        if db.value::<i64>(&sql).await > 0 {
            found.push(table);
        }
    }
    found
}

pub(crate) async fn apply(store: &Store, workspace: &WorkspaceId, events: &[StoredEvent]) {
    store.apply(workspace, events).await.expect("applied");
}

#[tokio::test]
async fn a_persons_calls_are_erased_and_do_not_come_back() {
    let db = Db::new().await;
    let (ours, theirs) = (workspace("ws_a"), workspace("ws_b"));
    enter(&db, &["ws_a", "ws_b"]);
    db.team(&ours, &[1, 2, 3]).await;
    db.team(&theirs, &[1, 2, 3]).await;
    let contact = db.contact(&ours, 0x11, CALLER).await;
    let store = db.store();

    let inbound = of_call(0xc1, &three_agents(contact));
    let placed = of_call(0xc2, &outbound(contact));
    // A call of somebody else, whose number begins like the person's.
    let mut other = of_call(0xc3, &three_agents(contact));
    other.retain(|stored| !matches!(stored.event.fact, Fact::Routed(_)));
    for stored in &mut other {
        if let Fact::Arrived(arrived) = &mut stored.event.fact {
            arrived.from = Party::read("+150055500012");
        }
    }
    // The person's number stands in a request alone, and what an agent typed.
    let mut forwarded = of_call(0xc4, &other);
    forwarded[0].params = json!([["ForwardedFrom", CALLER]]);
    let typed = Party::read("500 555-0001");
    let mut refused = of_call(0xc5, &other);
    if let Fact::Arrived(arrived) = &mut refused[0].event.fact {
        arrived.to = typed;
    }
    for events in [&inbound, &placed, &other, &forwarded, &refused] {
        apply(&store, &ours, events).await;
    }
    db.execute(&format!(
        "insert into voice_dials values ('ws_a', '{}', repeat('01', 16)::uuid, now())",
        sid(0xc2)
    ));
    apply(&store, &theirs, &inbound).await;
    let elsewhere = db.state(&theirs).await;
    let kept = db.dump("voice_calls", &ours).await;
    let kept = kept.iter().find(|row| row.contains(sid(0xc3).as_str())).expect("a call");

    let numbers = [number(CALLER)];
    let erased = db.owner.erase(&ours, &person(&numbers, Some(contact))).await.expect("erased");
    assert_eq!(erased.calls, [sid(0xc1), sid(0xc2), sid(0xc4), sid(0xc5)]);
    assert_eq!((erased.deleted.calls, erased.deleted.dials, erased.left), (4, 1, 0));
    assert_eq!((erased.log_cleared, erased.log_left), (2, 0));
    assert_eq!(db.dump("voice_calls", &ours).await, std::slice::from_ref(kept));
    let events = "select count(distinct call_sid) from voice_events where workspace_id = 'ws_a'";
    assert_eq!(db.value::<i64>(events).await, 1);
    assert_eq!(count(&db, "voice_dials", &ours).await, 0);
    let log = "select count(*) from livechat_messages where workspace_id = 'ws_a'";
    assert_eq!(db.value::<i64>(log).await, 5, "the live chat keeps that there was a call");
    let named = format!("{log} and contact_id is not null");
    assert_eq!(db.value::<i64>(&named).await, 0);
    assert_eq!(db.state(&theirs).await, elsewhere, "another workspace is not touched");
    db.execute("delete from voice_events where workspace_id = 'ws_b'");
    db.execute("delete from voice_calls where workspace_id = 'ws_b'");
    let mut places = is_anywhere(&db, &format!("{CALLER}%")).await;
    places.retain(|table| *table != "voice_calls" && *table != "voice_events");
    assert_eq!(places, [""; 0], "no mark shows a number");

    // A record that was in a spool, a late callback, and Twilio's own record.
    let settled = db.state(&ours).await;
    for events in [&inbound, &placed, &forwarded, &refused] {
        apply(&store, &ours, events).await;
    }
    apply(&store, &ours, &inbound[9..10]).await;
    let late = of_call(0xc7, &three_agents(contact));
    apply(&store, &ours, &late).await;
    assert_eq!(db.state(&ours).await, settled);
    let listed = |call, began| Traces::of(sid(call), began, [CALLER, "+15005550006"]);
    let asked = [
        listed(0xc1, at(0)),
        listed(0xc8, at(0)),
        Traces::of(sid(0xc9), at(0), ["+15005550002"]),
        Traces::of(sid(0xc3), at(0), [CALLER]),
    ];
    let gone = store.erased(&ours, &asked).await.expect("an answer");
    assert_eq!(gone, [sid(0xc1), sid(0xc8)]);
    assert_eq!(store.erased(&theirs, &asked).await.expect("an answer"), []);

    let asked = [number(CALLER), number("+15005550002")];
    let newly = store.newly_erased(&ours, &asked).await.expect("an answer");
    assert_eq!(newly, [number(CALLER)]);
    assert_eq!(store.newly_erased(&theirs, &asked).await.expect("an answer"), []);
    db.execute("update voice_erased set marked_at = now() - interval '2 hours'");
    assert_eq!(store.newly_erased(&ours, &asked).await.expect("an answer"), []);

    // Among others that are kept.
    let mut mixed = inbound.clone();
    mixed.extend(of_call(0xca, &other));
    apply(&store, &ours, &mixed).await;
    assert_eq!(count(&db, "voice_calls", &ours).await, 2);

    // A call of the same person after that is a new one.
    let now: i64 = db.value("select extract(epoch from now())::bigint").await;
    let later = now - at(0).unix_micros() / 1_000_000;
    let again = Event { at: at(later + 60), ..arrived(0) };
    let again = StoredEvent { call: sid(0xcb), event: again, params: json!(null) };
    apply(&store, &ours, &[again]).await;
    assert_eq!(count(&db, "voice_calls", &ours).await, 3);

    let second = db.owner.erase(&ours, &person(&numbers, Some(contact))).await.expect("erased");
    assert_eq!(second, Erased { left: 1, ..Erased::default() }, "the new call goes on");
}

#[tokio::test]
async fn rows_of_the_log_that_are_not_as_we_wrote_them_are_left() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    enter(&db, &["ws_a"]);
    db.team(&ws, &[1, 2, 3]).await;
    let contact = db.contact(&ws, 0x11, CALLER).await;
    let store = db.store();
    for call in [0xc1, 0xc2, 0xc3] {
        apply(&store, &ws, &of_call(call, &three_agents(contact))).await;
    }
    db.execute(&format!(
        "delete from livechat_messages where twilio_sid = '{}'; \
         update livechat_messages set body = 'wants a pony' where twilio_sid = '{}'",
        sid(0xc1),
        sid(0xc2)
    ));
    let numbers = [number(CALLER)];
    let erased = db.owner.erase(&ws, &person(&numbers, None)).await.expect("erased");
    assert_eq!((erased.deleted.calls, erased.log_cleared, erased.log_left), (3, 1, 2));
    let log = db.dump("livechat_messages", &ws).await;
    assert_eq!(log.len(), 2, "the deleted row is not written again");
    assert_eq!(log.iter().filter(|row| row.contains("wants a pony")).count(), 1);
}

#[tokio::test]
async fn old_calls_are_purged_in_batches_and_do_not_come_back() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    enter(&db, &["ws_a"]);
    db.team(&ws, &[1, 2, 3]).await;
    let contact = db.contact(&ws, 0x11, CALLER).await;
    let store = db.store();
    let old = of_call(0xc1, &three_agents(contact));
    apply(&store, &ws, &old).await;
    apply(&store, &ws, &of_call(0xc2, &three_agents(contact))).await;
    db.execute(&format!(
        "insert into voice_calls (workspace_id, call_sid, direction, outcome, started_at, ended_at) \
           select 'ws_a', 'CA' || n, 'inbound', 'completed', now() - interval '400 days', now() \
           from generate_series(1, 1200) n; \
         update voice_calls set started_at = now() - interval '364 days' where call_sid = '{}'; \
         update voice_calls set started_at = now() - interval '366 days', ended_at = null \
           where call_sid = '{}'",
        sid(0xc2),
        sid(0xc1)
    ));
    let purged = db.owner.purge(&ws, 365).await.expect("purged");
    assert_eq!((purged.calls, purged.legs, purged.events), (1_201, 3, 14));
    assert_eq!(db.owner.purge(&ws, 365).await.expect("purged"), Deleted::default());
    for table in ["voice_calls", "voice_legs", "voice_events"] {
        let rows = count(&db, table, &ws).await;
        assert!(rows > 0, "{table}: the newer call is kept");
    }
    assert_eq!(count(&db, "voice_calls", &ws).await, 1);

    let settled = db.state(&ws).await;
    db.execute("update voice_erased set began_before = '2026-01-02Z'");
    apply(&store, &ws, &old).await;
    assert_eq!(db.state(&ws).await, settled);
    assert_eq!(db.owner.purge(&ws, 365).await.expect("purged"), Deleted::default());
    let moment = "select began_before = '2026-01-02Z' from voice_erased";
    assert!(db.value::<bool>(moment).await, "the moment does not go back");
}

#[tokio::test]
async fn a_removed_workspace_leaves_nothing_and_the_others_everything() {
    let db = Db::new().await;
    let (ours, theirs) = (workspace("ws_a"), workspace("ws_b"));
    enter(&db, &["ws_a", "ws_b"]);
    let store = db.store();
    let mut events = Vec::new();
    for ws in [&ours, &theirs] {
        db.team(ws, &[1, 2, 3]).await;
        let contact = ContactId::from_bytes([0x11; 16]);
        events = of_call(0xc1, &three_agents(contact));
        apply(&store, ws, &events).await;
        apply(&store, ws, &of_call(0xc2, &three_agents(contact))).await;
    }
    let numbers = [number(CALLER)];
    db.owner.erase(&ours, &person(&numbers, None)).await.expect("erased");
    apply(&store, &ours, &of_call(0xc5, &events)[3..]).await;
    let elsewhere = db.state(&theirs).await;

    let removed = db.owner.remove_all(&ours).await.expect("removed");
    assert!(removed.had_account);
    assert_eq!(removed.deleted.calls, 1);
    assert!(removed.others > 4, "{removed:?}");
    for table in store_pg::OURS {
        let left = count(&db, table, &ours).await;
        assert_eq!(left, usize::from(table == "voice_erased"), "{table}");
    }
    let again = db.owner.remove_all(&ours).await.expect("removed");
    assert_eq!(again, Removed::default());
    // What a spool still has is not kept again, also if the workspace is added again.
    apply(&store, &ours, &events).await;
    enter(&db, &["ws_a"]);
    apply(&store, &ours, &events).await;
    for table in OF_CALLS {
        assert_eq!(count(&db, table, &ours).await, 0, "{table}");
    }
    assert_eq!(db.state(&theirs).await, elsewhere);
}

#[tokio::test]
async fn the_servers_roles_can_erase_nothing() {
    let db = Db::new().await;
    enter(&db, &["ws_a"]);
    let client = db.client(LOGIN).await;
    for role in ["voice_agent", "voice_webhook"] {
        let scope =
            format!("set role {role}; select set_config('voice.workspace_id', 'ws_a', false)");
        client.batch_execute(&scope).await.expect("a scope");
        for sql in [
            "select voice.purge('ws_a', now(), 1)",
            "select voice.delete_calls('ws_a', '{}')",
            "select voice.pack_calls('ws_a', '{}')",
            "insert into voice_erased values ('ws_a', '', now())",
            "update voice_erased set began_before = now()",
        ] {
            let error = client.batch_execute(sql).await.expect_err(sql);
            let code = error.code();
            assert_eq!(
                code,
                Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE),
                "{role}: {sql}"
            );
        }
    }
}
