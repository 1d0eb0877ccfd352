//! What one workspace may know and do of another: nothing.

mod shapes;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::support::*;

const WORKSPACES: [&str; 12] = [
    "ws_a", "ws_b", "ws_c", "ws_d", "ws_e", "ws_f", "ws_g", "ws_h", "ws_i", "ws_j", "ws_k", "ws_l",
];

/// Rows of several workspaces in every table, some ids the same in all of them.
async fn fill(db: &Db) {
    for (n, name) in WORKSPACES.iter().enumerate() {
        let n = u8::try_from(n).expect("few");
        let ws = workspace(name);
        db.team(&ws, &[0x10 + n, 0x99]).await;
        db.profile(&ws, agent(0x20 + n), "viewer").await;
        let contact = db.contact(&ws, 0x30 + n, "+15005550001").await;
        db.assign(&ws, contact, agent(0x10 + n), "active").await;
        db.execute(&format!(
            "insert into voice_workspaces values ('{name}', 'AC1', 'SK1', 'AP1', '\\x00'); \
             insert into voice_numbers values ('{name}', '+1500', 1); \
             insert into voice_agents values ('{name}', repeat('1{n:x}', 16)::uuid, 'away', now()); \
             insert into voice_events values ('{name}', 'CA1', 'arrived', now(), '{{}}'); \
             insert into voice_calls (workspace_id, call_sid, direction, outcome) \
               values ('{name}', 'CA1', 'inbound', 'ringing'); \
             insert into voice_legs (workspace_id, leg_sid, call_sid, user_id, status) \
               values ('{name}', 'CA2', 'CA1', repeat('1{n:x}', 16)::uuid, 'ringing'); \
             insert into voice_dials values ('{name}', 'CA1', repeat('1{n:x}', 16)::uuid, now()); \
             insert into voice_feeds values ('{name}', 1); \
             insert into voice_changes values ('{name}', 1, 1, 'call', 'CA1', now()); \
             insert into voice_erased values ('{name}', '\\x00', now()); \
             insert into livechat_messages (workspace_id, msg_type, twilio_sid) \
               values ('{name}', 'call', 'CA1')"
        ));
    }
}

/// Seven ways to ask, by people of the first workspace, and where they may do as they like.
async fn contexts(client: &Client) {
    let (a, b) = ("'ws_a'", "'ws_b'");
    let (member, viewer) = ("repeat('10', 16)::uuid::text", "repeat('20', 16)::uuid::text");
    let rows = [
        format!("('agent', 'voice_agent', {a}, {member}, {a})"),
        format!("('agent elsewhere', 'voice_agent', {b}, {member}, null)"),
        format!("('viewer', 'voice_agent', {a}, {viewer}, null)"),
        format!("('agent nowhere', 'voice_agent', null, {member}, null)"),
        format!("('nobody', 'voice_agent', {a}, null, null)"),
        format!("('webhook', 'voice_webhook', {a}, null, {a})"),
        "('webhook nowhere', 'voice_webhook', null, null, null)".to_owned(),
    ];
    let sql = format!("insert into probe.context values {}", rows.join(", "));
    client.batch_execute(&sql).await.expect("contexts");
}

/// Probes these tables with the rights as they are; what was tried, refused by a right or policy,
/// and what went through.
async fn probe(client: &Client, relations: &[&str], foreign: &str) -> (i32, i32, Vec<String>) {
    let sql = "select probes, refused, leaks from probe.run($1, $2)";
    let row = client.query_one(sql, &[&relations, &foreign]).await.expect("the probes run");
    (row.get(0), row.get(1), row.get(2))
}

/// A database with probes, and a superuser's connection to it.
async fn prepared() -> (Db, Client) {
    let db = Db::new().await;
    fill(&db).await;
    db.execute(include_str!("probe.sql"));
    let client = db.client("postgres").await;
    contexts(&client).await;
    (db, client)
}

