//! An error names what it is about and what to do, and only what is away is called away.

use store_pg::{Store, StoreError, StoreOptions};

use crate::events::*;
use crate::support::*;

/// What a store says whose connection string leads here.
async fn refused(url: &str) -> StoreError {
    let store = Store::new(url, StoreOptions::SMALL).expect("a store");
    store.guard().await.expect_err(url)
}

#[tokio::test]
async fn whoever_does_not_get_in_is_told_why() {
    let db = Db::new().await;
    let url = db.url(LOGIN);
    let nobody = refused(&db.url("nobody_at_all")).await;
    assert!(matches!(nobody, StoreError::SetUp(_)) && nobody.is_everybodys(), "{nobody:?}");
    let text = nobody.to_string();
    assert!(text.contains("(28000, role \"nobody_at_all\" does not exist)"), "{text}");
    assert!(text.ends_with(": run `switchroom migrate`, which makes the role of DATABASE_URL"));

    let nowhere = refused(&url.replace(db.name(), "no_such_chat")).await;
    assert!(matches!(nowhere, StoreError::SetUp(_)) && nowhere.is_everybodys(), "{nowhere:?}");
    let text = nowhere.to_string();
    assert!(text.contains("(3D000, database \"no_such_chat\" does not exist)"), "{text}");
    assert!(text.contains("let the connection string end with the name"), "{text}");

    // The same through a pool.
    let store = Store::new(&db.url("nobody_at_all"), StoreOptions::SMALL).expect("a store");
    let pooled = store.ready().await.expect_err("no such role");
    assert!(matches!(pooled, StoreError::SetUp(_)) && pooled.is_everybodys(), "{pooled:?}");
    assert!(pooled.to_string().contains("role \"nobody_at_all\" does not exist"), "{pooled}");

    let away = refused("postgres://a:hunter2@127.0.0.1:9/b").await;
    assert!(matches!(away, StoreError::Away(_)) && away.is_everybodys(), "{away:?}");
    assert!(away.to_string().starts_with("the database is away: Connection refused"), "{away}");
}

#[tokio::test]
async fn what_is_wrong_with_the_tables_is_named() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    let contact = db.contact(&ws, 1, "+15005550001").await;
    let events = three_agents(contact);
    // SQL that breaks something, SQL that repairs it, the words, and whether it is the set-up's.
    let cases = [
        (
            "revoke insert on voice_events from voice_webhook",
            "grant insert on voice_events to voice_webhook",
            "the database is not set up for this (42501, permission denied for table voice_events): \
             run `switchroom migrate`, which grants",
        ),
        (
            "alter table voice_calls rename column waves to gone",
            "alter table voice_calls rename column gone to waves",
            "the database is not set up for this (42703, column ",
        ),
        (
            "alter table livechat_messages add constraint words check (status <> 'completed')",
            "alter table livechat_messages drop constraint words",
            "the database refused the data (23514, table livechat_messages, constraint words, ",
        ),
        (
            "alter table livechat_messages add column kind text not null check (kind <> '')",
            "alter table livechat_messages drop column kind",
            "the database refused the data (23502, table livechat_messages, column kind, ",
        ),
        (
            "create table people (id uuid primary key); \
             alter table livechat_messages add constraint of_people foreign key (contact_id) \
               references people",
            "drop table people cascade",
            "the database refused the data (23503, table livechat_messages, constraint of_people, ",
        ),
        (
            "create function refuses() returns trigger language plpgsql as \
               'begin raise exception ''Jane %'', new.body; end'; \
             create trigger refuses before insert on livechat_messages for each row \
               execute function refuses()",
            "drop function refuses cascade",
            "the database refused the data (P0001, in PL/pgSQL function public.refuses() line 1 at RAISE): \
             look at the trigger",
        ),
        (
            "create function counts() returns trigger language plpgsql as \
               'begin if exists (select from public.voice_numbers n where n.rank = ''Jane''::text) \
                  then return null; end if; return new; end'; \
             create trigger counts before insert on livechat_messages for each row \
               execute function counts()",
            "drop function counts cascade",
            "near n.rank, in PL/pgSQL function public.counts() line 1 at IF)",
        ),
    ];
    for (broken, repaired, want) in cases {
        db.execute(broken);
        let written = db.store().apply(&ws, &events).await;
        db.execute(repaired);
        let text = written.expect_err(broken).to_string();
        assert!(text.contains(want), "{broken}: {text}");
        assert!(!text.contains("Jane") && !text.contains("is away"), "{broken}: {text}");
    }
    db.store().apply(&ws, &events).await.expect("all is repaired");
}

#[tokio::test]
async fn a_lock_is_not_a_database_that_is_away() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    let contact = db.contact(&ws, 1, "+15005550001").await;
    let mut other = db.client(localpg::SUPERUSER).await;
    let held = other.transaction().await.expect("a transaction");
    held.batch_execute("lock table voice_events in share mode").await.expect("a lock");
    let store = db.store();
    let events = of(&ws, &three_agents(contact));
    let error = store.apply_together(&events, SHORT).await.expect_err("it is locked");
    assert!(matches!(error, StoreError::Busy(_)) && !error.is_everybodys(), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with("the database cannot do it now (55P03, "), "{text}");
    assert!(text.contains("another program holds a lock"), "{text}");
    held.rollback().await.expect("gone");
}
