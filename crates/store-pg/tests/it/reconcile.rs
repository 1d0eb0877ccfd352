//! What a reconciler may ask, and nobody else.

use std::time::Duration;

use calls::{Arrived, Closed, ClosedBy, Direction, Event, Fact, LegEvent, LegStatus, Party};
use serde_json::Value;
use store_pg::{After, KnownCall, Store, StoredEvent};
use tokio_postgres::error::SqlState;

use crate::support::*;

fn arrived(seconds: i64) -> Event {
    let (from, to) = (Party::read("+15005550001"), Party::read("+15005550006"));
    let direction = Direction::Inbound;
    Event { at: at(seconds), fact: Fact::Arrived(Arrived::new(direction, from, to)) }
}

fn leg(seconds: i64, id: u8, status: LegStatus) -> Event {
    let fact = LegEvent { agent: Some(agent(id)), ..LegEvent::new(sid(id), status) };
    Event { at: at(seconds), fact: Fact::Leg(fact) }
}

fn closed(seconds: i64, by: ClosedBy) -> Event {
    let fact = Closed { by, leg: None, status: LegStatus::NoAnswer };
    Event { at: at(seconds), fact: Fact::Closed(fact) }
}

async fn apply(store: &Store, name: &str, call: u8, events: Vec<Event>) {
    let stored = |event| StoredEvent { call: sid(call), event, params: Value::Null };
    let events: Vec<_> = events.into_iter().map(stored).collect();
    store.apply(&workspace(name), &events).await.expect("applied");
}

fn enter(db: &Db, names: &[&str]) {
    for name in names {
        db.execute(&format!(
            "insert into voice_workspaces (workspace_id, account_sid, api_key_sid, app_sid, sealed, \
               created_at) values ('{name}', 'AC1', 'SK1', 'AP1', '\\x00', '2026-01-01T00:00:00Z')"
        ));
    }
}

#[tokio::test]
async fn workspaces_are_named_that_need_it_and_only_to_the_webhooks_role() {
    let db = Db::new().await;
    let store = db.store();
    enter(&db, &["ws_a", "ws_b", "ws_c"]);
    let named = async |compared: i64, open: i64| {
        let ids = store.workspaces_to_reconcile(at(compared), at(open)).await.expect("ids");
        ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named(0, 0).await, ["ws_a", "ws_b", "ws_c"], "never compared");
    db.execute("update voice_workspaces set reconciled_until = '2026-01-01T00:10:00Z'");
    assert_eq!(named(600, 0).await, [""; 0]);
    assert_eq!(named(601, 0).await, ["ws_a", "ws_b", "ws_c"], "not lately");
    apply(&store, "ws_b", 1, vec![arrived(5)]).await;
    assert_eq!(named(0, 5).await, [""; 0]);
    assert_eq!(named(0, 6).await, ["ws_b"], "a call is open");
    apply(&store, "ws_b", 1, vec![closed(9, ClosedBy::Carrier)]).await;
    assert_eq!(named(0, 99).await, [""; 0]);

    let client = db.client(LOGIN).await;
    let ask = "select voice.workspaces_to_mend(now(), now())";
    for role in ["none", "voice_agent"] {
        client.batch_execute(&format!("set role {role}")).await.expect("a role");
        let error = client.batch_execute(ask).await.expect_err(role);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}");
    }
    client.batch_execute("set role voice_webhook").await.expect("a role");
    let renamed = "update voice_workspaces set account_sid = 'AC2'";
    let error = client.batch_execute(renamed).await.expect_err("credentials stay as they are");
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn one_server_at_a_time_and_the_comparison_never_goes_back() {
    let db = Db::new().await;
    let store = db.store();
    enter(&db, &["ws_a"]);
    let ws = workspace("ws_a");
    let minute = Duration::from_secs(60);
    let lease = store.lease(&ws, minute).await.expect("asked").expect("free");
    assert_eq!(lease.compared_until, at(0), "the entry of the workspace");
    assert_eq!(store.lease(&ws, minute).await.expect("asked"), None, "taken");
    store.release(&ws, lease, None).await.expect("released");
    apply(&store, "ws_a", 1, vec![arrived(50), closed(5_000, ClosedBy::Deadline)]).await;
    let lease = store.lease(&ws, minute).await.expect("asked").expect("free again");
    assert_eq!((lease.compared_until, lease.is_first), (at(50), true), "the last event");
    store.release(&ws, lease, Some(at(100))).await.expect("released");
    for (compared, want) in [(at(90), at(100)), (at(110), at(110))] {
        let lease = store.lease(&ws, minute).await.expect("asked").expect("free");
        store.release(&ws, lease, Some(compared)).await.expect("released");
        let lease = store.lease(&ws, minute).await.expect("asked").expect("free");
        assert_eq!((lease.compared_until, lease.is_first), (want, false));
        store.release(&ws, lease, None).await.expect("released");
    }

    // A lease that has ended by itself is another's now.
    let old = store.lease(&ws, Duration::ZERO).await.expect("asked").expect("free");
    let new = store.lease(&ws, minute).await.expect("asked").expect("ended by itself");
    store.release(&ws, old, Some(at(999))).await.expect("asked");
    assert_eq!(store.lease(&ws, minute).await.expect("asked"), None, "not given back by the old");
    store.release(&ws, new, None).await.expect("released");
    let lease = store.lease(&ws, minute).await.expect("asked").expect("free");
    assert_eq!(lease.compared_until, at(110));
    assert_eq!(store.lease(&workspace("absent"), minute).await.expect("asked"), None);
}

