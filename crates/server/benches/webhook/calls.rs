//! Whole calls: as many as the server brings into the database, and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use identity::AgentIdentity;
use tokio::task::JoinSet;

use crate::load::{Connection, Times};
use crate::paced::action_of;
use crate::process::Child;
use crate::requests::Call;
use crate::world::World;

const CONNECTIONS: usize = 64;
/// Calls that go on at the same time on one connection, step by step.
const TOGETHER: usize = 8;
/// Nothing is sent while more records than this wait for the database.
const MOST_PENDING: u64 = 2_000;

/// When no more calls begin.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    After(Duration),
    /// Requests were answered.
    Answered(u64),
}

/// The result.
pub(crate) struct Sustained {
    pub(crate) calls: f64,
    /// Until everything was in the database.
    pub(crate) length: Duration,
    /// Of voice webhooks.
    pub(crate) voice: Times,
    /// Calls that rang exactly the two assigned agents.
    pub(crate) as_assigned: f64,
    /// The most records that waited in the first, second and last third of the time.
    pub(crate) backlog: [f64; 3],
    pub(crate) server_cpu: Duration,
    pub(crate) postgres_cpu: Duration,
}

impl Sustained {
    pub(crate) fn per_second(&self) -> f64 {
        self.calls / self.length.as_secs_f64()
    }
}

/// What the connections share.
#[derive(Default)]
struct Shared {
    pending: AtomicU64,
    answered: AtomicU64,
    is_over: AtomicBool,
}

/// Sends whole calls, all of which must be in the log as handled in the end.
///
/// A call takes ten requests. So that the rate is one that the server can keep for ever, requests pause
/// while too many records wait, and the time ends when the last record is in the database.
pub(crate) async fn run(server: &Child, world: &World, until: Until) -> Sustained {
    let logged = world.handled_calls().await;
    let (cpu, postgres_cpu) = (server.cpu(), world.postgres_cpu());
    let shared = Arc::new(Shared::default());
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let connection = Connection::open(server.address()).await;
        tasks.spawn(work(connection, Arc::clone(&shared)));
    }
    let mut backlog = Vec::new();
    let is_over = |answered| match until {
        Until::After(length) => start.elapsed() >= length,
        Until::Answered(count) => answered >= count,
    };
    while !is_over(shared.answered.load(Ordering::Relaxed)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let pending = server.backlog().await;
        backlog.push(pending);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of records"
        )]
        shared.pending.store(pending as u64, Ordering::Relaxed);
    }
    shared.is_over.store(true, Ordering::Relaxed);
    // What has begun is finished, however much waits.
    shared.pending.store(0, Ordering::Relaxed);
    let done = tasks.join_all().await;
    server.drained(world).await;
    let length = start.elapsed();
    let calls: u32 = done.iter().map(|done| done.calls).sum();
    let as_assigned: u32 = done.iter().map(|done| done.as_assigned).sum();
    let in_log = world.handled_calls().await - logged;
    assert_eq!(in_log, u64::from(calls), "every call is in the log with its agent");
    let third = backlog.len().div_ceil(3).max(1);
    let most =
        |part: usize| backlog.iter().skip(part * third).take(third).copied().fold(0.0, f64::max);
    Sustained {
        calls: calls.into(),
        length,
        voice: Times::of(done.into_iter().flat_map(|done| done.voice).collect()),
        as_assigned: as_assigned.into(),
        backlog: [most(0), most(1), most(2)],
        server_cpu: server.cpu().saturating_sub(cpu),
        postgres_cpu: world.postgres_cpu().saturating_sub(postgres_cpu),
    }
}

#[derive(Default)]
struct Done {
    calls: u32,
    as_assigned: u32,
    voice: Vec<Duration>,
}

async fn work(mut connection: Connection, shared: Arc<Shared>) -> Done {
    let mut done = Done::default();
    while !shared.is_over.load(Ordering::Relaxed) {
        let mut calls: Vec<(Call, String)> =
            (0..TOGETHER).map(|_| (Call::next(), String::new())).collect();
        for step in 0..Call::STEPS {
            for (call, action) in &mut calls {
                while shared.pending.load(Ordering::Relaxed) > MOST_PENDING {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                let request = call.step(step, action);
                let sent = Instant::now();
                let answer = connection.ask(&request).await;
                shared.answered.fetch_add(1, Ordering::Relaxed);
                if step == 0 {
                    done.voice.push(sent.elapsed());
                    done.as_assigned += u32::from(rings_the_assigned(call, answer.body));
                    *action = action_of(answer.body);
                }
            }
        }
        done.calls += u32::try_from(TOGETHER).expect("a few");
    }
    done
}

fn rings_the_assigned(call: &Call, document: &[u8]) -> bool {
    let text = String::from_utf8_lossy(document);
    text.matches("<Client").count() == 2
        && call.agents.iter().all(|user| text.contains(&AgentIdentity::new(*user).to_string()))
}