/// Every right there is but TRUNCATE, and no keys that would refuse first, so that policies are
/// all that is left.
const OPEN: &str = "\
grant select, insert, update, delete on all tables in schema public to voice_agent, voice_webhook; \
do $$ declare k record; begin \
  for k in select conname, conrelid::regclass as relation from pg_constraint where contype = 'f' \
      and connamespace = 'public'::regnamespace loop \
    execute format('alter table %s drop constraint %I', k.relation, k.conname); end loop; end $$;";

#[tokio::test]
async fn no_probe_gets_through() {
    let (_db, client) = prepared().await;
    let mut probes = 0;
    for (step, least_refused) in [("select 1", 3_600), (OPEN, 900)] {
        client.batch_execute(step).await.expect(step);
        let mut all_refused = 0;
        for foreign in &WORKSPACES[1..] {
            let (tried, refused, leaks) =
                probe(&client, &tables().collect::<Vec<_>>(), foreign).await;
            assert_eq!(leaks, Vec::<String>::new(), "{foreign}, after {step}");
            probes += tried;
            all_refused += refused;
        }
        assert!(all_refused >= least_refused, "only {all_refused} were refused after {step}");
    }
    assert_eq!(probes, 2 * 11 * 7 * 6 * 14);
    println!("figures: {probes} SQL probes, half of them with every right granted, 0 leaks");
}

