//! The stage is set, the tests run, and what they ask is done.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use emulator::{Clock, Config, Emulator, Gateway, Http};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::door::Door;
use super::tap::{Counts, Tap};
use super::{leftover, script};
use harness::Failure;
use harness::Group;
use stage::Place;
use stage::Stage;
use stage::Team;

/// Everything that the tests meet.
pub(super) struct Set {
    pub(super) stage: Stage,
    /// Fifty virtual agents, who pick up by themselves.
    pub(super) initech: Team,
    /// Twilio's API and the emulator's own.
    pub(super) front: Http,
    /// Where the Voice SDK connects to.
    pub(super) gateway: Gateway,
}

/// Sets up, runs the tests and stops everything.
pub(super) async fn run(
    place: &Place,
    sdk: PathBuf,
    command: Command,
    mark: &str,
) -> Result<String, Failure> {
    let look = format!("look into {} and the pictures beside it", place.directory.display());
    let failed = |what: String| Failure::new("the browser tests cannot run", &look).output(what);
    let mut set = set_up(place, sdk, mark).await.map_err(failed)?;
    println!("the server runs at {}, Twilio at {}", set.stage.http.base, set.front.url());
    let counts = play(&mut set, place, command).await.map_err(failed);
    let stopped = set.stage.stop().map_err(failed);
    let Counts { passed, failed, skipped } = counts?;
    // A closing line that reads alike for every test runner.
    println!("browser: {passed} passed, {failed} failed, {skipped} skipped");
    stopped?;
    let said = format!("{passed} passed");
    match (passed, failed) {
        (1.., 0) => Ok(said),
        _ => Err(Failure::new(format!("{said}, {failed} failed"), look)),
    }
}

async fn set_up(place: &Place, sdk: PathBuf, mark: &str) -> Result<Set, String> {
    let said = |error: std::io::Error| format!("the emulator: {error}");
    let config = Config { clock: Clock::Real, ..Config::default() };
    let twilio = Emulator::start(config).await.map_err(said)?;
    let front = twilio.listen_http(ANY_PORT).await.map_err(said)?;
    let gateway = twilio.gateway(ANY_PORT).await.map_err(said)?;
    let told = vec![
        (leftover::NAME, mark.to_owned()),
        ("SWITCHROOM_SIGNALLING_URL", format!("wss://{}", gateway.address())),
        ("SWITCHROOM_VOICE_SDK", sdk.display().to_string()),
        ("SWITCHROOM_ALLOWED_ORIGINS", ORIGIN.to_owned()),
        ("TWILIO_API_BASE_URL", front.url()),
    ];
    let stage = Stage::set_up(place, twilio, told).await?;
    let initech = Team::initech(&stage.twilio, place, &stage.database).await?;
    initech.answer_after(Duration::from_secs(1));
    stage.register_team(&initech).await?;
    // Here rings end before a test has lost its patience.
    let policy = json!({ "routing": { "ring_seconds": 5 } });
    stage.database.policy(stage.globex.id, &policy).await?;
    Ok(Set { stage, initech, front, gateway })
}

/// Runs the tests to their end.
async fn play(set: &mut Set, place: &Place, mut command: Command) -> Result<Counts, String> {
    let said = |error: std::io::Error| error.to_string();
    let mut door = Door::open().await.map_err(said)?;
    command.env("SWITCHROOM_TEST_STAGE", script::told(set, door.port)?.to_string());
    let stage = &mut set.stage;
    let log = std::fs::File::create(place.directory.join("tests.log")).map_err(said)?;
    let mut group = Group::start(command.stderr(log)).map_err(|error| format!("node: {error}"))?;
    let mut lines = lines(&mut group);
    let mut tap = Tap::default();
    let deadline = Instant::now() + DEADLINE;
    loop {
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => if let Some(told) = tap.line(&line) {
                    println!("{told}");
                },
                None => break,
            },
            asked = door.next() => {
                let result = answer(stage, place, &asked.question).await;
                asked.answer(result);
            }
            () = sleep_until(deadline) => {
                return Err(format!("not over after {} min", DEADLINE.as_secs() / 60));
            }
        }
    }
    let status = group.stop().map_err(said)?;
    let counts = tap.total();
    if !status.success() && counts.failed == 0 {
        let log = std::fs::read_to_string(place.directory.join("tests.log")).unwrap_or_default();
        return Err(format!("node ended with {status}\n{log}"));
    }
    Ok(counts)
}

/// The lines that the tests write, read by a thread of their own.
fn lines(group: &mut Group) -> UnboundedReceiver<String> {
    let (send, receive) = unbounded_channel();
    if let Some(output) = group.output() {
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
    }
    receive
}

/// Does what a test asks for.
async fn answer(stage: &mut Stage, place: &Place, question: &Value) -> Result<Value, String> {
    match question["do"].as_str() {
        Some("stop the server") => stage.stop_server().map(|()| Value::Null),
        Some("start the server") => stage.start_server(place).await.map(|()| Value::Null),
        Some("log") => {
            stage.applied().await?;
            let rows = stage.database.log(question["call"].as_str().unwrap_or_default()).await?;
            let row = |(workspace, row): &(String, stage::database::LogRow)| {
                json!({
                    "workspace": workspace, "direction": row.direction, "sender": row.sender,
                    "status": row.status, "body": row.body, "user": row.user,
                    "contact": row.contact,
                })
            };
            Ok(rows.iter().map(row).collect())
        }
        _ => Err(format!("the stage cannot do this: {question}")),
    }
}

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Where a host page of the team's own stands, which uses the console's module.
pub(super) const ORIGIN: &str = "http://localhost:4004";
/// For tests that hang; the whole takes a few minutes.
const DEADLINE: Duration = Duration::from_secs(20 * 60);
