//! `cargo xtask demo`: everything keeps running, and a person places calls.

use std::io::BufRead as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use emulator::{Behaviour, Call, Clock, Config, Emulator};
use harness::Failure;
use harness::http::Answer;
use harness::random;
use stage::Place;
use stage::Stage;
use stage::Team;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::guide;
use super::judge;
use super::narrator::Narrator;
use super::order::Order;

/// Sets up, and carries out typed commands until it is stopped.
pub(super) async fn run(place: &Place, sdk: Option<PathBuf>) -> Result<String, Failure> {
    let fix = format!(
        "see the server's log, {}; if another demo runs, stop it first",
        place.log().display()
    );
    let failed = |what: String| Failure::new("the demo does not run", &fix).output(what);
    let emulator = |error| failed(format!("the emulator: {error}"));
    // With a fixed seed, the Sids of an earlier run would come again.
    let seed = u64::from_be_bytes(random::bytes().map_err(failed)?);
    let twilio = Config { clock: Clock::Real, seed, ..Config::default() };
    let twilio = Emulator::start(twilio).await.map_err(emulator)?;
    let front = twilio.listen_http((Ipv4Addr::LOCALHOST, 0).into()).await.map_err(emulator)?;
    let mut told = vec![
        ("TWILIO_API_BASE_URL", front.url()),
        // A person's own browser does not trust our certificate.
        ("SWITCHROOM_SIGNALLING_URL", format!("ws://{}", front.address())),
    ];
    told.extend(sdk.map(|folder| ("SWITCHROOM_VOICE_SDK", folder.display().to_string())));
    let mut stage = Stage::set_up(place, twilio, told).await.map_err(failed)?;
    register(&stage).await.map_err(failed)?;
    stage.acme.behave(&[(1, 6, 20), (2, 4, 30), (3, 5, 25), (4, 7, 20)]);
    stage.globex.behave(&[(23, 5, 15)]);
    guide::print(&stage, place, &front.url());
    attend(&mut stage).await.map_err(failed)?;
    stage.stop().map_err(failed)?;
    Ok("stopped".to_owned())
}

/// Registers everybody, once the server no longer caches the credentials of an earlier run. That
/// run's call log is kept.
async fn register(stage: &Stage) -> Result<(), String> {
    let deadline = Instant::now() + FORGOTTEN;
    loop {
        match stage.register().await {
            Err(_) if Instant::now() < deadline => sleep(TICK).await,
            ended => return ended,
        }
    }
}

/// A call whose story is being printed.
struct Told {
    number: usize,
    call: Call,
    of_globex: bool,
    entries: usize,
    over: bool,
}

/// Places calls, and prints what happens in them.
async fn attend(stage: &mut Stage) -> Result<(), String> {
    let mut lines = typed();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut renew = interval(RENEW);
    renew.tick().await;
    let mut calls: Vec<Told> = Vec::new();
    let mut placed = 0;
    let mut open = true;
    let mut people = false;
    loop {
        tokio::select! {
            line = lines.recv(), if open => match line.as_deref().map(Order::parse) {
                None => open = false,
                Some(Ok(Order::Quit)) => return Ok(()),
                Some(Ok(order)) => if let Some((call, of_globex)) = obey(stage, &order).await? {
                    placed += 1;
                    calls.push(Told { number: placed, call, of_globex, entries: 0, over: false });
                },
                Some(Err(hint)) => println!("{hint}"),
            },
            _ = renew.tick() => if !people {
                stage.register().await?;
            },
            _ = tick.tick() => {
                stage.alive()?;
                make_way(stage, &mut people).await?;
                for told in &mut calls {
                    tell(stage, told).await?;
                }
                calls.retain(|told| !told.over);
            }
        }
    }
}

/// Signs the virtual agents of acme out while somebody has an agent's page open, so that it rings
/// until a person answers. They come back when the last page is closed.
async fn make_way(stage: &Stage, people: &mut bool) -> Result<(), String> {
    let agents = stage.acme.agents();
    let is_ours = |identity: &str| agents.iter().any(|agent| agent.identity() == identity);
    let devices = stage.twilio.devices();
    let there = devices.iter().any(|device| device.is_registered() && is_ours(device.identity()));
    if there == *people {
        return Ok(());
    }
    *people = there;
    if there {
        agents.iter().for_each(emulator::Agent::unregister);
        println!("an agent's page is open: acme's virtual agents sign out, and only pages ring");
        return Ok(());
    }
    println!("no agent's page is open: acme's virtual agents are back");
    stage.register_team(&stage.acme).await
}

/// Carries out a command. Returns the call if one was placed, and whether it is globex's.
async fn obey(stage: &Stage, order: &Order) -> Result<Option<(Call, bool)>, String> {
    let acme = &stage.acme;
    let said = match order {
        Order::Call { from, globex } => {
            let team = if *globex { &stage.globex } else { acme };
            return Ok(Some((stage.twilio.phone(from).call(team.number), *globex)));
        }
        Order::Out { agent, to } => {
            let talks = Behaviour::talks(Duration::from_secs(4), Duration::from_secs(15));
            let phone = stage.twilio.phone(to).behaves(talks);
            let agent = acme.agents().get(agent.wrapping_sub(1));
            match agent.map(|agent| agent.call([("To", phone.address())])) {
                Some(Ok(call)) => return Ok(Some((call, false))),
                Some(Err(error)) => error.to_string(),
                None => "acme has agents 1 to 4".to_owned(),
            }
        }
        Order::Agents => pretty(&stage.ask(acme, 1, &acme.path("agents")).await?),
        Order::Calls => pretty(&stage.ask(acme, 1, &acme.path("calls?limit=1")).await?),
        Order::Help | Order::Quit => guide::ORDERS.to_owned(),
    };
    println!("{said}");
    Ok(None)
}

/// JSON for people.
fn pretty(answer: &Answer) -> String {
    serde_json::to_string_pretty(&answer.json()).unwrap_or_else(|_| answer.text().to_owned())
}

/// Prints what happened in a call since the last time.
async fn tell(stage: &Stage, told: &mut Told) -> Result<(), String> {
    let team: &Team = if told.of_globex { &stage.globex } else { &stage.acme };
    let mut story = told.call.story();
    told.over = story.status.is_final();
    if told.over {
        // Its last callbacks may still be on their way.
        story = timeout(LAST, told.call.ended()).await.unwrap_or(story);
    }
    let mut narrator = Narrator::new(team);
    for (index, entry) in story.entries.iter().enumerate() {
        for line in narrator.entry(entry) {
            if index >= told.entries {
                println!("call {} {line}", told.number);
            }
        }
    }
    told.entries = story.entries.len();
    if told.over {
        stage.applied().await?;
        for row in judge::rows(team, &stage.live_chat.log(story.sid.as_str()).await?) {
            println!("call {} {row}", told.number);
        }
        println!("{}", guide::HINT);
    }
    Ok(())
}

/// The typed lines, read by a thread, so that nothing waits for the terminal.
fn typed() -> UnboundedReceiver<String> {
    let (send, receive) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    receive
}

const TICK: Duration = Duration::from_millis(200);
/// A server caches a workspace for ten seconds.
const FORGOTTEN: Duration = Duration::from_secs(20);
const LAST: Duration = Duration::from_secs(5);
/// Tokens are valid for an hour.
const RENEW: Duration = Duration::from_secs(1800);
