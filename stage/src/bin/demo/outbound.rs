//! An agent calls out.

use std::time::Duration;

use emulator::Behaviour;
use serde_json::json;
use stage::Stage;
use stage::live_chat::LogRow;
use stage::team::MIA;

use super::judge;
use super::narrator::Narrator;
use super::scene::{self, Scene};

pub(super) async fn call(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    let team = &stage.acme;
    let seconds = Duration::from_secs;
    let _mia = stage.twilio.phone(MIA.number).behaves(Behaviour::talks(seconds(3), seconds(25)));
    let call = team.agents()[3].call([("To", MIA.number)]);
    let story = call.map_err(|error| format!("agent 4 cannot call: {error}"))?.ended().await;
    for line in Narrator::tell(team, &story.entries) {
        scene::say(&line);
    }
    stage.applied().await?;
    let rows = stage.live_chat.log(story.sid.as_str()).await?;
    for line in judge::rows(team, &rows) {
        scene::say(&line);
    }

    let legs: Vec<_> = story.legs.iter().map(|leg| (&leg.to, &leg.from, leg.answered)).collect();
    let (to, from) = (MIA.number.into(), team.number.into());
    scene.claim(
        "Twilio: one leg, which shows the workspace's number",
        legs,
        vec![(&to, &from, true)],
    );
    scene.claim("Twilio: no error, every webhook was answered", judge::complaints(&story), vec![]);

    let path = team.path(&format!("calls/{}", story.sid));
    let seen = stage.ask(team, 1, &path).await?.json();
    let seen = [&seen["direction"], &seen["outcome"], &seen["handled_by"], &seen["to"]];
    let expected = [json!("outbound"), json!("completed"), json!(team.user(4)), json!(MIA.number)];
    scene.claim("GET /calls: outbound, completed, by agent 4", seen, expected.each_ref());

    let row = LogRow {
        direction: "outbound".to_owned(),
        sender: "user".to_owned(),
        status: "completed".to_owned(),
        body: "Outgoing call, 25 s.".to_owned(),
        user: Some(team.user(4)),
        contact: Some(MIA.name.to_owned()),
    };
    scene.claim("livechat_messages: one row, of agent 4", rows, vec![(team.id.to_owned(), row)]);
    Ok(())
}
