//! Callers, and the agents who should ring.

use emulator::Story;

use super::judge::{self, Expected};
use super::scene::Scene;
use super::stage::Stage;
use super::team::{MIA, NOOR};

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

async fn call(stage: &Stage, from: &str) -> Story {
    stage.twilio.phone(from).call(stage.acme.number).ended().await
}
