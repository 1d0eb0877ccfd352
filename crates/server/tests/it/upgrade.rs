//! The database gets another schema while servers run.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use store_pg::SCHEMA_VERSION;

use crate::handover::{Process, program, reserve};
use crate::http::{Answer, Ask, exchange};
use crate::load::{Load, Request};
use crate::team::browser;
use crate::world::{LOGIN, World, until};

const LOG: (&str, &str) = ("RUST_LOG", "server::serve=info,server::command=info");

/// A schema with one more column, as a later program leaves it. It is for programs from this version.
fn later(programs_from: &str) -> String {
    format!(
        "begin; alter table public.voice_calls add column if not exists colour text; \
         alter table public.voice_workspaces add column if not exists colour text; \
         comment on schema voice is \
         'Switchroom schema {} for programs from {programs_from}, sha256 0'; commit",
        SCHEMA_VERSION + 1
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_migrated_under_load_without_a_failed_request() {
    let world = World::with_servers(0).await;
    let team = Arc::new(world.team("acme").await);
    world.member(&team, 1, "agent").await;
    let (_port, address) = reserve();
    let ready = async || -> Answer { exchange(address, &Ask::get("/readyz").bytes()).await };
    let version = async || -> String {
        let sql = "select split_part(obj_description('voice'::regnamespace), ' for', 1)";
        world.owner.client().query_one(sql, &[]).await.expect("a comment").get(0)
    };
    assert_eq!(version().await, format!("Switchroom schema {SCHEMA_VERSION}"));
    let mut old = Process::start_with(&world, address, &[LOG]).await;
    let load = {
        let team = Arc::clone(&team);
        Load::start(address, move |number| Request::any(&team, number))
    };
    load.goes_on(100).await;
    until("it is ready", async || ready().await.status == 200).await;

    // The same again, as often as somebody likes.
    let owner = world.database.connection_string(localpg::SUPERUSER);
    for _ in 0..5 {
        let mut migrate = program(&world, "migrate");
        let output = migrate.env("SWITCHROOM_ADMIN_DATABASE_URL", &owner).output().await;
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(version().await, format!("Switchroom schema {SCHEMA_VERSION}"));
        load.goes_on(50).await;
        assert_eq!(ready().await.status, 200);
    }

    // A later schema that is for this program: it stays ready, starts again, and does not migrate it.
    world.owner.client().batch_execute(&later("0.1.0")).await.expect("a later schema");
    load.goes_on(50).await;
    assert_eq!(ready().await.status, 200);
    let new = Process::start_with(&world, address, &[LOG]).await;
    old.stop().await;
    old = new;
    load.goes_on(50).await;
    assert_eq!(ready().await.status, 200);
    let mut migrate = program(&world, "migrate");
    let output = migrate.env("SWITCHROOM_ADMIN_DATABASE_URL", &owner).output().await;
    let output = output.expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("the database has schema {}", SCHEMA_VERSION + 1)), "{text}");

    // One that is not: the balancer hears it, and whoever comes all the same is served.
    world.owner.client().batch_execute(&later("99.0.0")).await.expect("a later schema");
    until("it is not ready", async || ready().await.status == 503).await;
    let body = ready().await.json();
    let reason = body["reason"].as_str().expect("a reason");
    assert!(reason.contains("for programs from 99.0.0"), "{reason}");
    load.goes_on(50).await;
    let sent = load.ends().await;
    old.stop().await;
    println!("{sent} requests over the migrations");

    let refused = program(&world, "serve").output().await.expect("it runs");
    let text = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.contains("start that version of the program, or a later one"), "{text}");
    world.stop().await;
}

/// Rows that the program wrote when the last schema was its own, credentials included.
const LAST_SCHEMA: [&str; 2] = [
    include_str!("../../../store-pg/tests/vectors/schemas/4.sql"),
    include_str!("../../../store-pg/tests/vectors/schemas/4.rows.sql"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_team_goes_on_after_an_upgrade_from_the_last_schema() {
    let mut world = World::of_schema(&LAST_SCHEMA.concat()).await;
    world.owner.migrate(&world.database.connection_string(LOGIN)).await.expect("migrated");
    world.start_server().await;
    let team = world.team_at_twilio("acme");
    let calls = world.get(&team, 1, "calls").await.json();
    let outcomes: Vec<_> = calls["calls"]
        .as_array()
        .expect("calls")
        .iter()
        .map(|call| call["outcome"].clone())
        .collect();
    assert_eq!(outcomes.len(), 3, "{calls}");
    assert!(outcomes.contains(&json!("completed")), "{calls}");

    // The credentials open, the contact is found, and the assigned agent rings.
    let _agents = [browser(&team, 1), browser(&team, 2)];
    let story = world.phone("+15005551234").gives_up_after(Duration::from_secs(3));
    let story = story.call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [2], "{story}");
    let identity = team.identity(1);
    let token = world.get(&team, 1, &format!("token?identity={identity}")).await;
    assert_eq!(token.status, 200);
    world.applied().await;
    let log = world.log(&team).await;
    assert_eq!(log.len(), 4, "{log:#?}");
    world.stop().await;
}
