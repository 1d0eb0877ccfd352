//! What is erased, purged or removed is gone, and does not come back.

use calls::{Event, Fact, LegEvent, LegStatus, Party};
use identity::{CallSid, ContactId, PhoneNumber, WorkspaceId};
use serde_json::json;
use store_pg::{
    Deleted, Erased, Person, Removed, Retained, Store, StoreError, StoredEvent, Traces,
};

use crate::events::*;
use crate::support::*;

/// The caller of the stories.
const CALLER: &str = "+15005550001";

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

async fn count(db: &Db, table: &str, workspace: &WorkspaceId) -> usize {
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

async fn apply(store: &Store, workspace: &WorkspaceId, events: &[StoredEvent]) {
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

/// Dates a call and its events anew.
fn is_old(db: &Db, call: u8, days: u32) {
    db.execute(&format!(
        "update voice_calls set started_at = now() - interval '{days} days' where call_sid = '{}'",
        sid(call)
    ));
}

#[tokio::test]
async fn what_the_policy_does_not_want_kept_is_removed() {
    let db = Db::new().await;
    let (ours, theirs) = (workspace("ws_a"), workspace("ws_b"));
    enter(&db, &["ws_a", "ws_b"]);
    let store = db.store();
    let contact = ContactId::from_bytes([0x11; 16]);
    for ws in [&ours, &theirs] {
        for (call, days) in [(0xc1, 100), (0xc2, 31), (0xc3, 29)] {
            apply(&store, ws, &of_call(call, &three_agents(contact))).await;
            is_old(&db, call, days);
        }
    }
    let with_requests = async |ws: &str, call: u8| {
        let sql = format!(
            "select count(*) from voice_events where workspace_id = '{ws}' and call_sid = '{}' \
               and params is not null",
            sid(call)
        );
        db.value::<i64>(&sql).await
    };
    let elsewhere = db.state(&theirs).await;
    let calls = db.dump("voice_calls", &ours).await;

    // Without a setting calls stay for ever, and requests for 30 days.
    let removed = store.retain(&ours).await.expect("removed");
    assert_eq!(removed, Retained { calls: 0, requests: 28, has_more: false });
    assert_eq!(db.dump("voice_calls", &ours).await, calls);
    assert_eq!(with_requests("ws_a", 0xc1).await + with_requests("ws_a", 0xc2).await, 0);
    assert_eq!(with_requests("ws_a", 0xc3).await, 14);
    assert_eq!(store.retain(&ours).await.expect("removed"), Retained::default());
    assert_eq!(db.state(&theirs).await, elsewhere);

    // The fold needs no request.
    store.rebuild(&ours, &[sid(0xc1)]).await.expect("folded again");
    is_old(&db, 0xc1, 100);

    let set = |policy: &str| {
        db.execute(&format!(
            "update voice_workspaces set policy = '{policy}' where workspace_id = 'ws_a'"
        ));
    };
    for nonsense in ["\"90\"", "0", "-5", "1e9", "true", "[1]", "null"] {
        set(&format!("{{\"retention_days\": {nonsense}, \"params_days\": {nonsense}}}"));
        let removed = store.retain(&ours).await.expect("removed");
        assert_eq!(removed, Retained::default(), "{nonsense}");
    }
    set(r#"{"retention_days": 90, "params_days": 7}"#);
    let removed = store.retain(&ours).await.expect("removed");
    assert_eq!(removed, Retained { calls: 1, requests: 14, has_more: false });
    assert_eq!(count(&db, "voice_calls", &ours).await, 2);
    apply(&store, &ours, &of_call(0xc1, &three_agents(contact))).await;
    let back = format!("select count(*) from voice_calls where call_sid = '{}'", sid(0xc1));
    assert_eq!(db.value::<i64>(&back).await, 1, "that of the other workspace");

    // Old marks go.
    db.execute(
        "insert into voice_erased values ('ws_a', '\\x01', now(), now() - interval '401 days')",
    );
    store.retain(&ours).await.expect("removed");
    assert_eq!(db.value::<i64>("select count(*) from voice_erased where mark <> ''").await, 0);
}

/// What follows from the events of a workspace.
async fn folded(db: &Db, workspace: &WorkspaceId) -> Vec<String> {
    let state = db.state(workspace).await;
    state.into_iter().filter(|row| !row.starts_with("voice_events")).collect()
}

async fn keys(db: &Db, call: u8) -> Vec<String> {
    let sql =
        "select key from voice_events where workspace_id = 'ws_a' and call_sid = $1 order by 1";
    let rows = db.owner.client().query(sql, &[&sid(call).as_str()]).await.expect("rows");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn the_events_of_an_old_call_become_one_row_and_still_count() {
    let db = Db::new().await;
    let (ours, theirs) = (workspace("ws_a"), workspace("ws_b"));
    enter(&db, &["ws_a", "ws_b"]);
    let store = db.store();
    let contact = ContactId::from_bytes([0x11; 16]);
    let mut missed = of_call(0xc3, &three_agents(contact));
    missed.retain(|stored| matches!(stored.event.fact, Fact::Arrived(_) | Fact::Ended(_)));
    let all = [
        of_call(0xc1, &three_agents(contact)),
        of_call(0xc2, &outbound(contact)),
        missed,
        of_call(0xc4, &three_agents(contact)),
    ];
    for ws in [&ours, &theirs] {
        db.team(ws, &[1, 2, 3]).await;
        for events in &all {
            apply(&store, ws, events).await;
        }
    }
    let want = folded(&db, &ours).await;
    for call in [0xc1, 0xc2, 0xc3] {
        is_old(&db, call, 31);
    }
    // Nothing is heard of a call of last week, but somebody may hold one of last month.
    is_old(&db, 0xc4, 7);
    db.execute("update voice_workspaces set policy = '{\"params_days\": 1}'");
    let elsewhere = db.state(&theirs).await;
    let mut held = db.client("postgres").await;
    let hold = held.transaction().await.expect("a transaction");
    let sql = "select from voice_calls where workspace_id = 'ws_a' and call_sid = $1 for update";
    hold.execute(sql, &[&sid(0xc2).as_str()]).await.expect("held");
    let removed = store.retain(&ours).await.expect("removed");
    assert_eq!(removed, Retained { calls: 0, requests: 14 + 8 + 2 + 14, has_more: false });
    hold.rollback().await.expect("let go");
    assert_eq!(keys(&db, 0xc1).await, ["packed"]);
    assert_eq!(keys(&db, 0xc2).await.len(), 8);
    assert_eq!(keys(&db, 0xc3).await, ["packed"]);
    assert_eq!(keys(&db, 0xc4).await.len(), 14);
    let requests =
        "select count(*) from voice_events where workspace_id = 'ws_a' and params is not null";
    assert_eq!(db.value::<i64>(requests).await, 0);
    assert_eq!(store.retain(&ours).await.expect("removed"), Retained::default());
    assert_eq!(db.state(&theirs).await, elsewhere, "another workspace is not touched");
    let size = "select max(pg_column_size(fact))::int from voice_events where key = 'packed'";
    assert!(db.value::<i32>(size).await < 1_000, "it is compressed");

    // Folded again, and with the same callbacks again, it is the same.
    db.execute("delete from voice_legs where workspace_id = 'ws_a'");
    db.execute("delete from voice_calls where workspace_id = 'ws_a'");
    let calls = [0xc1, 0xc2, 0xc3, 0xc4].map(sid);
    store.rebuild(&ours, &calls).await.expect("folded again");
    assert_eq!(folded(&db, &ours).await, want);
    for events in &all {
        apply(&store, &ours, events).await;
    }
    assert_eq!(folded(&db, &ours).await, want);
    assert_eq!(keys(&db, 0xc1).await, ["packed"]);

    // What comes late is a row beside it, and the smaller of two with one key counts.
    let late = [stored(routed(-1, contact, &[1, 2])), stored(leg(70, 3, 2, LegStatus::Canceled))];
    let late = of_call(0xc1, &late);
    apply(&store, &ours, &late).await;
    let leg = format!("leg:CAc1{}:2:canceled", &sid(3).as_str()[4..]);
    assert_eq!(keys(&db, 0xc1).await, [leg.as_str(), "packed", "routed:1"]);
    store.rebuild(&theirs, &calls).await.expect("folded again");
    apply(&store, &theirs, &late).await;
    assert_ne!(folded(&db, &ours).await, want);
    assert_eq!(folded(&db, &ours).await, folded(&db, &theirs).await);
    store.rebuild(&ours, &calls).await.expect("folded again");
    assert_eq!(folded(&db, &ours).await, folded(&db, &theirs).await);

    // Whoever asks again for such a call rings nobody.
    let server = db.client(LOGIN).await;
    let sql = format!(
        "begin; set local role voice_webhook; select set_config('voice.workspace_id', 'ws_a', true); \
         do $$ begin assert voice.call_is_over('{}'); end $$; rollback",
        sid(0xc3)
    );
    server.batch_execute(&sql).await.expect("it is over");

    let numbers = [number(CALLER)];
    let erased = db.owner.erase(&ours, &person(&numbers, Some(contact))).await.expect("erased");
    assert_eq!(erased.calls, calls);
    assert_eq!(count(&db, "voice_events", &ours).await, 0);
}

#[tokio::test]
async fn a_packed_row_that_cannot_be_read_stops_its_call_alone() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    enter(&db, &["ws_a"]);
    let store = db.store();
    let events = three_agents(ContactId::from_bytes([0x11; 16]));
    for text in ["arrived", "arrived 12", "arrived x {}", "arrived 12 {\"fact\": \"sung\"}"] {
        let sql = "insert into voice_events (workspace_id, call_sid, key, at, fact) \
                   values ('ws_a', $1, 'packed', now(), to_jsonb($2::text)) \
                   on conflict (workspace_id, call_sid, key) do update set fact = excluded.fact";
        db.owner.client().execute(sql, &[&sid(0xc1).as_str(), &text]).await.expect("a row");
        let refused = store.apply(&ws, &of_call(0xc1, &events[1..])).await.expect_err(text);
        assert!(
            matches!(&refused, StoreError::Corrupt(column) if column.contains("fact")),
            "{refused}"
        );
        apply(&store, &ws, &of_call(0xc2, &events)).await;
    }
}

#[tokio::test]
async fn one_server_at_a_time_removes_what_is_old_batch_by_batch() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    enter(&db, &["ws_a"]);
    db.execute(
        "update voice_workspaces set policy = '{\"retention_days\": 10}'; \
         insert into voice_calls (workspace_id, call_sid, direction, outcome, started_at, ended_at) \
           select 'ws_a', 'CA' || n, 'inbound', 'completed', now() - n * interval '1 hour', now() \
           from generate_series(241, 490) n",
    );
    let other = db.client("postgres").await;
    let lock = "begin; select pg_advisory_xact_lock(hashtextextended('retain ws_a', 0))";
    other.batch_execute(lock).await.expect("a lock");
    let store = db.store();
    assert_eq!(store.retain(&ws).await.expect("an answer"), Retained::default());
    other.batch_execute("rollback").await.expect("no lock");
    let mut batches = Vec::new();
    loop {
        let batch = store.retain(&ws).await.expect("removed");
        batches.push(batch.calls);
        if !batch.has_more {
            break;
        }
    }
    assert_eq!(batches, [100, 100, 50]);
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
