//! Calls of the REST API that are recorded, or find out who answers.

use emulator::{AnsweredBy, Behaviour, Config};
use serde_json::{Value, json};

use crate::api::Api;
use crate::server::{NUMBER, Reply, Seen, Server, secs, status, twiml};

const CUSTOMER: &str = "+15005557777";

fn script(seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/voice" => twiml("<Say>Good day.</Say><Pause length=\"20\"/>"),
        _ => status(204),
    }
}

/// Places a call with these parameters and waits for its end. Returns what the API shows then.
async fn placed(api: &Api, server: &Server, more: &[(&str, &str)]) -> Value {
    let url = server.at_url("/voice");
    let mut form = vec![("To", CUSTOMER), ("From", NUMBER), ("Url", &*url)];
    form.extend(more);
    let made = api.rest("POST", "Calls.json", &form).await;
    assert_eq!(made.status, 201, "{made:?}");
    let call = api.twilio.calls().pop().expect("it was placed");
    call.ended().await;
    api.rest("GET", &format!("Calls/{}.json", call.sid()), &[]).await.json()
}

#[tokio::test]
async fn a_call_is_recorded_from_its_answer_to_its_end() {
    for (channels, count) in [(None, 1), (Some("dual"), 2)] {
        let server = Server::start(script).await;
        let api = Api::start(&server, Config::default()).await;
        api.twilio.phone(CUSTOMER).behaves(Behaviour::talks(secs(2), secs(7)));
        let told = server.at_url("/recorded");
        let mut form = vec![("Record", "true"), ("RecordingStatusCallback", &*told)];
        form.extend(channels.map(|it| ("RecordingChannels", it)));
        let call = placed(&api, &server, &form).await;
        let told = &server.at("/recorded")[0];
        for (name, want) in [
            ("RecordingSource", "OutboundAPI"),
            ("RecordingStatus", "completed"),
            ("RecordingDuration", "7"),
            ("CallSid", call["sid"].as_str().expect("a Sid")),
        ] {
            assert_eq!(told.param(name), want, "{name}");
        }
        let sid = told.param("RecordingSid");
        let path = format!("Recordings/{sid}");
        let shown = api.rest("GET", &format!("{path}.json"), &[]).await.json();
        assert_eq!((&shown["source"], &shown["channels"]), (&json!("OutboundAPI"), &json!(count)));
        assert_eq!(api.rest("GET", &format!("{path}.wav"), &[]).await.status, 200);
        let refused = api.rest("GET", &format!("{path}.mp3"), &[]).await;
        let rule = format!("not emulated: the sound of a recording as MP3: ask for {sid}.wav");
        assert_eq!((refused.status, &refused.json()["message"]), (501, &json!(rule)));
        let of_call = format!("Calls/{}/Recordings/{sid}.json", told.param("CallSid"));
        assert_eq!(api.rest("DELETE", &of_call, &[]).await.status, 204);
        assert_eq!(api.rest("GET", &of_call, &[]).await.status, 404);
    }
}

#[tokio::test]
async fn a_machine_is_detected_before_the_document_or_beside_it() {
    for (who, how, word, millis) in [
        ("human", "Enable", "human", "4000"),
        ("machine", "Enable", "machine_start", "4000"),
        ("machine", "DetectMessageEnd", "machine_end_beep", "9000"),
        ("fax", "DetectMessageEnd", "fax", "4000"),
    ] {
        let server = Server::start(script).await;
        let api = Api::start(&server, Config::default()).await;
        let body = json!({ "behaviour": { "answers_after": 1 }, "answered_by": who });
        let shown = api.control("PUT", &format!("/phones/{CUSTOMER}"), &body).await.json();
        assert_eq!(shown["answered_by"], who);

        let call = placed(&api, &server, &[("MachineDetection", how)]).await;
        assert_eq!(call["answered_by"], word, "{who} {how}");
        let voice = &server.at("/voice")[0];
        assert_eq!(voice.param("AnsweredBy"), word);
        assert_eq!(voice.param("MachineDetectionDuration"), millis);

        let told = server.at_url("/told");
        let form =
            [("MachineDetection", how), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", &*told)];
        let call = placed(&api, &server, &form).await;
        assert_eq!(call["answered_by"], word, "{who} {how}");
        assert_eq!(server.at("/voice")[1].param("AnsweredBy"), "", "it does not wait");
        let told = &server.at("/told")[0];
        for (name, want) in [
            ("CallSid", call["sid"].as_str().expect("a Sid")),
            ("AnsweredBy", word),
            ("MachineDetectionDuration", millis),
        ] {
            assert_eq!(told.param(name), want, "{name}");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_moved_before_the_detection_stays_there() {
    let server = Server::start(script).await;
    let api = Api::start(&server, Config::default()).await;
    let phone = api.twilio.phone(CUSTOMER).behaves(Behaviour::ByHand);
    phone.answered_by(AnsweredBy::Machine);
    let url = server.at_url("/voice");
    let form = [("To", CUSTOMER), ("From", NUMBER), ("Url", &*url), ("MachineDetection", "Enable")];
    assert_eq!(api.rest("POST", "Calls.json", &form).await.status, 201);
    let phone = format!("/phones/{CUSTOMER}");
    api.look_until(&phone, |it| it["state"] == "ringing").await;
    assert_eq!(api.control("POST", &format!("{phone}/answer"), &json!({})).await.status, 204);
    let call = api.twilio.calls().pop().expect("it was placed");
    let path = format!("Calls/{}.json", call.sid());
    let twiml = "<Response><Say>You were moved.</Say><Pause length=\"60\"/></Response>";
    assert_eq!(api.rest("POST", &path, &[("Twiml", twiml)]).await.status, 200);
    api.twilio.advance(secs(10)).await;
    assert_eq!(server.at("/voice").len(), 0);
    assert_eq!(api.rest("GET", &path, &[]).await.json()["answered_by"], "machine_start");
    let bad = [("To", CUSTOMER), ("From", NUMBER), ("Url", &*url), ("MachineDetection", "yes")];
    assert_eq!(api.rest("POST", "Calls.json", &bad).await.json()["code"], 20001);
}
