//! The server beside two voice backends in Node, in turns, on one world.
//!
//! The peers are in conformance/peers: `express.js` as most are written, `tuned.js` by hand. They write
//! no record of a call; Switchroom's is counted in all its figures.

mod agree;
mod report;

use std::path::Path;
use std::time::Duration;

use report::{Row, Spent};

use crate::calls::{self, Until};
use crate::paced;
use crate::process::Child;
use crate::requests::{Call, Case};
use crate::world::{Lookup, World};
use crate::{bare, turn, warm_up};

/// In the order of their turns.
pub(crate) const NAMES: [&str; 3] = ["express", "tuned", "Switchroom"];
const OURS: usize = 2;
const CONNECTIONS: [usize; 2] = [1, 16];
const CASES: [Case; 4] = [Case::Assigned, Case::TenAgents, Case::FiftyAgents, Case::Token];
/// Of the open loop.
const CALLS_PER_SECOND: u32 = 200;

/// How long everything takes.
struct Plan {
    rounds: usize,
    turn: Duration,
    paced: Duration,
    sustained: Duration,
    idle: Duration,
    webhooks: u64,
}

const FULL: Plan = Plan {
    rounds: 3,
    turn: Duration::from_secs(4),
    paced: Duration::from_secs(30),
    sustained: Duration::from_secs(60),
    idle: Duration::from_secs(30),
    webhooks: 1_000_000,
};

const QUICK: Plan = Plan {
    rounds: 1,
    turn: Duration::from_secs(1),
    paced: Duration::from_secs(4),
    sustained: Duration::from_secs(6),
    idle: Duration::from_secs(5),
    webhooks: 20_000,
};

/// Measures all, and prints the tables after the line `tables:`.
pub(crate) async fn run(packages: &Path, is_quick: bool) {
    let plan = if is_quick { QUICK } else { FULL };
    println!("a world of 200 workspaces and 1,001,000 contacts …");
    let world = World::new().await;
    let servers = [
        world.start_peer("express.js", packages),
        world.start_peer("tuned.js", packages),
        world.start_server(),
    ];
    agree::check(&servers).await;
    println!("all three ring the same agents, refuse a wrong signature, and issue equal tokens");
    let rows = in_turns(&world, &servers, &plan).await;
    let mut tables = vec![
        report::head(is_quick, plan.rounds, plan.turn),
        report::requests(&rows),
        report::ratios(&rows),
    ];
    tables.push(paced_calls(&servers, &plan).await);
    servers[OURS].drained(&world).await;
    world.end_calls();
    println!("whole calls for {:?} …", plan.sustained);
    let whole = calls::run(&servers[OURS], &world, Until::After(plan.sustained)).await;
    tables.push(report::whole(&whole));
    tables.push(idle(&servers[OURS], &world, plan.idle).await);
    drop(servers);
    tables.push(memory(&world, plan.webhooks).await);
    tables.push(report::musts(&rows));
    println!("tables:\n{}", tables.join("\n\n"));
}

/// Every case in every round, one server after the other.
async fn in_turns(world: &World, servers: &[Child; 3], plan: &Plan) -> Vec<Row> {
    let mut rows: Vec<Row> = CASES
        .into_iter()
        .flat_map(|case| CONNECTIONS.map(|connections| Row::new(case, connections)))
        .collect();
    for server in servers {
        for case in CASES {
            // Long enough for Node to compile what is hot.
            for _ in 0..4 {
                warm_up(case, server).await;
            }
        }
    }
    servers[OURS].drained(world).await;
    world.end_calls();
    for round in 1..=plan.rounds {
        for row in &mut rows {
            let Row { case, connections, .. } = *row;
            println!("round {round} of {}: {}, {connections} at a time", plan.rounds, case.name());
            if case != Case::Token {
                row.lookup.push(world.pgbench(case, connections, plan.turn, Lookup::Peer));
                row.bare.push(bare(case, connections, plan.turn).await.per_second());
            }
            for (server, spent) in servers.iter().zip(&mut row.spent) {
                let turn = turn_of(world, server, case, connections, plan.turn).await;
                spent.push(turn);
            }
        }
    }
    rows
}

async fn turn_of(
    world: &World,
    server: &Child,
    case: Case,
    connections: usize,
    length: Duration,
) -> Spent {
    let turn = turn(world, server, case, connections, length).await;
    Spent {
        per_second: turn.measured.per_second(),
        p50: turn.measured.times.quantile(0.50),
        p99: turn.measured.times.quantile(0.99),
        server_cpu: turn.server_cpu,
        postgres_cpu: turn.postgres_cpu,
    }
}

/// Voice webhooks at a fixed rate for all three, and whole calls for Switchroom.
async fn paced_calls(servers: &[Child; 3], plan: &Plan) -> String {
    let mut measured = Vec::new();
    for (name, server) in NAMES.iter().zip(servers) {
        println!("{CALLS_PER_SECOND} voice webhooks a second: {name}");
        let paced = paced::run(server.address(), CALLS_PER_SECOND, plan.paced, 1).await;
        measured.push((format!("{name}, voice webhooks alone"), paced.voice));
    }
    println!("{CALLS_PER_SECOND} whole calls a second");
    let ours = servers[OURS].address();
    let paced = paced::run(ours, CALLS_PER_SECOND, plan.paced, Call::STEPS).await;
    measured.push(("Switchroom, voice webhooks of whole calls".to_owned(), paced.voice));
    measured
        .extend(paced.others.map(|others| ("Switchroom, their other requests".to_owned(), others)));
    report::paced(CALLS_PER_SECOND, plan.paced, &measured)
}

/// Processor time while nobody calls, with every workspace known.
async fn idle(server: &Child, world: &World, length: Duration) -> String {
    println!("nothing for {length:?} …");
    let (cpu, postgres_cpu) = (server.cpu(), world.postgres_cpu());
    tokio::time::sleep(length).await;
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e3 / length.as_secs_f64();
    report::idle(
        each(server.cpu().saturating_sub(cpu)),
        each(world.postgres_cpu().saturating_sub(postgres_cpu)),
    )
}

/// Resident memory of a fresh server, idle and after so many webhooks of whole calls.
async fn memory(world: &World, webhooks: u64) -> String {
    println!("memory: {webhooks} webhooks …");
    let server = world.start_server();
    let idle = server.resident_mib();
    calls::run(&server, world, Until::Answered(webhooks)).await;
    report::memory(idle, webhooks, server.resident_mib())
}
