//! How long an attempt may take, and what its failure is about.

use std::time::Duration;

use store_pg::{Class, Limit, StoreError};

use crate::events::*;
use crate::support::*;

#[tokio::test]
async fn what_a_trigger_raises_has_a_class_and_keeps_nothing() {
    let db = Db::new().await;
    let (ws, other) = (workspace("ws_a"), workspace("ws_b"));
    let store = db.store();
    let raise = |state: &str| format!("raise exception 'no' using errcode = '{state}'");
    let cases = [
        (raise("PT403"), Class::Workspace),
        (raise("38000"), Class::Workspace),
        (raise("XX000"), Class::Workspace),
        (raise("42501"), Class::Workspace),
        (raise("42883"), Class::Workspace),
        (raise("P0001"), Class::Record),
        ("perform pg_sleep(9)".to_owned(), Class::Workspace),
        ("perform pg_terminate_backend(pg_backend_pid())".to_owned(), Class::Workspace),
        ("perform set_config('voice.workspace_id', 'ws_b', true)".to_owned(), Class::Workspace),
        ("perform set_config('role', 'voice_app', true)".to_owned(), Class::Workspace),
    ];
    for (does, want) in cases {
        db.execute(&format!(
            "create or replace function public.trouble() returns trigger language plpgsql as $$ \
               begin if new.workspace_id = 'ws_a' then {does}; end if; return null; end $$; \
             drop trigger if exists trouble on public.livechat_messages; \
             create trigger trouble after insert on public.livechat_messages \
               for each row execute function public.trouble()"
        ));
        let events = [stored(arrived(0))];
        let error = store.apply_together(&of(&ws, &events), SHORT).await.expect_err(&does);
        assert_eq!(error.class(), want, "{does}: {error:?}");
        assert_eq!(db.state(&ws).await, Vec::<String>::new(), "{does}");
        // Whoever is refused leaves the connection as it was.
        let pools = store.pools();
        let lane = pools.iter().find(|pool| pool.name == "lane").expect("a pool");
        let stays = matches!(&error, StoreError::Data(_)) || does.contains("sleep");
        assert!(!stays || lane.open == 1, "{does}: {lane:?}");
        store.apply(&other, &events).await.expect("the other is well");
        db.execute(
            "delete from livechat_messages; delete from voice_calls; delete from voice_events",
        );
    }
    store.guard().await.expect("still safe");
}

/// Transactions that notify commit one after the other, so a commit may wait longer than a statement may.
#[tokio::test]
async fn a_commit_that_waits_for_others_is_no_failure() {
    let db = Db::new().await;
    let (ws, store) = (workspace("ws_a"), db.store());
    db.execute(
        "create function public.waits() returns trigger language plpgsql as \
           'begin perform pg_advisory_xact_lock(7); return null; end'; \
         create constraint trigger waits after insert on public.voice_calls \
           deferrable initially deferred for each row execute function public.waits()",
    );
    let other = db.client("postgres").await;
    other.batch_execute("begin; select pg_advisory_xact_lock(7)").await.expect("the lock");
    let events = [stored(arrived(0))];
    let limit = Limit { statement: Duration::from_secs(2), lock: Duration::from_millis(25) };
    let release = async {
        let waits = "select exists (select from pg_locks l join pg_database d on d.oid = l.database \
             where not l.granted and l.locktype = 'advisory' and d.datname = current_database())";
        while !db.value::<bool>(waits).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(4 * limit.lock).await;
        other.batch_execute("rollback").await.expect("released");
    };
    let events = of(&ws, &events);
    let (applied, ()) = tokio::join!(store.apply_together(&events, limit), release);
    applied.expect("it waited");
    assert_eq!(db.value::<i64>("select count(*) from voice_calls").await, 1);
}
