//! Events of several workspaces in one transaction: the same rows, and nobody sees another's.

use std::collections::BTreeMap;

use calls::Fact;
use identity::{ContactId, WorkspaceId};
use store_pg::{StoreError, StoredEvent};

use crate::erase::{enter, of_call, person};
use crate::events::*;
use crate::support::*;

const TEAMS: [&str; 4] = ["ws_a", "ws_b", "ws_c", "ws_d"];

type Events = BTreeMap<WorkspaceId, Vec<StoredEvent>>;

/// Workspaces with a team and a contact each; the contact's id is the same everywhere only in its first bytes.
async fn scene(db: &Db) -> Vec<(WorkspaceId, ContactId)> {
    let mut all = Vec::new();
    for (name, id) in TEAMS.iter().zip(0x11..) {
        let workspace = workspace(name);
        db.team(&workspace, &[1, 2, 3, 9]).await;
        let contact = db.contact(&workspace, id, "+15005550001").await;
        all.push((workspace, contact));
    }
    all
}

async fn states(db: &Db) -> Vec<Vec<String>> {
    let mut states = Vec::new();
    for name in TEAMS {
        states.push(db.state(&workspace(name)).await);
    }
    states
}

/// New calls, calls that are known, calls that seem new and are known, and calls that somebody places, in any
/// division.
#[tokio::test]
async fn workspaces_together_have_the_rows_that_each_has_by_itself() {
    let (db, other) = (Db::new().await, Db::new().await);
    let (store, by_itself) = (db.store(), other.store());
    let scene = scene(&db).await;
    self::scene(&other).await;
    let mut dice = Dice::new(11);
    for round in 0..12_u8 {
        let mut batches: Vec<Events> = vec![Events::new(); 1 + dice.below(4)];
        for (workspace, contact) in &scene {
            for number in 0..=u8::try_from(dice.below(2)).expect("small") {
                let story = if dice.below(3) > 0 { three_agents } else { outbound };
                let mut events = of_call(0x40 + 2 * round + number, &story(*contact));
                if dice.below(2) == 0 {
                    dice.shuffle(&mut events);
                }
                let first = events[0].clone();
                for stored in events.into_iter().chain([first]) {
                    let batch = dice.below(batches.len());
                    batches[batch].entry(workspace.clone()).or_default().push(stored);
                }
            }
        }
        for batch in &batches {
            let left_out = store.apply_together(batch, SHORT).await.expect("applied");
            assert_eq!(left_out, BTreeMap::new());
            for (workspace, events) in batch {
                by_itself.apply(workspace, events).await.expect("applied");
            }
        }
        let states = states(&db).await;
        assert!(states.iter().all(|state| state.len() > 10), "{states:?}");
        assert_eq!(states, self::states(&other).await, "round {round}");
    }
    let told = "select count(*) from voice_feeds where seq > 0";
    assert_eq!(db.value::<i64>(told).await, 4, "each has its own changes");
}

#[tokio::test]
async fn one_that_is_refused_keeps_all_back() {
    let db = Db::new().await;
    let store = db.store();
    let scene = scene(&db).await;
    let before = states(&db).await;
    let all: Events = scene
        .iter()
        .map(|(workspace, contact)| (workspace.clone(), three_agents(*contact)))
        .collect();
    let cases = [
        ("voice_calls", "raise exception 'no' using errcode = '38000'"),
        ("livechat_messages", "raise exception 'no'"),
        ("livechat_messages", "perform pg_sleep(9)"),
        // Whoever leaves the scope before the next workspace enters its own is noticed.
        ("voice_calls", "perform set_config('voice.workspace_id', 'ws_d', true)"),
        ("voice_events", "perform set_config('voice.workspace_id', 'ws_a', true)"),
        ("livechat_messages", "perform set_config('role', 'voice_app', true)"),
    ];
    for (table, does) in cases {
        db.execute(&format!(
            "create function public.trouble() returns trigger language plpgsql as $$ \
               begin if new.workspace_id = 'ws_b' then {does}; end if; return null; end $$; \
             create trigger trouble after insert on public.{table} \
               for each row execute function public.trouble()"
        ));
        let error = store.apply_together(&all, SHORT).await.expect_err(does);
        let leaves_first = table == "voice_calls" && does.contains("set_config");
        assert!(!leaves_first || matches!(error, StoreError::ScopeLeft), "{does}: {error:?}");
        assert_eq!(states(&db).await, before, "{does}");
        db.execute(&format!("drop trigger trouble on public.{table}; drop function trouble()"));
    }
    store.apply_together(&all, SHORT).await.expect("all is well");
    assert_eq!(states(&db).await.iter().filter(|state| state.len() > 10).count(), 4);
}

#[tokio::test]
async fn what_was_erased_of_one_does_not_come_back_with_the_others() {
    let db = Db::new().await;
    let store = db.store();
    enter(&db, &TEAMS);
    let scene = scene(&db).await;
    let (erased, contact) = &scene[1];
    store.apply(erased, &three_agents(*contact)).await.expect("applied");
    let numbers = [number("+15005550001")];
    db.owner.erase(erased, &person(&numbers, Some(*contact))).await.expect("erased");

    let mut all: Events = scene
        .iter()
        .map(|(workspace, contact)| (workspace.clone(), three_agents(*contact)))
        .collect();
    // Of another person, in the same workspace.
    let mut others = of_call(0xc9, &three_agents(*contact));
    others.retain(|stored| matches!(stored.event.fact, Fact::Leg(_)));
    all.entry(erased.clone()).or_default().extend(others);
    store.apply_together(&all, SHORT).await.expect("applied");
    let states = states(&db).await;
    assert_eq!(states.iter().filter(|state| state.len() > 10).count(), 4, "{states:?}");
    let erased_call = format!(r#""call_sid": "{}""#, sid(CALL));
    assert!(!states[1].iter().any(|row| row.contains(&erased_call)), "{states:?}");
    assert!(states[1].iter().any(|row| row.contains(sid(0xc9).as_str())));

    let only = Events::from([(erased.clone(), three_agents(*contact))]);
    store.apply_together(&only, SHORT).await.expect("nothing to do");
    assert_eq!(db.state(erased).await, states[1]);
}
