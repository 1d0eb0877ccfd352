//! Two workspaces on one server.

use std::collections::BTreeSet;

use serde_json::json;
use stage::Stage;
use stage::team::{MIA, Team};

use super::judge::{self, Expected};
use super::scene::{self, Scene};

pub(super) async fn workspaces(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    let (acme, globex) = (&stage.acme, &stage.globex);
    scene::say(&format!("{} calls both workspaces at once; only acme knows her", MIA.name));
    acme.behave(&[(2, 2, 30)]);
    globex.behave(&[(5, 3, 45)]);
    let hold = stage.twilio.hold();
    let calls = [acme, globex].map(|team| stage.twilio.phone(MIA.number).call(team.number));
    drop(hold);
    let here = Expected {
        waves: &[&[2]],
        by: Some(2),
        outcome: "completed",
        contact: Some(MIA.name),
        body: "Incoming call, 30 s.",
    };
    let there = Expected {
        waves: &[&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
        by: Some(5),
        outcome: "completed",
        contact: None,
        body: "Incoming call, 45 s.",
    };
    let [own, foreign] = [calls[0].ended().await, calls[1].ended().await];
    judge::inbound(stage, scene, acme, &own, &here).await?;
    judge::inbound(stage, scene, globex, &foreign, &there).await?;

    let questions = [
        ("agents", "agents"),
        ("call log", "calls"),
        ("call", &format!("calls/{}", foreign.sid)),
        ("token", &identity(acme)),
    ];
    for (what, rest) in questions {
        let asked = stage.ask(acme, 1, &globex.path(rest)).await?;
        let absent = stage.ask(acme, 1, &format!("/api/workspaces/nowhere/{rest}")).await?;
        let claim = format!("acme's agent asks for globex's {what}: 404, as if it did not exist");
        let code = (asked.status, asked.json()["code"].clone());
        scene.claim(
            &claim,
            (code, asked.comparable()),
            ((404, json!("workspace_not_found")), absent.comparable()),
        );
    }
    let asked = stage.ask(acme, 1, &acme.path(&format!("calls/{}", foreign.sid))).await?;
    let code = (asked.status, asked.json()["code"].clone());
    scene.claim("globex's call is not among acme's", code, (404, json!("call_not_found")));

    for team in [acme, globex] {
        let twilio = by_twilio(stage, team);
        let rows: BTreeSet<String> = stage.live_chat.logged(team.id).await?.into_iter().collect();
        let page = stage.calls(team).await?;
        let sid = |call: &serde_json::Value| call["call_sid"].as_str().map(str::to_owned);
        let api: BTreeSet<String> = page.iter().filter_map(sid).collect();
        let claim = format!("{}: its {} calls and no others are in its log", team.id, twilio.len());
        scene.claim(&claim, (&api, &rows), (&twilio, &twilio));
    }
    Ok(())
}

/// The token request of the workspace's first agent.
fn identity(team: &Team) -> String {
    format!("token?identity={}", team.agents()[0].identity())
}

/// The calls of a workspace as Twilio knows them.
fn by_twilio(stage: &Stage, team: &Team) -> BTreeSet<String> {
    let calls = stage.twilio.calls().into_iter().map(|call| call.story());
    let ours = calls.filter(|story| {
        story.to.to_string() == team.number || team.agent_at(&story.from).is_some()
    });
    ours.map(|story| story.sid.to_string()).collect()
}
