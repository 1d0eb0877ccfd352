//! The server under load, beside two upper bounds: the same lookup alone, and a server that does nothing.
//! With `--peers`, beside two voice backends in Node too.
//!
//! Everything runs on this machine at the same time, load included, so figures are compared within
//! one run and never between machines. `cargo bench -p server --bench webhook` runs it; `-- --seconds
//! 10` gives each case longer. `cargo xtask bench --peers` installs what the peers need.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, or fails loudly"
)]

mod baseline;
mod calls;
mod load;
mod paced;
mod peers;
mod process;
mod requests;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use load::{Load, Measured};
use requests::Case;
use world::{Lookup, World};

const CONNECTIONS: [usize; 3] = [1, 16, 64];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    if has("--bare") {
        return baseline::serve_bare();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    if let Some(packages) = value("--peers") {
        return runtime.block_on(peers::run(&PathBuf::from(packages), has("--quick")));
    }
    let seconds = value("--seconds").and_then(|text| text.parse().ok()).unwrap_or(4);
    runtime.block_on(run(Duration::from_secs(seconds)));
}

async fn run(length: Duration) {
    let world = World::new().await;
    println!(
        "| case | connections | requests/s | p50 ms | p99 ms | server CPU µs | Postgres CPU µs | of lookup | of bare hyper |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for case in Case::VOICE.into_iter().chain([Case::National, Case::Status]) {
        for connections in CONNECTIONS {
            let lookup = world.pgbench(case, connections, length, Lookup::Ours);
            let bare = bare(case, connections, length).await;
            let server = world.start_server();
            warm_up(case, &server).await;
            server.drained(&world).await;
            let turn = turn(&world, &server, case, connections, length).await;
            println!(
                "| {} | {connections} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} | {:.2} |",
                case.name(),
                turn.measured.per_second(),
                turn.measured.times.quantile(0.50),
                turn.measured.times.quantile(0.99),
                turn.server_cpu,
                turn.postgres_cpu,
                turn.measured.per_second() / lookup,
                turn.measured.per_second() / bare.per_second(),
            );
        }
    }
    memory(&world).await;
}

/// What was measured of one server.
struct Turn {
    measured: Measured,
    /// Processor time for one request in microseconds, of the server and of Postgres. Everything that
    /// was done afterwards is in it.
    server_cpu: f64,
    postgres_cpu: f64,
}

/// Sends requests for this long, and waits until they are in the database.
async fn turn(
    world: &World,
    server: &process::Child,
    case: Case,
    connections: usize,
    length: Duration,
) -> Turn {
    let requests = case.requests(many(length));
    let (before, postgres_before) = (server.cpu(), world.postgres_cpu());
    let measured = Load::new(server.address(), connections, requests).run(length).await;
    // What was acknowledged is applied to the database afterwards; that belongs to it.
    server.drained(world).await;
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / measured.times.count();
    let server_cpu = each(server.cpu().saturating_sub(before));
    let postgres_cpu = each(world.postgres_cpu().saturating_sub(postgres_before));
    world.end_calls();
    Turn { measured, server_cpu, postgres_cpu }
}

/// More requests than any server but the bare one answers in this time.
fn many(length: Duration) -> u32 {
    20_000 * u32::try_from(length.as_secs().max(1)).expect("a short time")
}

async fn bare(case: Case, connections: usize, length: Duration) -> Measured {
    let server = baseline::start_bare();
    warm_up(case, &server).await;
    Load::new(server.address(), connections, case.requests(many(length))).run(length).await
}

async fn warm_up(case: Case, server: &process::Child) {
    Load::new(server.address(), 8, case.requests(500)).once().await;
}

/// Resident memory, idle and after 100,000 webhooks.
async fn memory(world: &World) {
    let server = world.start_server();
    let idle = server.resident_mib();
    let mut sent = 0;
    while sent < 100_000 {
        Load::new(server.address(), 16, Case::TenAgents.requests(20_000)).once().await;
        sent += 20_000;
    }
    server.drained(world).await;
    println!(
        "\nresident memory: idle {idle:.1} MiB, after {sent} webhooks {:.1} MiB",
        server.resident_mib()
    );
}
