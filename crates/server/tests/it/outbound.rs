//! An agent calls out.

use std::time::Duration;

use emulator::{Behaviour, Kind, Story};
use serde_json::json;

use crate::http::{Answer, Document as _, exchange};
use crate::tables::LogRow;
use crate::team::{Team, browser};
use crate::world::World;

const CUSTOMER: &str = "+15005550123";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_call_out_is_logged_to_the_agent_and_shows_the_own_number() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    world.contact(&team, CUSTOMER, &[1]).await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(3 * SECOND, 40 * SECOND));
    let stranger = "+15005550124";
    world.phone(stranger).behaves(Behaviour::Ignores);

    let story = agents[1].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    assert_eq!(story.legs.len(), 1, "{story}");
    assert_eq!(story.legs[0].to.to_string(), CUSTOMER);
    assert_eq!(story.legs[0].from.to_string(), team.number);
    assert_eq!(story.problems().count(), 0, "{story}");
    let row = LogRow::outbound(story.sid, "completed", Some(2)).with_contact();
    assert_eq!(world.row(&team, story.sid).await, row);

    // Nobody answers: it is still this agent's call.
    let story = agents[1].call([("To", stranger)]).expect("the agent is free").ended().await;
    let said: Vec<&str> = story.said().collect();
    assert_eq!(said, ["Nobody could be reached."], "{story}");
    let row = LogRow::outbound(story.sid, "no_answer", Some(2));
    assert_eq!(world.row(&team, story.sid).await, row);
    assert_eq!(world.log(&team).await.len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_calls_out_is_not_rung() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    agents[0].behaves(Behaviour::ByHand);
    world.phone(CUSTOMER).behaves(Behaviour::answers(SECOND));
    let out = agents[0].call([("To", CUSTOMER)]).expect("the agent is free");
    world.twilio.advance(5 * SECOND).await;
    world.applied().await;
    assert!(agents[0].is_on_a_call());
    let inbound = world.phone("+15005556666").call(&team.number);
    world.twilio.advance(SECOND).await;
    assert_eq!(team.rang(&inbound.story()), [2], "{}", inbound.story());
    let hold = world.twilio.hold();
    agents[0].hang_up().expect("a call");
    agents[0].behaves(Behaviour::Ignores);
    out.ended().await;
    world.applied().await;
    drop(hold);
    // Free again, the agent is asked in a second wave.
    let story = inbound.ended().await;
    assert_eq!(team.rang(&story), [2, 1], "{story}");
    world.stop().await;
}

