//! Which agents ring, and which one is logged.

use std::time::Duration;

use emulator::{Behaviour, CallStatus, Kind};
use identity::CallSid;
use serde_json::json;

use crate::tables::LogRow;
use crate::team::browser;
use crate::world::{World, until};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn only_the_assigned_agent_rings_and_is_logged() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 4).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[1].behaves(Behaviour::talks(2 * SECOND, 30 * SECOND));

    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [2], "{story}");
    assert_eq!(team.answered(&story), Some(2), "{story}");
    assert_eq!(story.status, CallStatus::Completed);
    assert!(!story.application_error);
    assert_eq!(story.problems().count(), 0, "{story}");
    let row = LogRow::inbound(story.sid, "completed", Some(2)).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    let not = |number| (number, "not_assigned".to_owned());
    let verdicts = world.verdicts(&team, story.sid, 1).await;
    assert_eq!(verdicts, [not(1), (2, "rings".to_owned()), not(3), not(4)]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_assigned_agents_ring_and_nobody_else() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 4).await;
    world.contact(&team, CALLER, &[1, 3]).await;
    agents[0].behaves(Behaviour::Declines { after: SECOND });
    agents[2].behaves(Behaviour::talks(3 * SECOND, 5 * SECOND));

    // One declines, the other answers.
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [1, 3], "{story}");
    assert_eq!(team.answered(&story), Some(3), "{story}");
    assert_eq!(story.legs[0].status, CallStatus::Busy);
    let row = LogRow::inbound(story.sid, "completed", Some(3)).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_withheld_callers_ring_everybody() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 4).await;
    world.member(&team, 5, "admin").await;
    world.member(&team, 6, "viewer").await;
    world.contact(&team, "+15005554321", &[1]).await;
    agents[2].behaves(Behaviour::talks(SECOND, 10 * SECOND));

    // Whichever way a carrier writes it, a withheld caller is one thing in the record.
    let callers = [
        (CALLER, CALLER),
        ("anonymous", ""),
        ("unknown", ""),
        ("", ""),
        ("+266696687", ""),
        ("+7378742833", ""),
        ("Restricted", ""),
        ("+Anonymous", ""),
        ("sip:anonymous@anonymous.invalid", ""),
        ("sip:a@example.com", "sip:a@example.com"),
    ];
    for (caller, from) in callers {
        let story = world.phone(caller).call(&team.number).ended().await;
        let mut rang = team.rang(&story);
        rang.sort_unstable();
        assert_eq!(rang, [1, 2, 3, 4, 5], "{caller}: {story}");
        assert_eq!(story.problems().count(), 0, "{story}");
        let row = world.row(&team, story.sid).await;
        assert_eq!(row, LogRow::inbound(story.sid, "completed", Some(3)), "{caller}");
        let recorded = world.call_column(story.sid, "from_party").await;
        assert_eq!(recorded.as_deref(), Some(from), "{caller}");
        let shown = story.legs.first().and_then(|leg| {
            leg.parameters.iter().find(|(name, _)| name == "from").map(|(_, value)| value.as_str())
        });
        let want = match from {
            "" => Some("withheld"),
            from if from.starts_with('+') => Some(from),
            _ => None,
        };
        assert_eq!(shown, want, "{caller}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_found_however_carriers_and_people_write_the_number() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 3).await;
    // Two contacts with one number are one caller: both agents ring.
    world.contact_named(&team, "(500) 555-1000", "Ana", &[1]).await;
    world.contact_named(&team, "+1 500 555 1000 ext. 22", "Bo", &[2]).await;
    let callers =
        ["+15005551000", "15005551000", "0015005551000", "sip:+15005551000@pbx.example.com"];
    for caller in callers {
        let story = world.phone(caller).gives_up_after(SECOND).call(&team.number).ended().await;
        let mut rang = team.rang(&story);
        rang.sort_unstable();
        assert_eq!(rang, [1, 2], "{caller}: {story}");
        let leg = story.legs.first().expect("a leg");
        let shown = ["from", "from_text", "display_name"].map(|name| {
            let found = leg.parameters.iter().find(|(parameter, _)| parameter == name);
            found.map(|(_, value)| value.as_str())
        });
        assert_eq!(
            shown,
            [Some("+15005551000"), Some("(500) 555-1000"), Some("Ana, Bo")],
            "{caller}"
        );
        let recorded = world.call_column(story.sid, "from_party").await;
        assert_eq!(recorded.as_deref(), Some("+15005551000"), "{caller}");
    }
    // A plus that became a blank on the way; and without any `From` the caller is a withheld one.
    for (number, from, rings, party) in
        [(1_u8, Some(" 15005551000"), 2, "+15005551000"), (2, None, 3, "")]
    {
        let sid = CallSid::from_bytes([number; 16]);
        let text = sid.to_string();
        let mut params =
            vec![("CallSid", &*text), ("CallStatus", "ringing"), ("Direction", "inbound")];
        params.push(("To", &team.number));
        params.extend(from.map(|from| ("From", from)));
        let answer = world.post(&team, "voice", &params).await;
        assert_eq!(answer.text().matches("<Client ").count(), rings, "{}", answer.text());
        world.applied().await;
        let recorded = world.call_column(sid, "from_party").await;
        assert_eq!(recorded.as_deref(), Some(party));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_calls_are_each_logged_to_their_own_agent() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 3).await;
    let callers = ["+15005551111", "+15005552222", "+15005553333"];
    for (number, caller) in (1..).zip(callers) {
        world.contact(&team, caller, &[number]).await;
        agents[usize::from(number) - 1].behaves(Behaviour::talks(SECOND, 60 * SECOND));
    }
    let hold = world.twilio.hold();
    let calls = callers.map(|caller| world.phone(caller).call(&team.number));
    drop(hold);
    for (number, call) in (1..).zip(calls) {
        let story = call.ended().await;
        assert_eq!(team.rang(&story), [number], "{story}");
        let row = LogRow::inbound(story.sid, "completed", Some(number)).with_contact();
        assert_eq!(world.row(&team, story.sid).await, row);
    }
    assert_eq!(world.log(&team).await.len(), 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_on_a_call_is_not_rung_by_the_next_caller() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 3).await;
    agents[0].behaves(Behaviour::ByHand);
    let first = world.phone(CALLER).call(&team.number);
    agents[0].rings().await;
    agents[0].answer().expect("it rings");
    first.until(|story| story.legs.iter().any(|leg| leg.answered)).await;
    world.twilio.settled().await;
    world.applied().await;
    let page = world.get(&team, 2, "agents").await.json();
    assert_eq!(page["agents"][0]["status"], "busy");

    agents[1].behaves(Behaviour::ByHand);
    let second = world.phone("+15005556666").call(&team.number);
    // While somebody talks by hand, time passes only as the test says.
    world.twilio.advance(SECOND).await;
    agents[1].rings().await;
    agents[1].answer().expect("it rings");
    let story = second.until(|story| story.legs.iter().any(|leg| leg.answered)).await;
    assert_eq!(team.rang(&story), [2, 3], "{story}");
    world.twilio.settled().await;
    let verdicts = world.verdicts(&team, story.sid, 1).await;
    assert_eq!(verdicts[0], (1, "on_call".to_owned()));

    for agent in &agents[..2] {
        agent.hang_up().expect("a call");
        agent.behaves(Behaviour::Ignores);
    }
    first.ended().await;
    second.ended().await;
    let row = LogRow::inbound(second.sid(), "completed", Some(2));
    assert_eq!(world.row(&team, second.sid()).await, row);
    let row = LogRow::inbound(first.sid(), "completed", Some(1));
    assert_eq!(world.row(&team, first.sid()).await, row);

    // Free again, both of them.
    let third = world.phone("+15005557777").gives_up_after(SECOND).call(&team.number).ended().await;
    let mut rang = team.rang(&third);
    rang.sort_unstable();
    assert_eq!(rang, [1, 2, 3], "{third}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_or_offline_is_not_rung() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 4).await;
    for (number, status) in [(1, "away"), (2, "offline"), (3, "available")] {
        assert_eq!(world.set_status(&team, number, status).await.status, 200);
    }
    agents[2].behaves(Behaviour::talks(SECOND, SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    let mut rang = team.rang(&story);
    rang.sort_unstable();
    // An agent who never reported rings: a team may use the token and the webhooks alone.
    assert_eq!(rang, [3, 4], "{story}");
    let verdicts = world.verdicts(&team, story.sid, 1).await;
    let reasons: Vec<&str> = verdicts.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(reasons, ["away", "offline", "rings", "rings"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_who_rings_if_no_assigned_agent_can() {
    let world = World::new().await;
    let cases = [("everyone", &[2, 3][..], None), ("nobody", &[], Some("nobody_available"))];
    for (policy, want, reason) in cases {
        let routing = json!({ "routing": { "assigned_unavailable": policy } });
        let team = world.team_with(&format!("team-{policy}"), &routing).await;
        world.agents(&team, 3).await;
        world.contact(&team, CALLER, &[1]).await;
        world.set_status(&team, 1, "offline").await;
        let phone = world.phone(CALLER).gives_up_after(10 * SECOND);
        let story = phone.call(&team.number).ended().await;
        assert_eq!(team.rang(&story), want, "{policy}: {story}");
        let ended = world.call_column(story.sid, "end_reason").await;
        assert_eq!(ended.as_deref(), reason.or(Some("caller_hung_up")), "{policy}");
        assert_eq!(world.row(&team, story.sid).await.agent, None, "{policy}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_to_a_user_who_has_left_counts_for_nothing() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 3).await;
    let both = "+15005558888";
    world.contact(&team, CALLER, &[1]).await;
    world.contact(&team, both, &[1, 2]).await;
    world.leaves(&team, 1).await;
    for (caller, want) in [(CALLER, &[2, 3][..]), (both, &[2])] {
        let phone = world.phone(caller).gives_up_after(SECOND);
        let story = phone.call(&team.number).ended().await;
        assert_eq!(team.rang(&story), want, "{story}");
        let verdicts = world.verdicts(&team, story.sid, 1).await;
        assert_eq!(verdicts[0], (1, "not_member".to_owned()));
        let row = LogRow::inbound(story.sid, "caller_hung_up", None).with_contact();
        assert_eq!(world.row(&team, story.sid).await, row);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_gives_up_is_logged_as_missed() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    world.contact(&team, CALLER, &[1, 2]).await;
    let story = world.phone(CALLER).gives_up_after(7 * SECOND).call(&team.number).ended().await;
    let row = LogRow::inbound(story.sid, "caller_hung_up", None).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    let legs = "select count(*) from public.voice_legs where call_sid = $1 \
                and end_reason = 'caller_left' and ended_at is not null";
    let row = world.owner.client().query_one(legs, &[&story.sid.as_str()]).await.expect("legs");
    assert_eq!(row.get::<_, i64>(0), 2);
    // Nobody is left ringing on the team's page.
    let page = world.get(&team, 1, "agents").await.json();
    let statuses: Vec<_> =
        page["agents"].as_array().expect("agents").iter().map(|agent| &agent["status"]).collect();
    assert_eq!(statuses, ["unknown", "unknown"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_on_bridge_is_set_where_it_helps() {
    let world = World::new().await;
    // The policy, the agents, and what the first Dial says.
    let cases = [
        ("one_wave", 3, true),
        ("one_wave", 11, false),
        ("never", 3, false),
        ("always", 3, true),
        ("always", 11, true),
    ];
    for (index, (policy, agents, want)) in (0..).zip(cases) {
        let policy_json = json!({ "answer_on_bridge": policy });
        let team = world.team_with(&format!("team-{index}"), &policy_json).await;
        world.agents(&team, agents).await;
        let phone = world.phone(CALLER).gives_up_after(2 * SECOND);
        let story = phone.call(&team.number).ended().await;
        let voice = story.of_kind(Kind::Voice).next().and_then(|webhook| webhook.answer());
        let document = &voice.expect("an answer").body;
        let found = document.contains("answerOnBridge=\"true\"");
        assert_eq!(found, want, "{policy} with {agents} agents: {document}");
        // Only then does the caller hear the carrier's ringing, and pay nothing.
        let status = if want { CallStatus::NoAnswer } else { CallStatus::Completed };
        assert_eq!(story.status, status, "{policy} with {agents} agents: {story}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_browsers_of_one_agent_one_leg_rings() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 1).await;
    let second = browser(&team, 1);
    second.behaves(Behaviour::ByHand);
    let call = world.phone(CALLER).call(&team.number);
    second.rings().await;
    assert!(agents[0].is_ringing());
    second.answer().expect("it rings");
    until("the second browser has the call", async || second.is_on_a_call()).await;
    second.hang_up().expect("a call");
    let story = call.ended().await;
    assert_eq!(team.rang(&story), [1], "{story}");
    let row = LogRow::inbound(story.sid, "completed", Some(1));
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}
