//! What one workspace may take from the others: a share of each pool, and answers of a bounded size.

use std::time::Duration;

use identity::WorkspaceId;
use store_pg::{Claim, Dialling, Filter, MOST_MEMBERS, Store, StoreError};

use crate::support::*;

const CALLER: &str = "+15005550001";

async fn claim(store: &Store, workspace: &WorkspaceId, call: u8) -> Result<Dialling, StoreError> {
    let number = number(CALLER);
    let claim = Claim {
        agent: agent(1),
        number: &number,
        home: *US,
        call: sid(call),
        limit: 30,
        since: at(-3_600),
        limit_of_all: 1_000,
        since_of_all: at(-86_400),
    };
    store.claim_call(workspace, &claim, at(0)).await
}

/// Waits until this many statements wait for a lock of another session.
async fn until_waiting(db: &Db, statements: i64) {
    // Only a superuser sees what others wait for.
    let client = db.client(localpg::SUPERUSER).await;
    let sql = "select count(*) from pg_stat_activity \
               where datname = current_database() and wait_event_type = 'Lock'";
    loop {
        let waiting: i64 = client.query_one(sql, &[]).await.expect("a count").get(0);
        if waiting >= statements {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn claims_that_wait_for_a_lock_of_their_workspace_leave_connections_for_others() {
    let db = Db::new().await;
    let [a, b] = ["ws_a", "ws_b"].map(workspace);
    for ws in [&a, &b] {
        db.team(ws, &[1, 2]).await;
    }
    let store = db.store();
    let other = db.client(OWNER).await;
    let lock = "begin; select pg_advisory_xact_lock(hashtextextended('claims ws_a', 0))";
    other.batch_execute(lock).await.expect("locked");
    let stuck: Vec<_> = (1..=12)
        .map(|call| {
            let (store, a) = (store.clone(), a.clone());
            tokio::spawn(async move { claim(&store, &a, call).await.map(drop) })
        })
        .collect();
    // Half of the eight connections for webhooks.
    until_waiting(&db, 4).await;
    let caller = number(CALLER);
    let roster = roster(&store, &b, Some(&caller), *US, sid(0xca), Duration::ZERO, at(0)).await;
    assert_eq!(roster.expect("a connection was free").candidates.len(), 2);
    assert!(claim(&store, &b, 0xcb).await.expect("a connection was free").claimed);
    other.batch_execute("rollback").await.expect("unlocked");
    for claim in stuck {
        drop(claim.await.expect("it ends"));
    }
    assert!(claim(&store, &a, 0xcc).await.is_ok(), "the workspace goes on by itself");
}

#[tokio::test]
async fn agents_that_wait_for_a_row_of_their_workspace_leave_connections_for_others() {
    let db = Db::new().await;
    let [a, b] = ["ws_a", "ws_b"].map(workspace);
    for ws in [&a, &b] {
        db.team(ws, &[1]).await;
    }
    let store = db.store();
    assert!(store.end_wrap_up(&a, agent(1), at(0)).await.expect("an answer"));
    let other = db.client(OWNER).await;
    other
        .batch_execute(
            "begin; update voice_agents set idle_since = now() where workspace_id = 'ws_a'",
        )
        .await
        .expect("locked");
    let stuck: Vec<_> = (1..=8)
        .map(|second| {
            let (store, a) = (store.clone(), a.clone());
            tokio::spawn(async move { store.end_wrap_up(&a, agent(1), at(second)).await })
        })
        .collect();
    // Half of the four connections for agents.
    until_waiting(&db, 2).await;
    assert!(store.is_member(&b, agent(1)).await.expect("a connection was free"));
    other.batch_execute("rollback").await.expect("unlocked");
    for one in stuck {
        drop(one.await.expect("it ends"));
    }
}

#[tokio::test]
async fn reports_of_a_workspace_run_one_at_a_time_and_take_no_place_of_a_token() {
    let db = Db::new().await;
    let [a, b] = ["ws_a", "ws_b"].map(workspace);
    for ws in [&a, &b] {
        db.team(ws, &[1]).await;
    }
    let store = db.store();
    // The connections prepare statements about the table when they are made.
    assert!(store.is_member(&a, agent(1)).await.expect("an answer"));
    assert!(store.stats(&a, agent(1), at(-60), at(0)).await.expect("figures").is_some());
    let other = db.client(OWNER).await;
    other.batch_execute("begin; lock table voice_calls").await.expect("locked");
    let stats: Vec<_> = (0..6)
        .map(|_| {
            let (store, a) = (store.clone(), a.clone());
            tokio::spawn(async move { store.stats(&a, agent(1), at(-60), at(0)).await })
        })
        .collect();
    until_waiting(&db, 1).await;
    for ws in [&a, &b] {
        assert!(store.is_member(ws, agent(1)).await.expect("a connection was free"));
    }
    for report in stats {
        drop(report.await.expect("it ends"));
    }
    let report = store.pools().into_iter().find(|pool| pool.name == "report").expect("a pool");
    assert!(report.over_share > 0, "they waited for each other, not for a connection");
    other.batch_execute("rollback").await.expect("unlocked");
    assert!(store.stats(&b, agent(1), at(-60), at(0)).await.expect("figures").is_some());
}

#[tokio::test]
async fn of_many_contacts_with_one_number_the_oldest_fifty_count() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2]).await;
    for contact in 1..=60 {
        db.contact(&ws, contact, CALLER).await;
    }
    let store = db.store();
    let caller = number(CALLER);
    let found = || async {
        let roster =
            roster(&store, &ws, Some(&caller), *US, sid(0xca), Duration::ZERO, at(0)).await;
        roster.expect("a roster").contact.expect("a contact").id
    };
    let contact = |id| identity::ContactId::from_bytes([id; 16]);
    db.assign(&ws, contact(51), agent(1), "active").await;
    assert_eq!(found().await, contact(1), "the 51st is not looked at");
    db.assign(&ws, contact(50), agent(1), "active").await;
    assert_eq!(found().await, contact(50));
    db.assign(&ws, contact(40), agent(2), "active").await;
    assert_eq!(found().await, contact(40), "of those with an assignment the oldest");
}

