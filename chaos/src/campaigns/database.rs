//! Postgres is killed, frozen, slow, silent, cut off in the middle of answers, restarted or read-only.
//! Calls must still be answered in time, and everything must be in the log afterwards.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

use crate::context::Context;
use crate::judge::Kept;
use crate::load::{Load, Persistence, Sent};
use crate::program::Server;
use crate::proxy::Road;
use crate::story::Calls;
use crate::times::Times;
use crate::verdict::Verdict;
use crate::world::World;

/// The fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    Killed,
    Frozen,
    FrozenAfterRest,
    SlowBy200Ms,
    SlowBy2S,
    Silent,
    Cut,
    Restarted,
    ReadOnly,
}

impl Fault {
    const ALL: [Self; 9] = [
        Self::Killed,
        Self::Frozen,
        Self::FrozenAfterRest,
        Self::SlowBy200Ms,
        Self::SlowBy2S,
        Self::Silent,
        Self::Cut,
        Self::Restarted,
        Self::ReadOnly,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::FrozenAfterRest => "frozen after a rest",
            Self::SlowBy200Ms => "slow by 200 ms",
            Self::SlowBy2S => "slow by 2 s",
            Self::Silent => "half-open",
            Self::Cut => "cut at random bytes",
            Self::Restarted => "restarted again and again",
            Self::ReadOnly => "read-only",
        }
    }

    async fn begin(self, world: &mut World<'_>) {
        match self {
            Self::Killed => world.postgres.kill().await,
            Self::Frozen => world.postgres.freeze(),
            Self::FrozenAfterRest => {
                // By then the server reads each workspace again, and then its agents.
                sleep(REST).await;
                world.postgres.freeze();
            }
            Self::SlowBy200Ms => world.proxy.set(Road::Slow(Duration::from_millis(200))),
            Self::SlowBy2S => world.proxy.set(Road::Slow(Duration::from_secs(2))),
            Self::Silent => world.proxy.set(Road::Silent),
            Self::Cut => world.proxy.set(Road::Cut(24_000)),
            Self::Restarted => {}
            Self::ReadOnly => read_only(world, true),
        }
    }

    /// Keeps the fault up for this time.
    async fn last(self, world: &mut World<'_>, length: Duration) {
        let began = Instant::now();
        while self == Self::Restarted && began.elapsed() < length {
            world.postgres.restart().await;
            sleep(Duration::from_millis(300)).await;
        }
        sleep(length.saturating_sub(began.elapsed())).await;
    }

    async fn end(self, world: &mut World<'_>) {
        match self {
            Self::Killed => world.postgres.start_again().await,
            Self::Frozen | Self::FrozenAfterRest => world.postgres.thaw(),
            Self::SlowBy200Ms | Self::SlowBy2S | Self::Silent | Self::Cut => {
                world.proxy.set(Road::Open);
            }
            Self::Restarted => {}
            Self::ReadOnly => read_only(world, false),
        }
    }
}

/// Makes Postgres read-only, like a primary that was replaced.
fn read_only(world: &World<'_>, is_so: bool) {
    let sql = format!("alter system set default_transaction_read_only = {is_so}");
    world.postgres.execute("postgres", &sql);
    world.postgres.execute("postgres", "select pg_reload_conf()");
}

pub(crate) async fn run(context: &Context) -> String {
    let mut world = World::new(context, 2).await;
    let server = world.server(0).await;
    let mut calls = Calls::of(&world.workspaces);
    let warmed = calls.warm(&server).await;
    assert!(warmed.iter().all(|sent| !is_wrong(sent)), "the database was healthy");
    let (mut waits, mut all) = (Vec::new(), warmed);
    for fault in Fault::ALL {
        let length = Duration::from_secs(context.pick(4, 60));
        let began = all.len();
        all.extend(stage(context, &mut world, &server, &mut calls, length, fault).await);
        waits.push((fault, Times::of_sent(all[began..].iter().filter(|sent| sent.is_voice))));
    }
    let kept = Kept::read(&world.client().await).await;
    let acknowledged = kept.has_all_once(&all);
    kept.tells(calls.all());
    kept.has_no_negative_time();
    let longest = waits.iter().max_by_key(|(_, times)| times.most()).expect("faults");
    format!(
        "{} faults, {} answers, all valid; {acknowledged} events in the log, {} calls correct; \
         voice {} ({})",
        Fault::ALL.len(),
        all.len(),
        calls.all().len(),
        longest.1.told(),
        longest.0.name(),
    )
}

/// Sends webhooks for this time during the fault, and waits until all are applied.
async fn stage(
    context: &Context,
    world: &mut World<'_>,
    server: &Server,
    calls: &mut Calls,
    length: Duration,
    fault: Fault,
) -> Vec<Sent> {
    let (_place, watched) = watch::channel(Some(server.address()));
    let load = Load::start(&[watched], 96, Persistence::Once);
    fault.begin(world).await;
    let pace = load.pace(calls, context.pick(50, 100), length);
    tokio::join!(pace, fault.last(world, length));
    load.rest(calls);
    let sent = load.finish().await;
    fault.end(world).await;
    let healed = Instant::now();
    server.drained().await;
    let voice: Vec<&Sent> = sent.iter().filter(|sent| sent.is_voice).collect();
    let times = Times::of_sent(voice.iter().copied());
    let over = voice.iter().filter(|sent| sent.took > PROMISED).count();
    let rings = voice.iter().filter(|sent| sent.verdict == Verdict::Rings).count();
    context.progress(&format!(
        "{}: {} callbacks {}; {} voice {}, {rings} ring, {over} above 300 ms; caught up {:.1} s after",
        fault.name(),
        sent.len() - voice.len(),
        Times::of_sent(sent.iter().filter(|sent| !sent.is_voice)).told(),
        voice.len(),
        times.told(),
        healed.elapsed().as_secs_f64(),
    ));
    let wrong: Vec<_> = sent.iter().filter(|sent| is_wrong(sent)).map(|s| &s.verdict).collect();
    assert!(
        wrong.is_empty(),
        "{}: {} of {}: {:?}",
        fault.name(),
        wrong.len(),
        sent.len(),
        wrong[0]
    );
    // Without a time budget, each of these faults except the restarts would cost seconds.
    assert!(times.most() < NOISE, "{}: a caller waited {:?}", fault.name(), times.most());
    sent
}

const fn is_wrong(sent: &Sent) -> bool {
    matches!(sent.verdict, Verdict::Wrong(_))
}

/// Longer than a server caches a workspace.
const REST: Duration = Duration::from_secs(11);
/// The longest time that a caller may wait for the database.
const PROMISED: Duration = Duration::from_millis(300);
/// The time that a busy machine may add.
const NOISE: Duration = Duration::from_secs(3);
