//! The signature has no time stamp: what was signed once may come again, for ever.

use std::time::Duration;

use emulator::{Behaviour, Kind};

use crate::http::{Document as _, again, signed_form};
use crate::tables::LogRow;
use crate::world::World;

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_webhook_that_comes_again_changes_nothing() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 3).await;
    world.contact(&team, CALLER, &[1]).await;
    agents[0].behaves(Behaviour::ByHand);
    let call = world.phone(CALLER).call(&team.number);
    agents[0].rings().await;
    agents[0].answer().expect("it rings");
    let story = call.until(|story| story.legs.iter().any(|leg| leg.answered)).await;
    world.twilio.settled().await;
    let voice = again(story.of_kind(Kind::Voice).next().expect("a voice webhook"));

    let during = world.dump(Some(&team)).await;
    let answer = world.ask(&voice).await.twiml();
    assert!(answer.contains("<Hangup/>") && !answer.contains("<Dial"), "they talk: {answer}");
    assert_eq!(world.dump(Some(&team)).await, during);
    assert!(agents[1..].iter().all(|agent| !agent.is_ringing()));

    agents[0].hang_up().expect("a call");
    call.ended().await;
    let after = world.dump(Some(&team)).await;
    let answer = world.ask(&voice).await.twiml();
    assert!(answer.contains("<Hangup/>") && !answer.contains("<Dial"), "{answer}");
    assert_eq!(world.dump(Some(&team)).await, after);
    let row = LogRow::inbound(story.sid, "completed", Some(1)).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_next_document_failed_rings_again_until_people_have_talked() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    let fallback = |webhook: &emulator::Webhook| {
        let mut params = webhook.params.clone();
        params.push(("ErrorCode".to_owned(), "11200".to_owned()));
        params.push(("ErrorUrl".to_owned(), webhook.url.clone()));
        let params: Vec<_> = params.iter().map(|(name, value)| (&**name, &**value)).collect();
        signed_form(&team.path("voice"), &params, &team.auth_token)
    };
    let story = world.phone(CALLER).gives_up_after(2 * SECOND).call(&team.number);
    let story = story.until(|story| story.legs.len() == 2).await;
    let again = fallback(story.of_kind(Kind::Voice).next().expect("a voice webhook"));
    let answer = world.ask(&again).await.twiml();
    assert_eq!(answer.matches("<Client").count(), 2, "both ring again: {answer}");
    assert_eq!(world.metric("switchroom_calls_total{outcome=\"fallback\"}").await, 1);

    // Outbound: until the number has answered it is dialled again, and never after that.
    world.phone("+15005550123").behaves(Behaviour::talks(SECOND, 5 * SECOND));
    let out = agents[0].call([("To", "+15005550123")]).expect("the agent is free").ended().await;
    let again = fallback(out.of_kind(Kind::Voice).next().expect("a voice webhook"));
    world.applied().await;
    let answer = world.ask(&again).await.twiml();
    assert!(answer.contains("<Hangup/>") && !answer.contains("<Dial"), "{answer}");
    assert_eq!(world.log(&team).await.len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_a_day_comes_again_twice() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 12).await;
    world.phone("+15005550123").behaves(Behaviour::talks(SECOND, SECOND));
    world.contact(&team, CALLER, &[1, 2]).await;
    agents[1].behaves(Behaviour::talks(SECOND, 20 * SECOND));
    world.phone(CALLER).call(&team.number).ended().await;
    agents[1].behaves(Behaviour::Ignores);
    world.phone(CALLER).gives_up_after(3 * SECOND).call(&team.number).ended().await;
    world.phone("+15005557777").call(&team.number).ended().await;
    world.applied().await;
    for to in ["+15005550123", "+4930123456"] {
        let call = agents[3].call([("To", to)]).expect("the agent is free");
        call.ended().await;
        world.applied().await;
    }
    assert_eq!(world.log(&team).await.len(), 5);

    let day = world.dump(None).await;
    let mut webhooks = world.twilio.webhooks();
    assert!(webhooks.len() > 50, "{}", webhooks.len());
    for _ in 0..2 {
        webhooks.reverse();
        for webhook in &webhooks {
            let answer = world.ask(&again(webhook)).await;
            if webhook.kind.is_document() {
                // No replay of a call that is over rings or dials anybody.
                assert!(!answer.twiml().contains("<Dial"), "{webhook}: {answer:?}");
            } else {
                assert_eq!((answer.status, answer.text()), (204, ""), "{webhook}");
            }
        }
    }
    assert_eq!(world.dump(None).await, day);
    world.stop().await;
}
