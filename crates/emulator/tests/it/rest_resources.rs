//! Conferences, queues and recordings by the REST API.

use emulator::{Behaviour, Config};
use serde_json::json;

use crate::api::Api;
use crate::server::{CALLER, NUMBER, Reply, Seen, Server, secs, status, twiml};

const CUSTOMER: &str = "+15005557777";

fn script(seen: &Seen) -> Reply {
    match seen.path.split('?').next().unwrap_or_default() {
        "/voice" => twiml(
            "<Dial action=\"/after\"><Conference statusCallback=\"/room\" \
             statusCallbackEvent=\"start end join leave mute hold modify\" \
             endConferenceOnExit=\"true\">call_1</Conference></Dial>",
        ),
        "/wait" => twiml("<Enqueue action=\"/left\">support</Enqueue>"),
        "/next" => twiml("<Say>It is your turn.</Say>"),
        _ => status(204),
    }
}

async fn start(server: &Server) -> Api {
    let api = Api::start(server, Config { calls_per_second: None, ..Config::default() }).await;
    // Time stands still while a phone by hand is on a call.
    api.twilio.phone(CUSTOMER).behaves(Behaviour::ByHand);
    api
}

/// Answers the phone by hand as soon as it rings.
async fn answers(api: &Api) {
    let path = format!("/phones/{CUSTOMER}");
    loop {
        if api.look(&path).await["state"] == "ringing" {
            let answer = format!("{path}/answer");
            assert_eq!(api.control("POST", &answer, &json!({})).await.status, 204);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_api_controls_a_conference() {
    let server = Server::start(script).await;
    let api = start(&server).await;
    let hold = api.twilio.hold();
    let call = api.twilio.phone(CALLER).call(NUMBER);
    call.until(|story| server.at("/room").len() == 1 && !story.entries.is_empty()).await;
    let rooms =
        api.rest("GET", "Conferences.json?Status=init&FriendlyName=call_1", &[]).await.json();
    let room = rooms["conferences"][0].clone();
    let sid = room["sid"].as_str().expect("a Sid").to_owned();
    assert_eq!((&room["status"], &room["region"]), (&json!("init"), &json!("us1")));

    let form = [
        ("To", CUSTOMER),
        ("From", NUMBER),
        ("Label", "customer"),
        ("Muted", "true"),
        ("StatusCallback", &*server.at_url("/leg")),
        ("StatusCallbackEvent", "initiated answered"),
    ];
    let made = api.rest("POST", "Conferences/call_1/Participants.json", &form).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!((&made["status"], &made["conference_sid"]), (&json!("queued"), &json!(sid)));
    assert_eq!((&made["muted"], &made["label"]), (&json!(true), &json!("customer")));
    drop(hold);
    answers(&api).await;
    let person = format!("Conferences/{sid}/Participants/customer.json");
    let joined = api.rest_until(&person, |it| it["status"] == "connected").await;
    assert_eq!(joined["call_sid"], made["call_sid"]);
    assert_eq!(
        api.rest("GET", &format!("Conferences/{sid}"), &[]).await.json()["status"],
        "in-progress"
    );
    let list = format!("Conferences/{sid}/Participants.json?Muted=true");
    let muted = api.rest("GET", &list, &[]).await.json();
    assert_eq!(muted["participants"].as_array().map(Vec::len), Some(1), "{muted:#}");

    for (change, name, want) in [
        (("Muted", "false"), "muted", json!(false)),
        (("Hold", "true"), "hold", json!(true)),
        (("Hold", "false"), "hold", json!(false)),
        (("EndConferenceOnExit", "true"), "end_conference_on_exit", json!(true)),
        (("EndConferenceOnExit", "false"), "end_conference_on_exit", json!(false)),
    ] {
        let got = api.rest("POST", &person, &[change]).await;
        assert_eq!((got.status, &got.json()[name]), (200, &want), "{change:?}");
    }
    let caller = call.sid().to_string();
    let coaches = [("Coaching", "true"), ("CallSidToCoach", &*caller)];
    let coaching = api.rest("POST", &person, &coaches).await.json();
    assert_eq!(
        (&coaching["coaching"], &coaching["call_sid_to_coach"]),
        (&json!(true), &json!(caller))
    );
    let unknown = [("Coaching", "true"), ("CallSidToCoach", "CA00000000000000000000000000000009")];
    assert_eq!(api.rest("POST", &person, &unknown).await.json()["code"], 16028);
    let refused = api.rest("POST", &person, &[("Muted", "yes")]).await;
    assert_eq!((refused.status, &refused.json()["code"]), (400, &json!(20001)));

    // Once no person controlled by hand is on a call, hours would pass.
    let _hold = api.twilio.hold();
    assert_eq!(api.rest("DELETE", &person, &[]).await.status, 204);
    assert_eq!(api.rest("GET", &person, &[]).await.status, 404);
    let ended = api.rest("POST", &format!("Conferences/{sid}"), &[("Status", "completed")]).await;
    assert_eq!(ended.status, 200);
    assert_eq!(ended.json()["status"], "completed", "{ended:?}");
    assert_eq!(ended.json()["reason_conference_ended"], "conference-ended-via-api");
    let unknown = api.rest("GET", "Conferences/CF00000000000000000000000000000001", &[]).await;
    assert_eq!(unknown.json()["code"], 20404);
}

#[tokio::test]
async fn the_api_creates_and_empties_a_queue() {
    let server = Server::start(script).await;
    let api = start(&server).await;
    let made =
        api.rest("POST", "Queues.json", &[("FriendlyName", "support"), ("MaxSize", "5")]).await;
    assert_eq!((made.status, &made.json()["max_size"]), (201, &json!(5)));
    let queue = made.json()["sid"].as_str().expect("a Sid").to_owned();
    let path = format!("Queues/{queue}");
    assert_eq!(api.rest("POST", "Queues", &[("FriendlyName", "support")]).await.status, 400);
    assert_eq!(api.rest("POST", &path, &[("MaxSize", "7")]).await.json()["max_size"], 7);

    api.account.number("+15005550002", emulator::Voice::new(server.at_url("/wait"))).expect("one");
    let hold = api.twilio.hold();
    let call = api.twilio.phone(CALLER).call("+15005550002");
    let members = format!("{path}/Members.json");
    let waiting = api.rest_until(&members, |it| !it["queue_members"][0].is_null()).await;
    assert_eq!(waiting["queue_members"][0]["call_sid"], call.sid().as_str());
    assert_eq!(waiting["queue_members"][0]["position"], 1);
    assert_eq!(api.rest("GET", &path, &[]).await.json()["current_size"], 1);
    assert_eq!(api.rest("DELETE", &path, &[]).await.status, 400);
    let front = format!("{path}/Members/Front.json");
    assert_eq!(api.rest("POST", &front, &[]).await.json()["code"], 21205);
    let url = server.at_url("/next");
    let taken = api.rest("POST", &front, &[("Url", &url)]).await;
    assert_eq!((taken.status, &taken.json()["call_sid"]), (200, &json!(call.sid().as_str())));
    drop(hold);
    let story = call.ended().await;
    assert!(story.said().any(|text| text == "It is your turn."), "{story}");
    assert_eq!(server.at("/left")[0].param("QueueResult"), "redirected");
    assert_eq!(api.rest("GET", &front, &[]).await.status, 404);
    assert_eq!(api.rest("DELETE", &path, &[]).await.status, 204);
    assert_eq!(api.rest("GET", "Queues.json", &[]).await.json()["queues"], json!([]));
}

#[tokio::test]
async fn a_call_is_recorded_into_a_file() {
    let server = Server::start(script).await;
    let api = start(&server).await;
    let pause = "<Response><Pause length=\"3600\"/></Response>";
    let form = [("To", CUSTOMER), ("From", NUMBER), ("Twiml", pause)];
    let call =
        api.rest("POST", "Calls", &form).await.json()["sid"].as_str().expect("a Sid").to_owned();
    let recordings = format!("Calls/{call}/Recordings.json");
    let early = api.rest("POST", &recordings, &[]).await;
    assert_eq!((early.status, &early.json()["code"]), (400, &json!(21220)));
    answers(&api).await;
    let told = server.at_url("/recorded");
    let made = api.rest("POST", &recordings, &[("RecordingStatusCallback", &told)]).await;
    assert_eq!((made.status, &made.json()["source"]), (201, &json!("StartCallRecordingAPI")));
    api.twilio.advance(secs(4)).await;
    let current = format!("Calls/{call}/Recordings/Twilio.CURRENT.json");
    let ended = api.rest("POST", &current, &[("Status", "stopped")]).await.json();
    assert_eq!(
        (&ended["status"], &ended["duration"]),
        (&json!("completed"), &json!("4")),
        "{ended:#}"
    );
    api.twilio.settled().await;
    let callback = &server.at("/recorded")[0];
    assert_eq!(callback.param("RecordingStatus"), "completed");

    // The URL that the callback names gives the file, on the emulator itself.
    let url = callback.param("RecordingUrl");
    let path = url.strip_prefix(&api.http.url()).expect("it is here").to_owned();
    for path in [path.clone(), format!("{path}.wav")] {
        let file = api.rest("GET", &path, &[]).await;
        assert_eq!(file.status, 200);
        assert_eq!(file.header("content-type"), Some("audio/x-wav"));
        assert_eq!(&file.body[..4], b"RIFF");
        // Four seconds of 8000 bytes at least.
        assert!(file.body.len() >= 32_000, "{}", file.body.len());
    }
    let sid = ended["sid"].as_str().expect("a Sid");
    for list in ["Recordings.json", &format!("Recordings.json?CallSid={call}"), &recordings] {
        assert_eq!(api.rest("GET", list, &[]).await.json()["recordings"][0]["sid"], sid, "{list}");
    }
    assert_eq!(api.rest("DELETE", &format!("Recordings/{sid}.json"), &[]).await.status, 204);
    assert_eq!(api.rest("GET", &path, &[]).await.status, 404);
}

#[tokio::test]
async fn a_verified_number_may_be_shown() {
    const OWN: &str = "+15005550199";
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial callerId=\"+15005550199\" action=\"/left\">+15005557777</Dial>"),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, Config { calls_per_second: None, ..Config::default() }).await;
    api.twilio.phone(CUSTOMER).behaves(Behaviour::talks(secs(1), secs(5)));
    let calls = [("To", CUSTOMER), ("From", OWN), ("Twiml", "<Response/>")];
    let refused = api.rest("POST", "Calls.json", &calls).await;
    assert_eq!(refused.json()["code"], 21210, "{refused:?}");
    let story = api.twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.problems().map(|it| it.code).next(), Some(13214), "{story}");

    let body = json!({ "number": OWN, "name": "Shop" });
    let made = api.control("POST", "/caller_ids", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let story = api.twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.legs[0].from.to_string(), OWN, "{story}");
    assert_eq!(api.rest("POST", "Calls.json", &calls).await.status, 201);

    let sid = made.json()["caller_id_sid"].as_str().expect("a Sid").to_owned();
    let listed =
        api.rest("GET", "OutgoingCallerIds.json?PhoneNumber=%2B15005550199", &[]).await.json();
    let shown = &listed["outgoing_caller_ids"][0];
    assert_eq!((&shown["sid"], &shown["friendly_name"]), (&json!(sid), &json!("Shop")));
    let path = format!("OutgoingCallerIds/{sid}.json");
    let renamed = api.rest("POST", &path, &[("FriendlyName", "Desk")]).await.json();
    assert_eq!(renamed["friendly_name"], "Desk");
    assert_eq!(api.rest("DELETE", &path, &[]).await.status, 204);
    assert_eq!(api.rest("GET", &path, &[]).await.json()["code"], 20404);
    assert_eq!(api.rest("POST", "Calls.json", &calls).await.json()["code"], 21210);
    let asked = api.rest("POST", "OutgoingCallerIds.json", &[("PhoneNumber", OWN)]).await;
    assert_eq!(asked.status, 201, "{asked:?}");
    assert_eq!(asked.json()["validation_code"].as_str().map(str::len), Some(6));
    assert_eq!(api.rest("POST", "Calls.json", &calls).await.status, 201);
}
