//! Who rings, and who is logged.

use std::time::Duration;

use emulator::{Behaviour, CallStatus, Story};

use crate::world::{LogRow, World, number_of};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

/// The numbers of the agents that rang, in order, wave by wave.
fn rang(story: &Story) -> Vec<u8> {
    let mut numbers: Vec<u8> = story.rang().into_iter().filter_map(number_of).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_assigned_agent_rings_and_is_logged() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 4).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[1].behaves(Behaviour::talks(2 * SECOND, 30 * SECOND));

    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(rang(&story), [2], "{story}");
    assert_eq!(story.answered_by().and_then(number_of), Some(2), "{story}");
    assert_eq!(story.status, CallStatus::Completed);
    assert!(!story.application_error);
    assert_eq!(story.problems().count(), 0, "{story}");
    let expected = LogRow {
        call: story.sid.to_string(),
        direction: "inbound".into(),
        sender: "contact".into(),
        status: "completed".into(),
        agent: Some(2),
        has_contact: true,
    };
    assert_eq!(world.log(&team).await, [expected]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_caller_rings_everybody() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 4).await;
    agents[2].behaves(Behaviour::talks(SECOND, 10 * SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(rang(&story), [1, 2, 3, 4], "{story}");
    assert_eq!(world.log(&team).await.first().and_then(|row| row.agent), Some(3));
    world.stop().await;
}
