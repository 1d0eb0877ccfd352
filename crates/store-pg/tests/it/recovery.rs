//! Connections that are lost and requests that are dropped.

use std::time::Duration;

use calls::LegStatus;
use localpg::{Options, Search};
use routing::Presence;
use store_pg::{Claim, Filter, Owner, Store, StoreError, StoreOptions};

use crate::events::*;
use crate::support::*;

/// One connection a pool, so that the next borrower gets what the last one left.
const NARROW: StoreOptions = StoreOptions {
    webhook_connections: 1,
    agent_connections: 1,
    apply_connections: 1,
    feed_connections: 1,
    report_connections: 1,
    lane_connections: 1,
};

/// The server's sessions that are inside a transaction or act as another role.
const OPEN: &str = "\
select count(*) from pg_stat_activity a \
where a.datname = current_database() and a.usename = 'voice_app' \
  and (a.xact_start is not null or a.state <> 'idle')";

/// Which pool a request borrows from.
#[derive(Clone, Copy)]
enum Lender {
    Webhook,
    Agent,
    Apply,
    Feed,
    Report,
}

/// Every request that the store knows, each with its lender.
const REQUESTS: [Lender; 19] = {
    use Lender::{Agent, Apply, Feed, Report, Webhook};
    [
        Apply, Webhook, Agent, Agent, Agent, Agent, Agent, Webhook, Webhook, Webhook, Apply, Apply,
        Apply, Apply, Apply, Feed, Feed, Report, Agent,
    ]
};

/// Makes the request with this number, for workspace A. How it ends does not matter here.
async fn make(store: &Store, request: usize, round: i64) {
    let a = workspace("ws_a");
    let call = sid(u8::try_from(round % 251).expect("a byte"));
    let events = [store_pg::StoredEvent { call, ..stored(arrived(round)) }];
    let number = number("+15005550123");
    let claim = Claim {
        agent: agent(1),
        number: &number,
        home: *US,
        call,
        limit: 1_000_000,
        since: at(0),
        limit_of_all: 1_000_000,
        since_of_all: at(0),
    };
    match request {
        0 => drop(store.apply(&a, &events).await),
        1 => drop(roster(store, &a, Some(&number), *US, sid(CALL), Duration::ZERO, at(0)).await),
        2 => drop(store.set_presence(&a, agent(1), Presence::Away, at(round)).await),
        3 => drop(store.agents(&a, agent(1), at(60)).await),
        4 => drop(store.calls(&a, agent(1), Filter::default(), 10, None).await),
        5 => drop(store.call(&a, agent(1), call).await),
        6 => drop(store.is_member(&a, agent(1)).await),
        7 => drop(store.workspace(&a).await),
        8 => drop(store.claim_call(&a, &claim, at(round)).await),
        9 => drop(roster(store, &a, None, *US, sid(CALL), Duration::ZERO, at(0)).await),
        10 => drop(store.rebuild(&a, &[call]).await),
        11 => drop(store.workspaces_to_reconcile(at(0), at(0)).await),
        12 => {
            if let Ok(Some(lease)) = store.lease(&a, Duration::ZERO).await {
                drop(store.release(&a, lease, None).await);
            }
        }
        13 => drop(store.open_calls(&a, at(round), None, 10).await),
        14 => drop(store.contact_of(&a, &number, *US).await),
        15 => drop(store.snapshot(&a, agent(1), at(60)).await),
        16 => drop(store.changes(&a, agent(1), 0, at(60)).await),
        17 => drop(store.stats(&a, agent(1), at(0), at(60)).await),
        _ => drop(store.end_wrap_up(&a, agent(1), at(60)).await),
    }
}

