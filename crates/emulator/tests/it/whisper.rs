//! `url` of `<Client>` and `<Number>`: the called party hears a document before the bridge.

use emulator::{Behaviour, CallStatus, Config, Kind, Unknowns, WhisperRace};

use crate::server::{CALLER, NUMBER, Seen, Server, secs, status, twilio, twilio_with, twiml};

/// Screens two phones with this document.
fn screening(whisper: &'static str) -> impl Fn(&Seen) -> crate::server::Reply + Send + Sync {
    move |seen| match (seen.path.as_str(), seen.param("Digits")) {
        ("/voice", _) => twiml(
            "<Dial action=\"/action\" timeout=\"20\">\
             <Number url=\"/screen\">+15005557771</Number>\
             <Number url=\"/screen\">+15005557772</Number></Dial>",
        ),
        ("/screen", _) => twiml(whisper),
        ("/screened", "1") | ("/action", _) => twiml(""),
        ("/screened", _) => twiml("<Hangup/>"),
        _ => status(204),
    }
}

const SCREEN: &str = "<Gather action=\"/screened\" numDigits=\"1\" actionOnEmptyResult=\"true\">\
                      <Say>Press one to talk.</Say></Gather>";

#[tokio::test]
async fn the_person_who_presses_the_key_gets_the_call() {
    for (race, keys, answered, bridged) in [
        (WhisperRace::FirstToAnswer, ["1", "1"], 1, "true"),
        (WhisperRace::FirstToAnswer, ["2", "1"], 0, "false"),
        (WhisperRace::FirstToFinish, ["2", "1"], 2, "true"),
    ] {
        let server = Server::start(screening(SCREEN)).await;
        let unknowns = Unknowns { whisper_race: race, ..Unknowns::default() };
        let config = Config { unknowns, ..Config::default() };
        let (twilio, _account) = twilio_with(&server, config, "").await;
        for (number, after, keys) in [("+15005557771", 2, keys[0]), ("+15005557772", 3, keys[1])] {
            let there = Behaviour::talks(secs(after), secs(30));
            twilio.phone(number).presses(keys).behaves(there);
        }

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        let action = &server.at("/action")[0];
        assert_eq!(action.param("DialBridged"), bridged, "{race:?} {keys:?}: {story}");
        assert_eq!(action.param("DialCallStatus"), "completed", "{race:?} {keys:?}");
        let talked: Vec<usize> = story
            .legs
            .iter()
            .enumerate()
            .filter(|(_, leg)| leg.seconds > 20)
            .map(|(at, _)| at + 1)
            .collect();
        assert_eq!(talked, if answered == 0 { vec![] } else { vec![answered] }, "{story}");
        let whisper = &server.at("/screen")[0];
        assert_eq!(whisper.param("CallSid"), story.legs[0].sid.as_str());
        assert_eq!(whisper.param("ParentCallSid"), story.sid.as_str());
        assert_eq!(whisper.param("CallStatus"), "in-progress");
    }
}

#[tokio::test]
async fn a_whisper_must_not_dial() {
    let server = Server::start(screening("<Dial>+15005557773</Dial>")).await;
    let (twilio, _account) = twilio(&server).await;
    twilio.phone("+15005557771").behaves(Behaviour::talks(secs(1), secs(30)));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    let problems: Vec<u32> = story.problems().map(|problem| problem.code).collect();
    assert!(problems.contains(&13_201), "{story}");
    assert_eq!(story.legs[0].status, CallStatus::Completed);
    assert_eq!(server.at("/action")[0].param("DialBridged"), "false");
}

#[tokio::test]
async fn the_caller_may_leave_during_the_whisper() {
    let server = Server::start(screening("<Pause length=\"60\"/>")).await;
    let (twilio, _account) = twilio(&server).await;
    twilio.phone("+15005557771").behaves(Behaviour::answers(secs(1)));

    let story = twilio.phone(CALLER).gives_up_after(secs(9)).call(NUMBER).ended().await;

    assert_eq!(story.legs[0].status, CallStatus::Completed);
    assert_eq!(story.of_kind(Kind::Whisper).count(), 1);
    assert_eq!(server.at("/action").len(), 1);
    assert_eq!(server.at("/action")[0].param("CallStatus"), "completed");
}
