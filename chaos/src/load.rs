//! Sends requests at a rate, to one or more servers that may stop and come back.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use harness::http::{Answer, Connection};
use identity::CallSid;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::program::Server;
use crate::story::{Calls, Step};
use crate::verdict::{self, Verdict};

/// The current address of a server; none while it is down.
pub(crate) type Place = watch::Receiver<Option<SocketAddr>>;

/// Workers that send steps.
///
/// The callbacks of a call are sent only after its voice webhook was answered, as with Twilio. They
/// may overtake each other.
pub(crate) struct Load {
    queue: Arc<Queue>,
    workers: JoinSet<Vec<Sent>>,
}

/// The steps that wait.
#[derive(Default)]
struct Queue {
    steps: Mutex<VecDeque<Step>>,
    /// Calls whose voice webhook was answered.
    answered: Mutex<HashSet<CallSid>>,
    arrived: Notify,
    /// Steps that are not finished.
    waiting: AtomicUsize,
    is_closed: AtomicBool,
}

/// Whether a step is repeated until it is acknowledged.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Persistence {
    Once,
    UntilAcknowledged,
}

/// The result of one step.
pub(crate) struct Sent {
    pub(crate) call: CallSid,
    pub(crate) key: String,
    pub(crate) is_voice: bool,
    pub(crate) attempts: u32,
    pub(crate) verdict: Verdict,
    /// Of the last attempt.
    pub(crate) took: Duration,
}

impl Sent {
    /// Whether the answer promises that the event is kept.
    pub(crate) fn is_acknowledged(&self) -> bool {
        match self.verdict {
            Verdict::Noted => true,
            // A caller goes on before the record is on disk if the disk takes longer than 500 ms.
            Verdict::Rings | Verdict::Says => self.took < Duration::from_millis(450),
            // A call that is over is hung up, and nothing new is recorded.
            Verdict::HangsUp | Verdict::Wrong(_) => false,
        }
    }
}

impl Load {
    /// Workers for each of the servers.
    pub(crate) fn start(places: &[Place], workers: usize, persistence: Persistence) -> Self {
        let queue = Arc::new(Queue::default());
        let mut all = JoinSet::new();
        for place in places {
            for _ in 0..workers {
                let (place, queue) = (place.clone(), Arc::clone(&queue));
                all.spawn(Worker { place, persistence, queue, sent: Vec::new() }.run());
            }
        }
        Self { queue, workers: all }
    }

    /// Sends a step as soon as a worker is free.
    pub(crate) fn send(&self, step: Step) {
        self.queue.waiting.fetch_add(1, Ordering::Relaxed);
        self.queue.push(step);
    }

    /// Steps that are not finished.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting.load(Ordering::Relaxed)
    }

    /// Sends steps at a rate for this time, or until there are no more. While too many steps wait, no
    /// more are added.
    pub(crate) async fn pace(
        &self,
        steps: &mut impl Iterator<Item = Step>,
        per_second: u32,
        length: Duration,
    ) {
        let began = Instant::now();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut sent = 0;
        while began.elapsed() < length {
            ticks.tick().await;
            let due = began.elapsed().as_secs_f64() * f64::from(per_second);
            while f64::from(sent) < due {
                sent += 1;
                if self.waiting() < MOST_WAITING {
                    let Some(step) = steps.next() else { return };
                    self.send(step);
                }
            }
        }
    }

    /// Sends all of these, spread evenly over this time.
    pub(crate) async fn spread(&self, steps: Vec<Step>, length: Duration) {
        let began = Instant::now();
        let each = length / u32::try_from(steps.len().max(1)).expect("fewer than 4 billion");
        let mut due = Duration::ZERO;
        for step in steps {
            if due > began.elapsed() + TICK {
                sleep(due.saturating_sub(began.elapsed())).await;
            }
            self.send(step);
            due += each;
        }
    }

    /// Sends all remaining steps, as fast as they are answered.
    pub(crate) fn rest(&self, calls: &mut Calls) {
        calls.rest().for_each(|step| self.send(step));
    }

    /// Waits until everything was sent.
    pub(crate) async fn finish(self) -> Vec<Sent> {
        self.queue.is_closed.store(true, Ordering::Relaxed);
        self.queue.arrived.notify_waiters();
        self.workers.join_all().await.into_iter().flatten().collect()
    }
}

