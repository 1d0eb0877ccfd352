//! What the policy of a workspace does not want kept goes, and the events of old calls are packed.

use calls::{Fact, LegStatus};
use identity::{ContactId, WorkspaceId};
use store_pg::{Retained, StoreError};

use crate::erase::{CALLER, apply, count, enter, of_call, person};
use crate::events::*;
use crate::support::*;

/// Dates a call anew.
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
