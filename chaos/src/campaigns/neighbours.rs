//! Workspaces misbehave, one kind after the other, or their database objects do. Beside them, one
//! workspace must not notice: its callers, its agents and its log.

mod floods;
mod memory;
mod objects;

use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::context::Context;
use crate::neighbour::{Neighbour, Seen};
use crate::program::{Serve, Server};
use crate::world::{DATABASE, LOGIN, Workspace, World};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Trouble {
    /// Figures of 30 days on 40 connections.
    Reports,
    /// A hundred thousand contacts with one number.
    Contacts,
    /// Requests without a signature.
    Outsider,
}

impl Trouble {
    const ALL: [Self; 3] = [Self::Reports, Self::Contacts, Self::Outsider];

    const fn name(self) -> &'static str {
        match self {
            Self::Reports => "figures of 30 days",
            Self::Contacts => "one number, many contacts",
            Self::Outsider => "no signature",
        }
    }

    /// Begins the trouble.
    async fn begin(self, scene: &Scene<'_>) {
        match self {
            Self::Reports => objects::fill_log(scene).await,
            Self::Contacts => objects::add_contacts(scene).await,
            Self::Outsider => {}
        }
    }

    /// Keeps the trouble up, for ever.
    async fn last(self, scene: &Scene<'_>) {
        match self {
            Self::Reports => floods::reports(scene).await,
            Self::Contacts => floods::voices(scene).await,
            Self::Outsider => floods::unsigned(scene).await,
        }
    }

    /// Puts everything in order again.
    async fn end(self, database: &Client, first: &Workspace) {
        if self == Self::Contacts {
            objects::drop_contacts(database, first).await;
        }
    }
}

/// The workspaces, and the server that serves them all.
struct Scene<'a> {
    context: &'a Context,
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

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, QUIET + context.pick(20, 50)).await;
    let policy = r#"update voice_workspaces set policy =
        '{"outbound": {"calls_per_hour": 10000, "calls_per_day": 10000}}'"#;
    world.postgres.execute(DATABASE, policy);
    let database = world.client().await;
    let next = AtomicU32::new(0);
    let (quiet, others) = world.workspaces.split_at(QUIET as usize);
    let (mut told, mut failed) = (Vec::new(), Vec::new());
    for (turn, trouble) in Trouble::ALL.into_iter().enumerate() {
        let server = serve(&world, turn).await;
        let scene = Scene {
            context,
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
    let server = serve(&world, told.len()).await;
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
    trouble.begin(scene).await;
    let (began, logged) = (Instant::now(), log_bytes(server));
    let seen = tokio::select! {
        seen = beside(&neighbour, scene.context.pick(4, 40)) => seen,
        () = trouble.last(scene) => unreachable!("it lasts for ever"),
    };
    let logged_per_second = (log_bytes(server) - logged) / began.elapsed().as_secs_f64();
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
const QUIET: u32 = 3;
/// How long a caller may wait for an answer, 99 of 100.
const ANSWERED: Duration = Duration::from_millis(300);
/// How long a callback may take from its 204 to the log.
const LOGGED: Duration = Duration::from_secs(2);
/// How much memory the server may use.
const MEMORY_MIB: f64 = 256.0;
/// Bytes of log a second that requests without a signature may cause.
const LOUD: f64 = 100e3;
