//! Callbacks that never come, say nothing, or reach a server that stops.

use std::time::Duration;

use emulator::{Behaviour, Fault, Mishap, Select};

use crate::http::{Ask, Document as _, signed_form};
use crate::tables::LogRow;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn what_no_callback_tells_the_action_does() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 3).await;
    let caller = "+15005551234";
    world.contact(&team, caller, &[2]).await;
    agents[1].behaves(Behaviour::talks(SECOND, 20 * SECOND));
    world.twilio.fault(Fault { on: Select::NOTICES, mishap: Mishap::Dropped, times: None });
    let story = world.phone(caller).call(&team.number).ended().await;
    let row = LogRow::inbound(story.sid, "completed", Some(2)).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_the_middle_of_a_call_loses_nothing() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    agents[0].behaves(Behaviour::ByHand);
    let call = world.phone("+15005551234").call(&team.number);
    agents[0].rings().await;
    agents[0].answer().expect("it rings");
    call.until(|story| story.legs.iter().any(|leg| leg.answered)).await;
    world.twilio.settled().await;
    // The database accepts nothing more from the first server: acknowledged callbacks are on its disk.
    world.cut_off().await;
    let (leg, parent) = (call.story().legs[1].sid, call.sid());
    let params = [
        ("CallSid", leg.as_str()),
        ("ParentCallSid", parent.as_str()),
        ("CallStatus", "canceled"),
        ("SequenceNumber", "7"),
    ];
    assert_eq!(world.post(&team, "voice/status", &params).await.status, 204);
    assert!(world.servers[0].pending_records() > 0);
    let stopped = world.stop_first().await;
    world.let_in().await;
    world.start_again(stopped).await;

    agents[0].hang_up().expect("a call");
    let story = call.ended().await;
    let row = LogRow::inbound(story.sid, "completed", Some(1));
    assert_eq!(world.log(&team).await, [row]);
    let kept = "select count(*) from public.voice_events where call_sid = $1 and key like $2";
    let key = format!("leg:{leg}:7:%");
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&story.sid.as_str(), &key];
    let row = world.owner.client().query_one(kept, &params).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 1, "the acknowledged callback is lost");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_says_nothing_is_acknowledged_and_not_kept() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let before = world.dump(None).await;
    let sid = "CA01010101010101010101010101010101";
    let cases: [&[(&str, &str)]; 6] = [
        &[],
        &[("CallSid", "CA1"), ("CallStatus", "completed")],
        &[("CallSid", sid), ("CallStatus", "dancing")],
        &[("CallSid", sid), ("CallStatus", "ringing")],
        &[("CallSid", sid), ("CallSid", "CA02020202020202020202020202020202")],
        &[("CallSid", sid), ("ParentCallSid", "nobody"), ("CallStatus", "completed")],
    ];
    for params in cases {
        let answer = world.post(&team, "voice/status", params).await;
        assert_eq!((answer.status, answer.text()), (204, ""), "{params:?}");
    }
    // A voice webhook that names no call is answered with a document. One that names no caller is a
    // call of somebody who withholds their number.
    for params in &cases[..2] {
        for rest in ["voice", "voice/dial?rung="] {
            let answer = world.post(&team, rest, params).await;
            assert!(answer.twiml().contains("<Say"), "{rest} {params:?}: {answer:?}");
        }
    }
    assert_eq!(world.dump(None).await, before);
    assert_eq!(world.metric("switchroom_journal_total{outcome=\"written\"}").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_record_stands_in_nobodys_way() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    // The owner has a constraint of their own, which one call violates.
    let rule = "alter table public.voice_calls add constraint rule \
                check (from_party is distinct from '+15005550666')";
    world.owner.client().batch_execute(rule).await.expect("a rule");
    let call = |n: u8, from: &'static str| {
        let sid = identity::CallSid::from_bytes([n; 16]).to_string();
        let team = &team;
        let world = &world;
        async move {
            let params = [("CallSid", &*sid), ("From", from), ("To", &team.number)];
            world.post(team, "voice", &params).await.twiml()
        }
    };
    for n in 1..=9 {
        call(n, if n == 5 { "+15005550666" } else { "+15005550777" }).await;
    }
    assert_eq!(world.log(&team).await.len(), 8);
    assert_eq!(world.metric("switchroom_spool_set_aside_records").await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_characters_are_replaced() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let sid = "CA01010101010101010101010101010101";
    let params = [("CallSid", sid), ("From", "\0anonymous\0"), ("To", "+1"), ("No\0te", "a\0b")];
    world.post(&team, "voice", &params).await.twiml();
    assert_eq!(world.log(&team).await.len(), 1);
    let sql = "select params::text from public.voice_events where key = 'arrived'";
    let row = world.owner.client().query_one(sql, &[]).await.expect("an event");
    let kept: &str = row.get(0);
    for part in ["[\"No\u{fffd}te\", \"a\u{fffd}b\"]", "\"\u{fffd}anonymous\u{fffd}\""] {
        assert!(kept.contains(part), "{kept}");
    }
    // Signed over the request as it came, which can come again.
    let account = team.account.sid();
    let params = [&[("AccountSid", account.as_str())], &params[..]].concat();
    world.ask(&signed_form(&team.path("voice"), &params, &team.auth_token)).await.twiml();
    assert_eq!(world.log(&team).await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_parameters_of_a_request_with_too_many_are_not_kept() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let bulk = "x".repeat(60_000);
    let sid = "CA01010101010101010101010101010101";
    let params = [("Note", &*bulk), ("CallSid", sid), ("CallStatus", "completed")];
    assert_eq!(world.post(&team, "voice/status", &params).await.status, 204);
    assert_eq!(world.log(&team).await.len(), 1);
    let sql = "select params::text from public.voice_events where key = 'ended'";
    let row = world.owner.client().query_one(sql, &[]).await.expect("an event");
    let kept: &str = row.get(0);
    assert!(
        kept.contains(&format!("[\"CallSid\", \"{sid}\"]")) && !kept.contains("Note"),
        "{kept}"
    );
    assert_eq!(world.metric("switchroom_over_budget_total{what=\"parameters\"}").await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_on_a_server_that_has_just_started_is_acknowledged() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let asks = (1..=250).map(|call| {
        let sid = identity::CallSid::from_bytes([call; 16]);
        team.signed("voice/status", &[("CallSid", sid.as_str()), ("CallStatus", "completed")])
    });
    let asks: Vec<Ask> = asks.collect();
    let answers = futures_util::future::join_all(asks.iter().map(|ask| world.ask(ask))).await;
    let refused = answers.iter().filter(|answer| answer.status != 204).count();
    assert_eq!(refused, 0, "of {}", answers.len());
    assert_eq!(world.log(&team).await.len(), 250);
    world.stop().await;
}
