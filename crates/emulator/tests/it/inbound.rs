//! Calls come in and ring browsers.

use std::time::Duration;

use emulator::{Address, Behaviour, CallStatus, Kind};

use crate::server::{NUMBER, Reply, Seen, Server, dial, status, twilio, twiml};

const CALLER: &str = "+15005551234";

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Dials these clients; the action hangs up.
fn dialling(attributes: &'static str, who: &'static [&'static str]) -> impl Fn(&Seen) -> Reply {
    move |seen| match seen.path.as_str() {
        "/voice" => twiml(&dial(attributes, who)),
        "/action" => twiml("<Hangup/>"),
        _ => status(204),
    }
}

#[tokio::test]
async fn the_first_to_answer_gets_the_call() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana", "bo", "cy"])).await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::talks(secs(4), secs(61)));
    let bo = account.agent("bo", Behaviour::talks(secs(2), secs(61)));
    let cy = account.agent("cy", Behaviour::Ignores);

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.rang(), [ana.address(), bo.address(), cy.address()]);
    assert_eq!(story.answered_by(), Some(bo.address()), "{story}");
    assert_eq!(story.status, CallStatus::Completed);
    assert!(!story.application_error);
    let ends: Vec<_> = story.legs.iter().map(|leg| (leg.status, leg.sip, leg.seconds)).collect();
    assert_eq!(
        ends,
        [
            (CallStatus::Canceled, Some(487), 0),
            (CallStatus::Completed, Some(200), 61),
            (CallStatus::Canceled, Some(487), 0),
        ]
    );

    let action = &server.at("/action")[0];
    let bo_leg = story.leg(bo.address()).expect("it rang").sid.to_string();
    for (name, want) in [
        ("DialCallStatus", "completed"),
        ("DialCallSid", bo_leg.as_str()),
        ("DialCallDuration", "61"),
        ("DialBridged", "true"),
        ("CallStatus", "in-progress"),
        ("CallSid", story.sid.as_str()),
    ] {
        assert_eq!(action.param(name), want, "{name}");
    }
}
