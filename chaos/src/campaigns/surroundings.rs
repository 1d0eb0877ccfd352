//! What stands around the server goes wrong: the reader of its log, signals, its files, its clock, locks
//! and settings of the database, and its key.

use std::pin::Pin;
use std::time::{Duration, Instant};

use harness::http::{Ask, Connection};
use harness::wait::until;
use identity::AgentIdentity;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::clock::Clock;
use crate::context::Context;
use crate::judge::Kept;
use crate::program::{Serve, Server};
use crate::session::{Kind, session};
use crate::story::{Call, Calls, now};
use crate::verdict::{Verdict, judge};
use crate::world::{DATABASE, Workspace, World};

/// A kind of fault: its name, and a check that panics or says what it found.
type Fault = (&'static str, for<'a> fn(&'a Scene<'a>) -> Checked<'a>);
type Checked<'a> = Pin<Box<dyn Future<Output = Result<String, String>> + 'a>>;

/// What every fault happens to.
struct Scene<'a> {
    context: &'a Context,
    world: &'a World<'a>,
    /// The fault's own workspace and server.
    turn: usize,
}

const FAULTS: [Fault; 7] = [
    ("log not read", |scene| Box::pin(unread_log(scene))),
    ("signals", |scene| Box::pin(signals(scene))),
    ("spool deleted", |scene| Box::pin(deleted_spool(scene))),
    ("clock three days ahead", |scene| Box::pin(wrong_clock(scene))),
    ("agents' rows locked", |scene| Box::pin(locked_agents(scene))),
    ("database read-only", |scene| Box::pin(read_only(scene))),
    ("wrong key", |scene| Box::pin(wrong_key(scene))),
];

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, u32::try_from(FAULTS.len()).expect("few")).await;
    let (mut told, mut failed) = (Vec::new(), Vec::new());
    for (turn, (name, check)) in FAULTS.into_iter().enumerate() {
        let checked = check(&Scene { context, world: &world, turn }).await;
        match checked {
            Ok(said) => {
                context.progress(&format!("{name}: {said}"));
                told.push(format!("{name}: {said}"));
            }
            Err(why) => {
                context.progress(&format!("{name}: FAILED, {why}"));
                failed.push(format!("{name}: {why}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    told.join("; ")
}

impl Scene<'_> {
    fn workspace(&self) -> &Workspace {
        &self.world.workspaces[self.turn]
    }

    fn serve(&self) -> Serve {
        self.world.serve(self.turn)
    }

    async fn server(&self) -> Server {
        self.context.program.serve(&self.serve()).await
    }

    /// A call of a caller whose agents are free; numbers differ.
    fn call(&self, number: u32) -> Call {
        Call::new(self.workspace(), number, now().before(LASTS))
    }

    /// Sends a new call's voice webhook, and says who rings.
    async fn rings(&self, server: &Server, call: &Call) -> Result<(), String> {
        let asked = Connection::to(server.address()).ask(&call.voice().request).await;
        let (answer, _) = asked.map_err(|error| format!("a caller got no answer: {error}"))?;
        let is_for = |agent| answer.text().contains(&AgentIdentity::new(agent).to_string());
        if judge(true, &answer) == Verdict::Rings && call.assigned().into_iter().all(is_for) {
            return Ok(());
        }
        Err(format!("a caller heard: {}", answer.text()))
    }
}

/// Whole calls on a server whose log nobody reads.
async fn unread_log(scene: &Scene<'_>) -> Result<String, String> {
    let (server, _pipe) = scene.context.program.serve_unread(&scene.serve()).await;
    let mut connection = Connection::to(server.address());
    let calls = scene.context.pick(40, 400);
    for number in 0..calls {
        for step in scene.call(number).steps() {
            let asked = timeout(PATIENCE, connection.ask(&step.request)).await;
            let answered = matches!(asked, Ok(Ok((ref answer, _))) if answer.status < 300);
            if !answered {
                return Err(format!("call {number}, {}: {asked:?}", step.key));
            }
        }
    }
    let ask = Ask::get("/healthz").kept_bytes();
    let (answer, _) = connection.ask(&ask).await.map_err(|error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("/healthz says {}", answer.status));
    }
    Ok(format!("{calls} calls answered"))
}

/// Every signal that an operator or a terminal may send and that does not stop a server
/// (docs/configuration.md).
async fn signals(scene: &Scene<'_>) -> Result<String, String> {
    let all = [
        ("SIGHUP", Signal::HUP),
        ("SIGUSR1", Signal::USR1),
        ("SIGUSR2", Signal::USR2),
        ("SIGALRM", Signal::ALARM),
        ("SIGPIPE", Signal::PIPE),
        ("SIGWINCH", Signal::WINCH),
    ];
    let server = scene.server().await;
    let mut ended = Vec::new();
    let mut lives = vec![server];
    for (number, (name, signal)) in all.into_iter().enumerate() {
        let server = lives.last().expect("a server");
        server.signal(signal);
        sleep(Duration::from_millis(200)).await;
        let call = scene.call(u32::try_from(2 * number).expect("few"));
        if scene.rings(server, &call).await.is_err() {
            ended.push(name);
            lives = vec![scene.server().await];
        }
    }
    if !ended.is_empty() {
        return Err(format!("ended by {}", ended.join(", ")));
    }
    Ok(format!("{} sent, calls answered after each", all.len()))
}

/// The spool's directory goes while the database is away. What is acknowledged afterwards must be found
/// by the next start.
async fn deleted_spool(scene: &Scene<'_>) -> Result<String, String> {
    let mut server = scene.server().await;
    let mut calls = Calls::of(std::slice::from_ref(scene.workspace()));
    calls.few(&server, 16).await;
    scene.world.postgres.freeze();
    harness::directory::delete(&scene.serve().data.join("spool")).expect("a spool");
    let mut connection = Connection::to(server.address());
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for number in 1_000..1_000 + scene.context.pick(20, 200) {
        let call = scene.call(number);
        for step in call.steps() {
            let (answer, _) = connection.ask(&step.request).await.map_err(|e| e.to_string())?;
            let verdict = judge(step.is_voice, &answer);
            match (step.is_voice, verdict) {
                (true, Verdict::Wrong(why)) => return Err(why),
                (false, Verdict::Noted) => acknowledged.push((call.sid.to_string(), step.key)),
                (false, _) => refused += 1,
                (true, _) => {}
            }
        }
    }
    server.kill();
    scene.world.postgres.thaw();
    let next = scene.server().await;
    next.drained().await;
    let kept = Kept::read(&scene.world.client().await).await;
    let lost = acknowledged.iter().filter(|one| !kept.has(one)).count();
    if lost > 0 {
        return Err(format!("{lost} of {} acknowledged are lost", acknowledged.len()));
    }
    Ok(format!("{refused} callbacks refused, {} acknowledged, 0 lost", acknowledged.len()))
}

/// The clock of the server is three days ahead for four calls, and right again.
async fn wrong_clock(scene: &Scene<'_>) -> Result<String, String> {
    let id = &scene.workspace().id;
    let policy = format!(
        "update voice_workspaces set policy = '{{\"wrap_up_seconds\": 2}}' where workspace_id = '{id}'"
    );
    scene.world.postgres.execute(DATABASE, &policy);
    let clock = Clock::make(&scene.context.directory);
    let serve = Serve { environment: clock.environment(), ..scene.serve() };
    let server = scene.context.program.serve(&serve).await;
    clock.leap(3 * 24 * 3_600);
    let mut connection = Connection::to(server.address());
    for number in 0..4 {
        // Twilio's clock is right; the server's own times are those of its arrivals.
        for step in scene.call(number).steps() {
            connection.ask(&step.request).await.map_err(|error| error.to_string())?;
        }
    }
    server.drained().await;
    clock.leap(0);
    let began = Instant::now();
    let (mut number, mut last) = (100, Ok(()));
    let heals = async || {
        // Each caller's agents were in one of the four calls.
        number += 10;
        last = scene.rings(&server, &scene.call(number)).await;
        last.is_ok()
    };
    if until(HEALS, Duration::from_secs(1), heals).await {
        return Ok(format!("agents ring {:.0} s after it is right", began.elapsed().as_secs_f64()));
    }
    last.map(|()| String::new())
}

/// Someone makes an index on the agents: nobody can write to the table for longer than a lease.
async fn locked_agents(scene: &Scene<'_>) -> Result<String, String> {
    let holder = scene.world.client().await;
    leases_not_renewed(scene, async |is_so| {
        let sql = if is_so { "begin; lock table voice_agents in share mode" } else { "rollback" };
        holder.batch_execute(sql).await.expect("the owner's statement");
    })
    .await
}

/// The database turns read-only, as a provider does when its disk is full.
async fn read_only(scene: &Scene<'_>) -> Result<String, String> {
    let database = scene.world.client().await;
    leases_not_renewed(scene, async |is_so| {
        let sql = if is_so {
            format!("alter database {DATABASE} set default_transaction_read_only = on")
        } else {
            format!(
                "set default_transaction_read_only = off; \
                     alter database {DATABASE} reset default_transaction_read_only"
            )
        };
        // New sessions take the setting.
        for sql in sql.split(';') {
            database.batch_execute(sql).await.expect("the owner's statement");
        }
        let sessions =
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'voice_app'";
        database.batch_execute(sessions).await.expect("ended");
    })
    .await
}

/// Two agents have open pages; nothing about them can be written for longer than their leases last.
async fn leases_not_renewed(
    scene: &Scene<'_>,
    fault: impl AsyncFn(bool),
) -> Result<String, String> {
    let server = scene.server().await;
    let mut pages = Vec::new();
    for agent in scene.call(0).assigned() {
        let path = scene.workspace().path("events?page=one");
        let ask = Ask::get(&path).bearer(&session(Kind::Good, agent)).bytes();
        let mut page = TcpStream::connect(server.address()).await.expect("a connection");
        page.write_all(&ask).await.expect("a request");
        let mut head = [0; 12];
        page.read_exact(&mut head).await.expect("an answer");
        assert_eq!(&head, b"HTTP/1.1 200");
        // Streams are read, so that the server does not close them.
        pages.push(tokio::spawn(async move {
            let mut sink = [0; 4_096];
            while page.read(&mut sink).await.is_ok_and(|read| read > 0) {}
        }));
    }
    scene.rings(&server, &scene.call(0)).await?;
    server.drained().await;
    // The call is over, and its agents are free.
    let call = scene.call(0);
    let mut connection = Connection::to(server.address());
    for step in call.steps().into_iter().skip(1) {
        connection.ask(&step.request).await.map_err(|error| error.to_string())?;
    }
    server.drained().await;
    fault(true).await;
    let (began, mut rung, mut result) = (Instant::now(), 0, Ok(()));
    while began.elapsed() < LEASE && result.is_ok() {
        sleep(Duration::from_secs(1)).await;
        rung += 1;
        result = scene.rings(&server, &scene.call(1_000 + 10 * rung)).await;
    }
    let open = pages.iter().filter(|page| !page.is_finished()).count();
    let after = began.elapsed().as_secs();
    fault(false).await;
    result.map_err(|why| format!("after {after} s: {why}"))?;
    Ok(format!("{rung} calls in {after} s, agents rang; {open} pages open"))
}

/// A key that opens none of the workspaces.
async fn wrong_key(scene: &Scene<'_>) -> Result<String, String> {
    let key = "d3Jvbmctc2VjcmV0cy1rZXktMzItYnl0ZXMtbG9uZyE=".to_owned();
    let environment = vec![("SWITCHROOM_SECRETS_KEY", key)];
    let serve = Serve { environment, ..scene.serve() };
    match scene.context.program.refuses(&serve).await {
        Some(status) if !status.success() => Ok(format!("refused, {status}")),
        other => Err(format!("it serves, or ended in order: {other:?}")),
    }
}

/// How long a call lasts (`Call::steps`).
const LASTS: Duration = Duration::from_secs(36);
/// For one answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long agents may be silent after a clock is right again.
const HEALS: Duration = Duration::from_secs(60);
/// Longer than the lease of a page.
const LEASE: Duration = Duration::from_secs(36);
