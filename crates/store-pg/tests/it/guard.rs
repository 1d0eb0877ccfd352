//! A server that could see too much does not start.

use store_pg::{Store, StoreError, StoreOptions};

use crate::support::*;

pub(crate) async fn faults(db: &Db, login: &str) -> String {
    let store = Store::new(&db.url(login), StoreOptions::SMALL).expect("a store");
    match store.guard().await {
        Ok(()) => String::new(),
        Err(StoreError::Refused(faults)) => {
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(error) => format!("{error:?}"),
    }
}

/// A fault that is planted, how it is taken out, and what is said of it.
pub(crate) struct Case {
    plant: String,
    fix: String,
    want: String,
    /// Whether a running server stops using the database.
    is_leak: bool,
}

pub(crate) fn case(
    is_leak: bool,
    plant: impl Into<String>,
    fix: impl Into<String>,
    want: &str,
) -> Case {
    Case { plant: plant.into(), fix: fix.into(), want: want.to_owned(), is_leak }
}

pub(crate) async fn try_all(db: &Db, cases: Vec<Case>) {
    let store = db.store();
    for Case { plant, fix, want, is_leak } in cases {
        db.execute(&plant);
        let found = faults(db, LOGIN).await;
        assert_eq!((found.lines().count(), found.contains(&want)), (1, true), "{plant}: {found}");
        let again = store.look_again().await;
        let is_refused = matches!(&again, Err(StoreError::Refused(found)) if found.len() == 1);
        assert_eq!((is_refused, again.is_ok()), (is_leak, !is_leak), "{plant}: {again:?}");
        db.execute(&fix);
    }
    assert_eq!(faults(db, LOGIN).await, "");
}

/// What the owner's own function begins with.
const ASSIGNED: &str = "return query select a.contact_id, a.user_id \
    from public.livechat_contact_assignments a";

/// The owner writes `livechat.assigned`.
fn own_assigned(body: &str) -> String {
    format!(
        "drop function livechat.assigned(text, uuid[]); \
         create function livechat.assigned(ws text, ids uuid[]) \
           returns table (contact_id uuid, user_id uuid) language plpgsql stable security definer \
           set search_path = '' as $$ begin {body}; end $$"
    )
}

#[tokio::test]
async fn accepts_the_schema_and_finds_each_fault_of_it() {
    let db = Db::new().await;
    assert_eq!(faults(&db, LOGIN).await, "");
    let cases = vec![
        case(
            false,
            format!("grant temporary on database {} to public", db.name()),
            format!("revoke temporary on database {} from public", db.name()),
            "any role may make temporary tables",
        ),
        case(
            false,
            "comment on schema voice is 'Switchroom 0'",
            format!("comment on schema voice is '{}'", store_pg::schema_stamp()),
            "does not say which version it has",
        ),
        case(
            false,
            "grant truncate on voice_calls to voice_agent",
            "revoke truncate on voice_calls from voice_agent",
            "the table voice_calls may be truncated by voice_agent",
        ),
        case(
            true,
            "alter table voice_calls owner to voice_webhook",
            format!("alter table voice_calls owner to {OWNER}"),
            "the server owns voice_calls",
        ),
        case(
            false,
            "grant select on voice_workspaces to public",
            "revoke select on voice_workspaces from public",
            "the table voice_workspaces is open to everybody",
        ),
        case(
            false,
            "create table staff (id uuid); \
             create policy theirs on livechat_contact_assignments \
               using (contact_id in (select id from staff))",
            "drop policy theirs on livechat_contact_assignments; drop table staff",
            "voice_webhook cannot ask livechat.assigned: permission denied for table staff",
        ),
        case(
            false,
            "alter table livechat_messages add column colour text not null",
            "alter table livechat_messages drop column colour",
            "voice_webhook cannot ask livechat.log: null value in column \"colour\"",
        ),
        case(
            true,
            "create policy careless on voice_calls using (true); \
             drop policy voice_agent_restrictive on voice_calls",
            "drop policy careless on voice_calls; \
             create policy voice_agent_restrictive on voice_calls as restrictive to voice_agent \
               using (workspace_id = (select voice.member_workspace())) \
               with check (workspace_id = (select voice.member_workspace()))",
            "the table voice_calls lacks the restrictive policy of voice_agent",
        ),
        case(
            true,
            "alter function voice.member_workspace() reset search_path",
            "alter function voice.member_workspace() set search_path = ''",
            "the function voice.member_workspace is not as the schema makes it",
        ),
        case(
            true,
            "alter function voice.asker() security definer",
            "alter function voice.asker() security invoker",
            "the function voice.asker is not as the schema makes it",
        ),
        case(
            true,
            "alter function livechat.members(text) owner to postgres",
            "alter function livechat.members(text) owner to voice_livechat",
            "the function livechat.members does not belong to voice_livechat",
        ),
        case(
            true,
            "insert into user_profiles values (repeat('01', 16)::uuid, 'ws_a', 'A', 'agent'); \
             drop function livechat.members(text); create function livechat.members(ws text) \
               returns table (user_id uuid, name text, role text) \
               language plpgsql stable security definer set search_path = '' as $$ begin \
                 return query select p.id, p.full_name, p.workspace_role from public.user_profiles p \
                   where p.workspace_id = ws or ws = voice.workspace(); end $$; \
             alter table user_profiles disable row level security",
            "delete from user_profiles; alter table user_profiles enable row level security",
            "the function livechat.members shows rows to a workspace that nobody has",
        ),
        case(
            false,
            "update pg_proc set prosrc = prosrc || ' ' where oid = 'livechat.log'::regproc",
            "update pg_proc set prosrc = left(prosrc, -1) where oid = 'livechat.log'::regproc",
            "the function livechat.log is not as Switchroom wrote it",
        ),
        case(
            false,
            own_assigned(&format!("{ASSIGNED} where a.workspace_id = ws")),
            own_assigned("return"),
            "livechat.assigned does not compare ws with voice.workspace()",
        ),
        case(
            true,
            own_assigned(&format!("{ASSIGNED} where ws = voice.workspace()")),
            own_assigned(&format!(
                "{ASSIGNED} where ws = voice.workspace() and a.workspace_id = ws"
            )),
            "livechat.assigned has the same rows for every workspace",
        ),
        case(
            true,
            "alter function voice.workspace() volatile",
            "alter function voice.workspace() stable",
            "the function voice.workspace is not as the schema makes it",
        ),
    ];
    try_all(&db, cases).await;
}

/// The owner writes a function about contacts, whose text names the workspace wherever it should.
fn own_of_contacts(signature: &str, result: &str, body: &str, condition: &str) -> String {
    let name = signature.replace("ws ", "").replace(" ids ", " ").replace(" tails ", " ");
    format!(
        "drop function livechat.{name}; \
         create function livechat.{signature} returns table ({result}) language plpgsql stable \
           security definer set search_path = '' as $$ begin \
             return query {body} where ws = voice.workspace() and {condition}; end $$"
    )
}

/// Text alone does not say what a function does.
#[tokio::test]
async fn functions_are_judged_by_what_they_show_of_a_contact() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    let contact = db.contact(&ws, 0x11, "+1 (500) 555-0001").await;
    db.assign(&ws, contact, agent(1), "active").await;
    db.execute(
        "insert into voice_workspaces (workspace_id, account_sid, api_key_sid, app_sid, sealed) \
         values ('ws_a', 'AC1', 'SK1', 'AP1', '\\x00')",
    );
    let functions = [
        (
            "contact(ws text, ids uuid[])",
            "contact_id uuid, name text, number text",
            "select c.id, c.display_name, c.phone_number from public.livechat_contacts c",
            "c.workspace_id",
        ),
        (
            "contacts(ws text, tails text[])",
            "contact_id uuid, name text, number text, created_at timestamptz",
            "select c.id, c.display_name, c.phone_number, c.created_at \
             from public.livechat_contacts c",
            "c.workspace_id",
        ),
        (
            "assigned(ws text, ids uuid[])",
            "contact_id uuid, user_id uuid",
            "select a.contact_id, a.user_id from public.livechat_contact_assignments a",
            "a.workspace_id",
        ),
    ];
    let mut cases = Vec::new();
    for (signature, result, body, column) in functions {
        let name = signature.split('(').next().expect("a name");
        cases.push(case(
            true,
            own_of_contacts(signature, result, body, &format!("({column} = ws or length(ws) > 0)")),
            own_of_contacts(signature, result, body, &format!("{column} = ws")),
            &format!("the function livechat.{name} shows rows to a workspace that nobody has"),
        ));
    }
    try_all(&db, cases).await;

    // Without a question for all contacts, that of a call is asked about.
    let none = "create or replace function livechat.contacts_after(ws text, after uuid, most integer) \
        returns table (contact_id uuid, number text) language plpgsql stable security definer \
        set search_path = '' as $$ begin end $$; comment on function \
        livechat.contacts_after(text, uuid, integer) is null";
    db.execute(none);
    db.execute(&format!(
        "insert into voice_calls (workspace_id, call_sid, direction, outcome, contact_id, from_party) \
         values ('ws_a', 'CA1', 'inbound', 'completed', '{}', '+15005550001')",
        uuid(*contact.as_bytes())
    ));
    let (signature, result, body, column) = functions[2];
    db.execute(&own_of_contacts(signature, result, body, &format!("({column} = ws or ws > '')")));
    let found = faults(&db, LOGIN).await;
    assert!(found.contains("the function livechat.assigned shows rows"), "{found}");
}