impl Calls {
    /// Lets every caller call every workspace once, so that the server knows them all.
    pub(crate) async fn warm(&mut self, server: &Server) -> Vec<Sent> {
        let steps: Vec<Step> = self.round().collect();
        told(server, steps).await
    }

    /// Makes so many calls, or a few more.
    pub(crate) async fn few(&mut self, server: &Server, calls: usize) -> Vec<Sent> {
        let steps: Vec<Step> = self.some(calls).collect();
        told(server, steps).await
    }
}

/// Sends all steps to a server, and waits until they are applied.
async fn told(server: &Server, steps: Vec<Step>) -> Vec<Sent> {
    let (_place, watched) = watch::channel(Some(server.address()));
    let load = Load::start(&[watched], 16, Persistence::Once);
    for step in steps {
        load.send(step);
    }
    let sent = load.finish().await;
    server.drained().await;
    sent
}

impl Queue {
    fn push(&self, step: Step) {
        lock(&self.steps).push_back(step);
        self.arrived.notify_one();
    }

    /// The next step that may be sent; `None` once everything was.
    async fn next(&self) -> Option<Step> {
        loop {
            let step = lock(&self.steps).pop_front();
            if let Some(step) = step {
                if step.is_voice || lock(&self.answered).contains(&step.call) {
                    return Some(step);
                }
                // Its voice webhook is not answered yet.
                lock(&self.steps).push_back(step);
                sleep(TICK).await;
                continue;
            }
            if self.is_closed.load(Ordering::Relaxed) && self.waiting.load(Ordering::Relaxed) == 0 {
                return None;
            }
            let _ = timeout(WATCH, self.arrived.notified()).await;
        }
    }

    fn finished(&self, sent: &Sent) {
        if sent.is_voice {
            lock(&self.answered).insert(sent.call);
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker {
    place: Place,
    persistence: Persistence,
    queue: Arc<Queue>,
    sent: Vec<Sent>,
}

impl Worker {
    async fn run(mut self) -> Vec<Sent> {
        let mut connection: Option<Connection> = None;
        while let Some(step) = self.queue.next().await {
            let sent = self.deliver(step, &mut connection).await;
            self.queue.finished(&sent);
            self.sent.push(sent);
        }
        self.sent
    }

    async fn deliver(&mut self, step: Step, connection: &mut Option<Connection>) -> Sent {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let asked = self.attempt(&step, connection).await;
            let (verdict, took) = match asked {
                Some((answer, took)) => (verdict::judge(step.is_voice, &answer), took),
                None => (Verdict::Wrong("no answer".to_owned()), Duration::ZERO),
            };
            let is_good = !matches!(verdict, Verdict::Wrong(_));
            if is_good || self.persistence == Persistence::Once {
                let Step { call, key, is_voice, .. } = step;
                return Sent { call, key, is_voice, attempts, verdict, took };
            }
            sleep(PAUSE).await;
        }
    }

    async fn attempt(
        &mut self,
        step: &Step,
        connection: &mut Option<Connection>,
    ) -> Option<(Answer, Duration)> {
        let address = (*self.place.wait_for(Option::is_some).await.ok()?)?;
        let connection = connection.get_or_insert_with(|| Connection::to(address));
        connection.turn_to(address);
        connection.ask(&step.request).await.ok()
    }
}

const TICK: Duration = Duration::from_millis(5);
const PAUSE: Duration = Duration::from_millis(20);
/// How often an idle worker checks whether everything was sent.
const WATCH: Duration = Duration::from_millis(100);
const MOST_WAITING: usize = 1_000;
