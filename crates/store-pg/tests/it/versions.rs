//! Earlier schemas become this one, and programs of several versions share one database.

use localpg::testing::TestDatabase;
use serde_json::Value;
use store_pg::{Owner, SCHEMA_VERSION, Store, StoreError, StoreOptions};

use crate::migrate::{catalogue, empty, owner, words};
use crate::support::*;

/// The schemas that earlier versions made, oldest first. A version that changes `schema.sql` adds the
/// one that it replaces.
const EARLIER: &[(&str, &str)] = &[
    ("1", include_str!("../vectors/schemas/1.sql")),
    ("2", include_str!("../vectors/schemas/2.sql")),
    ("3", include_str!("../vectors/schemas/3.sql")),
    ("4", include_str!("../vectors/schemas/4.sql")),
];

/// A call as the earliest version wrote it.
const EARLIER_CALL: &str = "\
insert into user_profiles values (repeat('01', 16)::uuid, 'ws_a', 'A', 'agent'); \
insert into voice_calls (workspace_id, call_sid, direction, outcome, started_at, waves) \
  values ('ws_a', 'CA01010101010101010101010101010101', 'inbound', 'completed', now(), \
    '[{\"number\": 1, \"decided_at\": null, \"scope\": \"everyone:unknown_caller\", \"verdicts\": [], \
      \"ended_at\": null, \"dialled\": null}]'); \
insert into voice_legs (workspace_id, leg_sid, call_sid, user_id, status) \
  values ('ws_a', 'CA02020202020202020202020202020202', 'CA01010101010101010101010101010101', \
    repeat('01', 16)::uuid, 'completed');";

/// `create table if not exists` adds no column to a table that is there: each new column needs an
/// `alter table` of its own.
#[tokio::test]
async fn an_earlier_schema_becomes_the_same_as_a_new_one() {
    let database = empty();
    let fresh = owner(&database).await;
    fresh.migrate(&database.connection_string(LOGIN)).await.expect("migrated");
    let want = catalogue(&fresh).await;
    for (version, schema) in EARLIER {
        let database = empty();
        let owner = owner(&database).await;
        owner.client().batch_execute(schema).await.expect("the earlier schema");
        owner.client().batch_execute(EARLIER_CALL).await.expect("rows");
        let server = database.connection_string(LOGIN);
        owner.migrate(&server).await.expect("migrated");
        assert_eq!(catalogue(&owner).await, want, "schema {version}");
        let store = Store::new(&server, StoreOptions::SMALL).expect("a store");
        store.guard().await.expect("safe");
        let read = store.call(&workspace("ws_a"), agent(1), sid(1)).await.expect("an answer");
        let call = &read.calls[0].call;
        assert_eq!(
            call.waves[0].scope,
            Some(routing::Scope::Everyone { because: routing::Because::UnknownCaller }.into())
        );
        assert_eq!((call.legs[0].agent, call.legs[0].wave), (Some(agent(1)), None));
    }
}

#[test]
fn the_version_goes_up_with_each_schema_that_is_kept() {
    assert_eq!(usize::try_from(SCHEMA_VERSION), Ok(EARLIER.len() + 1));
    let stamp = store_pg::schema_stamp();
    assert!(stamp.starts_with(&format!("Switchroom schema {SCHEMA_VERSION} for programs from ")));
    assert!(!stamp.contains('\''), "it stands between quotes: {stamp}");
}

/// Rows of schemas, and the tables that they have not.
const ROWS: [(usize, &str, &[&str]); 2] = [
    (3, include_str!("../vectors/schemas/3.rows.sql"), &["voice_erased"]),
    (4, include_str!("../vectors/schemas/4.rows.sql"), &[]),
];

/// The rows of all our tables but the new ones, and of the live chat's, as JSON.
async fn rows(owner: &Owner, new: &[&str]) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for table in tables().filter(|table| !new.contains(table)) {
        let sql = format!("select to_jsonb(t) from public.{table} t order by to_jsonb(t)::text");
        let rows = owner.client().query(&sql, &[]).await.expect("the rows");
        assert!(!rows.is_empty(), "{table}");
        all.extend(rows.iter().map(|row| (table, row.get(0))));
    }
    all
}

/// Whether everything in the first is in the second with the same value.
fn is_kept(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return false };
    before.iter().all(|(column, value)| after.get(column) == Some(value))
}

