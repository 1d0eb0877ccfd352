//! The owner's work.

use std::error::Error;
use std::time::Duration;

use localpg::testing::TestDatabase;
use store_pg::{
    Line, NewWorkspace, Owner, Store, StoreError, StoreOptions, WorkspaceChange, WorkspaceLine,
};

use crate::support::*;

/// The live chat's tables as they may be: other columns, other policies, rows.
const OLD: &str = "\
create table livechat_contacts (id uuid primary key default gen_random_uuid(), \
  workspace_id text not null, display_name text, phone_number text, created_at timestamptz, \
  colour text default 'red'); \
alter table livechat_contacts enable row level security; \
create policy \"Everybody reads\" on livechat_contacts using (true); \
create table user_profiles (id uuid, workspace_id text, full_name text, workspace_role text); \
alter table user_profiles enable row level security; \
create policy \"Everybody reads\" on user_profiles using (true) with check (true); \
create view user_profiles_with_workspace with (security_invoker = on) as \
  select id, full_name, workspace_role, workspace_id from user_profiles; \
create table livechat_contact_assignments (workspace_id text not null, contact_id uuid not null, \
  user_id uuid not null, status text); \
alter table livechat_contact_assignments enable row level security; \
create table livechat_messages (id uuid primary key default gen_random_uuid(), \
  workspace_id text not null, contact_id uuid, user_id uuid, sender text, body text, msg_type text, \
  direction text, twilio_sid text, status text, created_at timestamptz default now()); \
alter table livechat_messages enable row level security; \
insert into livechat_contacts (workspace_id, phone_number, created_at) \
  values ('ws_a', '+15005550001', now()), ('ws_b', '+15005550001', now()); \
insert into user_profiles values (repeat('01', 16)::uuid, 'ws_a', 'A', 'agent'), \
  (repeat('02', 16)::uuid, 'ws_b', 'B', 'agent');";

pub(crate) fn empty() -> TestDatabase {
    clone_of("nothing", |_| Ok(()))
}

pub(crate) async fn owner(database: &TestDatabase) -> Owner {
    Owner::connect(&database.connection_string(OWNER)).await.expect("the owner")
}

pub(crate) fn words(error: &StoreError) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words = format!("{words}\n{error}");
        source = error.source();
    }
    words
}

