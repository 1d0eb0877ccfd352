//! Workspaces misbehave, one kind after the other, or their database objects do. Beside them, one
//! workspace must not notice: its callers, its agents and its log.

mod floods;
mod memory;
mod objects;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::context::Context;
use crate::neighbour::{Neighbour, Seen};
use crate::program::{Serve, Server};
use crate::world::{DATABASE, LOGIN, Workspace, World};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Trouble {
    /// Another program holds the rows that number the changes of workspaces.
    FeedLocked,
    /// Another program holds the log's rows of live calls.
    MessageLocked,
    /// Triggers raise errors of five classes.
    TriggerRaises,
    /// A trigger takes 12 s for every row.
    TriggerSleeps,
    /// A policy of the owner refuses rows.
    PolicyRefuses,
    /// The next wave of one call of a large team, asked for again and again.
    Waves,
    /// Thousands of callbacks about the legs of a few calls.
    Legs,
    /// Callbacks of 60 KB.
    Volume,
    /// Callbacks of nearly as many bytes as the server keeps of one.
    Records,
    /// Figures of 30 days on 40 connections.
    Reports,
    /// Contacts with names of 20 MB.
    Names,
    /// A hundred thousand contacts with one number.
    Contacts,
    /// Requests without a signature.
    Outsider,
}

impl Trouble {
    const ALL: [Self; 13] = [
        Self::FeedLocked,
        Self::MessageLocked,
        Self::TriggerRaises,
        Self::TriggerSleeps,
        Self::PolicyRefuses,
        Self::Waves,
        Self::Legs,
        Self::Volume,
        Self::Records,
        Self::Reports,
        Self::Names,
        Self::Contacts,
        Self::Outsider,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::FeedLocked => "change number locked",
            Self::MessageLocked => "log row locked",
            Self::TriggerRaises => "trigger raises",
            Self::TriggerSleeps => "trigger sleeps",
            Self::PolicyRefuses => "policy refuses",
            Self::Waves => "waves of one call",
            Self::Legs => "legs of a few calls",
            Self::Volume => "60 KB callbacks",
            Self::Records => "4 KB callbacks",
            Self::Reports => "figures of 30 days",
            Self::Names => "names of 20 MB",
            Self::Contacts => "one number, many contacts",
            Self::Outsider => "no signature",
        }
    }

    /// Begins the trouble. What it returns holds locks, until it is dropped.
    async fn begin(self, scene: &Scene<'_>) -> Option<Client> {
        match self {
            Self::FeedLocked => Some(objects::lock_feeds(scene).await),
            Self::MessageLocked => Some(objects::lock_messages(scene).await),
            Self::TriggerRaises | Self::TriggerSleeps => {
                objects::add_trigger(scene, self == Self::TriggerSleeps).await;
                None
            }
            Self::PolicyRefuses => {
                objects::add_policy(scene).await;
                None
            }
            Self::Waves => {
                objects::hire(scene).await;
                None
            }
            Self::Reports => {
                objects::fill_log(scene).await;
                None
            }
            Self::Names => {
                objects::lengthen_names(scene).await;
                None
            }
            Self::Contacts => {
                objects::add_contacts(scene).await;
                None
            }
            Self::Legs | Self::Volume | Self::Records | Self::Outsider => None,
        }
    }

    /// Keeps the trouble up, for ever.
    async fn last(self, scene: &Scene<'_>) {
        match self {
            Self::Waves => floods::waves(scene).await,
            Self::Legs => floods::legs(scene).await,
            Self::Volume => floods::volume(scene, 60_000).await,
            Self::Records => floods::volume(scene, 3_900).await,
            Self::Reports => floods::reports(scene).await,
            Self::Names | Self::Contacts => floods::voices(scene).await,
            Self::Outsider => floods::unsigned(scene).await,
            _ => floods::calls(scene).await,
        }
    }

    /// Puts everything in order again.
    async fn end(self, database: &Client, first: &Workspace) {
        match self {
            Self::TriggerRaises | Self::TriggerSleeps => objects::drop_trigger(database).await,
            Self::PolicyRefuses => objects::drop_policy(database).await,
            Self::Contacts | Self::Names => objects::drop_contacts(database, first).await,
            _ => {}
        }
    }
}

/// The workspaces, and the server that serves them all.
struct Scene<'a> {
    context: &'a Context,
    world: &'a World<'a>,
    server: &'a Server,
    /// For the campaign's own statements.
    database: &'a Client,
    /// The one beside them; another in each turn, because calls of the last one may go on.
    quiet: &'a Workspace,
    /// Those that misbehave.
    others: &'a [Workspace],
    /// The number of their next call.
    next: &'a AtomicU32,
}

impl Scene<'_> {
    /// A number for a call that nobody had.
    fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, QUIET + context.pick(20, 50)).await;
    let policy = r#"update voice_workspaces set policy =
        '{"outbound": {"calls_per_hour": 10000, "calls_per_day": 10000}}'"#;
    world.postgres.execute(DATABASE, policy);
    let database = world.client().await;
    let next = AtomicU32::new(0);
    let (quiet, others) = world.workspaces.split_at(QUIET as usize);
    let (mut told, mut failed) = (Vec::new(), Vec::new());
    let words = context.trouble.as_deref().unwrap_or_default();
    for (turn, trouble) in Trouble::ALL.into_iter().enumerate() {
        if !trouble.name().contains(words) {
            continue;
        }
        let server = serve(&world, turn).await;
        let scene = Scene {
            context,
            world: &world,
            server: &server,
            database: &database,
            quiet: &quiet[turn],
            others,
            next: &next,
        };
        let figures = stage(&scene, trouble).await;
        failed.extend(
            figures.failures(context, trouble).map(|what| format!("{}: {what}", trouble.name())),
        );
        context.progress(&format!("{}: {}", trouble.name(), figures.told()));
        told.push((trouble, figures));
        drop(server);
        // What the server left running in the database would keep its locks.
        let sessions = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
        database.query(sessions, &[&LOGIN]).await.expect("ended");
        trouble.end(&database, &others[0]).await;
    }
    let server = serve(&world, Trouble::ALL.len()).await;
    failed.extend(memory::confused(&world, &server).await);
    assert!(failed.is_empty(), "{failed:#?}");
    closing(&world, &told)
}

