//! Teams larger than one Dial.

use std::collections::BTreeSet;
use std::time::Duration;

use emulator::{Behaviour, CallStatus, Fault, Kind, Mishap, Select, Story, Until};
use serde_json::json;

use crate::tables::LogRow;
use crate::team::Team;
use crate::world::World;

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

/// How many clients each document rings.
fn sizes(story: &Story) -> Vec<usize> {
    let documents = story.webhooks().filter(|webhook| webhook.kind.is_document());
    documents
        .filter_map(|webhook| Some(webhook.answer()?.body.matches("<Client").count()))
        .filter(|clients| *clients > 0)
        .collect()
}

fn each_once(team: &Team, story: &Story, last: u8) {
    let rang = team.rang(story);
    let each: BTreeSet<u8> = rang.iter().copied().collect();
    assert_eq!(each, (1..=last).collect(), "{story}");
    assert_eq!(rang.len(), each.len(), "somebody rang twice: {story}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_25_agents_one_answers_in_the_third_wave() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 25).await;
    agents[23].behaves(Behaviour::talks(4 * SECOND, 10 * SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(sizes(&story), [10, 10, 5], "{story}");
    each_once(&team, &story, 25);
    assert_eq!(team.answered(&story), Some(24), "{story}");
    assert_eq!(story.problems().count(), 0, "{story}");
    let row = LogRow::inbound(story.sid, "completed", Some(24));
    assert_eq!(world.log(&team).await, [row]);
    let verdicts = world.verdicts(&team, story.sid, 3).await;
    let reasons: Vec<&str> = verdicts.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(reasons, [&["already_rang"; 20][..], &["rings"; 5]].concat());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_agents_ring_in_five_waves() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 50).await;
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(sizes(&story), [10; 5], "{story}");
    each_once(&team, &story, 50);
    assert_eq!(story.problems().count(), 0, "{story}");
    let row = LogRow::inbound(story.sid, "no_answer", None);
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_limits_the_waves() {
    let world = World::new().await;
    let policy = json!({ "routing": { "max_waves": 2, "ring_seconds": 10 } });
    let team = world.team_with("acme", &policy).await;
    world.agents(&team, 25).await;
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(sizes(&story), [10, 10], "{story}");
    let verdicts = world.verdicts(&team, story.sid, 1).await;
    let beyond = verdicts.iter().filter(|(_, reason)| reason == "beyond_last_wave").count();
    assert_eq!(beyond, 5, "{verdicts:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_wave_follows_a_caller_who_has_left() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 12).await;
    let story = world.phone(CALLER).gives_up_after(9 * SECOND).call(&team.number).ended().await;
    assert_eq!(sizes(&story), [10], "{story}");
    assert_eq!(story.of_kind(Kind::Action).count(), 1, "{story}");
    let waves = world.call_column(story.sid, "jsonb_array_length(waves)").await;
    assert_eq!(waves.as_deref(), Some("1"), "a decision about nobody");
    assert_eq!(world.row(&team, story.sid).await.status, "caller_hung_up");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_single_browser_the_waves_end_at_once() {
    let world = World::new().await;
    let team = world.team("acme").await;
    for agent in world.agents(&team, 25).await {
        agent.behaves(Behaviour::Absent);
    }
    let began = world.twilio.now();
    let story = world.phone(CALLER).call(&team.number).ended().await;
    // Each Dial returns at once; still everybody is tried once, and the caller hears a good-bye.
    assert_eq!(sizes(&story), [10, 10, 5], "{story}");
    assert_eq!(story.of_kind(Kind::Action).count(), 3, "{story}");
    each_once(&team, &story, 25);
    assert!(story.said().any(|text| text.contains("nobody can take your call")), "{story}");
    assert!(world.twilio.now().since(began) < 30 * SECOND, "{story}");
    assert_eq!(world.row(&team, story.sid).await.status, "no_answer");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_is_sent_twice_skips_no_wave() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 25).await;
    agents[23].behaves(Behaviour::talks(4 * SECOND, 10 * SECOND));
    for kind in [Kind::Voice, Kind::Action] {
        let mishap = Mishap::Twice { again: Until::AtOnce };
        world.twilio.fault(Fault { on: Select::kind(kind), mishap, times: None });
    }
    let story = world.phone(CALLER).call(&team.number).ended().await;
    each_once(&team, &story, 25);
    assert_eq!(team.answered(&story), Some(24), "{story}");
    assert_eq!(story.status, CallStatus::Completed);
    let row = LogRow::inbound(story.sid, "completed", Some(24));
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}
