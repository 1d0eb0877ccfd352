//! The verbs other than `<Dial>` of browsers.

use emulator::{Behaviour, CallStatus, Kind};

use crate::server::{CALLER, NUMBER, Server, secs, status, twilio, twiml};

#[tokio::test]
async fn speech_takes_time_and_is_heard() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Say>One two three four five.</Say><Pause length=\"4\"/>\
             <Play loop=\"2\">/wait.mp3</Play><Say>Good &amp; bye.</Say>",
        ),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.said().collect::<Vec<_>>(), ["One two three four five.", "Good & bye."]);
    // 5 words, 4 s, twice 3 s, 3 words.
    assert_eq!(story.talked, secs(2 + 4 + 6 + 1));
    assert_eq!(story.status, CallStatus::Completed);
}

#[tokio::test]
async fn a_first_pause_does_not_answer_and_a_first_hangup_does() {
    for (verbs, want, seconds) in [
        ("<Pause length=\"3\"/><Reject/>", CallStatus::NoAnswer, 0),
        ("<Reject reason=\"busy\"/>", CallStatus::Busy, 0),
        ("<Say>Hi.</Say><Reject reason=\"busy\"/>", CallStatus::Completed, 0),
        ("<Hangup/>", CallStatus::Completed, 0),
        ("", CallStatus::Completed, 0),
        ("<Pause length=\"3\"/><Say>one two three four five</Say>", CallStatus::Completed, 2),
    ] {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml(verbs),
            _ => status(204),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert_eq!(story.status, want, "{verbs}");
        assert_eq!(story.talked, secs(seconds), "{verbs}");
    }
}

#[tokio::test]
async fn digits_reach_the_action() {
    let server = Server::start(|seen| match (seen.path.as_str(), seen.param("Digits")) {
        ("/voice", _) => {
            twiml("<Gather action=\"menu?level=1\"><Say>Press one.</Say></Gather><Say>Pity.</Say>")
        }
        ("/menu?level=1", "1") => twiml("<Redirect method=\"GET\">/sales?x=1</Redirect>"),
        ("/menu?level=1", _) => twiml("<Say>What?</Say>"),
        _ if seen.path.starts_with("/sales?x=1&") => twiml("<Say>Sales.</Say>"),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    for (phone, want) in [
        (twilio.phone(CALLER).presses("1"), ["Press one.", "Sales."]),
        (twilio.phone(CALLER).presses("2"), ["Press one.", "What?"]),
        (twilio.phone(CALLER), ["Press one.", "Pity."]),
    ] {
        let story = phone.call(NUMBER).ended().await;
        assert_eq!(story.said().collect::<Vec<_>>(), want);
        assert_eq!(story.problems().count(), 0, "{story}");
    }
}

#[tokio::test]
async fn a_message_is_left() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Record action=\"/left\" maxLength=\"60\" recordingStatusCallback=\"/recorded\"/>",
        ),
        "/left" => twiml("<Say>Thank you.</Say>"),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    let left = &server.at("/left")[0];
    assert_eq!(left.param("RecordingDuration"), "5");
    assert_eq!(left.param("CallStatus"), "in-progress");
    let recorded = &server.at("/recorded")[0];
    for name in ["RecordingSid", "RecordingUrl", "RecordingDuration"] {
        assert_eq!(recorded.param(name), left.param(name), "{name}");
    }
    assert_eq!(recorded.param("RecordingStatus"), "completed");
    assert_eq!(recorded.param("CallSid"), story.sid.as_str());
    assert!(left.param("RecordingUrl").ends_with(left.param("RecordingSid")));
    assert_eq!(story.of_kind(Kind::Recording).count(), 1);
}

#[tokio::test]
async fn phones_are_dialled_too() {
    let there = Behaviour::talks(secs(2), secs(9));
    let cases = [
        ("answers", "+15005557777", Some(there), "completed", CallStatus::Completed, Some(200)),
        (
            "declines",
            "+15005557777",
            Some(Behaviour::Declines { after: secs(1) }),
            "busy",
            CallStatus::Busy,
            Some(486),
        ),
        (
            "ignores",
            "+15005557777",
            Some(Behaviour::Ignores),
            "no-answer",
            CallStatus::NoAnswer,
            Some(487),
        ),
        ("no such number", "+15005557777", None, "failed", CallStatus::Failed, Some(404)),
        ("no number", "5557777", None, "failed", CallStatus::Failed, Some(404)),
    ];
    for (name, number, behaviour, want, leg_status, sip) in cases {
        let document = format!(
            "<Dial action=\"/action\"><Number statusCallback=\"/leg\">{number}</Number></Dial>"
        );
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml(&document),
            "/action" => twiml(""),
            _ => status(204),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;
        if let Some(behaviour) = behaviour {
            twilio.phone(number).behaves(behaviour);
        }

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert_eq!(server.at("/action")[0].param("DialCallStatus"), want, "{name}: {story}");
        assert_eq!((story.legs[0].status, story.legs[0].sip), (leg_status, sip), "{name}");
        let leg = &server.at("/leg")[0];
        assert_eq!(leg.param("SipResponseCode"), sip.map_or(String::new(), |c| c.to_string()));
        assert_eq!(leg.param("From"), CALLER, "{name}: the caller's number is shown");
    }
}

#[tokio::test]
async fn a_number_as_text_of_dial_is_dialled() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial callerId=\"+15005550001\">+15005557777</Dial><Say>Over.</Say>"),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    twilio.phone("+15005557777").behaves(Behaviour::talks(secs(2), secs(9)));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.legs[0].seconds, 9);
    assert_eq!(story.legs[0].from.to_string(), NUMBER);
    assert_eq!(story.said().collect::<Vec<_>>(), ["Over."], "without an action it goes on");
}
