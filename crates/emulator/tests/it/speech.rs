//! Speech, as a test scripts it: `<Gather>`, `<Record>` and `<Transcription>`.

use std::time::Duration;

use emulator::{Behaviour, Config, Kind, Partials, SilentTranscript, Unknowns};
use serde_json::{Value, json};

use crate::api::Api;
use crate::server::{CALLER, NUMBER, Seen, Server, secs, status, twilio, twilio_with, twiml};

/// A `<Gather>` with these attributes, then words for a caller who said nothing.
async fn asking(attributes: &'static str) -> Server {
    Server::start(move |seen| match seen.path.as_str() {
        "/voice" => twiml(&format!(
            "<Gather action=\"/heard\" {attributes}><Say>How may I help you?</Say></Gather>\
             <Say>Nothing.</Say>"
        )),
        "/heard" => twiml("<Say>Thank you.</Say>"),
        _ => status(204),
    })
    .await
}

#[tokio::test]
async fn a_gather_hears_what_the_caller_says() {
    let cases: [(&str, &[&str], &str); 4] = [
        ("input=\"speech\"", &["I lost my key"], "Thank you."),
        ("input=\"dtmf speech\" speechTimeout=\"auto\"", &["I lost my key"], "Thank you."),
        ("input=\"speech\" timeout=\"2\"", &[], "Nothing."),
        ("", &["I lost my key"], "Nothing."),
    ];
    for (attributes, says, answer) in cases {
        let server = asking(attributes).await;
        let (twilio, _account) = twilio(&server).await;
        let phone = says.iter().fold(twilio.phone(CALLER), |phone, words| phone.says(words));
        let story = phone.call(NUMBER).ended().await;
        assert_eq!(story.said().collect::<Vec<_>>(), ["How may I help you?", answer], "{story}");
        assert_eq!(story.not_emulated().count(), 0, "{story}");
        if answer == "Thank you." {
            let heard = &server.at("/heard")[0];
            assert_eq!(heard.param("SpeechResult"), "I lost my key", "{attributes}");
            assert_eq!(heard.param("Confidence"), "0.9");
            assert_eq!(heard.param("Digits"), "");
        }
    }
}

