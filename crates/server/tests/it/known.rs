//! What is known outlives the process: a server that starts without its database serves calls, and does
//! not use a database that was not checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use emulator::{Behaviour, Kind};
use identity::{CallSid, Timestamp};
use serde_json::json;
use server::Clock;

use crate::http::{Ask, Document as _, again, signed_form};
use crate::tables::LogRow;
use crate::world::{World, until};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_without_its_database_rings_the_right_people() {
    let mut world = World::new().await;
    let policy = json!({ "messages": { "good_bye": "Kept as well." } });
    let team = world.team_with("acme", &policy).await;
    let agents = world.agents(&team, 3).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[1].behaves(Behaviour::talks(SECOND, 20 * SECOND));
    world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;

    let stopped = world.stop_first().await;
    world.cut_off().await;
    world.start_again(stopped).await;
    let assigned = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&assigned), [2], "{assigned}");
    let parameters = assigned.of_kind(Kind::Voice).next().and_then(|webhook| webhook.answer());
    let document = &parameters.expect("an answer").body;
    assert!(document.contains("Ana Example"), "{document}");
    agents[1].behaves(Behaviour::Ignores);
    let stranger = world.phone("+15005556666").call(&team.number).ended().await;
    // The one who has just had a call comes last.
    assert_eq!(team.rang(&stranger), [1, 3, 2], "{stranger}");
    let said: Vec<&str> = stranger.said().collect();
    assert_eq!(said, ["Kept as well."], "{stranger}");
    for story in [&assigned, &stranger] {
        assert_eq!(story.problems().count(), 0, "{story}");
        for webhook in story.webhooks() {
            let want = if webhook.kind.is_document() { 200 } else { 204 };
            assert_eq!(webhook.status(), Some(want), "{webhook}");
        }
    }
    // Signatures are still checked, and nobody else is served.
    let params = [("AccountSid", team.account.sid().to_string()), ("CallSid", "x".to_owned())];
    let params = [(params[0].0, &*params[0].1), (params[1].0, &*params[1].1)];
    let forged = signed_form(&team.path("voice"), &params, "another-auth-token");
    assert_eq!(world.ask(&forged).await.status, 403);
    let absent = signed_form("/api/workspaces/absent/voice", &params, &team.auth_token);
    assert_eq!(world.ask(&absent).await.status, 503, "nobody knows whether it exists");

    world.let_in().await;
    let rows = world.log(&team).await;
    let want = [
        LogRow::inbound(assigned.sid, "completed", Some(2)).with_contact(),
        LogRow::inbound(stranger.sid, "no_answer", None),
    ];
    for row in want {
        assert!(rows.contains(&row), "{row:?} is not in {rows:#?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_over_rings_nobody_while_the_database_is_away() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    world.cut_off().await;
    let story = world.phone(CALLER).gives_up_after(3 * SECOND).call(&team.number).ended().await;
    let voice = again(story.of_kind(Kind::Voice).next().expect("a voice webhook"));
    for _ in 0..3 {
        let answer = world.ask(&voice).await.twiml();
        assert!(answer.contains("<Hangup/>") && !answer.contains("<Dial"), "{answer}");
    }
    world.let_in().await;
    assert_eq!(world.log(&team).await.len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_comes_back_unsafe_is_not_used() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    let stopped = world.stop_first().await;
    world.cut_off().await;
    world.start_again(stopped).await;

    let owner = world.owner.client();
    let unsafe_table = "alter table public.voice_calls no force row level security";
    owner.batch_execute(unsafe_table).await.expect("the owner may");
    world.let_in().await;
    let untrusted = async || {
        let answer = world.ask(&Ask::get("/readyz")).await;
        assert_eq!(answer.status, 503);
        answer.text().contains("not used until it is found safe")
    };
    until("it is refused", untrusted).await;
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [1, 2], "calls go on: {story}");
    assert_eq!(world.get(&team, 1, "calls").await.status, 503, "and nothing is read");
    let kept = "select count(*) from public.voice_events where call_sid = $1";
    let count = async |sid: CallSid| -> i64 {
        owner.query_one(kept, &[&sid.as_str()]).await.expect("a count").get(0)
    };
    assert_eq!(count(story.sid).await, 0, "nor written");
    assert!(world.servers[0].pending_records() > 0);

    let fixed = "alter table public.voice_calls force row level security";
    owner.batch_execute(fixed).await.expect("the owner may");
    until("it is used again", async || world.ask(&Ask::get("/readyz")).await.status == 200).await;
    world.applied().await;
    assert!(count(story.sid).await > 0);
    world.stop().await;
}

/// What an extension brings, a check that cannot be finished, and then a leak.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_leaves_its_database_for_a_leak_alone() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    let is_ready = async || world.ask(&Ask::get("/readyz")).await.status == 200;
    until("it is ready", is_ready).await;
    world
        .database
        .execute(
            "create view public.statements as select * from pg_stat_activity; \
         grant select on public.statements to public; \
         revoke execute on function pg_catalog.has_schema_privilege(oid, oid, text) from public",
        )
        .expect("the owner may");
    world.cut_off().await;
    world.let_in().await;
    until("it is ready", is_ready).await;
    assert_eq!(world.get(&team, 1, "calls").await.status, 200);

    let leak = "create materialized view public.contacts as select * from public.livechat_contacts; \
                grant select on public.contacts to public";
    world
        .database
        .execute(
            "grant execute on function pg_catalog.has_schema_privilege(oid, oid, text) to public",
        )
        .expect("the owner may");
    world.database.execute(leak).expect("the owner may");
    world.cut_off().await;
    world.let_in().await;
    let untrusted = async || {
        let answer = world.ask(&Ask::get("/readyz")).await;
        answer.text().contains("not used until it is found safe")
    };
    until("it is refused", untrusted).await;
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [1], "calls go on: {story}");
    // It was trusted once: whatever is no leak does not keep it away.
    let fixed = "drop materialized view public.contacts; \
                 grant truncate on public.voice_calls to voice_agent";
    world.database.execute(fixed).expect("the owner may");
    until("it is used again", is_ready).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_removed_is_not_kept() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let params = [("CallSid", "CA01010101010101010101010101010101"), ("CallStatus", "completed")];
    assert_eq!(world.post(&team, "voice/status", &params).await.status, 204);
    world.servers[0].save_known().await;
    let stopped = world.stop_first().await;
    assert!(world.owner.remove_workspace(&team.id).await.expect("removed"));
    world.start_again(stopped).await;
    // The first request finds out.
    assert_eq!(world.post(&team, "voice/status", &params).await.status, 403);
    let stopped = world.stop_first().await;
    world.cut_off().await;
    world.start_again(stopped).await;
    assert_eq!(world.post(&team, "voice/status", &params).await.status, 503);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_added_a_moment_ago_counts_at_once() {
    let seconds = Arc::new(AtomicI64::new(1_800_000_000));
    let hand = Arc::clone(&seconds);
    let clock = Clock::of(move || Timestamp::from_unix_seconds(hand.load(Ordering::SeqCst)));
    let world = World::with_clock(clock).await;
    let team = world.team("acme").await;
    let account = team.account.sid();
    let params = [
        ("AccountSid", account.as_str()),
        ("CallSid", "CA01010101010101010101010101010101"),
        ("CallStatus", "completed"),
    ];
    let status = async |token: &str| {
        world.ask(&signed_form(&team.path("voice/status"), &params, token)).await.status
    };
    assert_eq!(status(&team.auth_token).await, 204);
    world.has_token(&team, "the-next-token").await;
    assert_eq!(status("the-next-token").await, 403, "it was read within this very second");
    seconds.fetch_add(2, Ordering::SeqCst);
    assert_eq!(status("the-next-token").await, 204, "long before it is read by itself");
    assert_eq!(status(&team.auth_token).await, 403);
    // What was read last counts while the database is away; what it cannot tell is refused.
    world.applied().await;
    world.cut_off().await;
    seconds.fetch_add(60, Ordering::SeqCst);
    assert_eq!(status("the-next-token").await, 204);
    assert_eq!(status("a-token-of-nobody").await, 403);
    world.let_in().await;
    world.stop().await;
}