#[tokio::test]
async fn functions_of_an_earlier_generator_are_named_and_written_again() {
    let db = Db::new().await;
    let store = db.store();
    let named = async || {
        let warnings = store.warnings().await.expect("an answer");
        let texts = warnings.iter().map(ToString::to_string);
        texts.filter(|text| text.contains("earlier version of Switchroom")).collect::<Vec<_>>()
    };
    assert_eq!(named().await, [""; 0]);
    // As an earlier program left them: without a number, and with one.
    db.execute(
        "do $$ declare f regprocedure; old text; begin \
           foreach f in array array['livechat.members(text)', 'livechat.log(text,jsonb)']::regprocedure[] \
           loop \
             old := regexp_replace(obj_description(f, 'pg_proc'), '^Switchroom [0-9]{1,6} ', \
               case f::text when 'livechat.members(text)' then 'Switchroom ' else 'Switchroom 1 ' end); \
             execute format('comment on function %s is %L', f, old); \
           end loop; end $$",
    );
    assert_eq!(faults(&db, LOGIN).await, "", "a server works with them");
    let found = named().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(": log, members"), "{found:?}");
    assert!(found[0].contains("run `switchroom migrate`"), "{found:?}");
    let look = db.owner.migrate(&db.url(LOGIN)).await.expect("migrated");
    let made: Vec<&str> = look.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(made.iter().filter(|text| text.starts_with("the function livechat.")).count(), 2);
    assert_eq!(named().await, [""; 0]);
}

