//! Live chats as other people make them: each is looked at, migrated, asked and told.
//!
//! Each script in `tests/vectors/livechats` makes one, and its first lines say what is to be expected.

use std::collections::BTreeMap;

use harness::livechats::LiveChat;
use localpg::testing::TestDatabase;
use store_pg::{LineKind, Look, Owner, StoreError};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::support::*;

/// A script's database.
pub(crate) struct Made {
    name: String,
    pub(crate) database: TestDatabase,
    owner: Owner,
}

impl Made {
    pub(crate) async fn new(name: &str, script: &str) -> Self {
        let database = clone_of("nothing", |_| Ok(()));
        let owner = Owner::connect(&database.connection_string(OWNER)).await.expect("the owner");
        owner.client().batch_execute(script).await.expect(name);
        owner.client().batch_execute("reset all; discard temp").await.expect(name);
        Self { name: name.to_owned(), database, owner }
    }

    async fn look(&self) -> Look {
        self.owner.look().await.expect(&self.name)
    }

    pub(crate) async fn migrate(&self) -> Result<Look, StoreError> {
        self.owner.migrate(&self.database.connection_string(LOGIN)).await
    }

    /// A connection in the scope of a workspace, as the server has it.
    pub(crate) async fn scope(&self, workspace: &str) -> Client {
        let client = connect(&self.database.connection_string(LOGIN)).await;
        let sql = format!(
            "set role voice_webhook; set plan_cache_mode = 'force_generic_plan'; \
             select set_config('voice.workspace_id', '{workspace}', false)"
        );
        client.batch_execute(&sql).await.expect(&self.name);
        client
    }

    /// The rows of each table that is not ours, as text.
    async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let client = connect(&self.database.connection_string("postgres")).await;
        let mut all = BTreeMap::new();
        for row in client.query(harness::livechats::TABLES, &[]).await.expect("tables") {
            let table: String = row.get(0);
            let sql = format!("select to_jsonb(t)::text from {table} t order by 1");
            let rows = client.query(&sql, &[]).await.expect("rows");
            all.insert(table, rows.iter().map(|row| row.get(0)).collect());
        }
        all
    }
}

fn scripts() -> Vec<LiveChat> {
    harness::livechats::all().expect("the scripts")
}

/// The script with this name.
pub(crate) fn script(name: &str) -> LiveChat {
    scripts().into_iter().find(|script| script.name == name).expect(name)
}

