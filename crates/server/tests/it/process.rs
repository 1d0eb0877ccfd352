//! What stands around the process: who reads its log, who sends it signals, which key it was given, and
//! where its files are.

use std::net::SocketAddr;

use futures_util::future::join_all;

use crate::handover::{Process, kept, program, reserve};
use crate::http::{Ask, exchange};
use crate::load::callback;
use crate::team::Team;
use crate::world::{World, until};

/// The value of a metric of the server at this address.
async fn metric(address: SocketAddr, line: &str) -> u64 {
    let page = exchange(address, &Ask::get("/metrics").bytes()).await;
    let value = page.text().lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    value.expect("it is there").parse().expect("a number")
}

/// So many that their lines fill a pipe at once: those of one are limited.
async fn teams(world: &World) -> Vec<Team> {
    let mut teams = Vec::new();
    for number in 0..50 {
        teams.push(world.team(&format!("acme-{number}")).await);
    }
    teams
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_silences_nothing() {
    let world = World::with_servers(0).await;
    let teams = teams(&world).await;
    for format in ["text", "json"] {
        let (_port, address) = reserve();
        let env = [("SWITCHROOM_LOG_FORMAT", format)];
        let mut server = Process::start_with(&world, address, &env).await;
        // From here on its log is not read. Each request writes one line.
        let mut call = 0;
        while metric(address, "switchroom_log_lines_lost_total").await == 0 {
            let asks = teams.iter().cycle().take(200).map(|team| {
                call += 1;
                callback(team, call).bytes()
            });
            let asks: Vec<_> = asks.collect();
            for answer in join_all(asks.iter().map(|bytes| exchange(address, bytes))).await {
                assert_eq!(answer.status, 204, "{format}, after {call} requests");
            }
            let health = exchange(address, &Ask::get("/healthz").bytes()).await;
            assert_eq!(health.status, 200, "{format}, after {call} requests");
        }
        // Nobody reads the last lines either, and it ends all the same.
        server.signal("-TERM").await;
        assert!(server.ended().await, "{format}");

        Process::start_with(&world, address, &env).await.stop().await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_read_again_says_what_is_missing_in_it() {
    let world = World::with_servers(0).await;
    let teams = teams(&world).await;
    let (_port, address) = reserve();
    let mut server = Process::start_with(&world, address, &[]).await;
    let mut call = 0;
    while metric(address, "switchroom_log_lines_lost_total").await == 0 {
        let asks = teams.iter().cycle().take(200).map(|team| {
            call += 1;
            callback(team, call).bytes()
        });
        let asks: Vec<_> = asks.collect();
        join_all(asks.iter().map(|bytes| exchange(address, bytes))).await;
    }
    server.says("lines of the log were lost").await;
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_do_what_operators_expect() {
    let world = World::with_servers(0).await;
    let (_port, address) = reserve();
    let mut server = Process::start_with(&world, address, &[]).await;
    let says = [
        ("-HUP", Some("are read again")),
        ("-USR1", Some("status: 0 records are not in the database yet")),
        ("-USR2", None),
        ("-ALRM", None),
        ("-PIPE", None),
    ];
    for (name, line) in says {
        server.signal(name).await;
        if let Some(line) = line {
            server.says(line).await;
        }
        let health = exchange(address, &Ask::get("/healthz").bytes()).await;
        assert_eq!(health.status, 200, "{name}");
    }
    server.stop().await;
    for (name, line) in [("-INT", "SIGINT: stopping"), ("-QUIT", "SIGQUIT: stopping")] {
        let mut server = Process::start_with(&world, address, &[]).await;
        server.signal(name).await;
        server.says(line).await;
        assert!(server.ended().await, "{name}: in order");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_opens_nothing_is_refused_and_one_that_opens_some_is_named() {
    let world = World::with_servers(0).await;
    world.team("acme").await;
    world.team("beta").await;
    let (_port, address) = reserve();
    let mut other = program(&world, "serve");
    other.env("SWITCHROOM_SECRETS_KEY", "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let ended = other.output().await.expect("it runs");
    let text = String::from_utf8(ended.stderr).expect("UTF-8");
    assert_eq!(ended.status.code(), Some(2), "{text}");
    assert!(text.contains("SWITCHROOM_SECRETS_KEY opens none of the 2 workspaces"), "{text}");

    // Credentials are bound to their workspace.
    let swap = async |from: &str, to: &str| {
        let sql = "update public.voice_workspaces set sealed = \
                   (select sealed from public.voice_workspaces where workspace_id = $1) \
                   where workspace_id = $2";
        let changed = world.owner.client().execute(sql, &[&from, &to]).await;
        assert_eq!(changed.expect("a row"), 1);
    };
    swap("acme", "beta").await;
    let mut server = Process::start_with(&world, address, &[]).await;
    server.says("does not open workspace beta").await;
    let ready = async || exchange(address, &Ask::get("/readyz").bytes()).await;
    until("it says so", async || ready().await.text().contains("does not open 1 workspaces")).await;
    assert_eq!(ready().await.status, 200, "the others are served");

    let sql = "update public.voice_workspaces set sealed = sealed || sealed";
    world.owner.client().execute(sql, &[]).await.expect("two rows");
    server.signal("-HUP").await;
    until("it is not ready", async || ready().await.status == 503).await;
    assert!(ready().await.text().contains("opens none of the 2 workspaces"));
    server.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spool_that_is_deleted_under_the_server_acknowledges_nothing_that_is_lost() {
    let world = World::with_servers(0).await;
    let team = world.team("acme").await;
    let (_port, address) = reserve();
    let server = Process::start_with(&world, address, &[]).await;
    let answer = exchange(address, &callback(&team, 1).bytes()).await;
    assert_eq!(answer.status, 204);
    until("it is in the database", async || kept(&world).await == 1).await;
    world.cut_off().await;
    let spool = world.data_dir(0).join("spool");
    harness::directory::delete(&spool).expect("deleted");
    let mut acknowledged = 0;
    for call in 2.. {
        acknowledged +=
            u32::from(exchange(address, &callback(&team, call).bytes()).await.status == 204);
        if acknowledged == 20 {
            break;
        }
    }
    server.kill().await;
    world.let_in().await;
    let again = Process::start_with(&world, address, &[]).await;
    until("everything is in the database", async || kept(&world).await > acknowledged).await;
    again.stop().await;
    world.stop().await;
}