#[tokio::test]
async fn open_calls_come_with_their_open_legs_and_last_word() {
    let db = Db::new().await;
    let store = db.store();
    let (ws, other) = (workspace("ws_a"), workspace("ws_b"));
    apply(&store, "ws_b", 9, vec![arrived(0)]).await;
    apply(&store, "ws_a", 1, vec![arrived(0), leg(1, 2, LegStatus::Ringing)]).await;
    let answered =
        vec![arrived(5), leg(6, 4, LegStatus::Ringing), leg(8, 4, LegStatus::InProgress)];
    apply(&store, "ws_a", 3, answered).await;
    apply(&store, "ws_a", 5, vec![arrived(6), closed(70, ClosedBy::Carrier)]).await;
    apply(&store, "ws_a", 6, vec![arrived(7), closed(80, ClosedBy::Deadline)]).await;
    let open = store.open_calls(&ws, at(100), None, 10).await.expect("open calls");
    let seen: Vec<_> = open
        .iter()
        .map(|call| {
            let legs: Vec<_> =
                call.legs.iter().map(|leg| (leg.sid, leg.began_at, leg.answered_at)).collect();
            (call.sid, call.started_at, call.answered_at, call.heard_at, legs)
        })
        .collect();
    let want = [
        (sid(1), Some(at(0)), None, Some(at(1)), vec![(sid(2), Some(at(1)), None)]),
        (sid(3), Some(at(5)), Some(at(8)), Some(at(8)), vec![(sid(4), Some(at(6)), Some(at(8)))]),
    ];
    assert_eq!(seen, want);
    assert_eq!(store.open_calls(&ws, at(5), None, 10).await.expect("open calls").len(), 1);
    assert_eq!(store.open_calls(&ws, at(100), None, 1).await.expect("open calls").len(), 1);
    assert_eq!(store.open_calls(&other, at(100), None, 9).await.expect("open calls").len(), 1);

    let first = Some(After { started_at: Some(at(0)), sid: sid(1) });
    let rest = store.open_calls(&ws, at(100), first, 10).await.expect("open calls");
    assert_eq!(rest.iter().map(|call| call.sid).collect::<Vec<_>>(), [sid(3)]);

    let all = [1, 3, 5, 6, 9, 77].map(sid);
    let mut known = store.known_calls(&ws, &all).await.expect("known calls");
    known.sort_by_key(|call| call.sid);
    let call = |id, is_lost| KnownCall { sid: sid(id), is_lost };
    assert_eq!(known, [call(1, false), call(3, false), call(5, false), call(6, true)]);
}

#[tokio::test]
async fn the_contact_of_a_number_is_the_one_that_a_call_would_be_for() {
    let db = Db::new().await;
    let store = db.store();
    let (ws, other) = (workspace("ws_a"), workspace("ws_b"));
    db.contact(&ws, 1, "+15005550001").await;
    let assigned = db.contact(&ws, 2, "+15005550001").await;
    db.assign(&ws, assigned, agent(7), "active").await;
    let ask = async |ws, text| store.contact_of(ws, &number(text), *US).await.expect("asked");
    assert_eq!(ask(&ws, "+15005550001").await, Some(assigned));
    assert_eq!(ask(&ws, "+15005550002").await, None);
    assert_eq!(ask(&other, "+15005550001").await, None);
}
