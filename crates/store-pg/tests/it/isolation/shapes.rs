//! What one workspace may know and do of another, over three shapes of live chat: functions and policies;
//! functions alone, because row-level security is off; and the owner's own functions.

use store_pg::{Store, StoreOptions};
use tokio_postgres::Client;

use crate::livechats::{Made, script};
use crate::support::*;

const ANN: &str = "01010101-0101-0101-0101-010101010101";
const BEN: &str = "02020202-0202-0202-0202-020202020202";
/// Ada, Bob and nobody.
const CONTACTS: &str = "array['c1c1c1c1-c1c1-c1c1-c1c1-c1c1c1c1c1c1', \
    'c2c2c2c2-c2c2-c2c2-c2c2-c2c2c2c2c2c2', 'c3c3c3c3-c3c3-c3c3-c3c3-c3c3c3c3c3c3']::uuid[]";
/// A workspace that nobody has.
const NOBODY: &str = "cccccccc-0000-4000-8000-00000000000c";
/// The call that is in the log of the second workspace.
const THEIRS: &str = "CA02020202020202020202020202020202";

/// A live chat with what is taken out of its functions, one filter after the other.
struct Shape {
    script: &'static str,
    /// Patterns of the comparison of `ws` with the transaction's workspace, and what stands for it.
    scope: [(&'static str, &'static str); 2],
    /// The pattern of the comparison of a row's workspace with `ws`.
    column: &'static str,
    /// Tables with policies, and the functions that read them.
    fenced: &'static [(&'static str, &'static [&'static str])],
    /// Mutants of functions, of policies, and of both.
    mutants: [usize; 3],
}

const GENERATED: [(&str, &str); 2] = [
    ("ws is distinct from voice.workspace()", "false"),
    ("ws is not distinct from voice.workspace()", "true"),
];
const COLUMN: &str = "[a-z]+[.][a-z_]+ = (own|voice.as_uuid[(]ws[)])";

const SHAPES: [Shape; 3] = [
    Shape {
        script: "03-supabase-uuid",
        scope: GENERATED,
        column: COLUMN,
        fenced: &[
            ("workspace_members", &["members", "member"]),
            ("livechat_contacts", &["contacts", "contact", "contact_ids", "contacts_after"]),
            ("livechat_contact_assignments", &["assigned"]),
            ("workspaces", &["workspace"]),
            ("livechat_messages", &["log"]),
        ],
        mutants: [27, 10, 18],
    },
    Shape {
        script: "22-rls-off",
        scope: GENERATED,
        column: COLUMN,
        fenced: &[],
        mutants: [27, 0, 0],
    },
    Shape {
        script: "39-crm-own-bodies",
        scope: [("ws = voice.workspace()", "true"); 2],
        column: "[a-z]+[.](tenant|code) = ws",
        fenced: &[],
        mutants: [16, 0, 0],
    },
];

