//! Live chats as other people make them, from the first command to the row of a call in their log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use emulator::{Agent, Behaviour, Story};
use harness::livechats::LiveChat;
use identity::{AgentIdentity, UserId};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

use crate::handover::program;
use crate::http::Ask;
use crate::sessions::session;
use crate::team::{API_SECRET, Team};
use crate::world::World;

/// Ada's and Bob's number, as a carrier writes it.
const CALLER: &str = "+15005550001";
const SECOND: Duration = Duration::from_secs(1);
/// How many are tried at once. Most of the time goes into starting programs.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn every_live_chat_is_adopted_by_commands_or_refused_with_the_reason() {
    let (adopted, refused) = LocalSet::new().run_until(try_all()).await;
    assert!(adopted >= 30 && refused >= 10, "{adopted} adopted, {refused} refused");
    println!(
        "figures: {adopted} live chats adopted by commands, {refused} refused with the reason"
    );
}

/// How many were adopted and how many refused, each as its script says.
async fn try_all() -> (u32, u32) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tried = JoinSet::new();
    for chat in harness::livechats::all().expect("the scripts") {
        let places = Arc::clone(&places);
        tried.spawn_local(async move {
            let _place = places.acquire().await.expect("a place");
            let world = World::of_live_chat(&chat.sql).await;
            let is_usable = chat.all("refused").is_empty();
            if is_usable {
                is_adopted(world, &chat).await;
            } else {
                is_refused(world, &chat).await;
            }
            is_usable
        });
    }
    let (mut adopted, mut refused, mut failed) = (0, 0, Vec::new());
    while let Some(one) = tried.join_next().await {
        match one {
            Ok(true) => adopted += 1,
            Ok(false) => refused += 1,
            Err(error) => failed.push(error),
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    (adopted, refused)
}

/// Each command says why and what to do, and nothing is changed.
async fn is_refused(world: World, chat: &LiveChat) {
    let name = &chat.name;
    let before = rows(&world).await;
    for arguments in [&["migrate", "--check"][..], &["migrate"]] {
        let (good, text) = run(&world, arguments, &[]).await;
        assert!(!good, "{name}, {arguments:?}: {text}");
        for refusal in chat.all("refused") {
            assert!(text.contains(refusal.as_str()), "{name}, {arguments:?}: {refusal}\n{text}");
        }
    }
    // Whoever goes on all the same is sent back.
    let (good, text) = run(&world, &["check"], &[]).await;
    assert!(!good && text.contains("run `switchroom migrate`"), "{name}: {text}");
    assert_eq!(rows(&world).await, before, "{name}");
    world.stop().await;
}

async fn is_adopted(mut world: World, chat: &LiveChat) {
    let name = &chat.name;
    let [a, b] = chat.workspaces();
    let (good, text) = run(&world, &["migrate", "--check"], &[]).await;
    assert!(good && text.contains("  made "), "{name}: {text}");
    let (good, text) = run(&world, &["migrate"], &[]).await;
    assert!(good, "{name}: {text}");

    let [of_a, of_b] = [a, b].map(|id| world.team_at_twilio(id));
    for team in [&of_a, &of_b] {
        let text = add(&world, team).await;
        assert!(!text.contains("look at this"), "{name}: {text}");
    }
    checked(&world, chat).await;
    let before = rows(&world).await;

    world.start_server().await;
    let [ann, ben] = [1, 2].map(|byte| UserId::from_bytes([byte; 16]));
    for (team, user, status) in [(&of_a, ann, 200), (&of_a, ben, 404), (&of_b, ben, 200)] {
        let path = team.path(&format!("token?identity={}", AgentIdentity::new(user)));
        let answer = world.ask(&Ask::get(&path).bearer(&session(user))).await;
        assert_eq!(answer.status, status, "{name}, {path}: {answer:?}");
    }

    let _browsers = [(&of_a, ann), (&of_a, ben), (&of_b, ann), (&of_b, ben)]
        .map(|(team, user)| answering(team, user));
    let story = world.phone(CALLER).call(&of_a.number).ended().await;
    rang_for_ada(&story, chat.one("contact", "Ada"), name);
    world.applied().await;
    is_logged(&story, &before, rows(&world).await, chat);
    world.stop().await;
}

/// An agent's browser, that answers.
fn answering(team: &Team, user: UserId) -> Agent {
    let behaviour = Behaviour::talks(2 * SECOND, 30 * SECOND);
    team.account.agent(AgentIdentity::new(user), behaviour).app(team.app)
}

/// `switchroom workspace add`, as the README has it.
async fn add(world: &World, team: &Team) -> String {
    let arguments = [
        "workspace",
        "add",
        team.id.as_str(),
        "--account-sid",
        team.account.sid().as_str(),
        "--api-key",
        team.api_key.as_str(),
        "--app",
        team.app.as_str(),
        "--number",
        &team.number,
    ]
    .map(ToOwned::to_owned);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let secrets = [("TWILIO_AUTH_TOKEN", &*team.auth_token), ("TWILIO_API_SECRET", API_SECRET)];
    let (good, text) = run(world, &arguments, &secrets).await;
    assert!(good, "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_the_live_chat_does_not_have_is_named_when_it_is_added() {
    let chats = harness::livechats::all().expect("the scripts");
    let chat = chats.iter().find(|chat| chat.name == "03-supabase-uuid").expect("a script");
    let world = World::of_live_chat(&chat.sql).await;
    let (good, text) = run(&world, &["migrate"], &[]).await;
    assert!(good, "{text}");
    let text = add(&world, &world.team_at_twilio("acme")).await;
    assert!(text.contains("the live chat has no workspace acme: nobody rings"), "{text}");
    world.stop().await;
}

/// `switchroom check` finds nothing wrong with the database; where nobody would ring, its own fix
/// helps.
async fn checked(world: &World, chat: &LiveChat) {
    let name = &chat.name;
    let ids = chat.workspaces();
    let (mut is_good, mut text) = run(world, &["check"], &[]).await;
    if chat.one("role", "agent") == "owner" {
        for id in ids {
            let fault = format!("nobody rings in workspace {id}");
            let line = text.lines().find(|line| line.contains(&fault)).expect(name);
            let (_, fix) = line.split_once("as the owner: ").expect(name);
            world.owner.client().batch_execute(fix).await.expect(fix);
        }
        (is_good, text) = run(world, &["check"], &[]).await;
    }
    let mut want = vec!["good: database: role, policies and schema".to_owned()];
    want.extend(ids.map(|id| format!("good: log of workspace {id}")));
    for (id, members) in ids.into_iter().zip(["1", chat.one("members of b", "1")]) {
        want.push(match members {
            "1" => format!("good: workspace {id}: one member takes calls"),
            many => format!("good: workspace {id}: {many} members take calls"),
        });
    }
    for line in want {
        assert!(text.contains(&line), "{name}: {line}\n{text}");
    }
    assert!(is_good && text.contains("no fault was found"), "{name}: {text}");
}

/// Only Ann, who is assigned to Ada, and she sees who calls.
fn rang_for_ada(story: &Story, contact: &str, name: &str) {
    let ann = AgentIdentity::new(UserId::from_bytes([1; 16])).to_string();
    assert_eq!(story.problems().count(), 0, "{name}: {story}");
    assert!(!story.application_error, "{name}: {story}");
    let rang: Vec<_> = story.rang().iter().map(|address| address.identity()).collect();
    assert_eq!(rang, [Some(&*ann)], "{name}: {story}");
    let answered = story.answered_by().and_then(|address| address.identity());
    assert_eq!(answered, Some(&*ann), "{name}: {story}");
    let shown = &story.legs[0].parameters;
    for (parameter, want) in [("display_name", contact), ("scope", "assigned"), ("from", CALLER)] {
        let found = shown.iter().find(|(name, _)| name == parameter).map(|(_, value)| &**value);
        assert_eq!(found, Some(want), "{name}: {shown:?}");
    }
}

/// One row in the log, with the contact, and with Ann as who handled it; nothing else is touched.
fn is_logged(
    story: &Story,
    before: &BTreeMap<String, Vec<String>>,
    mut after: BTreeMap<String, Vec<String>>,
    chat: &LiveChat,
) {
    let name = &chat.name;
    let log = chat.one("log", "");
    let log = log.strip_prefix("public.").unwrap_or(log);
    assert!(before.keys().eq(after.keys()), "{name}: {:?}", after.keys());
    for (table, rows) in before {
        let now = after.get_mut(table).expect(name);
        let is_own = table == log || chat.all("changes").contains(table);
        assert!(is_own || now == rows, "{name}: {table} has changed\n{rows:?}\n{now:?}");
        now.retain(|row| !rows.contains(row));
    }
    let [row] = &after[log][..] else { panic!("{name}: {:?}", after[log]) };
    assert!(row.contains(story.sid.as_str()), "{name}: {row}");
    assert!(row.contains(&UserId::from_bytes([1; 16]).to_string()), "{name}: {row}");
    // Her id is a uuid, a number, or a number that is shown as a uuid.
    let ids = ["\"c1c1c1c1-", ": 41,", "-000000000001\""];
    assert!(ids.iter().any(|id| row.contains(id)), "{name}: {row}");
    let id_of_b = format!("\"{}\"", chat.workspaces()[1]);
    for of_b in ["02020202-", "c2c2c2c2-", &id_of_b] {
        assert!(!row.contains(of_b), "{name}: {of_b} in {row}");
    }
}

/// What the program printed, and whether it ended well.
async fn run(world: &World, arguments: &[&str], env: &[(&str, &str)]) -> (bool, String) {
    let mut program = program(world, arguments[0]);
    let owner = world.database.connection_string(localpg::SUPERUSER);
    program
        .args(&arguments[1..])
        .env("SWITCHROOM_ADMIN_DATABASE_URL", owner)
        // Nobody listens there.
        .env("SWITCHROOM_PUBLIC_URL", "http://127.0.0.1:9")
        .env("RUST_LOG", "warn")
        .envs(env.iter().copied());
    let output = program.output().await.expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("UTF-8"))
}

/// The rows of each table of the live chat, as JSON.
async fn rows(world: &World) -> BTreeMap<String, Vec<String>> {
    let client = world.owner.client();
    let mut all = BTreeMap::new();
    for row in client.query(harness::livechats::TABLES, &[]).await.expect("tables") {
        let table: String = row.get(0);
        let sql = format!("select to_jsonb(t)::text from {table} t order by 1");
        let rows = client.query(&sql, &[]).await.expect("rows");
        all.insert(table, rows.iter().map(|row| row.get(0)).collect());
    }
    all
}
