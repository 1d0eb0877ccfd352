//! `cargo xtask demo --headless`: every scenario, checked.

use std::pin::Pin;
use std::time::{Duration, Instant};

use emulator::{Config, Emulator};
use harness::Failure;
use identity::Timestamp;
use stage::Place;
use stage::Stage;
use tokio::time::timeout;

use super::scene::Scene;
use super::{forged, inbound, outbound, side_by_side, tokens};

type Played<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>;
type Play = for<'a> fn(&'a Stage, &'a mut Scene) -> Played<'a>;

/// The order matters: later scenarios use the calls of earlier ones.
const SCENARIOS: [(&str, Play); 11] = [
    ("An assigned contact: only agent 2 rings", |a, b| Box::pin(inbound::assigned(a, b))),
    ("Two assigned agents: both ring, nobody else", |a, b| Box::pin(inbound::two_assigned(a, b))),
    ("An unknown caller: everybody rings", |a, b| Box::pin(inbound::unknown(a, b))),
    ("Three calls at once: each has its agent", |a, b| Box::pin(inbound::three_at_once(a, b))),
    ("Agent 1 is on a call: agent 2 gets the next", |a, b| Box::pin(inbound::on_a_call(a, b))),
    ("A team of 25: the third wave answers", |a, b| Box::pin(inbound::third_wave(a, b))),
    ("Nobody answers: a good-bye", |a, b| Box::pin(inbound::nobody_answers(a, b))),
    ("An agent calls out", |a, b| Box::pin(outbound::call(a, b))),
    ("Forged webhooks are refused", |a, b| Box::pin(forged::signatures(a, b))),
    ("Tokens: the old identity, and the right one", |a, b| Box::pin(tokens::identities(a, b))),
    ("Two workspaces side by side", |a, b| Box::pin(side_by_side::workspaces(a, b))),
];

/// Sets up, plays the scenarios and checks them.
pub(super) async fn run(place: &Place) -> Result<String, Failure> {
    let log = place.log();
    let look = format!("see the server's log: {}", log.display());
    let started = Instant::now();
    let failed = |what: String| Failure::new("the demo cannot be set up", &look).output(what);
    // The scenarios take no time, and the server does not believe a webhook from the future: they are
    // played as of an hour ago.
    let hour_ago = i64::try_from(harness::session::now()).unwrap_or_default() - 3600;
    let starts_at = Some(Timestamp::from_unix_seconds(hour_ago));
    let twilio = Emulator::start(Config { starts_at, ..Config::default() }).await;
    let said = |error| failed(format!("the emulator: {error}"));
    let twilio = twilio.map_err(said)?;
    // The server reconciles its log with this API, as with Twilio's.
    let api = twilio.listen_http(([127, 0, 0, 1], 0).into()).await.map_err(said)?;
    let told = vec![("TWILIO_API_BASE_URL", api.url())];
    let mut stage = Stage::set_up(place, twilio, told).await.map_err(failed)?;
    stage.register().await.map_err(failed)?;
    println!(
        "the server runs at {} on its own PostgreSQL: {:.1} s\n\
         acme has 4 agents, globex 25; each browser is registered with a token from the server",
        stage.http.base,
        started.elapsed().as_secs_f64()
    );
    let mut faults = play(&mut stage).await;
    if let Err(fault) = stage.stop() {
        faults.push(fault);
    }
    if faults.is_empty() {
        let seconds = started.elapsed().as_secs_f64();
        return Ok(format!("\nall {} scenarios passed, in {seconds:.1} s", SCENARIOS.len()));
    }
    Err(Failure::faults("a scenario failed", &faults, &look))
}

/// Plays every scenario, and returns the faults.
async fn play(stage: &mut Stage) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, (title, play)) in SCENARIOS.iter().enumerate() {
        let mut scene = Scene::open(index + 1, title);
        let played = match timeout(DEADLINE, play(stage, &mut scene)).await {
            Ok(played) => played,
            Err(_) => Err(format!("still running after {} s", DEADLINE.as_secs())),
        };
        if let Err(found) = scene.close(played) {
            faults.push(format!("{}: {title}\n  {}", index + 1, found.join("\n  ")));
        }
        if let Err(ended) = stage.alive() {
            faults.push(ended);
            break;
        }
    }
    faults
}

/// In real time, for a scenario that hangs; emulated time takes none.
const DEADLINE: Duration = Duration::from_secs(30);
