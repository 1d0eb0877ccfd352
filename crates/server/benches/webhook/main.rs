//! The server under load, beside two upper bounds: the same lookup alone, and a server that does nothing.
//!
//! Everything runs on this machine at the same time, load included, so figures are compared within
//! one run and never between machines. `cargo bench -p server --bench webhook` runs it; `-- --seconds
//! 10` gives each case longer.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, or fails loudly"
)]

mod baseline;
mod load;
mod process;
mod world;

use std::time::Duration;

use load::{Load, Measured};
use world::{Case, World};

const CONNECTIONS: [usize; 3] = [1, 16, 64];

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.by_ref().any(|argument| argument == "--bare") {
        return baseline::serve_bare();
    }
    let mut arguments = std::env::args().skip_while(|argument| argument != "--seconds").skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(4);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run(Duration::from_secs(seconds)));
}

async fn run(length: Duration) {
    let world = World::new().await;
    println!(
        "| case | connections | requests/s | p50 ms | p99 ms | server CPU µs | Postgres CPU µs | of lookup | of lookup in scope | of bare hyper |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for case in Case::ALL {
        for connections in CONNECTIONS {
            let plain = world.pgbench(case, connections, length, false);
            let scoped = world.pgbench(case, connections, length, true);
            let bare = bare(case, connections, length).await;
            let server = world.start_server();
            let requests = world::requests(case, &server);
            warm_up(&requests, &server).await;
            let (before, postgres_before) = (server.cpu(), world.postgres_cpu());
            let measured = Load::new(server.address(), connections, &requests).run(length).await;
            // What was acknowledged is applied to the database afterwards; that belongs to it.
            server.drained(&world).await;
            let per_request = |cpu: Duration| cpu.as_secs_f64() * 1e6 / measured.answers();
            println!(
                "| {} | {connections} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} |",
                case.name(),
                measured.per_second(),
                measured.quantile(0.50),
                measured.quantile(0.99),
                per_request(server.cpu().saturating_sub(before)),
                per_request(world.postgres_cpu().saturating_sub(postgres_before)),
                measured.per_second() / plain,
                measured.per_second() / scoped,
                measured.per_second() / bare.per_second(),
            );
        }
    }
    memory(&world).await;
}

async fn bare(case: Case, connections: usize, length: Duration) -> Measured {
    let server = baseline::start_bare();
    let requests = world::requests(case, &server);
    warm_up(&requests, &server).await;
    Load::new(server.address(), connections, &requests).run(length).await
}

async fn warm_up(requests: &[Vec<u8>], server: &process::Child) {
    let some = &requests[..500.min(requests.len())];
    Load::new(server.address(), 8, some).once().await;
}

/// Resident memory, idle and after 100,000 webhooks.
async fn memory(world: &World) {
    let server = world.start_server();
    let idle = server.resident_mib();
    let requests = world::requests(Case::TenAgents, &server);
    let mut sent = 0;
    while sent < 100_000 {
        Load::new(server.address(), 16, &requests).once().await;
        sent += requests.len();
    }
    server.drained(world).await;
    println!(
        "\nresident memory: idle {idle:.1} MiB, after {sent} webhooks {:.1} MiB",
        server.resident_mib()
    );
}
