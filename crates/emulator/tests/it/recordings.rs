//! Recordings and their callbacks.

use emulator::{Behaviour, Config, Kind, Recorded, Unknowns};

use crate::server::{CALLER, NUMBER, Server, secs, twilio, twilio_with};

#[tokio::test]
async fn a_message_ends_as_the_attributes_say() {
    for (attributes, seconds) in [
        ("", "5"),
        ("trim=\"do-not-trim\"", "10"),
        ("timeout=\"2\" trim=\"do-not-trim\"", "7"),
        ("maxLength=\"3\"", "3"),
    ] {
        let document = format!("<Record action=\"/left\" {attributes}/>");
        let server = Server::saying(document, "/left").await;
        let (twilio, _account) = twilio(&server).await;
        twilio.phone(CALLER).call(NUMBER).ended().await;
        let left = &server.at("/left")[0];
        assert_eq!(left.param("RecordingDuration"), seconds, "{attributes}");
        assert_eq!(left.param("Digits"), "");
    }
}

#[tokio::test]
async fn a_caller_ends_the_message_by_a_key_or_hangs_up() {
    for (attributes, key, digits, call_status) in [
        ("", Some("5"), "5", "in-progress"),
        ("finishOnKey=\"#\"", Some("5#"), "#", "in-progress"),
        ("", None, "hangup", "completed"),
    ] {
        let document = format!(
            "<Record action=\"/left\" {attributes} transcribe=\"true\" \
             recordingStatusCallback=\"/recorded\" \
             recordingStatusCallbackEvent=\"in-progress completed\"/>"
        );
        let server = Server::saying(document, "/left").await;
        let (twilio, _account) = twilio(&server).await;
        let call = twilio.phone(CALLER).by_hand().call(NUMBER);
        // Half a second of it is the beep.
        twilio.advance(std::time::Duration::from_millis(8_500)).await;
        match key {
            Some(keys) => call.press(keys).expect("it is in progress"),
            None => call.hang_up().expect("it is in progress"),
        }
        twilio.settled().await;
        let story = call.ended().await;

        let left = &server.at("/left")[0];
        assert_eq!(left.param("Digits"), digits);
        assert_eq!(left.param("CallStatus"), call_status);
        assert_eq!(left.param("RecordingDuration"), "8", "{digits}");
        let states: Vec<String> = server
            .at("/recorded")
            .iter()
            .map(|seen| seen.param("RecordingStatus").to_owned())
            .collect();
        assert_eq!(states, ["in-progress", "completed"]);
        assert_eq!(story.not_emulated().count(), 0);
    }
}

#[tokio::test]
async fn the_action_of_a_message_comes_before_its_callback_or_after_it() {
    for (recorded, want) in [
        (Recorded::ActionFirst, ["/voice", "/left", "/recorded"]),
        (Recorded::CallbackFirst, ["/voice", "/recorded", "/left"]),
    ] {
        let document = "<Record action=\"/left\" recordingStatusCallback=\"/recorded\"/>";
        let server = Server::saying(document.to_owned(), "/left").await;
        let unknowns = Unknowns { recorded, ..Unknowns::default() };
        let config = Config { unknowns, ..Config::default() };
        let (twilio, _account) = twilio_with(&server, config, "").await;
        twilio.phone(CALLER).call(NUMBER).ended().await;
        let mut paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
        paths.retain(|path| path != "/call-status");
        assert_eq!(paths, want);
    }
}

#[tokio::test]
async fn a_dial_is_recorded() {
    for (record, seconds, channels) in [
        ("record-from-answer", "20", "1"),
        ("true", "20", "1"),
        ("record-from-answer-dual", "20", "2"),
        ("record-from-ringing", "24", "1"),
        ("record-from-ringing-dual", "24", "2"),
    ] {
        let document = format!(
            "<Dial action=\"/action\" record=\"{record}\" recordingStatusCallback=\"/recorded\">\
             <Client statusCallback=\"/leg\">ana</Client></Dial>"
        );
        let server = Server::saying(document, "/action").await;
        let (twilio, account) = twilio(&server).await;
        account.agent("ana", Behaviour::talks(secs(4), secs(20)));

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert_eq!(story.problems().count(), 0, "{record}: {story}");
        let recorded = &server.at("/recorded")[0];
        for (name, want) in [
            ("CallSid", story.sid.as_str()),
            ("RecordingSource", "DialVerb"),
            ("RecordingStatus", "completed"),
            ("RecordingDuration", seconds),
            ("RecordingChannels", channels),
        ] {
            assert_eq!(recorded.param(name), want, "{record}: {name}");
        }
        let action = &server.at("/action")[0];
        let leg = &server.at("/leg")[0];
        for name in ["RecordingUrl", "RecordingSid"] {
            assert_eq!(action.param(name), recorded.param(name), "{record}: {name}");
            assert_eq!(leg.param(name), recorded.param(name), "{record}: {name}");
        }
        assert_eq!(leg.param("RecordingDuration"), seconds);
        assert_eq!(story.of_kind(Kind::Recording).count(), 1);
    }
}

#[tokio::test]
async fn nothing_is_recorded_of_a_dial_that_nobody_answers() {
    let server = Server::saying(
        "<Dial action=\"/action\" record=\"record-from-answer\" \
             recordingStatusCallback=\"/recorded\"><Client>ana</Client></Dial>"
            .to_owned(),
        "/action",
    )
    .await;
    let (twilio, _account) = twilio(&server).await;
    twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(server.at("/recorded").len(), 0);
    assert_eq!(server.at("/action")[0].param("RecordingUrl"), "");
}
