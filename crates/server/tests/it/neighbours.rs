//! What one workspace does to the database or to its own calls, and what its neighbours notice of it.

use std::time::Duration;

use emulator::Behaviour;
use localpg::SUPERUSER;
use serde_json::json;
use tokio_postgres::{Client, NoTls};

use crate::http::Document as _;
use crate::tables::LogRow;
use crate::team::Team;
use crate::world::World;

const CUSTOMER: &str = "+15005550123";
const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

/// A session of another program.
async fn other_program(world: &World) -> Client {
    let url = world.database.connection_string(SUPERUSER);
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
    tokio::spawn(async move { drop(connection.await) });
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_for_a_lock_of_their_workspace_open_no_breaker_of_another() {
    let world = World::impatient().await;
    let (acme, bolt) = (world.team("acme").await, world.team("bolt").await);
    let stuck = world.agents(&acme, 6).await;
    let agents = world.agents(&bolt, 2).await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(SECOND, 10 * SECOND));
    agents[0].behaves(Behaviour::talks(SECOND, 10 * SECOND));

    let other = other_program(&world).await;
    let lock = "begin; select pg_advisory_xact_lock(hashtextextended('claims acme', 0))";
    other.batch_execute(lock).await.expect("locked");
    for agent in &stuck {
        let story = agent.call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
        assert_eq!(story.legs.len(), 0, "{story}");
    }
    let stale = world.metric("switchroom_calls_total{outcome=\"stale\"}").await;
    let out = agents[1].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    assert_eq!(world.row(&bolt, out.sid).await, LogRow::outbound(out.sid, "completed", Some(2)));
    let inbound = world.phone(CALLER).call(&bolt.number).ended().await;
    assert_eq!(bolt.answered(&inbound), Some(1), "{inbound}");
    let after = world.metric("switchroom_calls_total{outcome=\"stale\"}").await;
    assert_eq!(after, stale, "bolt's calls were routed from the database");
    other.batch_execute("rollback").await.expect("unlocked");
    world.stop().await;
}

/// Twilio asks what follows a Dial, with this list of who has rung.
async fn after_dial(world: &World, team: &Team, sid: &str, rung: &str) -> String {
    let params = [
        ("CallSid", sid),
        ("From", CALLER),
        ("To", team.number.as_str()),
        ("CallStatus", "in-progress"),
        ("DialCallStatus", "no-answer"),
    ];
    let answer = world.post(team, &format!("voice/dial?rung={rung}"), &params).await;
    answer.twiml()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_waves_beyond_the_policy_leaves_nothing_behind() {
    let world = World::new().await;
    let policy = json!({ "routing": { "max_waves": 2 } });
    let team = world.team_with("acme", &policy).await;
    world.agents(&team, 25).await;
    let sid = "CA01010101010101010101010101010101";
    let wave = |n: usize| format!("{n:08}").repeat(10);
    for length in 3..80 {
        let waves: Vec<String> = (0..length).map(wave).collect();
        let document = after_dial(&world, &team, sid, &waves.join(".")).await;
        assert!(!document.contains("<Client"), "{length}: {document}");
        assert!(document.contains("<Hangup"), "{length}: {document}");
    }
    world.applied().await;
    assert_eq!(world.metric("switchroom_over_budget_total{what=\"wave\"}").await, 77);
    let decided = "select count(*) from public.voice_events where key like 'routed:%'";
    let row = world.owner.client().query_one(decided, &[]).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 0);
    let events = "select count(*) from public.voice_events";
    let row = world.owner.client().query_one(events, &[]).await.expect("a count");
    assert!(row.get::<_, i64>(0) <= i64::from(routing::Policy::MAX_WAVES), "{row:?}");
    world.stop().await;
}
