//! A server that could see too much does not start.

use store_pg::{Store, StoreError, StoreOptions};

use crate::support::*;

async fn faults(db: &Db, login: &str) -> String {
    let store = Store::new(&db.url(login), StoreOptions::SMALL).expect("a store");
    match store.guard().await {
        Ok(()) => String::new(),
        Err(StoreError::Refused(faults)) => {
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        Err(error) => format!("{error:?}"),
    }
}

#[tokio::test]
async fn accepts_the_schema_and_finds_each_planted_fault() {
    let db = Db::new().await;
    assert_eq!(faults(&db, LOGIN).await, "");

    let mut cases = vec![
        (
            "alter view user_profiles_with_workspace reset (security_invoker)".to_owned(),
            "alter view user_profiles_with_workspace set (security_invoker = true)".to_owned(),
            "the view user_profiles_with_workspace runs with its owner's rights".to_owned(),
        ),
        (
            format!("grant temporary on database {} to public", db.name()),
            format!("revoke temporary on database {} from public", db.name()),
            "any role may make temporary tables".to_owned(),
        ),
        (
            "comment on schema voice is 'Switchroom 0'".to_owned(),
            format!("comment on schema voice is '{}'", store_pg::checksum()),
            "the database has the schema of another version".to_owned(),
        ),
        (
            "grant truncate on voice_calls to voice_agent".to_owned(),
            "revoke truncate on voice_calls from voice_agent".to_owned(),
            "the table voice_calls may be truncated by voice_agent".to_owned(),
        ),
        (
            "create table livechat_tags (workspace_id text); grant select on livechat_tags to public"
                .to_owned(),
            "drop table livechat_tags".to_owned(),
            "row-level security is not forced on livechat_tags".to_owned(),
        ),
        (
            "create view everybody as select * from user_profiles; \
             grant select on everybody to voice_agent"
                .to_owned(),
            "drop view everybody".to_owned(),
            "the view everybody runs with its owner's rights".to_owned(),
        ),
        (
            "alter table voice_calls owner to voice_webhook".to_owned(),
            format!("alter table voice_calls owner to {OWNER}"),
            "the server owns voice_calls".to_owned(),
        ),
        (
            "grant select on voice_workspaces to public".to_owned(),
            "revoke select on voice_workspaces from public".to_owned(),
            "the table voice_workspaces is open to everybody".to_owned(),
        ),
        (
            "create table staff (id uuid); \
             create policy theirs on livechat_contact_assignments \
               using (id in (select id from staff))"
                .to_owned(),
            "drop policy theirs on livechat_contact_assignments; drop table staff".to_owned(),
            "voice_webhook cannot use livechat_contact_assignments: permission denied for table staff"
                .to_owned(),
        ),
        (
            "alter table livechat_messages add column colour text not null".to_owned(),
            "alter table livechat_messages drop column colour".to_owned(),
            "voice_webhook cannot use livechat_messages: null value in column \"colour\""
                .to_owned(),
        ),
    ];
    for table in tables() {
        let unsafe_table = format!("row-level security is not forced on {table}");
        for (off, on) in [("no force", "force"), ("disable", "enable")] {
            cases.push((
                format!("alter table {table} {off} row level security"),
                format!("alter table {table} {on} row level security"),
                unsafe_table.clone(),
            ));
        }
        for (role, function) in
            [("voice_agent", "member_workspace"), ("voice_webhook", "workspace")]
        {
            let restrictive = format!("{role}_restrictive on {table}");
            let rule = format!("(workspace_id = (select voice.{function}()))");
            let lacks = format!("the table {table} lacks the restrictive policy of {role}");
            cases.push((
                format!("alter policy {restrictive} using (true)"),
                format!("alter policy {restrictive} using {rule}"),
                lacks.clone(),
            ));
            cases.push((
                format!("alter policy {restrictive} to pg_monitor"),
                format!("alter policy {restrictive} to {role}"),
                lacks,
            ));
        }
        cases.push((
            format!("drop policy voice_agent_restrictive on {table}"),
            format!(
                "create policy voice_agent_restrictive on {table} as restrictive to voice_agent \
                 using (workspace_id = (select voice.member_workspace())) \
                 with check (workspace_id = (select voice.member_workspace()))"
            ),
            format!("the table {table} lacks the restrictive policy of voice_agent"),
        ));
    }
    for (plant, fix, want) in cases {
        db.execute(&plant);
        let found = faults(&db, LOGIN).await;
        assert_eq!((found.lines().count(), found.contains(&want)), (1, true), "{plant}: {found}");
        db.execute(&fix);
        assert_eq!(faults(&db, LOGIN).await, "", "{fix}");
    }
    // An extension's table that knows no workspaces, and a chat table out of reach, are nobody's
    // concern.
    db.execute(
        "create table spatial (id int); grant select on spatial to public; \
         create table livechat_widgets (workspace_id text)",
    );
    assert_eq!(faults(&db, LOGIN).await, "");
}

#[tokio::test]
async fn refuses_logins_that_could_see_too_much() {
    let db = Db::new().await;
    let name = |what: &str| format!("{}_{what}", db.name());
    let [bypass, heir, stranger] = ["bypass", "heir", "stranger"].map(name);
    db.execute(&format!(
        "create role {bypass} login noinherit bypassrls; create role {heir} login inherit; \
         create role {stranger} login noinherit; grant voice_agent, voice_webhook to {bypass}, {heir}"
    ));
    let cases = [
        ("postgres", "the role postgres, which the server can become, is a superuser"),
        (OWNER, "the server owns "),
        (&bypass, "which the server can become, bypasses row-level security"),
        (&heir, "the server has the rights of voice_agent without becoming it"),
        (&stranger, "the server cannot become the role voice_webhook"),
    ];
    for (login, want) in cases {
        let found = faults(&db, login).await;
        assert!(found.contains(want), "{login}: {found}");
    }
    db.execute(&format!("drop role {bypass}, {heir}, {stranger}"));
}
