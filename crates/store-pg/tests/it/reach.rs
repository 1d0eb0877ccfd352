//! What the server's roles can reach past the policies, and what only looks like it.

use store_pg::StoreError;

use crate::guard::{case, faults, try_all};
use crate::support::*;

#[tokio::test]
async fn finds_whatever_gives_rows_without_policies() {
    let db = Db::new().await;
    let reader = format!("{}_reader", db.name());
    db.execute(&format!("create role {reader}; grant {reader} to voice_webhook"));
    let (matview, function) = ("the materialised view", "returns what its owner reads");
    let cases = vec![
        case(
            true,
            "create table livechat_tags (workspace_id text); grant select on livechat_tags to public",
            "drop table livechat_tags",
            "row-level security is not forced on livechat_tags",
        ),
        case(
            true,
            "create view everybody as select * from user_profiles; \
             grant select on everybody to voice_agent",
            "drop view everybody",
            "the view everybody runs with its owner's rights",
        ),
        case(
            true,
            "create schema reports; grant usage on schema reports to public; \
             create view reports.people as select * from user_profiles; \
             grant select on reports.people to voice_webhook",
            "drop schema reports cascade",
            "the view reports.people runs with its owner's rights",
        ),
        case(
            true,
            format!(
                "create view one as select phone_number from livechat_contacts; \
                 create view two with (security_invoker = on) as select * from one; \
                 create view three as select count(*) from two; grant select on three to {reader}"
            ),
            "drop view one cascade",
            "the view three runs with its owner's rights",
        ),
        case(
            true,
            "create materialized view contacts as select * from livechat_contacts; \
             grant select on contacts to public",
            "drop materialized view contacts",
            &format!("{matview} contacts keeps rows without policies"),
        ),
        case(
            true,
            "create function names() returns setof text language plpgsql as \
               'begin return query select display_name from livechat_contacts; end'; \
             create materialized view contacts as select * from names(); \
             grant select on contacts to voice_agent",
            "drop materialized view contacts; drop function names",
            &format!("{matview} contacts keeps rows without policies"),
        ),
        case(
            true,
            "create function contacts() returns setof livechat_contacts language plpgsql \
               security definer as 'begin return query select * from LIVECHAT_contacts; end'",
            "drop function contacts",
            &format!("the function contacts {function}"),
        ),
        case(
            true,
            "create schema reports; grant usage on schema reports to public; \
             create function reports.numbers(text) returns text[] language sql security definer \
               begin atomic select array_agg(phone_number) from public.livechat_contacts; end",
            "drop schema reports cascade",
            &format!("the function reports.numbers {function}"),
        ),
        case(
            true,
            "create foreign data wrapper far; create server far foreign data wrapper far; \
             create foreign table far_contacts (workspace_id text) server far; \
             grant select on far_contacts to public",
            "drop foreign data wrapper far cascade",
            "no policies can guard the foreign table far_contacts",
        ),
        case(
            true,
            "create table old_contacts () inherits (livechat_contacts); \
             alter table old_contacts enable row level security; \
             create policy open on old_contacts using (true); \
             grant select on old_contacts to public",
            "drop table old_contacts",
            "the table old_contacts is a part of another one",
        ),
        case(
            true,
            "create table notes (id uuid); grant insert on notes to public; \
             create rule shown as on insert to notes do instead select id from livechat_contacts",
            "drop table notes",
            "the table notes has a rule that runs with its owner's rights",
        ),
    ];
    try_all(&db, cases).await;
    db.execute(&format!("drop role {reader}"));
}