#[tokio::test]
async fn a_survey_is_answered_in_turn() {
    let server = Server::start(|seen| match seen.path.split_once('=') {
        Some((_, question)) => {
            let next = question.parse::<u32>().expect("a number") + 1;
            if next > 4 {
                return twiml("<Hangup/>");
            }
            twiml(&format!("<Gather input=\"speech dtmf\" action=\"/voice?q={next}\"/>"))
        }
        None if seen.path == "/voice" => {
            twiml("<Gather input=\"speech dtmf\" action=\"/voice?q=1\"/>")
        }
        None => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let phone = twilio.phone(CALLER).says("yes").says("no").says("maybe").says("never");
    let story = phone.call(NUMBER).ended().await;
    let answers: Vec<String> =
        server.at("/voice").iter().skip(1).map(|it| it.param("SpeechResult").to_owned()).collect();
    assert_eq!(answers, ["yes", "no", "maybe", "never"], "{story}");
}

#[tokio::test]
async fn keys_win_over_words_and_words_interrupt_the_prompt() {
    let server = asking("input=\"dtmf speech\" numDigits=\"2\"").await;
    let (twilio, _account) = twilio(&server).await;
    let call = twilio.phone(CALLER).by_hand().call(NUMBER);
    call.until(|story| story.said().count() == 1).await;
    call.say("I lost").expect("it goes on");
    call.press("1").expect("it goes on");
    call.press("2").expect("it goes on");
    twilio.settled().await;
    let heard = &server.at("/heard")[0];
    assert_eq!((heard.param("Digits"), heard.param("SpeechResult")), ("12", ""));

    let call = twilio.phone(CALLER).by_hand().call(NUMBER);
    call.until(|story| story.said().count() == 1).await;
    call.say("I lost").expect("it goes on");
    call.say("my key").expect("it goes on");
    twilio.advance(secs(10)).await;
    assert_eq!(server.at("/heard")[1].param("SpeechResult"), "I lost my key");
    call.hang_up().ok();
}

#[tokio::test]
async fn what_was_understood_so_far_is_reported() {
    for (partials, want) in
        [(Partials::EachWord, &["I", "I lost", "I lost it"][..]), (Partials::Once, &["I lost it"])]
    {
        let server = asking("input=\"speech\" partialResultCallback=\"/partial\"").await;
        let unknowns = Unknowns { partials, ..Unknowns::default() };
        let (twilio, _account) =
            twilio_with(&server, Config { unknowns, ..Config::default() }, "").await;
        let story = twilio.phone(CALLER).says("I lost it").call(NUMBER).ended().await;
        let told = server.at("/partial");
        let unstable: Vec<_> = told.iter().map(|it| it.param("UnstableSpeechResult")).collect();
        assert_eq!(unstable, want, "{story}");
        assert_eq!(told.last().map(|it| it.param("StableSpeechResult")), Some("I lost"));
        assert_eq!(story.of_kind(Kind::Partial).count(), want.len());
    }
}

#[tokio::test]
async fn a_message_is_transcribed() {
    let cases: [(&[&str], SilentTranscript, &str, &str); 3] = [
        (&["Call me back"], SilentTranscript::Blank, "completed", "Call me back"),
        (&[], SilentTranscript::Blank, "completed", "(blank)"),
        (&[], SilentTranscript::Failed, "failed", ""),
    ];
    for (says, silent_transcript, state, text) in cases {
        let document =
            "<Record action=\"/left\" transcribe=\"true\" transcribeCallback=\"/text\"/>";
        let server = Server::saying(document.to_owned(), "/left").await;
        let unknowns = Unknowns { silent_transcript, ..Unknowns::default() };
        let (twilio, _account) =
            twilio_with(&server, Config { unknowns, ..Config::default() }, "").await;
        let phone = says.iter().fold(twilio.phone(CALLER), |phone, words| phone.says(words));
        let story = phone.call(NUMBER).ended().await;
        let told = &server.at("/text")[0];
        assert_eq!(told.param("TranscriptionStatus"), state, "{story}");
        assert_eq!(told.param("TranscriptionText"), text);
        assert_eq!(told.param("RecordingSid"), server.at("/left")[0].param("RecordingSid"));
        assert_eq!(told.param("From"), CALLER);
        assert!(told.param("TranscriptionSid").starts_with("TR"), "{told:?}");
        assert_eq!(story.not_emulated().count(), 0, "{story}");
    }
}

#[tokio::test]
async fn both_sides_of_a_call_are_transcribed() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Start><Transcription name=\"desk\" statusCallbackUrl=\"/text\" \
             inboundTrackLabel=\"customer\"/></Start>\
             <Say>Good day.</Say><Dial><Client>ana</Client></Dial>\
             <Stop><Transcription name=\"desk\"/></Stop><Say>Good bye.</Say>",
        ),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, Config::default()).await;
    let ana = api.account.agent("ana", Behaviour::ByHand);
    let call = api.twilio.phone(CALLER).call(NUMBER);
    let leg = ana.rings().await.leg;
    ana.answer().expect("it rings");
    call.say("Hello").expect("it goes on");
    let said = json!({ "text": "Yes?", "confidence": 0.5 });
    let path = format!("/calls/{leg}/speech");
    assert_eq!(api.control("POST", &path, &said).await.status, 204);
    let bad = json!({ "text": "Yes?", "confidence": 2 });
    assert_eq!(api.control("POST", &path, &bad).await.status, 400);
    ana.hang_up().expect("she talks");
    let story = call.ended().await;

    let told = server.at("/text");
    let said = |seen: &Seen| {
        let data: Value = serde_json::from_str(seen.param("TranscriptionData")).unwrap_or_default();
        let text = data["transcript"].as_str().unwrap_or_default().to_owned();
        (seen.param("TranscriptionEvent").to_owned(), seen.param("Track").to_owned(), text)
    };
    let want = [
        ("transcription-started", "both_tracks", ""),
        ("transcription-content", "outbound_track", "Good day."),
        ("transcription-content", "inbound_track", "Hello"),
        ("transcription-content", "outbound_track", "Yes?"),
        ("transcription-stopped", "", ""),
    ]
    .map(|(event, track, text)| (event.to_owned(), track.to_owned(), text.to_owned()));
    assert_eq!(told.iter().map(said).collect::<Vec<_>>(), want, "{story}");
    assert_eq!(told[0].param("InboundTrackLabel"), "customer");
    assert!(told.iter().enumerate().all(|(at, it)| it.param("SequenceId") == (at + 1).to_string()));
    assert!(
        told.iter().all(|it| it.param("TranscriptionSid") == told[0].param("TranscriptionSid"))
    );
}

#[tokio::test]
async fn a_phone_speaks_by_the_control_api() {
    let server = asking("input=\"speech\"").await;
    let api = Api::start(&server, Config::default()).await;
    let hold = api.twilio.hold();
    let call = api.twilio.phone(CALLER).call(NUMBER);
    let path = format!("/phones/{CALLER}/speech");
    let said = api.control("POST", &path, &json!({ "text": "I lost my key" })).await;
    assert_eq!(said.status, 204, "{said:?}");
    drop(hold);
    let story = call.ended_within(Duration::from_secs(60)).await.expect("it ends");
    assert_eq!(server.at("/heard")[0].param("SpeechResult"), "I lost my key", "{story}");
    let refused = api.control("POST", &path, &json!({ "text": "Hello?" })).await;
    assert_eq!(refused.status, 409, "{refused:?}");
}