#[tokio::test]
async fn the_probes_find_every_grave_fault_and_no_single_one_opens_anything() {
    let (_db, client) = prepared().await;
    client.batch_execute(OPEN).await.expect("all rights");
    let mut grave = Vec::new();
    let mut single = Vec::new();
    for table in store_pg::OURS {
        grave.push((table, format!("alter table {table} disable row level security")));
        single.push((table, format!("create policy careless on {table} using (true)")));
        for role in ["voice_agent", "voice_webhook"] {
            let policy = |kind: &str| format!("{role}_{kind} on {table}");
            single.push((table, format!("drop policy {}", policy("restrictive"))));
            single.push((table, format!("drop policy {}", policy("permissive"))));
            for clause in ["using (true)", "with check (true)", "using (true) with check (true)"] {
                let change = |kind| format!("alter policy {} {clause}", policy(kind));
                single.push((table, change("permissive")));
                single.push((table, change("restrictive")));
                grave.push((table, [change("permissive"), change("restrictive")].join("; ")));
            }
        }
    }
    let anybody = "create or replace function voice.member_workspace() returns text \
        language plpgsql stable as $$ begin return voice.workspace(); end $$";
    grave.push(("voice_calls", anybody.to_owned()));
    grave.push(("voice_calls", "alter role voice_agent bypassrls".to_owned()));
    grave.push(("voice_calls", "alter role voice_webhook bypassrls".to_owned()));

    assert_eq!((grave.len(), single.len()), (10 + 60 + 3, 170));
    let counts = format!(
        "{} of {0} grave faults found, {} of {1} single ones open nothing",
        grave.len(),
        single.len()
    );
    let mut wrong = Vec::new();
    for (mutants, is_grave) in [(grave, true), (single, false)] {
        for (table, mutant) in mutants {
            client.batch_execute("begin").await.expect("begin");
            client.batch_execute(&mutant).await.expect(&mutant);
            let (_, _, leaks) = probe(&client, &[table], "ws_b").await;
            client.batch_execute("rollback").await.expect("rollback");
            if leaks.is_empty() == is_grave {
                wrong.push(format!("{table}: {mutant}: {leaks:?}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    println!("figures: {counts}");
}

#[tokio::test]
async fn the_login_has_no_rights_and_the_roles_see_nothing_without_a_workspace() {
    let (db, _) = prepared().await;
    let client = db.client(LOGIN).await;
    let denied = async |sql: &str| {
        let error = client.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {error:?}");
    };
    for table in tables().chain(["user_profiles_with_workspace"]) {
        denied(&format!("select from {table}")).await;
    }
    for role in [OWNER, "postgres"] {
        denied(&format!("set role {role}")).await;
    }
    denied("create table public.t ()").await;
    denied("create temporary table t ()").await;
    denied("create schema t").await;
    for role in ["voice_agent", "voice_webhook"] {
        client.batch_execute(&format!("set role {role}")).await.expect("a role");
        for table in tables() {
            denied(&format!("truncate {table}")).await;
            denied(&format!("delete from {table}")).await;
            match client.query(&format!("select from {table}"), &[]).await {
                Ok(rows) => assert_eq!(rows.len(), 0, "{role}, {table}"),
                Err(error) => assert_eq!(
                    error.code(),
                    Some(&SqlState::INSUFFICIENT_PRIVILEGE),
                    "{role}, {table}: {error:?}"
                ),
            }
        }
        client.batch_execute("set row_security = off").await.expect("a setting");
        denied("select from voice_calls").await;
        denied("update voice_calls set outcome = 'x'").await;
        client.batch_execute("reset all; reset role").await.expect("reset");
    }
    // Twilio's credentials are not for agents.
    client.batch_execute("set role voice_agent").await.expect("a role");
    denied("select from voice_workspaces").await;
    denied("select from voice_events").await;
}

/// The checks of keys know no policies.
#[tokio::test]
async fn keys_tell_nothing_of_other_workspaces() {
    let (db, client) = prepared().await;
    let keys = "select c.relname || ': ' || pg_get_indexdef(i.indexrelid, 1, true) \
        from pg_index i join pg_class c on c.oid = i.indrelid \
        where i.indisunique and c.relnamespace = 'public'::regnamespace \
          and pg_get_indexdef(i.indexrelid, 1, true) <> 'workspace_id' order by 1";
    let rows = client.query(keys, &[]).await.expect("keys");
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    // The live chat's own. Two are read only, and of the third the id cannot be chosen.
    let known =
        ["livechat_contact_assignments: id", "livechat_contacts: id", "livechat_messages: id"];
    assert_eq!(found, known);
    let foreign = "select count(*) from pg_constraint k where contype = 'f' \
        and connamespace = 'public'::regnamespace and not exists (select from pg_attribute a \
          where a.attrelid = k.conrelid and a.attnum = k.conkey[1] and a.attname = 'workspace_id')";
    assert_eq!(db.value::<i64>(foreign).await, 0);

    let theirs: uuid::Uuid =
        db.value("select id from livechat_messages where workspace_id = 'ws_b'").await;
    let login = db.client(LOGIN).await;
    login
        .batch_execute(
            "set role voice_webhook; select set_config('voice.workspace_id', 'ws_a', false)",
        )
        .await
        .expect("a scope");
    for id in [theirs, uuid([0xee; 16])] {
        let sql =
            format!("insert into livechat_messages (id, workspace_id) values ('{id}', 'ws_a')");
        let error = client
            .batch_execute(&format!("begin; set local role voice_livechat; {sql}"))
            .await
            .expect_err("the id is not theirs to choose");
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{id}");
        client.batch_execute("rollback").await.expect("rollback");
    }
    // The same call, number or leg of another workspace stands in nobody's way.
    let sql = "insert into voice_calls (workspace_id, call_sid, direction, outcome) \
           values ('ws_a', 'CA3', 'inbound', 'ringing')";
    db.execute(&sql.replace("ws_a", "ws_b"));
    assert_eq!(login.execute(sql, &[]).await.expect(sql), 1, "{sql}");
    let log = "select livechat.log('ws_a', '[{\"twilio_sid\":\"CA3\",\"status\":\"completed\"}]')";
    db.execute(
        "insert into livechat_messages (workspace_id, msg_type, twilio_sid) values ('ws_b', 'call', 'CA3')",
    );
    assert_eq!(login.query_one(log, &[]).await.expect(log).get::<_, i32>(0), 1);
}

/// What the first workspace may see by each function of the live chat, and how many rows that are.
const SEEN: [(&str, i64); 6] = [
    ("members('ws_a')", 3),
    ("member('ws_a', repeat('99', 16)::uuid)", 1),
    ("contacts('ws_a', array['05550001'])", 1),
    (
        "contact('ws_a', array(select repeat('3' || to_hex(n), 16)::uuid from generate_series(0, 11) n))",
        1,
    ),
    ("contacts_after('ws_a', repeat('0', 32)::uuid, 100)", 1),
    (
        "assigned('ws_a', array(select repeat('3' || to_hex(n), 16)::uuid from generate_series(0, 11) n))",
        1,
    ),
];

/// Where a workspace sees more by the functions of the live chat than it has itself.
async fn see(client: &Client) -> Vec<String> {
    client
        .batch_execute(
            "set local role voice_webhook; select set_config('voice.workspace_id', 'ws_a', true)",
        )
        .await
        .expect("a scope");
    let mut leaks = Vec::new();
    for (question, want) in SEEN {
        for asked in [question.to_owned(), question.replace("ws_a", "ws_b")] {
            let sql = format!("select count(*) from livechat.{asked}");
            let seen: i64 = client.query_one(&sql, &[]).await.expect(&sql).get(0);
            if seen > want {
                leaks.push(format!("{asked}: {seen} rows"));
            }
        }
    }
    client.batch_execute("reset role").await.expect("no role");
    leaks
}

#[tokio::test]
async fn the_live_chat_is_shown_to_its_workspace_by_two_fences() {
    let (_db, client) = prepared().await;
    client.batch_execute("begin").await.expect("begin");
    assert_eq!(see(&client).await, Vec::<String>::new());
    for (question, want) in SEEN {
        client
            .batch_execute("set local role voice_webhook; select set_config('voice.workspace_id', 'ws_a', true)")
            .await
            .expect("a scope");
        let sql = format!("select count(*) from livechat.{question}");
        assert_eq!(client.query_one(&sql, &[]).await.expect(&sql).get::<_, i64>(0), want, "{sql}");
        let foreign = sql.replace("ws_a", "ws_b");
        let seen: i64 = client.query_one(&foreign, &[]).await.expect(&foreign).get(0);
        assert_eq!(seen, 0, "{foreign}");
    }
    let foreign =
        "select livechat.log('ws_b', '[{\"twilio_sid\":\"CA9\",\"status\":\"completed\"}]')";
    assert_eq!(client.query_one(foreign, &[]).await.expect("an answer").get::<_, i32>(0), 0);
    client.batch_execute("rollback").await.expect("rollback");

    // The first fence is the function's own, the second the policies'.
    let open_function = |function: &str| {
        format!(
            "do $$ begin execute (select regexp_replace(replace(pg_get_functiondef(p.oid), \
               'ws is distinct from voice.workspace()', 'false'), '[a-z].workspace_id = own', 'true') \
             from pg_proc p where p.pronamespace = 'livechat'::regnamespace \
               and p.proname = '{function}'); end $$"
        )
    };
    let open_table = |table: &str| format!("alter table {table} disable row level security");
    let careless = |table: &str| {
        format!(
            "create policy careless on {table} using (true); \
             alter policy voice_livechat_permissive on {table} using (true)"
        )
    };
    let read = [
        ("members", "user_profiles"),
        ("member", "user_profiles"),
        ("contacts", "livechat_contacts"),
        ("contact", "livechat_contacts"),
        ("contacts_after", "livechat_contacts"),
        ("assigned", "livechat_contact_assignments"),
    ];
    let mut mutants: Vec<(String, bool)> = Vec::new();
    for (function, table) in read {
        mutants.push((open_function(function), false));
        mutants.push((open_table(table), false));
        mutants.push((careless(table), false));
        mutants.push((format!("{}; {}", open_function(function), careless(table)), false));
        // Ids that the finder gives too many of are not found behind the other fences.
        let finder =
            if function == "contacts" { open_function("contact_ids") } else { "select 1".into() };
        mutants.push((finder.clone(), false));
        mutants
            .push((format!("{finder}; {}; {}", open_function(function), open_table(table)), true));
    }
    for (mutant, is_grave) in mutants {
        client.batch_execute("begin").await.expect("begin");
        client.batch_execute(&mutant).await.expect(&mutant);
        let leaks = see(&client).await;
        client.batch_execute("rollback").await.expect("rollback");
        assert_eq!(!leaks.is_empty(), is_grave, "{mutant}: {leaks:?}");
    }
}