/// What an extension or a live chat has for itself.
#[tokio::test]
async fn is_silent_about_what_cannot_leak() {
    let db = Db::new().await;
    db.execute(
        "create table spatial (id int); grant select on spatial to public; \
         create table livechat_widgets (workspace_id text); \
         create view statements as select * from pg_stat_activity; \
         grant select on statements to public; \
         create materialized view tables as select relname from pg_class; \
         grant select on tables to public; \
         create view unseen as select * from livechat_contacts; \
         create materialized view unseen_too as select * from livechat_contacts; \
         create schema closed; create view closed.contacts as select * from livechat_contacts; \
         grant select on closed.contacts to public; \
         create table livechat_tags (workspace_id text); grant select on livechat_tags to public; \
         alter table livechat_tags enable row level security; \
         create function numbers() returns setof text language sql as \
           'select phone_number from public.livechat_contacts'; \
         create function touched() returns trigger language plpgsql security definer as \
           'begin update public.livechat_contacts set display_name = null; return new; end'; \
         create function revoked() returns setof livechat_contacts language sql security definer as \
           'select * from public.livechat_contacts'; \
         revoke execute on function revoked() from public",
    );
    let store = db.store();
    assert_eq!(faults(&db, LOGIN).await, "");
    store.look_again().await.expect("no leak");
    assert_eq!(store.warnings().await.expect("an answer"), []);

    // What asks its caller, or returns no rows, may be right; nobody but a person can tell.
    db.execute(&format!(
        "create function is_member(text) returns boolean language sql security definer as \
           'select exists (select from public.user_profiles where workspace_id = $1)'; \
         create function mine() returns setof livechat_contacts language sql security definer as \
           'select c.* from public.livechat_contacts c join public.user_profiles p \
              using (workspace_id) where p.id = auth.uid()'; \
         create function asks(text) returns boolean language sql as \
           'select $1 = current_setting(''request.jwt.claims'', true)::json ->> ''ws'''; \
         create function if_member(text) returns setof livechat_contacts language sql \
           security definer as 'select * from public.livechat_contacts where asks ($1)'; \
         create function through(text) returns bigint language sql security definer as \
           'select count(*) from if_member($1), public.livechat_contacts'; \
         create function total() returns bigint language plpgsql security definer as \
           'declare n bigint; begin execute ''select count(*) from li'' || ''vechat_contacts'' \
              into n; return n; end'; \
         alter role {LOGIN} in database {} set search_path = reports, pg_catalog",
        db.name()
    ));
    assert_eq!(faults(&db, LOGIN).await, "");
    store.look_again().await.expect("no leak");
    let warnings = store.warnings().await.expect("an answer");
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("5 functions"), "{warnings:?}");
    assert!(warnings[0].contains("if_member, is_member, mine, through, total"), "{warnings:?}");
    assert!(warnings[1].contains("a search_path that is set for voice_app"), "{warnings:?}");
}

/// Whatever an extension brings, in a schema that everybody may use.
#[tokio::test]
async fn extensions_are_no_fault() {
    let db = Db::new().await;
    for name in [
        "pg_stat_statements",
        "pg_buffercache",
        "pgcrypto",
        "citext",
        "pg_trgm",
        "hstore",
        "postgres_fdw",
        "dblink",
        "postgis",
        "vector",
    ] {
        db.execute(&format!(
            "do $$ begin if exists (select from pg_available_extensions where name = '{name}') then \
               create extension {name} cascade; end if; end $$"
        ));
    }
    // As one that is certainly there would do it.
    db.execute(
        "create view everybodys_statements as select * from pg_stat_database; \
         grant select on everybodys_statements to public",
    );
    assert_eq!(faults(&db, LOGIN).await, "");
    let store = db.store();
    store.look_again().await.expect("no leak");
    assert_eq!(store.warnings().await.expect("an answer"), []);
}

/// A helper of the live chat for its own policies or front ends.
#[tokio::test]
async fn a_function_is_a_fault_only_if_it_gives_rows_of_workspaces_and_its_fix_is_a_statement() {
    let db = Db::new().await;
    db.execute(
        "create table countries (code text, name text); \
         create function country_names() returns setof countries language sql security definer as \
           'select * from public.countries'; \
         create table plans (id int); \
         create function plan_count() returns bigint language sql security definer as \
           'select count(*) from public.plans'",
    );
    assert_eq!(faults(&db, LOGIN).await, "");
    db.execute(
        "create function public.\"People\"(ws text, n int) returns setof user_profiles language sql \
           security definer as 'select * from public.user_profiles where workspace_id = $1 limit $2'",
    );
    let text = faults(&db, LOGIN).await;
    let start = "the function People returns what its owner reads in tables of workspaces, and does not \
                 ask who calls it: as its owner: ";
    let (_, fix) = text.split_once(start).expect(&text);
    assert!(fix.contains("on function public.\"People\"(text,integer) from public"), "{fix}");
    let (revoke, grant) = fix.split_once("; ").expect("two statements");
    assert!(grant.contains("<the roles of your front ends>"), "{grant}");
    db.execute(revoke);
    assert_eq!(faults(&db, LOGIN).await, "");
}