/// A new server. How much is logged for nothing is measured at the level of production.
async fn serve(world: &World<'_>, number: usize) -> Server {
    let environment = vec![("RUST_LOG", "info".to_owned())];
    world.context().program.serve(&Serve { environment, ..world.serve(number) }).await
}

/// Causes one trouble, and lets the neighbour work beside it.
async fn stage(scene: &Scene<'_>, trouble: Trouble) -> Figures {
    let server = scene.server;
    let neighbour = Neighbour {
        workspace: scene.quiet.clone(),
        address: server.address(),
        database: scene.database,
        patience: scene.context.pick(Duration::from_secs(10), LOGGED),
        next: scene.next,
    };
    // Everything is known to the server, and nothing is wrong.
    let before = neighbour.watch(1).await;
    assert!(before.wrong.is_empty(), "before “{}”: {:?}", trouble.name(), before.wrong);
    server.forget_most();
    let held = trouble.begin(scene).await;
    let (began, logged) = (Instant::now(), log_bytes(server));
    let seen = tokio::select! {
        seen = beside(&neighbour, scene.context.pick(4, 40)) => seen,
        () = trouble.last(scene) => unreachable!("it lasts for ever"),
    };
    let logged_per_second = (log_bytes(server) - logged) / began.elapsed().as_secs_f64();
    drop(held);
    Figures { seen, memory_mib: server.most_mib(), logged_per_second }
}

/// What was measured beside a trouble.
struct Figures {
    seen: Seen,
    memory_mib: f64,
    /// Bytes.
    logged_per_second: f64,
}

impl Figures {
    fn told(&self) -> String {
        format!(
            "voice {}; to the log {}; memory at most {:.0} MiB; {:.0} kB of log a second",
            self.seen.voice().told(),
            self.seen.logged().told(),
            self.memory_mib,
            self.logged_per_second / 1e3,
        )
    }

    /// What was promised and is not so.
    fn failures(&self, context: &Context, trouble: Trouble) -> impl Iterator<Item = String> {
        // The short form runs beside other tests, on a machine that may be busy.
        let answered = context.pick(10 * ANSWERED, ANSWERED);
        let (voice, logged) = (self.seen.voice(), self.seen.logged().most());
        let wrong = self.seen.wrong.first();
        let wrong = wrong.map(|one| format!("{} wrong, first {one}", self.seen.wrong.len()));
        let late = voice.quantile(990) > answered.as_secs_f64() * 1e3;
        let late = late.then(|| format!("voice {}", voice.told()));
        let behind = logged > context.pick(5 * LOGGED, LOGGED);
        let behind = behind.then(|| format!("{logged:?} to the log"));
        let large = self.memory_mib > MEMORY_MIB;
        let large = large.then(|| format!("{:.0} MiB", self.memory_mib));
        let loud = trouble == Trouble::Outsider && self.logged_per_second > LOUD;
        let loud = loud.then(|| format!("{:.0} bytes of log a second", self.logged_per_second));
        [wrong, late, behind, large, loud].into_iter().flatten()
    }
}

/// The worst of everything.
fn closing(world: &World<'_>, told: &[(Trouble, Figures)]) -> String {
    let slowest = told.iter().max_by_key(|(_, one)| one.seen.voice().most()).expect("troubles");
    let latest = told.iter().max_by_key(|(_, one)| one.seen.logged().most()).expect("troubles");
    let memory = told.iter().map(|(_, one)| one.memory_mib).fold(0.0, f64::max);
    format!(
        "{} troubles of {} workspaces; beside them {} calls of another, 0 wrong answers, agents free; \
         voice {} ({}); to the log {} ({}); memory at most {memory:.0} MiB",
        told.len(),
        world.workspaces.len() - QUIET as usize,
        told.iter().map(|(_, one)| one.seen.voice().len()).sum::<usize>(),
        slowest.1.seen.voice().told(),
        slowest.0.name(),
        latest.1.seen.logged().told(),
        latest.0.name(),
    )
}

/// The neighbour's view, once the trouble had a moment to begin.
async fn beside(neighbour: &Neighbour<'_>, calls: u32) -> Seen {
    tokio::time::sleep(Duration::from_millis(500)).await;
    neighbour.watch(calls).await
}

#[expect(clippy::cast_precision_loss, reason = "a figure to print")]
fn log_bytes(server: &Server) -> f64 {
    std::fs::metadata(server.log()).map_or(0, |log| log.len()) as f64
}

/// Workspaces in order: one for each trouble.
const QUIET: u32 = 13;
/// How long a caller may wait for an answer, 99 of 100.
const ANSWERED: Duration = Duration::from_millis(300);
/// How long a callback may take from its 204 to the log.
const LOGGED: Duration = Duration::from_secs(2);
/// How much memory the server may use.
const MEMORY_MIB: f64 = 256.0;
/// Bytes of log a second that requests without a signature may cause.
const LOUD: f64 = 100e3;
