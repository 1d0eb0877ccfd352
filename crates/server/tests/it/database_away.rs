//! The database is away: calls go on, callbacks are kept, and every answer is true.

use std::time::Duration;

use emulator::{Behaviour, Kind};
use serde_json::json;

use crate::http::{Ask, Document as _};
use crate::tables::LogRow;
use crate::world::{World, until};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn calls_ring_whom_they_rang_and_are_logged_afterwards() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 3).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[1].behaves(Behaviour::talks(SECOND, 20 * SECOND));
    let known = world.phone(CALLER).call(&team.number).ended().await;
    let before = world.log(&team).await;
    assert_eq!(before, [LogRow::inbound(known.sid, "completed", Some(2)).with_contact()]);

    world.cut_off().await;
    let assigned = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&assigned), [2], "{assigned}");
    let stranger = world.phone("+15005556666").call(&team.number).ended().await;
    // The one who has just had a call comes last.
    assert_eq!(team.rang(&stranger), [1, 3, 2], "{stranger}");
    let withheld = world.phone("anonymous").gives_up_after(3 * SECOND);
    let withheld = withheld.call(&team.number).ended().await;
    let stories = [&assigned, &stranger, &withheld];
    for webhook in stories.iter().flat_map(|story| story.webhooks()) {
        let want = if webhook.kind.is_document() { 200 } else { 204 };
        assert_eq!(webhook.status(), Some(want), "{webhook}");
    }
    for story in stories {
        assert_eq!(story.problems().count(), 0, "{story}");
    }
    // Whether the agent may dial cannot be checked, so the call is refused.
    world.phone("+15005550123").behaves(Behaviour::talks(SECOND, SECOND));
    let out = agents[0].call([("To", "+15005550123")]).expect("the agent is free").ended().await;
    assert_eq!(out.legs.len(), 0, "{out}");
    assert!(out.said().any(|text| text.contains("try again later")), "{out}");
    assert!(world.servers[0].pending_records() > 10);

    world.let_in().await;
    let rows = world.log(&team).await;
    let want = [
        LogRow::inbound(assigned.sid, "completed", Some(2)).with_contact(),
        LogRow::inbound(stranger.sid, "completed", Some(2)),
        LogRow::inbound(withheld.sid, "completed", Some(2)),
        LogRow::outbound(out.sid, "refused", Some(1)),
    ];
    for row in want {
        assert!(rows.contains(&row), "{row:?} is not in {rows:#?}");
    }
    assert_eq!(rows.len(), 5, "{rows:#?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_operators_are_told() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let identity = format!("token?identity={}", team.identity(1));
    assert_eq!(world.get(&team, 1, "agents").await.status, 200);
    world.cut_off().await;
    let before = world.dump(None).await;
    for rest in ["agents", "calls", "calls/CA01010101010101010101010101010101", &*identity] {
        let answer = world.get(&team, 1, rest).await;
        assert_eq!((answer.status, &*answer.code()), (503, "unavailable"), "{rest}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{rest}");
    }
    let answer = world.set_status(&team, 1, "away").await;
    assert_eq!((answer.status, &*answer.code()), (503, "unavailable"));
    let ready = world.ask(&Ask::get("/readyz")).await;
    assert_eq!((ready.status, &ready.json()["status"]), (503, &json!("not_ready")));
    assert_eq!(world.ask(&Ask::get("/healthz")).await.status, 200);
    assert_eq!(world.ask(&Ask::get("/metrics")).await.status, 200);
    assert_eq!(world.dump(None).await, before);

    world.let_in().await;
    for rest in ["agents", "calls", &*identity] {
        assert_eq!(world.get(&team, 1, rest).await.status, 200, "{rest}");
    }
    assert_eq!(world.ask(&Ask::get("/readyz")).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_was_never_read_gets_no_document() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    world.cut_off().await;
    let sid = "CA01010101010101010101010101010101";
    let params =
        [("CallSid", sid), ("From", CALLER), ("To", &team.number), ("CallStatus", "completed")];
    for rest in ["voice", "voice/status", "voice/dial?rung=AAAAAAAA"] {
        let answer = world.post(&team, rest, &params).await;
        assert_eq!((answer.status, answer.text()), (503, ""), "{rest}");
    }
    assert_eq!(world.servers[0].pending_records(), 0);
    // A server starts without its database, and serves as soon as there is one.
    world.start_server().await;
    world.servers.swap(0, 1);
    assert_eq!(world.post(&team, "voice", &params).await.status, 503);
    world.let_in().await;
    until("the workspace is read", async || {
        world.post(&team, "voice", &params).await.status == 200
    })
    .await;
    // Its credentials are known now, but nobody has called it since.
    world.post(&team, "voice", &params).await.twiml();
    assert_eq!(world.log(&team).await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_roster_the_caller_hears_a_sentence() {
    let world = World::new().await;
    let policy = json!({ "messages": { "unavailable": "Please call later." } });
    let team = world.team_with("acme", &policy).await;
    world.agents(&team, 1).await;
    // The workspace is known by a callback, but no call has come in yet.
    let sid = "CA01010101010101010101010101010101";
    let params = [("CallSid", sid), ("CallStatus", "completed")];
    assert_eq!(world.post(&team, "voice/status", &params).await.status, 204);
    world.applied().await;
    world.cut_off().await;
    let story = world.phone(CALLER).call(&team.number).ended().await;
    let said: Vec<&str> = story.said().collect();
    assert_eq!(said, ["Please call later."], "{story}");
    assert_eq!(story.problems().count(), 0, "{story}");
    world.let_in().await;
    assert_eq!(world.row(&team, story.sid).await.agent, None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_keeps_no_caller_waiting() {
    let world = World::impatient().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[1].behaves(Behaviour::talks(SECOND, SECOND));
    world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;

    let lock =
        "begin; lock table public.user_profiles, public.voice_calls in access exclusive mode";
    world.owner.client().batch_execute(lock).await.expect("the locks");
    let mut stories = Vec::new();
    for _ in 0..8 {
        let story = world.phone(CALLER).call(&team.number).ended().await;
        assert_eq!(team.rang(&story), [2], "{story}");
        for webhook in story.webhooks() {
            let took = webhook.outcome.as_ref().map(|outcome| outcome.took).unwrap_or_default();
            assert!(took < 3 * SECOND, "{webhook}");
            let want = if webhook.kind.is_document() { 200 } else { 204 };
            assert_eq!(webhook.status(), Some(want), "{webhook}");
        }
        assert_eq!(story.of_kind(Kind::Voice).count(), 1, "{story}");
        stories.push(story);
    }
    world.owner.client().batch_execute("rollback").await.expect("the locks are gone");
    let rows = world.log(&team).await;
    assert_eq!(rows.len(), 9);
    for story in stories {
        let row = LogRow::inbound(story.sid, "completed", Some(2)).with_contact();
        assert!(rows.contains(&row), "{rows:#?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_database_is_waited_for_where_nothing_is_remembered() {
    let world = World::impatient().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[1].behaves(Behaviour::talks(SECOND, SECOND));
    let slow = "create policy slow on public.user_profiles as restrictive for select \
        using ((select true from pg_sleep(0.6)))";
    world.owner.client().batch_execute(slow).await.expect("the policy");
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [2], "{story}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_of_another_workspace_ends_no_call() {
    let world = World::new().await;
    let (team, other) = (world.team("acme").await, world.team("other").await);
    for team in [&team, &other] {
        world.agents(team, 2).await;
        world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    }
    world.applied().await;
    world.cut_off().await;
    let call = ("CallSid", "CA02020202020202020202020202020202");
    let (from, to) = (("From", CALLER), ("To", &*team.number));
    let arrives = [call, from, to, ("CallStatus", "ringing"), ("Direction", "inbound")];
    let ends = [call, ("CallStatus", "completed")];
    assert_eq!(world.post(&other, "voice/status", &ends).await.status, 204);
    let answer = world.post(&team, "voice", &arrives).await.twiml();
    assert!(answer.contains("<Dial"), "another workspace said that it is over: {answer}");
    assert_eq!(world.post(&team, "voice/status", &ends).await.status, 204);
    let answer = world.post(&team, "voice", &arrives).await.twiml();
    assert!(!answer.contains("<Dial"), "{answer}");
    world.let_in().await;
    world.stop().await;
}