#[tokio::test]
async fn finds_each_fault_of_each_table() {
    let db = Db::new().await;
    let mut cases = Vec::new();
    for table in store_pg::OURS {
        let unsafe_table = format!("row-level security is not forced on {table}");
        for (is_leak, off, on) in [(false, "no force", "force"), (true, "disable", "enable")] {
            cases.push(case(
                is_leak,
                format!("alter table {table} {off} row level security"),
                format!("alter table {table} {on} row level security"),
                &unsafe_table,
            ));
        }
        for (role, function) in
            [("voice_agent", "member_workspace"), ("voice_webhook", "workspace")]
        {
            let restrictive = format!("{role}_restrictive on {table}");
            let rule = format!("(workspace_id = (select voice.{function}()))");
            let lacks = format!("the table {table} lacks the restrictive policy of {role}");
            cases.push(case(
                false,
                format!("alter policy {restrictive} using (true)"),
                format!("alter policy {restrictive} using {rule}"),
                &lacks,
            ));
            cases.push(case(
                false,
                format!("alter policy {restrictive} to pg_monitor"),
                format!("alter policy {restrictive} to {role}"),
                &lacks,
            ));
        }
        cases.push(case(
            false,
            format!("drop policy voice_agent_restrictive on {table}"),
            format!(
                "create policy voice_agent_restrictive on {table} as restrictive to voice_agent \
                 using (workspace_id = (select voice.member_workspace())) \
                 with check (workspace_id = (select voice.member_workspace()))"
            ),
            &format!("the table {table} lacks the restrictive policy of voice_agent"),
        ));
    }
    try_all(&db, cases).await;
}

#[tokio::test]
async fn refuses_logins_that_could_see_too_much() {
    let db = Db::new().await;
    let name = |what: &str| format!("{}_{what}", db.name());
    let [bypass, heir, stranger, reader] = ["bypass", "heir", "stranger", "reader"].map(name);
    db.execute(&format!(
        "create role {bypass} login noinherit bypassrls; create role {heir} login inherit; \
         create role {stranger} login noinherit; create role {reader} login noinherit; \
         grant voice_agent, voice_webhook to {bypass}, {heir}, {reader}; \
         grant voice_livechat to {reader}"
    ));
    let cases = [
        ("postgres", "the role postgres, which the server can become, is a superuser"),
        (OWNER, "the server owns "),
        (&bypass, "which the server can become, bypasses row-level security"),
        (&heir, "the server has the rights of voice_agent without becoming it"),
        (&stranger, "the server cannot become the role voice_webhook"),
        (&reader, "the role voice_livechat can be entered by the server"),
    ];
    for (login, want) in cases {
        let found = faults(&db, login).await;
        assert!(found.contains(want), "{login}: {found}");
    }
    db.execute(&format!("drop role {bypass}, {heir}, {stranger}, {reader}"));
}