/// The recorded refusal of a call.
async fn refusal(world: &World, team: &Team, story: &Story) -> String {
    assert_eq!(story.legs.len(), 0, "somebody was dialled: {story}");
    assert_eq!(story.problems().count(), 0, "{story}");
    let row = world.row(team, story.sid).await;
    assert_eq!((row.direction.as_str(), row.status.as_str()), ("outbound", "refused"), "{story}");
    world.call_column(story.sid, "refusal").await.expect("a reason")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_of_an_allowed_country_is_not_dialled() {
    let world = World::new().await;
    let policy = json!({ "outbound": { "prefixes": ["+1500555", "+4930"] } });
    let team = world.team_with("acme", &policy).await;
    let agents = world.agents(&team, 1).await;
    let other = world.team("own-country").await;
    let others = world.agents(&other, 1).await;
    let numbers = [
        ("", "not_a_number"),
        ("+0015005550123", "not_a_number"),
        ("++15005550123", "not_a_number"),
        ("+15005550123#", "not_a_number"),
        ("+1500555012345678", "not_a_number"),
        ("sip:reception@example.com", "not_a_number"),
        ("client:agent_1", "not_a_number"),
        ("<Number>+15005550123</Number>", "not_a_number"),
        ("+15005560123", "personal_number"),
        ("+447012345678", "personal_number"),
        ("+12125550123", "prefix_not_allowed"),
        ("+4989123456", "prefix_not_allowed"),
        ("911", "emergency_number"),
        ("112", "emergency_number"),
        ("411", "short_number"),
        ("+44118500", "short_number"),
        ("+", "not_a_number"),
        ("*67+15005550123", "not_a_number"),
        ("+1500\x005550123", "not_a_number"),
        ("+19005550123", "premium_number"),
        ("+12129765550", "premium_number"),
        ("+499001234567", "premium_number"),
        ("+491801234567", "shared_cost_number"),
        ("+881612345678", "satellite_number"),
        ("+979123456789", "premium_number"),
        ("+17005550123", "number_not_in_use"),
        (&*team.number, "own_number"),
    ];
    for (number, want) in numbers {
        let story = agents[0].call([("To", number)]).expect("the agent is free").ended().await;
        assert_eq!(refusal(&world, &team, &story).await, want, "{number:?}");
        assert_eq!(world.row(&team, story.sid).await.agent, Some(1), "{number:?}");
    }
    let story = agents[0].call([("To", "911")]).expect("the agent is free").ended().await;
    let said: Vec<&str> = story.said().collect();
    assert!(said[0].starts_with("This is an emergency number."), "{said:?}");
    // Without a list the country of the own number is allowed, and no other.
    let story = others[0].call([("To", "+4930123456")]).expect("free").ended().await;
    assert_eq!(refusal(&world, &other, &story).await, "prefix_not_allowed");
    world.phone("+12125550123").behaves(Behaviour::talks(SECOND, SECOND));
    let story = others[0].call([("To", "+12125550123")]).expect("free").ended().await;
    assert_eq!(world.row(&other, story.sid).await.status, "completed");
    world.stop().await;
}

/// What a person types or a page sends, and the one number that is dialled.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_dialled_however_it_is_written() {
    let world = World::new().await;
    let policy = json!({ "outbound": { "prefixes": ["+1", "+49", "+44"] } });
    let team = world.team_with("acme", &policy).await;
    let agents = world.agents(&team, 1).await;
    let cases = [
        ("15005557777", "+15005557777"),
        ("0015005557777", "+15005557777"),
        ("(500) 555-7777", "+15005557777"),
        ("500-555-7777", "+15005557777"),
        ("+1 500 555 7777", "+15005557777"),
        ("+15005557777 ", "+15005557777"),
        ("\u{202a}+1\u{a0}500\u{a0}555\u{a0}7777\u{202c}", "+15005557777"),
        ("tel:+15005557777", "+15005557777"),
        ("sip:+15005557777@example.com", "+15005557777"),
        ("+\u{ff11}5005557777", "+15005557777"),
        ("+\u{661}5005557777", "+15005557777"),
        ("+15005557777;ext=9", "+15005557777"),
        ("+15005557777,,9", "+15005557777"),
        ("+49 (0)30 123456", "+4930123456"),
        ("+44 (0)20 7183 8750", "+442071838750"),
    ];
    for (_, number) in cases {
        world.phone(number).behaves(Behaviour::talks(SECOND, SECOND));
    }
    for (typed, want) in cases {
        let story = agents[0].call([("To", typed)]).expect("the agent is free").ended().await;
        assert_eq!(story.legs.len(), 1, "{typed:?}: {story}");
        assert_eq!(story.legs[0].to.to_string(), want, "{typed:?}");
        assert_eq!(world.row(&team, story.sid).await.status, "completed", "{typed:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_asks_what_will_be_dialled() {
    let world = World::new().await;
    let policy = json!({ "outbound": { "prefixes": ["+1", "+49"] } });
    let team = world.team_with("acme", &policy).await;
    world.member(&team, 1, "agent").await;
    let ask = |text: &'static str| {
        let text: String = url_encoded(text);
        let (world, team) = (&world, &team);
        async move {
            let answer = world.get(team, 1, &format!("numbers?text={text}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.json()
        }
    };
    let number = ask("+49 (0)30 123456 ext. 22").await;
    let want = json!({
        "e164": "+4930123456", "extension": "22", "text": "+49 30 123456",
        "international": "+49 30 123456", "national": "030 123456", "country": "DE",
        "kind": "fixed", "allowed": true, "reason": null, "sentence": null,
    });
    assert_eq!(number, want);
    let number = ask("(500) 555-7777").await;
    assert_eq!(
        (&number["e164"], &number["text"]),
        (&json!("+15005557777"), &json!("(500) 555-7777"))
    );
    let cases = [
        ("", "not_a_number", "there is no digit"),
        ("500 555 77@7", "not_a_number", "character 11 is `@`"),
        ("911", "emergency_number", "dial it on a mobile"),
        ("+44 20 7183 8750", "prefix_not_allowed", "another country"),
        ("900 555 0100", "premium_number", "premium"),
        (&*team.number, "own_number", "own number"),
    ];
    for (text, reason, sentence) in cases {
        let answer = world.get(&team, 1, &format!("numbers?text={}", url_encoded(text))).await;
        let number = answer.json();
        assert_eq!(
            (&number["allowed"], &number["reason"]),
            (&json!(false), &json!(reason)),
            "{text}"
        );
        assert!(
            number["sentence"].as_str().is_some_and(|said| said.contains(sentence)),
            "{number}"
        );
    }
    assert_eq!(world.get(&team, 2, "numbers?text=1").await.status, 404);
    world.stop().await;
}

/// The text as a value in a query.
fn url_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_member_with_the_right_identity_may_call_out() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    world.member(&team, 3, "viewer").await;
    world.leaves(&team, 2).await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(SECOND, SECOND));
    let of = |number| team.identity(number).to_string();
    let identities = [
        ("user".to_owned(), "not_an_agent"),
        ("agent_".to_owned(), "not_an_agent"),
        (format!("{}0", of(1)), "not_an_agent"),
        (of(1).to_uppercase(), "not_an_agent"),
        (of(2), "not_a_member"),
        (of(3), "not_a_member"),
        (of(99), "not_a_member"),
    ];
    for (identity, want) in identities {
        let agent = team.account.agent(&identity, Behaviour::Ignores).app(team.app);
        let story = agent.call([("To", CUSTOMER)]).expect("nobody calls").ended().await;
        assert_eq!(refusal(&world, &team, &story).await, want, "{identity}");
        let said: Vec<&str> = story.said().collect();
        assert_eq!(said, ["This number cannot be called."], "{identity}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_places_one_call_at_a_time() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 1).await;
    let second = browser(&team, 1);
    agents[0].behaves(Behaviour::ByHand);
    world.phone(CUSTOMER).behaves(Behaviour::answers(SECOND));
    let first = agents[0].call([("To", CUSTOMER)]).expect("the agent is free");
    world.twilio.advance(5 * SECOND).await;
    world.applied().await;
    let refused = second.call([("To", CUSTOMER)]).expect("this browser is free");
    // While somebody talks by hand, time passes only as the test says.
    world.twilio.advance(30 * SECOND).await;
    assert_eq!(refusal(&world, &team, &refused.ended().await).await, "on_call");
    agents[0].hang_up().expect("a call");
    first.ended().await;
    world.applied().await;
    let next = second.clone().hangs_up_after(SECOND).call([("To", CUSTOMER)]).expect("free");
    let story = next.ended().await;
    assert_eq!(world.row(&team, story.sid).await.status, "completed", "{story}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_places_so_many_calls_an_hour() {
    let world = World::new().await;
    let policy = json!({ "outbound": { "calls_per_hour": 2 } });
    let team = world.team_with("acme", &policy).await;
    let agents = world.agents(&team, 2).await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(SECOND, SECOND));
    for _ in 0..2 {
        let story = agents[0].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
        assert_eq!(world.row(&team, story.sid).await.status, "completed");
    }
    let story = agents[0].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    assert_eq!(refusal(&world, &team, &story).await, "too_many_calls");
    let story = agents[1].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    assert_eq!(world.row(&team, story.sid).await.status, "completed");
    world.stop().await;
}

/// Places a call by hand: a stolen token can do so from as many devices as it likes.
async fn place(world: &World, team: &Team, agent: u8, call: u16, to: &str) -> Answer {
    let server = world.servers[usize::from(call) % world.servers.len()].address();
    let mut bytes = [7; 16];
    bytes[..2].copy_from_slice(&call.to_be_bytes());
    let sid = identity::CallSid::from_bytes(bytes);
    let from = format!("client:{}", team.identity(agent));
    let params = [("CallSid", sid.as_str()), ("From", &from), ("To", to)];
    exchange(server, &team.signed("voice", &params).bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_cannot_outrun_the_limits() {
    let world = World::with_servers(2).await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let calls = (1..=40).map(|call| place(&world, &team, 1, call, CUSTOMER));
    let answers = futures_util::future::join_all(calls).await;
    let placed = answers.iter().filter(|answer| answer.twiml().contains("<Number")).count();
    assert_eq!(placed, 1, "calls that one agent placed at once");
    let statuses: Vec<String> = world.log(&team).await.into_iter().map(|row| row.status).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "ringing").count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| *status == "refused").count(), 39, "{statuses:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_a_call_out_names_the_callbacks() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 1).await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(SECOND, SECOND));
    let story = agents[0].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    let voice = story.of_kind(Kind::Voice).next().and_then(|webhook| webhook.answer());
    let document = &voice.expect("an answer").body;
    for part in ["voice/dial#rc=2", "voice/status#rc=5", "answerOnBridge=\"true\""] {
        assert!(document.contains(part), "{part} is not in {document}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_places_so_many_calls_a_day_on_all_servers_together() {
    let world = World::with_servers(2).await;
    let policy = json!({ "outbound": { "calls_per_day": 7 } });
    let team = world.team_with("acme", &policy).await;
    world.agents(&team, 100).await;
    // A hundred agents at once: no limit of an agent's own is reached.
    let calls = (1..=100).map(|agent: u8| place(&world, &team, agent, agent.into(), CUSTOMER));
    let answers = futures_util::future::join_all(calls).await;
    let placed = answers.iter().filter(|answer| answer.twiml().contains("<Number")).count();
    assert_eq!(placed, 7, "exactly as many as may be");
    let sql = "select count(*) from public.voice_dials";
    let claimed: i64 = world.owner.client().query_one(sql, &[]).await.expect("a count").get(0);
    assert_eq!(claimed, 7);
    world.applied().await;
    let refused = "select count(*) from public.voice_calls where refusal = 'too_many_calls_today'";
    let refused: i64 = world.owner.client().query_one(refused, &[]).await.expect("one").get(0);
    assert!(refused > 0, "and the reason is said");
    world.stop().await;
}