/// A live chat with probes, and a superuser's connection to it.
async fn prepared(shape: &Shape) -> (Made, Client, Store) {
    let script = script(shape.script);
    let chat = Made::new(&script.name, &script.sql).await;
    chat.migrate().await.expect(shape.script);
    let [a, b] = script.workspaces();
    let in_b = chat.scope(b).await;
    let entry = |status| {
        format!(
            "[{{\"twilio_sid\":\"{THEIRS}\",\"sender\":\"contact\",\"body\":\"Call\",\
             \"direction\":\"inbound\",\"status\":\"{status}\"}}]"
        )
    };
    let log = format!("select livechat.log('{b}', '{}')", entry("completed"));
    assert_eq!(in_b.query_one(&log, &[]).await.expect(&log).get::<_, i32>(0), 1);

    let client = connect(&chat.database.connection_string("postgres")).await;
    client.batch_execute(include_str!("shapes.sql")).await.expect("probes");
    let sql = format!(
        "insert into probe.mark values ('{a}', 'Ann|Ada|01010101-|c1c1c1c1-', false), \
           ('{b}', 'Ben|Bob|02020202-|c2c2c2c2-', true); \
         insert into probe.context values \
           ('webhook', 'voice_webhook', '{a}', null, '{a}'), \
           ('webhook of the other', 'voice_webhook', '{b}', null, '{b}'), \
           ('webhook nowhere', 'voice_webhook', null, null, null), \
           ('webhook of nobody', 'voice_webhook', '{NOBODY}', null, '{NOBODY}'), \
           ('agent', 'voice_agent', '{a}', '{ANN}', '{a}'), \
           ('agent elsewhere', 'voice_agent', '{b}', '{ANN}', null), \
           ('agent from elsewhere', 'voice_agent', '{a}', '{BEN}', null), \
           ('agent nowhere', 'voice_agent', null, '{ANN}', null), \
           ('nobody', 'voice_agent', '{a}', null, null)"
    );
    client.batch_execute(&sql).await.expect("contexts");
    for ws in [a, b, NOBODY, ""] {
        let mut questions = vec![
            ("members", format!("livechat.members('{ws}')")),
            ("member", format!("livechat.member('{ws}', '{ANN}')")),
            ("member", format!("livechat.member('{ws}', '{BEN}')")),
            ("contacts", format!("livechat.contacts('{ws}', array['05550001'])")),
            ("contact", format!("livechat.contact('{ws}', {CONTACTS})")),
            ("contact_ids", format!("livechat.contact_ids('{ws}', array['05550001'])")),
            (
                "contacts_after",
                format!("livechat.contacts_after('{ws}', repeat('0', 32)::uuid, 100)"),
            ),
            ("assigned", format!("livechat.assigned('{ws}', {CONTACTS})")),
            ("log", format!("livechat.log('{ws}', '{}')", entry("failed"))),
        ];
        if let Some(name) =
            [(a, "Ann"), (b, "Ben")].iter().find_map(|(id, name)| (*id == ws).then_some(name))
        {
            let sql = format!("(select case when livechat.workspace('{ws}') then '{name}' end)");
            questions.push(("workspace", sql));
        }
        for (function, sql) in questions {
            let exists = "select to_regproc('livechat.' || $1) is not null";
            if !client.query_one(exists, &[&function]).await.expect(exists).get::<_, bool>(0) {
                continue;
            }
            let insert = "insert into probe.question (function, ws, sql) values ($1, $2, $3)";
            client.execute(insert, &[&function, &ws, &sql]).await.expect("a question");
        }
    }
    let ours = format!(
        "insert into probe.question (function, ws, sql) values ('members', null, 'voice.members()'), \
           ('members', null, 'voice.colleagues()'), ('contact', null, 'voice.contact_names({})')",
        CONTACTS.replace('\'', "''")
    );
    client.batch_execute(&ours).await.expect("questions");
    let store = Store::new(&chat.database.connection_string(LOGIN), StoreOptions::SMALL);
    (chat, client, store.expect("a store"))
}

/// What was asked, refused by a right, and shown or written.
async fn ask(client: &Client, functions: &[&str], log: &str) -> (i32, i32, Vec<String>) {
    let sql = "select probes, refused, leaks from probe.ask($1, $2)";
    let row = client.query_one(sql, &[&functions, &log]).await.expect("the probes run");
    (row.get(0), row.get(1), row.get(2))
}

/// Statements that make a fault, and those that take it out again.
#[derive(Clone)]
struct Mutant {
    name: String,
    /// The function, or the first of those that read the table.
    function: &'static str,
    /// The functions that may show more by it.
    asked: Vec<&'static str>,
    make: String,
    undo: String,
}

impl Mutant {
    fn and(&self, other: &Self) -> Self {
        Self {
            name: format!("{} and {}", self.name, other.name),
            function: self.function,
            asked: [&self.asked[..], &other.asked].concat(),
            make: format!("{}; {}", self.make, other.make),
            undo: format!("{}; {}", self.undo, other.undo),
        }
    }
}

