//! Runs the tests, and carries out their requests to the stage.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use harness::{Failure, Group};
use serde_json::{Value, json};
use stage::live_chat::LogRow;
use stage::{Place, Stage};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::control::Control;
use super::description;
use super::set::Set;
use super::tap::{Counts, Tap};

/// Sets up, runs the tests and stops everything.
pub(super) async fn run(
    place: &Place,
    sdk: PathBuf,
    command: Command,
    mark: &str,
) -> Result<String, Failure> {
    let look =
        format!("see the files in {} and the screenshots beside it", place.directory.display());
    let failed = |what: String| Failure::new("the browser tests cannot run", &look).output(what);
    let mut set = Set::up(place, sdk, mark).await.map_err(failed)?;
    println!("the server runs at {}, Twilio at {}", set.stage.http.base, set.front.url());
    let counts = play(&mut set, place, command).await.map_err(failed);
    let stopped = set.stage.stop().map_err(failed);
    let Counts { passed, failed, skipped } = counts?;
    // A closing line in the same form for every test runner.
    println!("browser: {passed} passed, {failed} failed, {skipped} skipped");
    stopped?;
    let said = format!("{passed} passed");
    match (passed, failed) {
        (1.., 0) => Ok(said),
        _ => Err(Failure::new(format!("{said}, {failed} failed"), look)),
    }
}

/// Runs the tests to their end.
async fn play(set: &mut Set, place: &Place, mut command: Command) -> Result<Counts, String> {
    let said = |error: std::io::Error| error.to_string();
    let mut control = Control::listen().await.map_err(said)?;
    command.env("SWITCHROOM_TEST_STAGE", description::of(set, control.port).to_string());
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
            request = control.next() => {
                let result = carry_out(stage, place, &request.question).await;
                request.answer(result);
            }
            () = sleep_until(deadline) => {
                return Err(format!("still running after {} min", DEADLINE.as_secs() / 60));
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

/// The output lines of the tests, read by a thread.
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

/// Carries out a request of a test.
async fn carry_out(stage: &mut Stage, place: &Place, question: &Value) -> Result<Value, String> {
    match question["do"].as_str() {
        Some("stop the server") => stage.stop_server().map(|()| Value::Null),
        Some("start the server") => stage.start_server(place).await.map(|()| Value::Null),
        Some("log") => {
            stage.applied().await?;
            let rows = stage.live_chat.log(question["call"].as_str().unwrap_or_default()).await?;
            let row = |(workspace, row): &(String, LogRow)| {
                json!({
                    "workspace": workspace, "direction": row.direction, "sender": row.sender,
                    "status": row.status, "body": row.body, "user": row.user,
                    "contact": row.contact,
                })
            };
            Ok(rows.iter().map(row).collect())
        }
        _ => Err(format!("the stage does not know this request: {question}")),
    }
}

/// For tests that hang; the whole takes a few minutes.
const DEADLINE: Duration = Duration::from_secs(20 * 60);
