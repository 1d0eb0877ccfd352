//! Callers, and the agents who should ring.

use std::time::Duration;

use emulator::{Kind, Story, Webhook};
use stage::Stage;
use stage::team::{MIA, NOOR, OLA, PIA, ZOE};

use super::judge::{self, Expected};
use super::scene::{self, Scene};

pub(super) const STRANGER: &str = "+15005550199";

pub(super) async fn assigned(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    stage.acme.behave(&[(1, 1, 30), (2, 2, 30), (3, 1, 30), (4, 1, 30)]);
    let story = call(stage, MIA.number).await;
    let expected = Expected {
        waves: &[&[2]],
        by: Some(2),
        outcome: "completed",
        contact: Some(MIA.name),
        body: "Incoming call, 30 s.",
    };
    judge::inbound(stage, scene, &stage.acme, &story, &expected).await
}

pub(super) async fn two_assigned(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    stage.acme.behave(&[(1, 4, 30), (2, 1, 30), (3, 3, 45), (4, 1, 30)]);
    let story = call(stage, NOOR.number).await;
    let expected = Expected {
        waves: &[&[1, 3]],
        by: Some(3),
        outcome: "completed",
        contact: Some(NOOR.name),
        body: "Incoming call, 45 s.",
    };
    judge::inbound(stage, scene, &stage.acme, &story, &expected).await
}

pub(super) async fn unknown(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    stage.acme.behave(&[(4, 5, 20)]);
    let story = call(stage, STRANGER).await;
    let expected = Expected {
        waves: &[&[1, 2, 3, 4]],
        by: Some(4),
        outcome: "completed",
        contact: None,
        body: "Incoming call, 20 s.",
    };
    judge::inbound(stage, scene, &stage.acme, &story, &expected).await
}

pub(super) async fn three_at_once(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    let team = &stage.acme;
    team.behave(&[(1, 2, 40), (2, 3, 50), (3, 4, 60)]);
    let callers = [(STRANGER, None), (ZOE.number, Some(ZOE.name)), ("anonymous", None)];
    let hold = stage.twilio.hold();
    let calls = callers.map(|(from, _)| stage.twilio.phone(from).call(team.number));
    drop(hold);
    let mut agents = Vec::new();
    for (call, (_, contact)) in calls.iter().zip(callers) {
        let story = call.ended().await;
        // Any agent may be faster. The server must know which one answered.
        let by = story.answered_by().and_then(|address| team.agent_at(address));
        let seconds = by.map_or(0, |agent| 30 + 10 * agent);
        let body = match seconds {
            60 => "Incoming call, 1 min 0 s.".to_owned(),
            seconds => format!("Incoming call, {seconds} s."),
        };
        let expected =
            Expected { waves: &[&[1, 2, 3, 4]], by, outcome: "completed", contact, body: &body };
        judge::inbound(stage, scene, team, &story, &expected).await?;
        agents.extend(by);
    }
    agents.sort_unstable();
    scene.claim("each of the three calls has a different agent", agents, vec![1, 2, 3]);
    Ok(())
}

pub(super) async fn on_a_call(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    let team = &stage.acme;
    team.behave(&[(1, 2, 600), (2, 4, 20)]);
    let hold = stage.twilio.hold();
    let first = stage.twilio.phone(STRANGER).call(team.number);
    stage.twilio.advance(Duration::from_secs(5)).await;
    stage.applied().await?;
    scene.claim("GET /agents: agent 1 is busy", status(stage, 1).await?, "busy".to_owned());

    scene::say(&format!("{} is assigned to agents 1 and 2, and agent 1 is on a call", OLA.name));
    let second = stage.twilio.phone(OLA.number).call(team.number);
    drop(hold);
    let story = second.ended().await;
    let expected = Expected {
        waves: &[&[2]],
        by: Some(2),
        outcome: "completed",
        contact: Some(OLA.name),
        body: "Incoming call, 20 s.",
    };
    judge::inbound(stage, scene, team, &story, &expected).await?;
    let reason = judge::reason(stage, team, &story, 1).await?;
    scene.claim("GET /calls: why agent 1 did not ring", reason, "on_call".to_owned());

    let story = first.ended().await;
    let expected = Expected {
        waves: &[&[1, 2, 3, 4]],
        by: Some(1),
        outcome: "completed",
        contact: None,
        body: "Incoming call, 10 min 0 s.",
    };
    judge::inbound(stage, scene, team, &story, &expected).await?;
    let free = status(stage, 1).await?;
    scene.claim("GET /agents: agent 1 is no longer busy", free != "busy", true);
    Ok(())
}

pub(super) async fn third_wave(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    let team = &stage.globex;
    team.behave(&[(23, 5, 15)]);
    let story = stage.twilio.phone(STRANGER).call(team.number).ended().await;
    let waves: [&[usize]; 3] = [
        &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        &[11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
        &[21, 22, 23, 24, 25],
    ];
    let expected = Expected {
        waves: &waves,
        by: Some(23),
        outcome: "completed",
        contact: None,
        body: "Incoming call, 15 s.",
    };
    judge::inbound(stage, scene, team, &story, &expected).await
}

pub(super) async fn nobody_answers(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    stage.acme.behave(&[(1, 1, 30), (4, 1, 30)]);
    let story = call(stage, PIA.number).await;
    let expected = Expected {
        waves: &[&[2, 3]],
        by: None,
        outcome: "no_answer",
        contact: Some(PIA.name),
        body: "Missed call.",
    };
    judge::inbound(stage, scene, &stage.acme, &story, &expected).await?;
    let first = story.of_kind(Kind::Voice).next().and_then(Webhook::answer);
    let rings = first.is_some_and(|answer| answer.body.contains(" timeout=\"30\""));
    scene.claim("the agents were to ring for 30 s", rings, true);
    let said: Vec<&str> = story.said().collect();
    scene.claim(
        "the caller heard the good-bye, and there was no second wave",
        said,
        vec![GOOD_BYE],
    );
    Ok(())
}

/// The status of an agent, as the team sees it.
async fn status(stage: &Stage, agent: usize) -> Result<String, String> {
    let team = &stage.acme;
    let answer = stage.ask(team, 1, &team.path("agents")).await?.json();
    let agents = answer["agents"].as_array().cloned().unwrap_or_default();
    let found = agents.iter().find(|found| found["user_id"] == team.user(agent));
    Ok(found.and_then(|found| found["status"].as_str()).unwrap_or_default().to_owned())
}

async fn call(stage: &Stage, from: &str) -> Story {
    stage.twilio.phone(from).call(stage.acme.number).ended().await
}

/// The default of a workspace.
const GOOD_BYE: &str = "We are sorry, nobody can take your call right now. Good-bye.";
