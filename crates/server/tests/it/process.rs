//! What stands around the process: who reads its log.

use std::net::SocketAddr;

use futures_util::future::join_all;

use crate::handover::{Process, callback, reserve};
use crate::http::{Ask, exchange};
use crate::world::World;

/// The value of a metric of the server at this address.
async fn metric(address: SocketAddr, line: &str) -> u64 {
    let page = exchange(address, &Ask::get("/metrics").bytes()).await;
    let value = page.text().lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    value.expect("it is there").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_silences_nothing() {
    let world = World::with_servers(0).await;
    let team = world.team("acme").await;
    for format in ["text", "json"] {
        let (_port, address) = reserve();
        let env = [("SWITCHROOM_LOG_FORMAT", format)];
        let mut server = Process::start_with(&world, address, &env).await;
        // From here on its log is not read. Each request writes one line.
        let mut call = 0;
        while metric(address, "switchroom_log_lines_lost_total").await == 0 {
            let asks = (0..200).map(|_| {
                call += 1;
                callback(&team, call).bytes()
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
    let team = world.team("acme").await;
    let (_port, address) = reserve();
    let mut server = Process::start_with(&world, address, &[]).await;
    let mut call = 0;
    while metric(address, "switchroom_log_lines_lost_total").await == 0 {
        let asks = (0..200).map(|_| {
            call += 1;
            callback(&team, call).bytes()
        });
        let asks: Vec<_> = asks.collect();
        join_all(asks.iter().map(|bytes| exchange(address, bytes))).await;
    }
    server.says("lines of the log were lost").await;
    server.stop().await;
    world.stop().await;
}