fn shown(error: &StoreError) -> String {
    match error {
        StoreError::Refused(faults) => {
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        }
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn every_live_chat_is_served_or_refused_with_the_reason() {
    let scripts = scripts();
    assert!(scripts.len() >= 30, "{}", scripts.len());
    let mut failed = Vec::new();
    for expected in scripts {
        let tried = tokio::spawn(async move {
            let chat = Made::new(&expected.name, &expected.sql).await;
            match expected.all("refused") {
                [] => is_served(&chat, &expected).await,
                refusals => is_refused(&chat, refusals).await,
            }
        });
        failed.extend(tried.await.err());
    }
    assert!(failed.is_empty(), "{failed:?}");
}

/// The refusal names what and how, and nothing at all has changed.
async fn is_refused(chat: &Made, refusals: &[String]) {
    let name = &chat.name;
    let before = chat.rows().await;
    let look = chat.look().await;
    let error = chat.migrate().await.expect_err(name);
    let text = shown(&error);
    for refusal in refusals {
        assert!(text.contains(refusal.as_str()), "{name}: {refusal}\n{text}\n{look}");
    }
    assert_eq!(chat.rows().await, before, "{name}");
    let sql = "select count(*) from pg_class where relname like 'voice\\_%'";
    let made: i64 = chat.owner.client().query_one(sql, &[]).await.expect(name).get(0);
    assert_eq!(made, 0, "{name}");
    let faults: Vec<String> = look.faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.join("\n"), text, "{name}: known beforehand");
}

async fn is_served(chat: &Made, expected: &LiveChat) {
    let name = &chat.name;
    let before = chat.rows().await;
    let look = chat.look().await;
    assert!(look.faults.is_empty() && !look.is_done(), "{name}:\n{look}");
    for note in expected.all("note") {
        assert!(look.to_string().contains(note), "{name}: {note}\n{look}");
    }
    for function in expected.own() {
        let line = format!("the owner's own function livechat.{function}");
        assert!(look.to_string().contains(&line), "{name}: {line}\n{look}");
    }
    let done = chat.migrate().await;
    let done = done
        .map_err(|error| {
            format!(
                "{name}: {}
{look}",
                shown(&error)
            )
        })
        .expect(name);
    assert_eq!(done, look, "{name}: what was said is what was done");
    let again = chat.look().await;
    assert!(again.is_done(), "{name}:\n{again}");
    let done = chat.migrate().await.expect(name);
    let changes = |line: &&store_pg::Line| matches!(line.kind, LineKind::Made | LineKind::Altered);
    assert_eq!(done.lines.iter().find(changes), None, "{name}");
    assert_eq!(chat.rows().await, before, "{name}: no row is touched");

    answers(chat, expected, &look.to_string()).await;
    writes(chat, expected, before).await;
}

/// Members, contacts and assignments of A, and nothing of B.
async fn answers(chat: &Made, expected: &LiveChat, look: &str) {
    let name = &chat.name;
    let [a, b] = expected.workspaces();
    let (ann, ben) = (Uuid::from_bytes([1; 16]), Uuid::from_bytes([2; 16]));
    let in_a = chat.scope(a).await;
    let in_b = chat.scope(b).await;
    let role = expected.one("role", "agent");
    let members = "select user_id, name, role from livechat.members($1)";
    let rows = in_a.query(members, &[&a]).await.expect(name);
    let found: Vec<(Uuid, &str, &str)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(found, [(ann, "Ann", role)], "{name}");
    let of_b: usize = expected.one("members of b", "1").parse().expect("a count");
    assert_eq!(in_b.query(members, &[&b]).await.expect(name).len(), of_b, "{name}");
    let member = "select name, role from livechat.member($1, $2)";
    let rows = in_a.query(member, &[&a, &ann]).await.expect(name);
    assert_eq!((rows.len(), rows[0].get::<_, &str>(1)), (1, role), "{name}");
    assert!(in_a.query(member, &[&a, &ben]).await.expect(name).is_empty(), "{name}");

    let contacts = "select contact_id, name, number from livechat.contacts($1, $2)";
    let tails = vec!["05550001"];
    let rows = in_a.query(contacts, &[&a, &tails]).await.expect(name);
    let found: Vec<(&str, &str)> = rows.iter().map(|row| (row.get(1), row.get(2))).collect();
    assert_eq!(found, [(expected.one("contact", "Ada"), "+1 (500) 555-0001")], "{name}");
    let ada: Uuid = rows[0].get(0);
    let rows = in_b.query(contacts, &[&b, &tails]).await.expect(name);
    assert_eq!(rows.len(), 1, "{name}");
    let bob: Uuid = rows[0].get(0);
    let after = "select contact_id from livechat.contacts_after($1, $2, 10)";
    let rows = in_a.query(after, &[&a, &Uuid::nil()]).await.expect(name);
    let found: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let is_own = expected.own().contains(&"contacts");
    assert_eq!(found, if is_own { vec![] } else { vec![ada] }, "{name}");
    let contact = "select contact_id, name from livechat.contact($1, $2)";
    let rows = in_a.query(contact, &[&a, &vec![ada, bob, ann]]).await.expect(name);
    let found: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(found, [ada], "{name}");
    let assigned = "select contact_id, user_id from livechat.assigned($1, $2)";
    let rows = in_a.query(assigned, &[&a, &vec![ada, bob]]).await.expect(name);
    let found: Vec<(Uuid, Uuid)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(found, [(ada, ann)], "{name}");
    let workspace = "select livechat.workspace($1)";
    let row = in_a.query_one(workspace, &[&a]).await.expect(name);
    assert!(row.get::<_, bool>(0), "{name}");

    // Another workspace than the transaction's, one that does not exist, and one of another type.
    for other in [b, "nobody", "00000000-0000-0000-0000-000000000000", "99", ""] {
        assert!(in_a.query(members, &[&other]).await.expect(name).is_empty(), "{name}");
        assert!(in_a.query(contacts, &[&other, &tails]).await.expect(name).is_empty(), "{name}");
        assert!(in_a.query(contact, &[&other, &vec![ada, bob]]).await.expect(name).is_empty());
        assert!(in_a.query(assigned, &[&other, &vec![ada, bob]]).await.expect(name).is_empty());
        let in_other = chat.scope(other).await;
        assert!(
            in_other.query(members, &[&other]).await.expect(name).len()
                <= usize::from(other == b) * of_b
        );
        let is_listed = !look.contains("every id: there is no table of them");
        if other != b && is_listed {
            let row = in_other.query_one(workspace, &[&other]).await.expect(name);
            assert!(!row.get::<_, Option<bool>>(0).unwrap_or_default(), "{name}: {other}");
        }
    }
    // The second fence: what the functions' role could read without them.
    let fenced = "select q.polrelid::regclass::text, quote_ident(a.attname) from pg_policy q \
        join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = q.oid \
          and d.refobjid = q.polrelid and d.refobjsubid > 0 \
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid \
        where q.polname = 'voice_livechat_permissive'";
    let client = connect(&chat.database.connection_string("postgres")).await;
    for row in client.query(fenced, &[]).await.expect(name) {
        let (table, column): (String, String) = (row.get(0), row.get(1));
        let sql = format!(
            "begin; set local role voice_livechat; \
             select set_config('voice.workspace_id', '{b}', true)"
        );
        client.batch_execute(&sql).await.expect(name);
        let sql = format!("select count(*) from {table} t where {column}::text <> '{b}'");
        let seen: i64 = client.query_one(&sql, &[]).await.expect(name).get(0);
        assert_eq!(seen, 0, "{name}: {table}");
        client.batch_execute("rollback").await.expect(name);
    }
    // The server has no way around the functions.
    for role in ["voice_webhook", "voice_agent"] {
        let client = connect(&chat.database.connection_string(LOGIN)).await;
        client.batch_execute(&format!("set role {role}")).await.expect(name);
        for further in ["voice_livechat", "voice_finder"] {
            let refused = client.batch_execute(&format!("set role {further}")).await;
            assert!(refused.is_err(), "{name}: {further}");
        }
        let sql = "select string_agg(c.oid::regclass::text, ', ') from pg_class c \
            join pg_namespace n on n.oid = c.relnamespace \
            where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^pg_' \
              and n.nspname not in ('information_schema', 'voice') and c.relname not like 'voice\\_%' \
              and has_any_column_privilege(c.oid, 'SELECT,INSERT,UPDATE')";
        let readable: Option<String> = client.query_one(sql, &[]).await.expect(name).get(0);
        assert_eq!(readable, None, "{name}: {role}");
    }
}

/// One row for each call, written when its words change, and nothing else.
async fn writes(chat: &Made, expected: &LiveChat, before: BTreeMap<String, Vec<String>>) {
    let name = &chat.name;
    let [a, b] = expected.workspaces();
    let in_a = chat.scope(a).await;
    let table = expected.one("log", "");
    let contacts = "select contact_id from livechat.contacts($1, array['05550001'])";
    let ada: Uuid = in_a.query_one(contacts, &[&a]).await.expect(name).get(0);
    let nobody = Uuid::from_bytes([9; 16]);
    let entry = |contact: Option<Uuid>, user: Option<Uuid>, status: &str| {
        serde_json::json!([{
            "twilio_sid": "CA01010101010101010101010101010101", "sender": "contact",
            "contact_id": contact.map(|id| id.to_string()), "user_id": user.map(|id| id.to_string()),
            "body": "Incoming call", "direction": "inbound", "status": status,
            "created_at": "2026-05-05T10:00:00Z",
        }])
    };
    let ann = Some(Uuid::from_bytes([1; 16]));
    let told = [
        (entry(None, None, "ringing"), 1, "a new call"),
        (entry(None, None, "ringing"), 0, "nothing new"),
        (entry(Some(ada), ann, "completed"), 1, "who and how"),
        (entry(Some(ada), ann, "completed"), 0, "nothing new"),
    ];
    let log = "select livechat.log($1, $2)";
    for (entries, want, what) in told {
        let row = in_a.query_one(log, &[&a, &entries]).await;
        let row = row.expect(name);
        assert_eq!(row.get::<_, i32>(0), want, "{name}: {what}");
    }
    let refused = in_a.query_one(log, &[&b, &entry(None, None, "failed")]).await.expect(name);
    assert_eq!(refused.get::<_, i32>(0), 0, "{name}: another workspace's log");

    let after = chat.rows().await;
    let key = |name: &str| name.strip_prefix("public.").unwrap_or(name).to_owned();
    let is_new =
        |table: &String, row: &String| !before.get(table).is_some_and(|rows| rows.contains(row));
    let changed: Vec<&String> = after
        .iter()
        .filter(|(table, rows)| rows.iter().any(|row| is_new(table, row)))
        .map(|(table, _)| table)
        .collect();
    let mut may_change = vec![key(table)];
    may_change.extend_from_slice(expected.all("changes"));
    assert!(changed.iter().all(|table| may_change.contains(table)), "{name}: {changed:?}");
    let rows = after.get(&key(table)).expect(name);
    let row: Vec<&String> =
        rows.iter().filter(|row| row.contains("CA01010101010101010101010101010101")).collect();
    assert_eq!(row.len(), 1, "{name}: {rows:?}");
    assert!(row[0].contains("01010101-0101-0101-0101-010101010101"), "{name}: {}", row[0]);
    assert!(row[0].contains("ncoming"), "{name}: {}", row[0]);
    if expected.own().is_empty() {
        // A contact that is gone would break a foreign key.
        let entries = entry(Some(nobody), Some(nobody), "failed");
        let row = in_a.query_one(log, &[&a, &entries]).await.expect(name);
        assert_eq!(row.get::<_, i32>(0), 1, "{name}: a contact that is gone");
    }
}

/// The contract's live chat, adopted.
async fn adopted() -> Made {
    let scripts = scripts();
    let chat = Made::new(&scripts[0].name, &scripts[0].sql).await;
    chat.migrate().await.expect("migrated");
    chat
}

#[tokio::test]
async fn a_function_that_the_owner_wrote_later_is_kept() {
    let chat = adopted().await;
    let made = "drop function livechat.members(text); \
        create function livechat.members(ws text) \
          returns table (user_id uuid, name text, role text) \
          language sql stable security definer set search_path = '' as \
          $$ select p.id, 'X', 'agent' from public.user_profiles p \
             where p.workspace_id = ws and ws = voice.workspace() $$";
    chat.owner.client().batch_execute(made).await.expect("made");
    let look = chat.look().await;
    let kept = |line: &store_pg::Line| line.text == "the owner's own function livechat.members";
    assert!(look.lines.iter().any(kept), "{look}");
    let read = |line: &store_pg::Line| line.text.contains("user_profiles (workspace_id");
    assert!(!look.lines.iter().any(read), "{look}");
    chat.migrate().await.expect("migrated");
    assert!(chat.look().await.is_done());
    let in_a = chat.scope("ws_a").await;
    let name = "select name from livechat.members('ws_a')";
    assert_eq!(in_a.query_one(name, &[]).await.expect("a member").get::<_, &str>(0), "X");

    // A text that was changed in place is the owner's too, whatever its comment says.
    let body = "update pg_proc set prosrc = replace(prosrc, '100)', '99)') \
        where pronamespace = 'livechat'::regnamespace and proname = 'contacts'";
    chat.database.execute(body).expect("changed");
    let look = chat.look().await;
    let kept = |line: &store_pg::Line| line.text == "the owner's own function livechat.contacts";
    assert!(look.lines.iter().any(kept), "{look}");
}

#[tokio::test]
async fn what_somebody_took_away_is_said_and_made_again() {
    let chat = adopted().await;
    let cases = [
        (
            "alter policy voice_livechat_restrictive on livechat_contacts using (true)",
            "with the policy voice_livechat_restrictive",
        ),
        (
            "drop policy voice_livechat_permissive on user_profiles",
            "with the policy voice_livechat_permissive",
        ),
        (
            "drop index idx_livechat_contacts_workspace_tail",
            "with the index idx_livechat_contacts_workspace_tail on (workspace_id, voice.tail(phone_number))",
        ),
        ("drop function livechat.log(text, jsonb)", "the function livechat.log"),
        ("grant delete on livechat_contacts to voice_livechat", "voice_livechat may select"),
        ("grant select on livechat_contacts to voice_webhook", "voice_livechat may select"),
        (
            "revoke select (display_name) on livechat_contacts from voice_livechat",
            "voice_livechat may select",
        ),
        (
            "alter function livechat.member(text, uuid) security invoker",
            "the function livechat.member",
        ),
        (
            "grant execute on function livechat.members(text) to public",
            "the function livechat.members",
        ),
    ];
    for (done, want) in cases {
        chat.database.execute(done).expect(done);
        let look = chat.look().await;
        let changes: Vec<&str> = look
            .lines
            .iter()
            .filter(|line| matches!(line.kind, LineKind::Made | LineKind::Altered))
            .map(|line| line.text.as_str())
            .collect();
        assert!(
            changes.len() <= 2 && changes.iter().any(|change| change.starts_with(want)),
            "{done}: {changes:?}"
        );
        chat.migrate().await.expect(done);
        let look = chat.look().await;
        assert!(look.is_done(), "{done}:\n{look}");
    }
    let sql = "select has_table_privilege('voice_livechat', 'livechat_contacts', 'delete') \
        or has_table_privilege('voice_webhook', 'livechat_contacts', 'select')";
    assert!(!chat.owner.client().query_one(sql, &[]).await.expect("rights").get::<_, bool>(0));
}

/// Behind a long reader, it gives up and says who that is.
#[tokio::test]
async fn somebody_who_holds_a_table_is_named() {
    let scripts = scripts();
    let chat = Made::new(&scripts[0].name, &scripts[0].sql).await;
    let url = format!("{} application_name=reports", chat.database.connection_string(OWNER));
    let reader = connect(&url).await;
    let pid: i32 = reader.query_one("select pg_backend_pid()", &[]).await.expect("a pid").get(0);
    let who = format!("pid {pid} (reports, role {OWNER}) has held");

    let read = "begin; select count(*) from livechat_contacts";
    reader.batch_execute(read).await.expect("a reader");
    let text = shown(&chat.migrate().await.expect_err("it is held"));
    assert!(text.contains(&format!("{who} livechat_contacts")), "{text}");
    assert!(text.contains("cannot be locked for policies"), "{text}");
    reader.batch_execute("rollback").await.expect("over");

    chat.migrate().await.expect("migrated");
    let again = "drop index idx_livechat_contacts_workspace_tail";
    chat.owner.client().batch_execute(again).await.expect("dropped");
    let read = "begin isolation level repeatable read; select count(*) from livechat_contacts";
    reader.batch_execute(read).await.expect("a reader");
    let text = shown(&chat.migrate().await.expect_err("it is held"));
    assert!(text.contains(&who), "{text}");
    assert!(text.contains("idx_livechat_contacts_workspace_tail"), "{text}");
    reader.batch_execute("rollback").await.expect("over");
    chat.migrate().await.expect("the half-made index is made again");
    assert!(chat.look().await.is_done());
    let sql = "select indisvalid from pg_index \
        where indexrelid = 'idx_livechat_contacts_workspace_tail'::regclass";
    assert!(chat.owner.client().query_one(sql, &[]).await.expect("an index").get::<_, bool>(0));
}

/// Where there is no live chat at all, the contract's tables are made, and read like everybody's.
#[tokio::test]
async fn without_a_live_chat_the_tables_of_the_contract_are_made() {
    let chat = Made::new("empty", "select 1").await;
    let look = chat.look().await;
    assert_eq!(look.lines[0].text, "the tables of the contract: there is no live chat here");
    assert_eq!(chat.migrate().await.expect("migrated"), look);
    assert!(chat.look().await.is_done());
    assert!(chat.rows().await.contains_key("livechat_messages"));
}
