//! Numbers of an account that dial each other.

use emulator::{Behaviour, CallStatus, Voice};

use crate::server::{CALLER, NUMBER, Server, secs, status, twilio, twiml};

const SECOND: &str = "+15005550002";

#[tokio::test]
async fn a_number_of_the_account_answers_by_its_voice_url() {
    for (there, want, leg, seconds) in [
        ("<Say>one two three four five</Say>", "completed", CallStatus::Completed, 2),
        ("<Reject reason=\"busy\"/>", "busy", CallStatus::Busy, 0),
        ("<Reject/>", "no-answer", CallStatus::NoAnswer, 0),
        (
            "<Dial answerOnBridge=\"true\"><Client>ana</Client></Dial>",
            "completed",
            CallStatus::Completed,
            20,
        ),
    ] {
        let server = Server::start(move |seen| match (seen.path.as_str(), seen.param("To")) {
            ("/voice", _) => twiml("<Dial action=\"/action\"><Number>+15005550002</Number></Dial>"),
            ("/second", _) => twiml(there),
            ("/action", _) => twiml(""),
            _ => status(204),
        })
        .await;
        let (twilio, account) = twilio(&server).await;
        account.number(SECOND, Voice::new(server.at_url("/second"))).expect("a number");
        account.agent("ana", Behaviour::talks(secs(3), secs(20)));

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert_eq!(server.at("/action")[0].param("DialCallStatus"), want, "{there}: {story}");
        assert_eq!((story.legs[0].status, story.legs[0].seconds), (leg, seconds), "{there}");
        let second = &server.at("/second")[0];
        assert_eq!(second.param("Direction"), "inbound");
        assert_eq!((second.param("From"), second.param("To")), (CALLER, SECOND));
        assert_ne!(second.param("CallSid"), story.legs[0].sid.as_str(), "a call of its own");
        assert!(twilio.calls().iter().all(|call| call.story().status.is_final()));
    }
}

#[tokio::test]
async fn keys_go_along_the_line() {
    let server = Server::start(|seen| match (seen.path.as_str(), seen.param("Digits")) {
        ("/voice", _) => twiml("<Dial><Number sendDigits=\"ww42#\">+15005550002</Number></Dial>"),
        ("/second", _) => twiml("<Gather action=\"/menu\"><Say>Extension?</Say></Gather>"),
        ("/menu", "42") => twiml("<Gather action=\"/menu\" numDigits=\"1\" timeout=\"30\"/>"),
        ("/menu", "7") => twiml("<Say>Seven.</Say>"),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio(&server).await;
    account.number(SECOND, Voice::new(server.at_url("/second"))).expect("a number");

    let call = twilio.phone(CALLER).by_hand().call(NUMBER);
    twilio.advance(secs(8)).await;
    call.press("7").expect("it is in progress");
    twilio.advance(secs(60)).await;

    let second = twilio.calls().last().expect("it was placed").story();
    assert_eq!(server.at("/menu").len(), 2, "{second}");
    assert_eq!(second.said().collect::<Vec<_>>(), ["Extension?", "Seven."]);
}

#[tokio::test]
async fn a_number_that_dials_itself_is_stopped() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial answerOnBridge=\"true\">+15005550001</Dial>"),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.status, CallStatus::NoAnswer);
    assert_eq!(twilio.calls().len(), 6);
}

/// Twilio's own examples write numbers of the caller's country as people do.
#[tokio::test]
async fn a_number_may_be_written_as_people_write_it() {
    for document in [
        "<Dial action=\"/action\"><Number>415-555-7777</Number></Dial>",
        "<Dial action=\"/action\">(415) 555-7777</Dial>",
        "<Dial action=\"/action\"><Number>+1 415 555 7777</Number></Dial>",
    ] {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml(document),
            "/action" => twiml(""),
            _ => status(204),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;
        twilio.phone("+14155557777").behaves(Behaviour::talks(secs(1), secs(5)));

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert_eq!(story.problems().count(), 0, "{document}: {story}");
        assert_eq!(story.legs[0].to.to_string(), "+14155557777", "{document}");
        assert_eq!(server.at("/action")[0].param("DialCallStatus"), "completed", "{document}");
    }
}
