//! Nobody answers: what the caller hears, and who else rings.

use std::time::Duration;

use emulator::{Behaviour, CallStatus, Kind};
use serde_json::json;

use crate::tables::LogRow;
use crate::world::World;

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn assigned_agents_ring_for_thirty_seconds_and_then_comes_a_good_bye() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 3).await;
    world.contact(&team, CALLER, &[2]).await;
    let began = world.twilio.now();
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [2], "{story}");
    let said: Vec<&str> = story.said().collect();
    assert_eq!(said, ["We are sorry, nobody can take your call right now. Good-bye."], "{story}");
    let document = &story.of_kind(Kind::Voice).next().and_then(|it| it.answer()).expect("one").body;
    assert!(document.contains("timeout=\"30\""), "{document}");
    let waited = world.twilio.now().since(began);
    assert!(waited >= 30 * SECOND && waited < 50 * SECOND, "{waited:?}");
    let row = LogRow::inbound(story.sid, "no_answer", None).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    let ended = world.call_column(story.sid, "end_reason").await;
    assert_eq!(ended.as_deref(), Some("timed_out"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_may_let_everybody_else_ring() {
    let world = World::new().await;
    let policy = json!({ "routing": { "assigned_unanswered": "everyone" } });
    let team = world.team_with("acme", &policy).await;
    let agents = world.agents(&team, 3).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[2].behaves(Behaviour::talks(SECOND, SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [2, 1, 3], "first the assigned one: {story}");
    let row = LogRow::inbound(story.sid, "completed", Some(3)).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_may_take_a_message() {
    let world = World::new().await;
    let policy = json!({
        "routing": { "assigned_unanswered": "voicemail", "everyone_unanswered": "voicemail" },
        "messages": { "voicemail": "After the tone, please.", "voicemail_done": "Got it." },
    });
    let team = world.team_with("acme", &policy).await;
    world.agents(&team, 2).await;
    world.contact(&team, CALLER, &[2]).await;
    for (caller, rings) in [(CALLER, &[2][..]), ("+15005554444", &[1, 2])] {
        let story = world.phone(caller).call(&team.number).ended().await;
        assert_eq!(team.rang(&story), rings, "{story}");
        let said: Vec<&str> = story.said().collect();
        assert_eq!(said, ["After the tone, please.", "Got it."], "{story}");
        assert_eq!(story.status, CallStatus::Completed);
        assert_eq!(story.problems().count(), 0, "{story}");
        assert_eq!(world.row(&team, story.sid).await.status, "no_answer");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_agents_the_caller_hears_a_good_bye_at_once() {
    let world = World::new().await;
    let empty = world.team("empty").await;
    let offline = world.team("offline").await;
    world.agents(&offline, 2).await;
    for number in [1, 2] {
        world.set_status(&offline, number, "offline").await;
    }
    for team in [&empty, &offline] {
        let story = world.phone(CALLER).call(&team.number).ended().await;
        assert!(story.legs.is_empty(), "{story}");
        let said = story.said().any(|text| text.contains("nobody can take your call"));
        assert!(said, "{story}");
        assert_eq!(story.problems().count(), 0, "{story}");
        let row = LogRow::inbound(story.sid, "no_answer", None);
        assert_eq!(world.log(team).await, [row]);
        let ended = world.call_column(story.sid, "end_reason").await;
        assert_eq!(ended.as_deref(), Some("nobody_available"));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_declines() {
    let world = World::new().await;
    let team = world.team("acme").await;
    for agent in world.agents(&team, 2).await {
        agent.behaves(Behaviour::Declines { after: SECOND });
    }
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(story.of_kind(Kind::Action).count(), 1, "{story}");
    assert_eq!(world.row(&team, story.sid).await.status, "no_answer");
    let ended = world.call_column(story.sid, "end_reason").await;
    assert_eq!(ended.as_deref(), Some("declined"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_without_anybody_who_takes_calls_is_counted_and_its_policy_may_name_them() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 1).await;
    let owner = world.owner.client();
    owner.batch_execute("update user_profiles set workspace_role = 'Member'").await.expect("roles");
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [0_u8; 0], "{story}");
    assert_eq!(world.metric("switchroom_nobody_total").await, 1);

    let policy = json!({ "roles": { "agent": ["agent", "member"] } });
    world.owner.set_policy(&team.id, &policy).await.expect("a policy");
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    let other = world.phone("+15005551235").call(&team.number).ended().await;
    assert_eq!(team.rang(&other), [1], "{other}");
    assert_eq!(world.metric("switchroom_nobody_total").await, 1);
    world.stop().await;
}
