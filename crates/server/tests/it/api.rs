//! Agents, their status, and the call log.

use std::time::Duration;

use emulator::Behaviour;
use identity::CallSid;
use serde_json::{Value, json};

use crate::http::{Ask, Document as _};
use crate::sessions::session;
use crate::team::Team;
use crate::world::World;

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn the_list_shows_what_every_agent_does() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 5).await;
    world.member(&team, 6, "admin").await;
    world.member(&team, 7, "viewer").await;
    for (number, status) in [(3, "available"), (4, "away"), (5, "offline"), (6, "available")] {
        assert_eq!(world.set_status(&team, number, status).await.status, 200);
    }
    world.contact(&team, CALLER, &[1, 2]).await;
    agents[0].behaves(Behaviour::ByHand);
    let call = world.phone(CALLER).call(&team.number);
    agents[0].rings().await;
    world.twilio.settled().await;
    world.applied().await;
    let statuses = async || -> Vec<(String, bool)> {
        let page = world.get(&team, 1, "agents").await.json();
        let agents = page["agents"].as_array().expect("agents").clone();
        let status = |agent: &Value| agent["status"].as_str().expect("a status").to_owned();
        agents.iter().map(|agent| (status(agent), agent["since"].is_string())).collect()
    };
    let want = |statuses: [(&str, bool); 6]| statuses.map(|(text, since)| (text.to_owned(), since));
    let by_hand = [("available", true), ("away", true), ("offline", true), ("available", true)];
    let [three, four, five, six] = by_hand;
    let ringing = want([("offered", true), ("offered", true), three, four, five, six]);
    assert_eq!(statuses().await, ringing);
    agents[0].answer().expect("it rings");
    world.twilio.advance(SECOND).await;
    let talking = want([("busy", true), ("unknown", false), three, four, five, six]);
    world.applied().await;
    assert_eq!(statuses().await, talking);
    agents[0].hang_up().expect("a call");
    call.ended().await;
    world.applied().await;
    let over = want([("unknown", false), ("unknown", false), three, four, five, six]);
    assert_eq!(statuses().await, over);

    let page = world.get(&team, 6, "agents").await.json();
    let first = &page["agents"][0];
    let want = json!({
        "user_id": team.user(1).to_string(), "identity": team.identity(1).to_string(),
        "name": "Agent 1", "role": "agent", "status": "unknown", "since": null,
        "presence": null,
    });
    assert_eq!(*first, want);
    assert_eq!(page["agents"][5]["role"], "admin");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sets_three_statuses_and_no_other() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    world.member(&team, 2, "agent").await;
    for status in ["available", "away", "offline", "available"] {
        let answer = world.set_status(&team, 1, status).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        assert_eq!((&body["status"], &body["presence"]), (&json!(status), &json!(status)));
        assert!(body["since"].is_string(), "{body}");
    }
    // Setting the same status again changes nothing.
    let since = world.set_status(&team, 1, "available").await.json()["since"].clone();
    assert_eq!(world.set_status(&team, 1, "available").await.json()["since"], since);

    let before = world.dump(None).await;
    let put = || Ask::new("PUT", &team.path("agents/me/status")).bearer(&session(team.user(1)));
    let json = |text: &str| put().body("application/json", text);
    let cases = [
        ("busy", json(r#"{"status":"busy"}"#), 400, "field_invalid"),
        ("offered", json(r#"{"status":"offered"}"#), 400, "field_invalid"),
        ("wrap_up", json(r#"{"status":"wrap_up"}"#), 400, "field_invalid"),
        ("unknown", json(r#"{"status":"unknown"}"#), 400, "field_invalid"),
        ("upper case", json(r#"{"status":"AWAY"}"#), 400, "field_invalid"),
        ("a number", json(r#"{"status":1}"#), 400, "field_invalid"),
        ("nothing", json(r#"{"status":null}"#), 400, "field_invalid"),
        ("no field", json("{}"), 400, "field_invalid"),
        ("an array", json("[]"), 400, "field_invalid"),
        ("not JSON", json("status=away"), 400, "field_invalid"),
        ("half", json(r#"{"status":"away""#), 400, "field_invalid"),
        ("no body", put(), 400, "field_invalid"),
        (
            "invalid UTF-8",
            put().body("application/json", b"{\"status\":\"\xff\"}"),
            400,
            "field_invalid",
        ),
        ("10 MB", put().body("application/json", vec![b' '; 10_000_000]), 413, "body_too_large"),
    ];
    for (name, ask, status, code) in cases {
        let answer = world.ask(&ask).await;
        assert_eq!((answer.status, &*answer.code()), (status, code), "{name}");
    }
    assert_eq!(world.dump(None).await, before);
    world.stop().await;
}

/// Posts a voice webhook of its own call, so that the log has many.
async fn arrives(world: &World, team: &Team, call: u8) {
    let sid = CallSid::from_bytes([call; 16]);
    let params = [("CallSid", sid.as_str()), ("From", CALLER), ("To", &team.number)];
    world.post(team, "voice", &params).await.twiml();
    world.applied().await;
}

/// All pages of this length, one after the other.
async fn pages(world: &World, team: &Team, limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut before = String::new();
    loop {
        let page = world.get(team, 1, &format!("calls?limit={limit}{before}")).await.json();
        let calls = page["calls"].as_array().expect("calls").clone();
        let sid = |call: &Value| call["call_sid"].as_str().expect("a Sid").to_owned();
        pages.push(calls.iter().map(sid).collect());
        let Some(next) = page["next"].as_str() else { return pages };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        before = format!("&before={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_log_leave_out_and_repeat_nothing() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    assert_eq!(pages(&world, &team, 3).await, [[]; 1] as [[String; 0]; 1]);
    for call in 1..=7 {
        arrives(&world, &team, call).await;
    }
    let newest_first: Vec<String> =
        (1..=7).rev().map(|call| CallSid::from_bytes([call; 16]).to_string()).collect();
    for limit in [1, 2, 3, 6, 7, 8, 200] {
        let pages = pages(&world, &team, limit).await;
        assert_eq!(pages.concat(), newest_first, "pages of {limit}");
        assert!(pages.iter().all(|page| page.len() <= limit), "pages of {limit}");
    }
    // All calls began at the same moment.
    let sql = "update public.voice_calls set started_at = now()";
    world.owner.client().batch_execute(sql).await.expect("one moment");
    for limit in [1, 3, 7] {
        assert_eq!(pages(&world, &team, limit).await.concat(), newest_first, "pages of {limit}");
    }
    for query in ["limit=0", "limit=201", "limit=x", "limit=", "before=", "before=yesterday"] {
        let answer = world.get(&team, 1, &format!("calls?{query}")).await;
        assert_eq!((answer.status, &*answer.code()), (400, "field_invalid"), "{query}");
    }
    let far = world.get(&team, 1, "calls?before=1970-01-01T00:00:00Z").await.json();
    assert_eq!(far, json!({ "calls": [] }));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_shows_its_legs_and_a_reason_for_everybody() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 4).await;
    let contact = world.contact(&team, CALLER, &[1, 2]).await;
    world.set_status(&team, 2, "away").await;
    agents[0].behaves(Behaviour::talks(SECOND, 61 * SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    let answer = world.get(&team, 3, &format!("calls/{}", story.sid)).await;
    assert_eq!(answer.status, 200);
    let call = answer.json();
    let user = |number| json!(team.user(number).to_string());
    let us = "US".parse().expect("a country");
    for (name, want) in [
        ("call_sid", json!(story.sid.as_str())),
        ("direction", json!("inbound")),
        ("outcome", json!("completed")),
        ("from", json!(CALLER)),
        ("from_text", json!("(500) 555-1234")),
        ("to", json!(team.number)),
        ("to_text", json!(dialling::shown(&team.number.parse().expect("a number"), us))),
        ("contact_id", json!(contact.to_string())),
        ("contact_name", json!("Ana Example")),
        ("handled_by", user(1)),
        ("end_reason", json!("completed")),
        ("refusal", json!(null)),
    ] {
        assert_eq!(call[name], want, "{name}");
    }
    for name in ["started_at", "answered_at", "ended_at"] {
        let at = call[name].as_str().and_then(|at| at.parse::<identity::Timestamp>().ok());
        assert!(at.is_some(), "{name} is {}", call[name]);
    }
    let legs = call["legs"].as_array().expect("legs");
    assert_eq!(legs.len(), 1, "{call}");
    assert_eq!((&legs[0]["agent"], &legs[0]["status"]), (&user(1), &json!("completed")));
    let waves = call["waves"].as_array().expect("waves");
    assert_eq!(waves.len(), 1, "{call}");
    let mut reasons: Vec<(&Value, &str, bool)> = waves[0]["verdicts"]
        .as_array()
        .expect("verdicts")
        .iter()
        .map(|one| {
            let rings = one["rings"].as_bool().expect("a flag");
            (&one["user"], one["reason"].as_str().expect("a reason"), rings)
        })
        .collect();
    reasons.sort_unstable_by_key(|(user, ..)| user.to_string());
    let want = [
        (1, "rings", true),
        (2, "away", false),
        (3, "not_assigned", false),
        (4, "not_assigned", false),
    ];
    let want = want.map(|(number, reason, rings)| (user(number), reason, rings));
    let want: Vec<(&Value, &str, bool)> =
        want.iter().map(|(user, reason, rings)| (user, *reason, *rings)).collect();
    assert_eq!(reasons, want);
    // The same in the list.
    let page = world.get(&team, 3, "calls").await.json();
    assert_eq!(page["calls"][0], call);

    for rest in
        ["calls/CA01010101010101010101010101010101", "calls/CAffffffffffffffffffffffffffffffff"]
    {
        let answer = world.get(&team, 3, rest).await;
        assert_eq!((answer.status, &*answer.code()), (404, "call_not_found"), "{rest}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_one_shape() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    let own = || session(team.user(1));
    let asks = [
        Ask::get("/nowhere"),
        Ask::get(&team.path("agents")),
        Ask::get(&team.path("token")).bearer(&own()),
        Ask::get(&team.path("calls?limit=0")).bearer(&own()),
        Ask::get(&team.path("calls/CA01010101010101010101010101010101")).bearer(&own()),
        Ask::get(&team.path("agents")).bearer(&session(team.user(9))),
        Ask::new("DELETE", &team.path("agents")).bearer(&own()),
        Ask::new("PUT", &team.path("agents/me/status")).bearer(&own()),
    ];
    let mut ids = std::collections::BTreeSet::new();
    for ask in &asks {
        let answer = world.ask(ask).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{ask:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{ask:?}");
        let body = answer.json();
        let body = body.as_object().expect("an object");
        assert!(body.keys().all(|key| ["error", "hint", "code"].contains(&&**key)), "{body:?}");
        let sentence = body["error"].as_str().expect("a sentence");
        assert!(sentence.len() > 10, "{sentence}");
        let code = body["code"].as_str().expect("a code");
        assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
        if let Some(id) = answer.header("x-request-id") {
            assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
            ids.insert(id.to_owned());
        }
    }
    assert_eq!(ids.len(), asks.len(), "an error without an id of its own");
    world.stop().await;
}