/// Everything that the schema makes, in words.
pub(crate) async fn catalogue(owner: &Owner) -> Vec<String> {
    let sql = "select concat_ws(' ', 'column', table_name, column_name, data_type, column_default, \
          is_nullable) from information_schema.columns where table_schema in ('public', 'voice') \
        union all select concat_ws(' ', 'policy', tablename, policyname, permissive, roles, cmd, \
          qual, with_check) from pg_policies \
        union all select 'index ' || indexdef from pg_indexes where schemaname = 'public' \
        union all select concat_ws(' ', 'rights', relname, relacl::text, reloptions::text, \
          relrowsecurity, relforcerowsecurity) from pg_class \
          where relnamespace = 'public'::regnamespace \
        union all select concat_ws(' ', 'function', pg_get_functiondef(oid), proacl::text) \
          from pg_proc where pronamespace in ('voice'::regnamespace, 'livechat'::regnamespace) \
        union all select concat_ws(' ', 'comment', obj_description('voice'::regnamespace)) \
        order by 1";
    let rows = owner.client().query(sql, &[]).await.expect("the catalogue");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn migrates_an_empty_database_and_again() {
    let database = empty();
    let owner = owner(&database).await;
    let server = database.connection_string(LOGIN);
    owner.migrate(&server).await.expect("migrated");
    let first = catalogue(&owner).await;
    assert!(first.len() > 150, "{}", first.len());
    owner.migrate(&server).await.expect("migrated again");
    assert_eq!(catalogue(&owner).await, first);
    let store = Store::new(&server, StoreOptions::SMALL).expect("a store");
    store.guard().await.expect("safe");
    store.ready().await.expect("ready");
}

#[tokio::test]
async fn a_migration_waits_for_that_of_another_database_of_the_cluster() {
    let (here, there) = (empty(), empty());
    let server = here.connection_string(LOGIN);
    let owner_there = owner(&there).await;
    owner(&here).await.migrate(&server).await.expect("the roles are there");
    let grant = "begin; grant voice_livechat, voice_finder to current_user";
    owner_there.client().batch_execute(grant).await.expect("a migration under way");

    let owner = owner(&here).await;
    let other = async {
        // Longer than a migration waits for a table.
        tokio::time::sleep(Duration::from_secs(6)).await;
        owner_there.client().batch_execute("rollback").await
    };
    let (migrated, other) = tokio::join!(owner.migrate(&server), other);
    other.expect("ended");
    migrated.expect("migrated after the other");
}

#[tokio::test]
async fn closes_tables_that_were_there_and_keeps_what_is_in_them() {
    let database = empty();
    let owner = owner(&database).await;
    owner.client().batch_execute(OLD).await.expect("the old tables");
    let server = database.connection_string(LOGIN);
    owner.migrate(&server).await.expect("migrated");
    let store = Store::new(&server, StoreOptions::SMALL).expect("a store");
    store.guard().await.expect("safe");
    let rows = "select count(*) from livechat_contacts where colour = 'red'";
    assert_eq!(owner.client().query_one(rows, &[]).await.expect("rows").get::<_, i64>(0), 2);
    let old = "select count(*) from pg_policies where policyname = 'Everybody reads'";
    assert_eq!(owner.client().query_one(old, &[]).await.expect("rows").get::<_, i64>(0), 2);
    let caller = number("+15005550001");
    let found =
        roster(&store, &workspace("ws_a"), Some(&caller), *US, sid(1), Duration::ZERO, at(0)).await;
    let found = found.expect("a roster");
    assert!(found.contact.is_some());
    let users: Vec<_> = found.candidates.iter().map(|one| one.user).collect();
    assert_eq!(users, [agent(1)], "the careless policy shows nobody else");
}

#[tokio::test]
async fn leaves_the_switch_of_an_open_table_to_its_owner() {
    let database = empty();
    let owner = owner(&database).await;
    owner.client().batch_execute(OLD).await.expect("the old tables");
    let off = "alter table livechat_contacts disable row level security";
    owner.client().batch_execute(off).await.expect("off");
    let look = owner.migrate(&database.connection_string(LOGIN)).await.expect("migrated");
    let note = "has no row-level security: the function is the only fence between workspaces";
    let said = |line: &&Line| line.about == "livechat_contacts" && line.text == note;
    assert!(look.lines.iter().any(|line| said(&line)), "{look}");
    let sql = "select relrowsecurity or relforcerowsecurity from pg_class \
        where oid = 'livechat_contacts'::regclass";
    let is_on: bool = owner.client().query_one(sql, &[]).await.expect("a table").get(0);
    assert!(!is_on);
}

#[tokio::test]
async fn makes_the_login_role_with_its_password() {
    let db = Db::new().await;
    let name = format!("{}_login", db.name());
    let url = db.url(&name);
    for password in ["first", "se'cond"] {
        db.owner
            .migrate(&format!("{url} password='{}'", password.replace('\'', "\\'")))
            .await
            .expect("made");
        let sql = format!("select rolpassword from pg_authid where rolname = '{name}'");
        let client = db.client("postgres").await;
        let verifier: String = client.query_one(&sql, &[]).await.expect("a role").get(0);
        assert!(verifier.starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
    }
    let store = Store::new(&url, StoreOptions::SMALL).expect("a store");
    store.guard().await.expect("safe");
    store.close();
    let refused = db.owner.migrate(&db.url(OWNER)).await.expect_err("the owner");
    assert!(refused.to_string().contains("DATABASE_URL names the owner"), "{refused}");
    let refused = db.owner.migrate("host=/tmp dbname=a").await.expect_err("nobody");
    assert!(refused.to_string().contains("DATABASE_URL names no role"), "{refused}");
    db.execute(&format!("drop role {name}"));
}

#[tokio::test]
async fn enters_lists_and_removes_workspaces() {
    let db = Db::new().await;
    let entered = |id: &str, numbers: &[&str]| NewWorkspace {
        id: workspace(id),
        account: "AC00000000000000000000000000000001".parse().expect("a Sid"),
        api_key: "SK00000000000000000000000000000001".parse().expect("a Sid"),
        app: "AP00000000000000000000000000000001".parse().expect("a Sid"),
        sealed: vec![0, 1, 255],
        numbers: numbers.iter().map(|text| number(text)).collect(),
    };
    let (one, two, three) = ("+15005550001", "+15005550002", "+15005550003");
    let owner = &db.owner;
    owner.add_workspace(&entered("ws_b", &[])).await.expect("entered");
    owner.add_workspace(&entered("ws_a", &[one, two])).await.expect("entered");
    let again = entered("ws_a", &[three, one, three]);
    owner.add_workspace(&again).await.expect("replaced, and a number said twice");
    let line = |id: &str, numbers: &[&str]| WorkspaceLine {
        id: id.to_owned(),
        account: "AC00000000000000000000000000000001".to_owned(),
        numbers: numbers.iter().map(|&text| text.to_owned()).collect(),
        caller_id: None,
        region: None,
        edge: None,
    };
    let lines = owner.workspaces().await.expect("lines");
    assert_eq!(lines, [line("ws_a", &[three, one]), line("ws_b", &[])]);

    let policy = serde_json::json!({"ring_seconds": 15});
    assert!(owner.set_policy(&workspace("ws_a"), &policy).await.expect("set"));
    assert!(!owner.set_policy(&workspace("ws_c"), &policy).await.expect("no such workspace"));
    let store = db.store();
    let found = store.workspace(&workspace("ws_a")).await.expect("an answer").expect("a workspace");
    assert_eq!(found.account, again.account);
    assert_eq!(found.api_key, again.api_key);
    assert_eq!(found.app, again.app);
    assert_eq!((found.sealed, found.policy), (again.sealed, policy));
    assert_eq!(found.numbers, [number(three), number(one)]);

    let own = number("+442071838750");
    let change = WorkspaceChange {
        numbers: Some(vec![number(one), number(two), number(one)]),
        caller_id: Some(Some(number(two))),
        region: Some(Some("ie1".to_owned())),
        edge: None,
    };
    assert!(owner.set_workspace(&workspace("ws_a"), &change).await.expect("changed"));
    assert!(!owner.set_workspace(&workspace("ws_c"), &change).await.expect("no such workspace"));
    let read = async || store.workspace(&workspace("ws_a")).await.expect("an answer").expect("one");
    let found = read().await;
    assert_eq!(found.numbers, [number(one), number(two)]);
    assert_eq!(found.caller_id, Some(number(two)));
    assert_eq!((found.region.as_deref(), found.edge), (Some("ie1"), None));
    assert_eq!(found.sealed, [0, 1, 255], "the credentials stay");
    let edge = WorkspaceChange { edge: Some(Some("dublin".to_owned())), ..Default::default() };
    assert!(owner.set_workspace(&workspace("ws_a"), &edge).await.expect("changed"));
    let found = read().await;
    assert_eq!((found.numbers.len(), found.caller_id), (2, Some(number(two))), "as they were");
    // The caller id leaves with its number, but not if it never was one of them.
    let only = WorkspaceChange { numbers: Some(vec![number(one)]), ..Default::default() };
    owner.set_workspace(&workspace("ws_a"), &only).await.expect("changed");
    assert_eq!(read().await.caller_id, None);
    let verified = WorkspaceChange { caller_id: Some(Some(own.clone())), ..Default::default() };
    owner.set_workspace(&workspace("ws_a"), &verified).await.expect("changed");
    let more = WorkspaceChange { numbers: Some(vec![number(three)]), ..Default::default() };
    owner.set_workspace(&workspace("ws_a"), &more).await.expect("changed");
    let lines = owner.workspaces().await.expect("lines");
    let want = WorkspaceLine {
        caller_id: Some(own.to_string()),
        region: Some("ie1".to_owned()),
        edge: Some("dublin".to_owned()),
        ..line("ws_a", &[three])
    };
    assert_eq!(lines, [want, line("ws_b", &[])]);
    let back = WorkspaceChange {
        numbers: None,
        caller_id: Some(None),
        region: Some(None),
        edge: Some(None),
    };
    owner.set_workspace(&workspace("ws_a"), &back).await.expect("changed");
    let found = read().await;
    assert_eq!((found.caller_id, found.region, found.edge), (None, None, None));
    assert!(store.workspace(&workspace("ws_c")).await.expect("an answer").is_none());

    assert!(owner.remove_workspace(&workspace("ws_a")).await.expect("removed"));
    assert!(!owner.remove_workspace(&workspace("ws_a")).await.expect("no such workspace"));
    assert!(store.workspace(&workspace("ws_a")).await.expect("an answer").is_none());
    assert_eq!(owner.workspaces().await.expect("lines"), [line("ws_b", &[])]);
}