/// A function without the comparison with the scope, with the row's workspace, and without both.
async fn of_functions(client: &Client, shape: &Shape) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for function in store_pg::QUESTIONS {
        let sql = "select pg_get_functiondef(p.oid) from pg_proc p \
            where p.pronamespace = 'livechat'::regnamespace and p.proname = $1";
        let Some(row) = client.query_opt(sql, &[&function]).await.expect(sql) else { continue };
        let made: String = row.get(0);
        let scope = |text: &str| {
            shape
                .scope
                .iter()
                .fold(text.to_owned(), |text, (filter, instead)| text.replace(filter, instead))
        };
        let replace = "select regexp_replace($1, $2, 'true', 'g')";
        let unscoped = scope(&made);
        let open: String =
            client.query_one(replace, &[&made, &shape.column]).await.expect(replace).get(0);
        let both = scope(&open);
        let mut texts = vec![("scope", unscoped), ("column", open), ("scope and column", both)];
        texts.retain(|(_, text)| *text != made);
        // Where it has one of them only, there is no both.
        texts.dedup_by(|next, one| next.1 == one.1);
        // Some ask others.
        let asked = match function {
            "contact_ids" => vec![function, "contacts"],
            "contact" | "member" => vec![function, "log"],
            "members" => vec![function, "member"],
            _ => vec![function],
        };
        mutants.extend(texts.into_iter().map(|(what, make)| Mutant {
            name: format!("{function} without its {what}"),
            function,
            asked: asked.clone(),
            make,
            undo: made.clone(),
        }));
    }
    mutants
}

/// Tables without row-level security, and with a policy for all rows.
async fn of_policies(client: &Client, shape: &Shape) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (table, functions) in shape.fenced {
        let sql = "select format('alter policy %I on %s using (%s)', policyname, tablename, qual) \
            from pg_policies where tablename = $1 and policyname like 'voice\\_livechat%'";
        let rows = client.query(sql, &[table]).await.expect(sql);
        let undo: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(undo.len(), 2, "{table}");
        let open: Vec<String> = undo
            .iter()
            .map(|one| {
                one.split_once(" using ")
                    .map_or(String::new(), |(alter, _)| format!("{alter} using (true)"))
            })
            .collect();
        mutants.push(Mutant {
            name: format!("{table} without row-level security"),
            function: functions[0],
            asked: functions.to_vec(),
            make: format!("alter table {table} disable row level security"),
            undo: format!("alter table {table} enable row level security"),
        });
        mutants.push(Mutant {
            name: format!("{table} with policies for all rows"),
            function: functions[0],
            asked: functions.to_vec(),
            make: open.join("; "),
            undo: undo.join("; "),
        });
    }
    mutants
}

#[tokio::test]
async fn no_function_shows_or_writes_what_another_workspace_has_in_three_shapes() {
    let (mut asked, mut tried, mut opened) = (0, 0, 0);
    for shape in &SHAPES {
        let name = shape.script;
        let (_chat, client, store) = prepared(shape).await;
        let script = script(name);
        let log = script.one("log", "");
        let (probes, refused, leaks) = ask(&client, &store_pg::QUESTIONS, log).await;
        assert_eq!(leaks, Vec::<String>::new(), "{name}");
        assert!(probes >= 330, "{name}: {probes}");
        assert!(refused >= 150, "{name}: {refused}");
        asked += probes;
        assert_eq!(store.faults().await.expect(name), [], "{name}");

        let functions = of_functions(&client, shape).await;
        let policies = of_policies(&client, shape).await;
        let both: Vec<Mutant> = functions
            .iter()
            .flat_map(|function| {
                let fence = shape.fenced.iter().find(|(_, all)| all.contains(&function.function));
                let policies = policies.iter().filter(|policy| {
                    fence.is_some_and(|(_, all)| all[0] == policy.function)
                        && function.name.ends_with("scope and column")
                });
                policies.map(|policy| function.and(policy)).collect::<Vec<_>>()
            })
            .collect();
        let counts = [functions.len(), policies.len(), both.len()];
        assert_eq!(counts, shape.mutants, "{name}");
        for mutant in functions.iter().chain(&policies).chain(&both) {
            client.batch_execute(&mutant.make).await.expect(&mutant.name);
            let (probes, _, leaks) = ask(&client, &mutant.asked, log).await;
            let faults = store.faults().await.expect(name);
            client.batch_execute(&mutant.undo).await.expect(&mutant.name);
            assert!(leaks.is_empty() || !faults.is_empty(), "{name}, {}: {leaks:#?}", mutant.name);
            asked += probes;
            tried += 1;
            opened += usize::from(!leaks.is_empty());
        }
        assert_eq!(store.faults().await.expect(name), [], "{name}");
    }
    assert!(opened >= 40, "{opened}");
    println!(
        "figures: {asked} probes by functions over {} shapes, 0 leaks; of {tried} mutants {opened} open \
         something, and the guard names each of these",
        SHAPES.len()
    );
}
