//! The secrets key is changed while requests keep coming.

use std::sync::Arc;

use crate::handover::{Process, program, reserve};
use crate::load::{Load, Request, callback, send};
use crate::world::{SECRETS_KEY, World, until};

const NEXT_KEY: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const KEY: &str = "SWITCHROOM_SECRETS_KEY";
const PREVIOUS: &str = "SWITCHROOM_SECRETS_KEY_PREVIOUS";
const LOG: (&str, &str) =
    ("RUST_LOG", "server::serve=info,server::command=info,server::secrets=info");

/// Runs `switchroom workspace reseal` with these keys; whether it succeeded, and what it said.
async fn reseal(world: &World, env: &[(&str, &str)]) -> (bool, String) {
    let mut program = program(world, "workspace");
    let owner = world.database.connection_string(localpg::SUPERUSER);
    program.arg("reseal").env("SWITCHROOM_ADMIN_DATABASE_URL", owner).envs(env.iter().copied());
    let output = program.output().await.expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("UTF-8"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_under_load_without_a_failed_request() {
    let world = World::with_servers(0).await;
    let teams = [Arc::new(world.team("acme").await), Arc::new(world.team("beta").await)];
    for team in &teams {
        world.member(team, 1, "agent").await;
    }
    let (_port, address) = reserve();
    let both = [(KEY, NEXT_KEY), (PREVIOUS, SECRETS_KEY), LOG];
    let old = Process::start_with(&world, address, &[LOG]).await;
    let load = {
        let teams = teams.clone();
        Load::start(address, move |number| {
            Request::any(&teams[usize::from(number.is_multiple_of(2))], number)
        })
    };
    load.goes_on(100).await;

    let mut with_both = Process::start_with(&world, address, &both).await;
    with_both.says("2 workspaces need SWITCHROOM_SECRETS_KEY_PREVIOUS").await;
    load.goes_on(50).await;
    old.stop().await;
    load.goes_on(100).await;

    let (good, text) = reseal(&world, &both).await;
    assert!(good && text.contains("2 workspaces were sealed again; all 2 that open"), "{text}");
    load.goes_on(50).await;
    // What the server knows is read again.
    with_both.signal("-HUP").await;
    with_both.says("no workspace needs SWITCHROOM_SECRETS_KEY_PREVIOUS any more").await;
    load.goes_on(100).await;
    let (good, text) = reseal(&world, &both).await;
    assert!(good && text.contains("0 workspaces were sealed again; all 2 that open"), "{text}");

    let with_next = Process::start_with(&world, address, &[(KEY, NEXT_KEY), LOG]).await;
    load.goes_on(50).await;
    with_both.stop().await;
    load.goes_on(100).await;
    let sent = load.ends().await;
    with_next.stop().await;
    println!("{sent} requests over the rotation");

    // What is known on disk is sealed with the new key as well.
    world.cut_off().await;
    let mut without = Process::start_with(&world, address, &[(KEY, NEXT_KEY)]).await;
    for team in &teams {
        let line = send(address, &callback(team, 1).bytes()).await.expect("an answer");
        assert_eq!(line, "HTTP/1.1 204 No Content", "{}", team.id);
    }
    world.let_in().await;
    without.signal("-TERM").await;
    assert!(without.ended().await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lacks_the_new_key_goes_on_with_what_it_read() {
    let world = World::with_servers(0).await;
    let team = Arc::new(world.team("acme").await);
    world.member(&team, 1, "agent").await;
    let (_port, address) = reserve();
    let log = ("RUST_LOG", "server=error,server::serve=info");
    let mut server = Process::start_with(&world, address, &[log]).await;
    let load = {
        let team = Arc::clone(&team);
        Load::start(address, move |number| Request::any(&team, number))
    };
    load.goes_on(50).await;
    // Too early: this server does not have the new key.
    let (good, text) = reseal(&world, &[(KEY, NEXT_KEY), (PREVIOUS, SECRETS_KEY)]).await;
    assert!(good && text.contains("1 workspaces were sealed again"), "{text}");
    server.signal("-HUP").await;
    server.says("workspace acme is served as it was read before").await;
    load.goes_on(50).await;

    // Back again: the keys change places.
    let (good, text) = reseal(&world, &[(PREVIOUS, NEXT_KEY)]).await;
    assert!(good && text.contains("1 workspaces were sealed again"), "{text}");
    server.signal("-HUP").await;
    let ready = async || {
        let ask = crate::http::Ask::get("/readyz").bytes();
        send(address, &ask).await.expect("an answer") == "HTTP/1.1 200 OK"
    };
    until("it is ready", ready).await;
    load.goes_on(50).await;
    load.ends().await;
    server.signal("-TERM").await;
    assert!(server.ended().await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_neither_key_opens_is_named_and_the_rest_is_sealed_again() {
    let world = World::with_servers(0).await;
    for name in ["acme", "beta"] {
        world.team(name).await;
    }
    let sql =
        "update public.voice_workspaces set sealed = sealed || sealed where workspace_id = 'beta'";
    world.owner.client().execute(sql, &[]).await.expect("a row");
    let (good, text) = reseal(&world, &[(KEY, NEXT_KEY), (PREVIOUS, SECRETS_KEY)]).await;
    assert!(!good && text.contains("1 workspaces were sealed again"), "{text}");
    assert!(text.contains("nor SWITCHROOM_SECRETS_KEY_PREVIOUS opens beta:"), "{text}");
    let (good, text) = reseal(&world, &[(KEY, "c2hvcnQ="), (PREVIOUS, "%")]).await;
    assert!(!good, "{text}");
    for fault in ["SWITCHROOM_SECRETS_KEY has 5 bytes", "SWITCHROOM_SECRETS_KEY_PREVIOUS is not"] {
        assert!(text.contains(fault), "{text}");
    }
    world.stop().await;
}
