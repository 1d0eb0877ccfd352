//! Calls at a fixed rate, whether earlier ones are answered or not.
//!
//! An answer's time counts from the moment at which its request was due. So a server that stops for a
//! second has a second's worth of late answers, and not one ("coordinated omission").

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use crate::load::{Connection, Times, rings};
use crate::requests::Call;

/// Twilio opens more than it needs, and so does this.
const CONNECTIONS: usize = 64;
/// Between two requests of one call.
const STEP: Duration = Duration::from_millis(500);

/// How long answers took.
pub(crate) struct Paced {
    /// Of voice webhooks.
    pub(crate) voice: Times,
    /// Of all other requests.
    pub(crate) others: Option<Times>,
}

/// A call, and the action of its Dial once its voice webhook is answered.
struct Started {
    call: Call,
    action: OnceLock<String>,
}

#[derive(Clone, Copy)]
struct Job {
    due: Duration,
    call: usize,
    step: u32,
}

/// Begins so many calls a second for this long, and sends the first `steps` requests of each.
pub(crate) async fn run(
    address: SocketAddr,
    calls_per_second: u32,
    length: Duration,
    steps: u32,
) -> Paced {
    let seconds = u32::try_from(length.as_secs()).expect("a short time");
    let count = seconds * calls_per_second;
    let calls = (0..count).map(|_| Started { call: Call::next(), action: OnceLock::new() });
    let calls: Arc<Vec<Started>> = Arc::new(calls.collect());
    let mut jobs: Vec<Job> = (0..count)
        .flat_map(|call| (0..steps).map(move |step| (call, step)))
        .map(|(call, step)| {
            let due = Duration::from_secs(1) * call / calls_per_second + STEP * step;
            Job { due, call: call as usize, step }
        })
        .collect();
    jobs.sort_by_key(|job| job.due);
    let mut tasks = JoinSet::new();
    let mut workers = Vec::new();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(address).await);
    }
    let start = Instant::now();
    for connection in connections {
        let (sender, receiver) = unbounded_channel();
        workers.push(sender);
        tasks.spawn(work(connection, receiver, Arc::clone(&calls), start));
    }
    // A thread of its own, because the timers of the runtime are a millisecond wide.
    let clock = std::thread::spawn(move || {
        for (job, worker) in jobs.iter().zip(workers.iter().cycle()) {
            std::thread::sleep(job.due.saturating_sub(start.elapsed()));
            worker.send(*job).expect("the worker lives");
        }
    });
    let times: Vec<(u32, Duration)> = tasks.join_all().await.into_iter().flatten().collect();
    clock.join().expect("the clock");
    let of = |is_voice: bool| {
        let chosen = times.iter().filter(|(step, _)| (*step == 0) == is_voice);
        Times::of(chosen.map(|(_, time)| *time).collect())
    };
    Paced { voice: of(true), others: (steps > 1).then(|| of(false)) }
}

async fn work(
    mut connection: Connection,
    mut jobs: UnboundedReceiver<Job>,
    calls: Arc<Vec<Started>>,
    start: Instant,
) -> Vec<(u32, Duration)> {
    let mut times = Vec::new();
    while let Some(Job { due, call, step }) = jobs.recv().await {
        let Started { call, action } = &calls[call];
        let request = call.step(step, action.get().map_or("", String::as_str));
        let answer = connection.ask(&request).await;
        times.push((step, start.elapsed().saturating_sub(due)));
        if step == 0 {
            assert!(rings(answer.body), "the document rings nobody");
            action.set(action_of(answer.body)).expect("one voice webhook");
        }
    }
    times
}

/// The path and query of the action of a document's Dial.
pub(crate) fn action_of(document: &[u8]) -> String {
    let text = String::from_utf8_lossy(document);
    let (_, rest) = text.split_once("action=\"").expect("a Dial with an action");
    let url = rest.split(['"', '#']).next().unwrap_or_default().replace("&amp;", "&");
    url.trim_start_matches(crate::requests::PUBLIC_URL).to_owned()
}
