//! Several workspaces with one Twilio account: that an agent is busy crosses, and nothing else.

use std::time::Duration;

use calls::LegStatus;
use identity::{Timestamp, UserId, WorkspaceId};
use routing::Activity;
use store_pg::{Claim, Dialling, Notice, Store};
use tokio_postgres::error::SqlState;

use crate::events::*;
use crate::support::*;

/// `ws_a` and `ws_b` have one account, `ws_c` another one. Agents 1 and 2 are everywhere, 3 in `ws_a` alone.
async fn accounts(db: &Db) -> [WorkspaceId; 3] {
    for (name, account) in [("ws_a", 1), ("ws_b", 1), ("ws_c", 2)] {
        db.execute(&format!(
            "insert into voice_workspaces (workspace_id, account_sid, api_key_sid, app_sid, sealed) \
               values ('{name}', 'AC{account}', 'SK1', 'AP1', '\\x00')"
        ));
    }
    let all = ["ws_a", "ws_b", "ws_c"].map(workspace);
    for ws in &all {
        db.team(ws, &[1, 2]).await;
    }
    db.team(&all[0], &[3]).await;
    all
}

/// Who cannot take a call of this workspace because of another one.
async fn busy(store: &Store, workspace: &WorkspaceId, now: Timestamp) -> Vec<UserId> {
    let roster =
        roster(store, workspace, None, dialling::Country::NONE, sid(0x77), Duration::ZERO, now)
            .await;
    let candidates = roster.expect("a roster").candidates.into_iter();
    candidates.filter(|one| one.activity == Activity::OnCall).map(|one| one.user).collect()
}

/// The moment of the database, by which claims and answers count.
async fn now(db: &Db) -> i64 {
    let now: i64 = db.value("select extract(epoch from now())::bigint").await;
    now - at(0).unix_micros() / 1_000_000
}

#[tokio::test]
async fn who_talks_in_one_workspace_is_busy_in_the_others_of_the_account() {
    let db = Db::new().await;
    let [ours, sibling, other] = accounts(&db).await;
    let store = db.store();
    let start = now(&db).await - 60;
    let moment = at(start + 60);
    let mut listener = store.listen().await.expect("a listener");
    let talk = |id| stored(leg(start, id, 2, LegStatus::InProgress));
    store.apply(&ours, &[stored(arrived(start)), talk(1), talk(3)]).await.expect("applied");
    assert_eq!(busy(&store, &ours, moment).await, [agent(1), agent(3)]);
    assert_eq!(busy(&store, &sibling, moment).await, [agent(1)]);
    assert_eq!(busy(&store, &other, moment).await, []);
    let mut told = Vec::new();
    while !told.contains(&Notice::Agents(sibling.clone())) {
        let next = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
        told.push(next.expect("servers are told").expect("a notice"));
    }
    assert!(!told.contains(&Notice::Agents(other.clone())), "{told:?}");

    // Pages of the other workspace are shown nothing of it.
    let shown = store.agents(&sibling, agent(2), moment).await.expect("agents");
    assert!(shown.iter().all(|one| one.on_call_since.is_none() && one.call.is_none()));
    let members = store.members(&sibling, moment).await.expect("members");
    assert!(members.iter().all(|one| one.call.is_none()), "which call is not told");

    let over = leg(start + 30, 1, 3, LegStatus::Completed);
    store.apply(&ours, &[stored(over)]).await.expect("applied");
    assert_eq!(busy(&store, &sibling, moment).await, []);
    db.execute("update voice_workspaces set account_sid = 'AC1' where workspace_id = 'ws_c'");
    store.apply(&ours, &[talk(2)]).await.expect("applied");
    assert_eq!(busy(&store, &other, moment).await, [agent(2)], "it is in the account now");
    db.execute("delete from user_profiles where workspace_id = 'ws_b'");
    assert_eq!(busy(&store, &sibling, moment).await, [], "no member any more");
}

async fn claim(store: &Store, workspace: &WorkspaceId, call: u8, now: Timestamp) -> Dialling {
    let number = number("+15005550001");
    let claim = Claim {
        agent: agent(1),
        number: &number,
        call: sid(call),
        home: dialling::Country::NONE,
        limit: 10,
        since: at(0),
        limit_of_all: 10,
        since_of_all: at(0),
    };
    store.claim_call(workspace, &claim, now).await.expect("an answer")
}

#[tokio::test]
async fn who_places_a_call_in_one_workspace_places_none_in_the_others_of_the_account() {
    let db = Db::new().await;
    let [ours, sibling, other] = accounts(&db).await;
    let store = db.store();
    let moment = at(now(&db).await);
    assert!(claim(&store, &ours, 0xd1, moment).await.claimed);
    let refused = claim(&store, &sibling, 0xd2, moment).await;
    assert!(refused.on_call && !refused.claimed);
    assert!(claim(&store, &other, 0xd3, moment).await.claimed);
    assert_eq!(busy(&store, &sibling, moment).await, [agent(1)]);
    db.execute("delete from voice_dials where workspace_id = 'ws_a'");
    assert!(claim(&store, &sibling, 0xd2, moment).await.claimed);
}

/// One bit crosses, to the role of webhooks, and only of members.
#[tokio::test]
async fn the_question_tells_nothing_else() {
    let db = Db::new().await;
    let [ours, _, _] = accounts(&db).await;
    let store = db.store();
    let start = now(&db).await - 60;
    let talk = |id| stored(leg(start, id, 2, LegStatus::InProgress));
    store.apply(&ours, &[stored(arrived(start)), talk(1), talk(3)]).await.expect("applied");
    let client = db.client(LOGIN).await;
    let asked = "select count(*) from voice.busy_elsewhere('-infinity')";
    for (scope, want) in [("ws_b", 1), ("ws_c", 0), ("ws_a", 0), ("ws_x", 0), ("", 0)] {
        let enter = format!(
            "set role voice_webhook; select set_config('voice.workspace_id', '{scope}', false)"
        );
        client.batch_execute(&enter).await.expect("a scope");
        let seen: i64 = client.query_one(asked, &[]).await.expect("an answer").get(0);
        assert_eq!(seen, want, "{scope}");
    }
    client.batch_execute("set role voice_agent").await.expect("a role");
    for sql in [asked, "select voice.tell_siblings()"] {
        let error = client.batch_execute(sql).await.expect_err("not for agents");
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
    }
}