#[tokio::test]
async fn no_row_of_an_earlier_schema_is_lost_or_changed() {
    for (version, sql, new) in ROWS {
        no_row_is_lost(EARLIER[version - 1].1, sql, new).await;
    }
}

async fn no_row_is_lost(schema: &str, sql: &str, new: &[&str]) {
    let database = empty();
    let owner = owner(&database).await;
    owner.client().batch_execute(schema).await.expect("the earlier schema");
    owner.client().batch_execute(sql).await.expect("the rows");
    let before = rows(&owner, new).await;
    assert_eq!(before.len(), sql.matches("INSERT INTO").count());
    owner.migrate(&database.connection_string(LOGIN)).await.expect("migrated");
    let after = rows(&owner, new).await;
    assert_eq!(before.len(), after.len());
    for (table, row) in &before {
        let found = after.iter().any(|(other, after)| other == table && is_kept(row, after));
        assert!(found, "{table}: {row}");
    }
    let store = Store::new(&database.connection_string(LOGIN), StoreOptions::SMALL);
    let store = store.expect("a store");
    store.guard().await.expect("safe");
    let acme = workspace("acme");
    let account = store.workspace(&acme).await.expect("an answer").expect("a workspace");
    assert_eq!(account.numbers.len(), 1);
    let asking = "45fd71af45fd71af45fd71af45fd7101".parse().expect("an agent");
    let filter = store_pg::Filter::default();
    let log = store.calls(&acme, asking, filter, 10, None).await.expect("the log");
    assert_eq!(log.calls.len(), 3, "{log:?}");
}

/// What a later program's schema may add to this one's.
const ADDED: &str = "\
alter table public.voice_calls add column if not exists colour text; \
create table if not exists public.voice_later (workspace_id text primary key, note text); \
alter table public.voice_later enable row level security, force row level security; \
create policy voice_owner on public.voice_later to current_user using (true) with check (true); \
create policy voice_webhook_permissive on public.voice_later to voice_webhook \
  using (workspace_id = (select voice.workspace())); \
grant select on public.voice_later to voice_webhook;";

/// A database as a later program leaves it, whose schema is for programs from this version.
async fn later(programs_from: &str) -> (TestDatabase, Owner) {
    let database = empty();
    let owner = owner(&database).await;
    owner.migrate(&database.connection_string(LOGIN)).await.expect("migrated");
    let version = SCHEMA_VERSION + 1;
    let comment = format!(
        "{ADDED} comment on schema voice is \
         'Switchroom schema {version} for programs from {programs_from}, sha256 {}'",
        "0".repeat(64)
    );
    owner.client().batch_execute(&comment).await.expect("a later schema");
    (database, owner)
}

#[tokio::test]
async fn a_program_works_with_a_later_schema_that_is_for_it_and_does_not_migrate_it() {
    let (database, owner) = later("0.1.0").await;
    let server = database.connection_string(LOGIN);
    let store = Store::new(&server, StoreOptions::SMALL).expect("a store");
    store.guard().await.expect("safe");
    store.ready().await.expect("ready");
    owner.client().batch_execute(EARLIER_CALL).await.expect("rows");
    let read = store.call(&workspace("ws_a"), agent(1), sid(1)).await.expect("an answer");
    assert_eq!(read.calls.len(), 1);

    assert!(owner.has_later_schema().await.expect("an answer"));
    let before = catalogue(&owner).await;
    let refused = owner.migrate(&server).await.expect_err("a later schema");
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    let text = words(&refused);
    assert!(text.contains(&format!("the database has schema {}", SCHEMA_VERSION + 1)), "{text}");
    assert!(text.contains("migrate with the later program"), "{text}");
    assert_eq!(catalogue(&owner).await, before, "nothing was changed");
}

#[tokio::test]
async fn a_program_refuses_a_later_schema_that_is_not_for_it() {
    let (database, owner) = later("99.0.0").await;
    let store = Store::new(&database.connection_string(LOGIN), StoreOptions::SMALL);
    let store = store.expect("a store");
    for refused in [store.ready().await, store.guard().await] {
        let Err(StoreError::Refused(faults)) = refused else { panic!("{refused:?}") };
        let text = faults.first().expect("a fault").to_string();
        assert!(text.contains("for programs from 99.0.0, and this is "), "{text}");
        assert!(text.contains("start that version of the program"), "{text}");
    }
    assert!(owner.migrate(&database.connection_string(LOGIN)).await.is_err());
}