/// Drops requests of one workspace at any point, then asks for another workspace on the same pool.
/// `STORE_CANCELLATIONS` says how many are dropped, `CHAOS_SEED` when.
#[tokio::test]
async fn a_dropped_request_leaves_nothing_to_the_next_borrower() {
    let given = |name, or: &str| std::env::var(name).unwrap_or(or.to_owned()).parse();
    let wanted: usize = given("STORE_CANCELLATIONS", "300").expect("a number");
    let seed: usize = given("CHAOS_SEED", "3").expect("a number");
    let db = Db::new().await;
    let (a, b) = (workspace("ws_a"), workspace("ws_b"));
    db.team(&a, &[1, 2, 3]).await;
    db.team(&b, &[4]).await;
    let store = Store::new(&db.url(LOGIN), NARROW).expect("a store");
    roster(&store, &a, None, *US, sid(CALL), Duration::ZERO, at(0)).await.expect("a warm pool");
    let mut dice = Dice::new(seed as u64);
    let (mut dropped, mut round) = (0, 0);
    while dropped < wanted {
        round += 1;
        assert!(round < 40 * i64::try_from(wanted).expect("few"), "only {dropped} were dropped");
        let request = dice.below(REQUESTS.len());
        let limit = Duration::from_micros(u64::try_from(dice.below(3_000)).expect("small"));
        let made = tokio::time::timeout(limit, make(&store, request, round)).await;
        dropped += usize::from(made.is_err());
        match REQUESTS[request] {
            Lender::Webhook => {
                let roster = roster(&store, &b, None, *US, sid(CALL), Duration::ZERO, at(0))
                    .await
                    .expect("a roster");
                let users: Vec<_> = roster.candidates.iter().map(|one| one.user).collect();
                assert_eq!(users, [agent(4)], "round {round}");
            }
            Lender::Agent => {
                let agents = store.agents(&b, agent(4), at(60)).await.expect("agents");
                assert_eq!(agents.len(), 1, "round {round}");
            }
            Lender::Apply => {
                let event = stored(leg(round, 4, 0, LegStatus::Initiated));
                store.apply(&b, &[event]).await.expect("applied");
            }
            Lender::Feed => {
                let snapshot = store.snapshot(&b, agent(4), at(60)).await.expect("a snapshot");
                let agents = snapshot.expect("agent 4 is a member").agents;
                assert_eq!(agents.len(), 1, "round {round}");
            }
            Lender::Report => {
                let figures = store.stats(&b, agent(4), at(0), at(60)).await.expect("figures");
                let agents = figures.expect("agent 4 is a member").agents;
                assert_eq!(agents.len(), 1, "round {round}");
            }
        }
    }
    let legs = db.dump("voice_legs", &b).await;
    assert_eq!(legs.len(), 1, "{legs:?}");
    let begun = "select count(*) from voice_calls v where workspace_id = 'ws_a' and not exists \
        (select from voice_events e where e.workspace_id = 'ws_a' and e.call_sid = v.call_sid)";
    assert_eq!(db.value::<i64>(begun).await, 0, "calls of dropped requests were begun by others");
    assert_eq!(db.value::<i64>(OPEN).await, 0);
    println!(
        "figures: {dropped} of {round} requests dropped in {} kinds: 0 foreign workspaces, 0 open \
         transactions",
        REQUESTS.len()
    );
}

/// Fills the pools, so that there is something to lose.
async fn warm(store: &Store) {
    let ws = workspace("ws_a");
    let rosters = (0..8).map(|_| roster(store, &ws, None, *US, sid(CALL), Duration::ZERO, at(0)));
    let agents = (0..4).map(|_| store.agents(&ws, agent(1), at(60)));
    let (rosters, agents) = tokio::join!(
        futures_util::future::join_all(rosters),
        futures_util::future::join_all(agents),
    );
    assert!(rosters.iter().all(Result::is_ok) && agents.iter().all(Result::is_ok));
    store.apply(&ws, &[stored(arrived(0))]).await.expect("applied");
}

/// Each kind of request once; not one may fail.
async fn use_all(store: &Store, round: i64) {
    let ws = workspace("ws_a");
    roster(store, &ws, None, *US, sid(CALL), Duration::ZERO, at(0)).await.expect("a roster");
    store.apply(&ws, &[stored(leg(round, 1, 0, LegStatus::Initiated))]).await.expect("applied");
    assert!(
        store.set_presence(&ws, agent(1), Presence::Away, at(round)).await.expect("an answer"),
        "agent 1 is a member"
    );
    store.ready().await.expect("ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_after_the_backends_were_terminated() {
    let db = Db::new().await;
    db.team(&workspace("ws_a"), &[1]).await;
    let store = db.store();
    for round in 0..10 {
        // Requests that are answered at once share a connection; several are to be lost.
        for attempt in 0.. {
            warm(&store).await;
            if store.pools()[0].open > 1 {
                break;
            }
            assert!(attempt < 1_000, "round {round}: eight requests never needed two connections");
        }
        db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and usename = 'voice_app'",
        );
        use_all(&store, round).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_is_used_again_at_once() {
    let dir = std::env::temp_dir().join(format!("store-pg-restart-{}", std::process::id()));
    let options = Options::new(&dir, Search::from_env());
    let server = localpg::start(&options).expect("a server");
    let (owner, login) = ("postgres", LOGIN);
    let url = server.connection_string(login, "postgres");

    // The roles of this cluster are nobody else's: there are none yet.
    let store = Store::new(&server.connection_string(owner, "postgres"), NARROW).expect("a store");
    let refused = store.guard().await.expect_err("no schema").to_string();
    assert!(refused.contains("the database has no Switchroom schema"), "{refused}");
    assert!(refused.contains("the server cannot become the role voice_agent"), "{refused}");

    let as_owner = Owner::connect(&server.connection_string(owner, "postgres")).await;
    let as_owner = as_owner.expect("the owner");
    as_owner.migrate(&url).await.expect("migrated");
    let profile = "insert into user_profiles values ($1, 'ws_a', 'A', 'agent')";
    as_owner.client().execute(profile, &[&uuid([1; 16])]).await.expect("a profile");
    drop(as_owner);
    let store = Store::new(&url, StoreOptions::SMALL).expect("a store");
    store.guard().await.expect("safe");
    warm(&store).await;

    server.stop().expect("stopped");
    let away = store.ready().await.expect_err("nobody answers");
    assert!(matches!(away, StoreError::Away(_)) && away.is_transient(), "{away:?}");
    let away = store.apply(&workspace("ws_a"), &[stored(arrived(0))]).await.expect_err("away");
    assert!(away.is_transient(), "{away:?}");

    let server = localpg::start(&options).expect("the same server");
    use_all(&store, 1).await;
    server.stop().expect("stopped");
    std::fs::remove_dir_all(dir).expect("the directory of the test");
}