/// A check that cannot be finished says nothing about the database.
#[tokio::test]
async fn what_cannot_be_told_is_no_leak_and_what_is_found_stays_one() {
    let db = Db::new().await;
    let store = db.store();
    db.execute(
        "revoke execute on function pg_catalog.has_schema_privilege(oid, oid, text) from public",
    );
    let error = store.look_again().await.expect_err("it cannot be asked");
    assert!(!matches!(error, StoreError::Refused(_)), "{error:?}");
    store.ready().await.expect("it is used");
    db.execute("alter table voice_calls disable row level security");
    let error = store.look_again().await.expect_err("a leak");
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    let error = store.ready().await.expect_err("it is not used");
    assert!(matches!(error, StoreError::Untrusted), "{error:?}");
}

/// The live chat may know its workspaces by a table of its own.
#[tokio::test]
async fn a_foreign_key_to_the_workspaces_is_no_fault() {
    let db = Db::new().await;
    db.execute(
        "create table workspaces (id text primary key); \
         alter table livechat_messages add foreign key (workspace_id) references workspaces",
    );
    assert_eq!(faults(&db, LOGIN).await, "");
    let (store, ws) = (db.store(), workspace("ws_a"));
    let found = store.log_faults(&ws).await.expect("an answer");
    assert!(found.iter().all(|fault| fault.to_string().contains("23503")), "{found:?}");
    assert_ne!(found, [], "the live chat does not know the workspace");
    db.execute("insert into workspaces values ('ws_a')");
    assert_eq!(store.log_faults(&ws).await.expect("an answer"), []);
    assert_eq!(db.value::<i64>("select count(*) from livechat_messages").await, 0);
}

/// A trigger of one workspace is no reason to serve nobody.
#[tokio::test]
async fn what_refuses_one_workspace_alone_is_no_fault_of_the_database() {
    let db = Db::new().await;
    db.execute(
        "create function refuses() returns trigger language plpgsql as \
           'begin raise exception ''no''; end'; \
         create trigger refuses before insert on livechat_messages for each row \
           when (new.workspace_id = 'ws_a') execute function refuses(); \
         insert into voice_workspaces values ('ws_a', 'AC1', 'SK1', 'AP1', '\\x00')",
    );
    assert_eq!(faults(&db, LOGIN).await, "");
    let found = db.store().log_faults(&workspace("ws_a")).await.expect("an answer");
    assert_ne!(found, []);
}

/// Triggers and checks of the live chat that let some calls through.
#[tokio::test]
async fn each_row_that_the_log_would_refuse_is_named() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.contact(&ws, 1, "+15005550001").await;
    let store = db.store();
    assert_eq!(store.log_faults(&ws).await.expect("an answer"), []);
    let refused = async |plant: &str, fix: &str| {
        db.execute(plant);
        let faults = store.log_faults(&ws).await.expect("an answer");
        db.execute(fix);
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let found = refused(
        "alter table livechat_messages add constraint words check (status <> 'no_answer')",
        "alter table livechat_messages drop constraint words",
    )
    .await;
    assert_eq!(found.len(), 4, "two directions, with a contact and without: {found:?}");
    assert!(found[0].contains("with the status no_answer: 23514"), "{found:?}");
    let found = refused(
        "create function bumped() returns trigger language plpgsql as \
           'begin update public.livechat_contacts set display_name = null \
              where id = new.contact_id; return new; end'; \
         create trigger bumps before update on livechat_messages for each row \
           when (new.contact_id is not null) execute function bumped()",
        "drop function bumped cascade",
    )
    .await;
    let of_contacts =
        found.iter().filter(|text| text.contains("call of a contact of workspace ws_a"));
    assert_eq!((found.len(), of_contacts.count()), (2 * calls::Outcome::ALL.len(), found.len()));
    assert!(found[0].contains("42501"), "{found:?}");
    assert_eq!(db.value::<i64>("select count(*) from livechat_messages").await, 0);
}