#[tokio::test]
async fn what_a_lookup_returns_is_bounded_whatever_the_live_chat_holds() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.execute(
        "insert into user_profiles (id, workspace_id, full_name, workspace_role) \
           select md5('member ' || n)::uuid, 'ws_a', repeat('x', 20000), 'agent' \
           from generate_series(1, 1200) n; \
         insert into livechat_contacts (id, workspace_id, display_name, phone_number) \
           values (gen_random_uuid(), 'ws_a', repeat('é', 2000000), '+15005550001'); \
         insert into livechat_contact_assignments (workspace_id, contact_id, user_id) \
           select 'ws_a', c.id, md5('gone ' || n)::uuid \
           from livechat_contacts c, generate_series(1, 1200) n",
    );
    db.team(&ws, &[1]).await;
    let store = db.store();
    let caller = number(CALLER);
    let roster = roster(&store, &ws, Some(&caller), *US, sid(0xca), Duration::ZERO, at(0)).await;
    let roster = roster.expect("a roster");
    let members = roster.candidates.iter().filter(|one| one.role.is_some()).count();
    assert_eq!((members, roster.candidates.len()), (MOST_MEMBERS, 2 * MOST_MEMBERS));
    let name = roster.contact.and_then(|contact| contact.name).expect("a name");
    assert_eq!(name, "é".repeat(200));
    let agents = store.agents(&ws, agent(1), at(0)).await.expect("agents");
    assert_eq!(agents.len(), MOST_MEMBERS);
    let longest = agents.iter().filter_map(|one| one.name.as_ref()).map(String::len).max();
    assert_eq!(longest, Some(200));
    let stats = store.stats(&ws, agent(1), at(-60), at(0)).await.expect("figures").expect("some");
    let longest = stats.agents.iter().filter_map(|one| one.name.as_ref()).map(String::len).max();
    assert_eq!((stats.agents.len(), longest), (MOST_MEMBERS, Some(200)));
}

#[tokio::test]
async fn what_a_read_of_calls_returns_is_bounded_whatever_they_hold() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    let contact = db.contact(&ws, 0x11, CALLER).await;
    let store = db.store();
    store.apply(&ws, &crate::events::three_agents(contact)).await.expect("applied");
    let call = sid(crate::events::CALL);
    let before = store.call(&ws, agent(1), call).await.expect("an answer").calls.remove(0);
    assert!(!before.call.waves.is_empty());
    // Random, so that it takes as much room where it is stored.
    db.execute(
        "update voice_calls set ended_at = null, from_party = repeat('x', 100000), \
           waves = (select jsonb_agg(waves -> 0 || jsonb_build_object('more', \
             md5(random()::text) || md5(random()::text) || md5(n::text))) \
             from generate_series(1, 20000) n); \
         insert into voice_legs (workspace_id, call_sid, leg_sid, status, initiated_at) \
           select 'ws_a', call_sid, 'CA' || md5(n::text), 'initiated', started_at \
           from voice_calls, generate_series(1, 2000) n",
    );
    let read = store.call(&ws, agent(1), call).await.expect("an answer").calls.remove(0).call;
    assert_eq!((read.waves.len(), read.legs.len()), (0, 500));
    let page = store.calls(&ws, agent(1), Filter::default(), 10, None).await.expect("a page").calls;
    let live = store.snapshot(&ws, agent(1), at(60)).await.expect("an answer").expect("a snapshot");
    for calls in [page, live.calls] {
        let [one] = &calls[..] else { panic!("{} calls", calls.len()) };
        assert_eq!((one.call.waves.len(), one.call.legs.len()), (0, 100));
    }
}
