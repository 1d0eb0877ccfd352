//! Figures of the day, and the filters of the log.

use std::time::Duration;

use emulator::Behaviour;
use serde_json::{Value, json};

use crate::team::{Team, uuid};
use crate::world::World;

const CALLER: &str = "+12125550100";
const CUSTOMER: &str = "+12125550101";
const SECOND: Duration = Duration::from_secs(1);

/// What is asked with this query, in the name of agent 1.
async fn stats(world: &World, team: &Team, query: &str) -> Value {
    let answer = world.get(team, 1, &format!("stats{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// A call that arrived so many seconds ago, straight into the table.
async fn call(world: &World, team: &Team, name: &str, ago: f64, columns: &str, values: &str) {
    world
        .sql(&format!(
            "insert into voice_calls (workspace_id, call_sid, direction, started_at, {columns}) \
             select '{}', '{name}', 'inbound', a.at, {values} \
             from (select now() - {ago} * interval '1 second' as at) a",
            team.id
        ))
        .await;
}

/// The same, answered by an agent after so many seconds, for half a minute.
async fn answered(world: &World, team: &Team, name: &str, ago: f64, agent: u8, waited: f64) {
    let values = format!(
        "'completed', '{}', a.at + {waited} * interval '1 second', \
         a.at + ({waited} + 30) * interval '1 second'",
        uuid(team.user(agent))
    );
    call(world, team, name, ago, "outcome, handled_by, answered_at, ended_at", &values).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_are_of_the_calls_that_arrived_in_the_time() {
    let world = World::new().await;
    let (team, other) = (world.team("acme").await, world.team("other").await);
    for agent in [1, 2] {
        world.member(&team, agent, "agent").await;
        world.member(&other, agent, "agent").await;
    }
    let nothing = stats(&world, &team, "").await;
    assert_eq!((&nothing["answered"], &nothing["missed"]), (&json!(0), &json!(0)));
    assert_eq!(nothing["time_to_answer"], json!(null), "a number of nothing is none");
    assert_eq!(nothing["agents"].as_array().map(Vec::len), Some(2));
    assert_eq!(nothing["hours"].as_array().map(Vec::len), Some(25));

    for n in 1..=10 {
        let agent = if n <= 7 { 1 } else { 2 };
        answered(&world, &team, &format!("CAa{n}"), 7_000.0, agent, f64::from(n)).await;
    }
    // A former member.
    answered(&world, &team, "CAgone", 600.0, 9, 5.5).await;
    for (name, outcome) in [("CAm1", "no_answer"), ("CAm2", "caller_hung_up"), ("CAm3", "failed")] {
        let values = format!("'{outcome}', a.at + interval '9 seconds'");
        call(&world, &team, name, 600.0, "outcome, ended_at", &values).await;
    }
    call(&world, &team, "CAw", 20.0, "outcome", "'ringing'").await;
    // Before the time, but it still rings; before the time, answered in it; out; of another team.
    call(&world, &team, "CAlong", 9_000.0, "outcome", "'ringing'").await;
    answered(&world, &team, "CAbefore", 7_205.0, 1, 10.0).await;
    world
        .sql(
            "insert into voice_calls (workspace_id, call_sid, direction, outcome, started_at) \
             values ('acme', 'CAout', 'outbound', 'no_answer', now())",
        )
        .await;
    answered(&world, &other, "CAx", 600.0, 1, 100.0).await;

    let moment = "select to_char(now() at time zone 'UTC' - interval '2 hours', \
                  'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let client = world.owner.client();
    let since: String = client.query_one(moment, &[]).await.expect("a moment").get(0);
    let found = stats(&world, &team, &format!("?since={since}")).await;
    assert_eq!(
        (&found["answered"], &found["missed"], &found["waiting_now"]),
        (&json!(11), &json!(3), &json!(2)),
        "{found}"
    );
    // 1, 2, 3, 4, 5, 5.5, 6, 7, 8, 9, 10.
    assert_eq!(found["time_to_answer"], json!({ "median_s": 5.5, "p90_s": 9.0 }));
    let agents: Vec<(&Value, &Value, &Value)> = found["agents"]
        .as_array()
        .expect("agents")
        .iter()
        .map(|agent| (&agent["name"], &agent["answered"], &agent["talk_s"]))
        .collect();
    let want = [
        (&json!("Agent 1"), &json!(7), &json!(210)),
        (&json!("Agent 2"), &json!(3), &json!(90)),
        (&json!(null), &json!(1), &json!(30)),
    ];
    assert_eq!(agents, want);
    let hours: Vec<(i64, i64)> = found["hours"]
        .as_array()
        .expect("hours")
        .iter()
        .map(|hour| {
            let number = |name: &str| hour[name].as_i64().expect("a number");
            (number("answered"), number("missed"))
        })
        .collect();
    assert_eq!(hours, [(10, 0), (1, 3), (0, 0)]);
    assert_eq!(found["hours"][0]["at"], json!(since));
    for query in [
        "?since=",
        "?since=yesterday",
        "?since=2100-01-01T00:00:00Z",
        "?since=2020-01-01T00:00:00Z",
    ] {
        let answer = world.get(&team, 1, &format!("stats{query}")).await;
        assert_eq!((answer.status, &*answer.code()), (400, "field_invalid"), "{query}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_filtered_by_agent_direction_and_outcome() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    let by_one = world.phone(CALLER).call(&team.number).ended().await;
    agents[0].behaves(Behaviour::Ignores);
    world.applied().await;
    let missed = world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    agents[1].behaves(Behaviour::talks(SECOND, SECOND));
    let by_two = world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(SECOND, SECOND));
    let out = agents[0].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    world.applied().await;
    world.phone(CUSTOMER).behaves(Behaviour::Ignores);
    let unreached = agents[1].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    world.applied().await;

    let user = |agent| team.user(agent).to_string();
    let cases = [
        (String::new(), vec![&unreached, &out, &by_two, &missed, &by_one]),
        (format!("agent={}", user(1)), vec![&out, &by_one]),
        (format!("agent={}&direction=inbound", user(1)), vec![&by_one]),
        (format!("agent={}&outcome=answered", user(2)), vec![&by_two]),
        (format!("agent={}&outcome=missed", user(1)), vec![]),
        (format!("agent={}", user(9)), vec![]),
        ("direction=outbound".to_owned(), vec![&unreached, &out]),
        ("direction=inbound".to_owned(), vec![&by_two, &missed, &by_one]),
        ("outcome=missed".to_owned(), vec![&missed]),
        ("outcome=missed&direction=outbound".to_owned(), vec![]),
        ("outcome=answered".to_owned(), vec![&out, &by_two, &by_one]),
        ("outcome=answered&direction=outbound".to_owned(), vec![&out]),
    ];
    for (query, want) in cases {
        for limit in [1, 2, 50] {
            let mut found = Vec::new();
            let mut before = String::new();
            loop {
                let rest = format!("calls?limit={limit}&{query}{before}");
                let page = world.get(&team, 1, &rest).await.json();
                let calls = page["calls"].as_array().expect("calls").clone();
                found.extend(calls.iter().map(|call| call["call_sid"].clone()));
                let Some(next) = page["next"].as_str() else { break };
                let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
                before = format!("&before={next}");
            }
            let want: Vec<Value> = want.iter().map(|story| json!(story.sid.as_str())).collect();
            assert_eq!(found, want, "{query} by {limit}");
        }
    }
    for query in ["agent=me", "agent=", "direction=in", "outcome=no_answer", "outcome="] {
        let answer = world.get(&team, 1, &format!("calls?{query}")).await;
        assert_eq!((answer.status, &*answer.code()), (400, "field_invalid"), "{query}");
    }
    world.stop().await;
}
