//! The control API: everything that a test can do, over HTTP.

use std::time::Duration;

use emulator::{Clock, Config};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::api::Api;
use crate::server::{CALLER, NUMBER, Server, dialling, status, twiml};

#[tokio::test]
async fn a_call_is_placed_watched_and_ended() {
    let server = Server::start(dialling("", &["ana"])).await;
    let api = Api::start(&server, Config::default()).await;
    let body = json!({ "identity": "ana", "behaviour": "by_hand" });
    let made = api.control("POST", "/devices", &body).await;
    assert_eq!((made.status, made.json()["registered"].clone()), (201, json!(true)));
    let id = made.json()["id"].as_str().expect("an id").to_owned();

    let placed = api.control("POST", "/calls", &json!({ "from": CALLER, "to": NUMBER })).await;
    assert_eq!(placed.status, 201);
    let sid = placed.json()["call_sid"].as_str().expect("a Sid").to_owned();
    let ringing = api.look_until("/devices", |it| !it[0]["ringing"].is_null_or_empty());
    let ringing = ringing.await[0]["ringing"][0].clone();
    assert_eq!(ringing["from"], CALLER);

    assert_eq!(api.control("POST", &format!("/devices/{id}/answer"), &json!({})).await.status, 204);
    let call = api.look(&format!("/calls/{sid}")).await;
    assert_eq!(call["status"], "in-progress", "{call:#}");
    assert_eq!(call["legs"][0]["to"], "client:ana");
    assert_eq!(call["legs"][0]["answered"], true);
    let phone = api.look(&format!("/phones/{CALLER}")).await;
    assert_eq!((&phone["state"], &phone["on_call"]), (&json!("on_call"), &json!(sid)));

    let hangup = format!("/phones/{CALLER}/hangup");
    assert_eq!(api.control("POST", &hangup, &json!({})).await.status, 204);
    let again = api.control("POST", &hangup, &json!({})).await;
    assert_eq!(
        (again.status, again.json()["error"].clone()),
        (409, json!("there is no call here"))
    );
    let call = api.look_until(&format!("/calls/{sid}"), |call| call["over"] == true).await;
    assert_eq!(call["status"], "completed");
    let webhooks: Vec<&Value> = call["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|it| it["type"] == "webhook")
        .collect();
    let voice = &webhooks[0]["webhook"];
    assert_eq!(voice["kind"], "voice");
    assert_eq!(voice["request"]["url"], server.at_url("/voice"));
    assert_eq!(voice["signature"]["verdict"], "accepted");
    assert_eq!(voice["signature"]["signed_url"], server.at_url("/voice"));
    assert_eq!(voice["answer"]["status"], 200);
    assert!(voice["answer"]["body"].as_str().expect("a body").contains("<Dial"));
    assert!(voice["ms"].as_f64().expect("a time") > 0.0);
    // The Sid of a leg finds its call too.
    let leg = call["legs"][0]["sid"].as_str().expect("a Sid");
    assert_eq!(api.look(&format!("/calls/{leg}")).await["call_sid"], sid);
    assert_eq!(api.look("/calls").await[0]["call_sid"], sid);
}

#[tokio::test]
async fn phones_can_be_controlled() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial><Number>+15005557777</Number></Dial>"),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, Config::default()).await;
    let path = "/phones/+15005557777";
    assert_eq!(api.look(path).await["state"], "absent");
    let cases = [
        (json!("declines"), json!({ "declines_after": 0.0 }), "busy", false),
        (
            json!({ "answers_after": 1.5, "talks": 7 }),
            json!({ "answers_after": 1.5, "talks": 7.0 }),
            "completed",
            true,
        ),
        (json!("ignores"), json!("ignores"), "no-answer", false),
        (json!("absent"), json!("absent"), "failed", false),
    ];
    for (behaviour, told, ends, answered) in cases {
        let put = api.control("PUT", path, &json!({ "behaviour": behaviour })).await;
        assert_eq!((put.status, &put.json()["behaviour"]), (200, &told), "{behaviour}");
        let call = json!({ "from": CALLER, "to": NUMBER, "gives_up_after": 60 });
        let sid = api.control("POST", "/calls", &call).await.json()["call_sid"].clone();
        let sid = sid.as_str().expect("a Sid");
        let call = api.look_until(&format!("/calls/{sid}"), |call| call["over"] == true).await;
        assert_eq!(call["legs"][0]["status"], ends, "{behaviour} {call:#}");
        assert_eq!(call["legs"][0]["answered"], answered, "{behaviour}");
    }
    let numbers: Vec<Value> = api.look("/phones").await.as_array().expect("a list").clone();
    assert_eq!(numbers.len(), 1);
}

#[tokio::test]
async fn errors_name_the_broken_rule() {
    let server = Server::start(dialling("", &["ana"])).await;
    let api = Api::start(&server, Config::default()).await;
    let cases = [
        ("POST", "/calls", json!({ "to": NUMBER }), 400, "`from` is missing"),
        ("POST", "/calls", json!({ "from": 7, "to": NUMBER }), 400, "`from` is not a text"),
        ("POST", "/calls", json!([1]), 400, "the body is not a JSON object"),
        (
            "POST",
            "/calls",
            json!({ "from": CALLER, "to": NUMBER, "hangs_up_after": -1 }),
            400,
            "`hangs_up_after` is not a number of seconds",
        ),
        (
            "POST",
            "/calls",
            json!({ "from": CALLER, "to": NUMBER, "hangup_after": 1 }),
            400,
            "`hangup_after` is not a known field",
        ),
        (
            "POST",
            "/calls",
            json!({ "from": "client:nobody", "to": NUMBER }),
            404,
            "there is no virtual browser of this identity",
        ),
        (
            "POST",
            "/calls",
            json!({ "from": "hello world", "to": NUMBER }),
            400,
            "\"hello world\" is not a number, nor a word that stands for one",
        ),
        (
            "POST",
            "/devices",
            json!({ "identity": "jane doe" }),
            400,
            "`identity`: not a client identity: 1 to 256 characters without blanks",
        ),
        (
            "POST",
            "/phones/+15005557777/digits",
            json!({ "digits": "1" }),
            409,
            "there is no call here",
        ),
        ("GET", "/calls/CA1", Value::Null, 404, "there is no call with this Sid"),
        ("POST", "/phones/+15005557777/answer", json!({}), 409, "nothing rings here"),
        ("POST", "/devices/7/drop", json!({}), 404, "there is no device with this id"),
        (
            "POST",
            "/faults",
            json!({ "mishap": "fire" }),
            400,
            "`mishap` is late, twice, dropped, unreachable or shuffled",
        ),
        (
            "PUT",
            "/phones/+15005557777",
            json!({ "sound": { "tone": 4000 } }),
            400,
            "`sound` is \"silence\" or {\"tone\": hz}, from 1 to 3999 Hz",
        ),
        ("GET", "/timeline?after=x", Value::Null, 400, "`after` is not a number of changes"),
        ("GET", "/nothing", Value::Null, 404, "there is no GET /emulator/nothing"),
        (
            "POST",
            "/keys",
            json!({ "sid": "SK00" }),
            400,
            "`sid`: API key Sid has 4 bytes instead of 34",
        ),
        (
            "POST",
            "/numbers",
            json!({ "number": "1", "voice_url": "/voice" }),
            400,
            "`voice_url`: not an absolute URL of http or https",
        ),
    ];
    for (method, path, body, status, error) in cases {
        let got = api.control(method, path, &body).await;
        assert_eq!((got.status, &got.json()["error"]), (status, &json!(error)), "{method} {path}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(api.send("POST", "/emulator/calls", &form, "").await.status, 415);
    let rebound = [("host", "evil.example")];
    assert_eq!(api.send("GET", "/emulator/accounts", &rebound, "").await.status, 403);
    assert_eq!(api.send("GET", "/", &rebound, "").await.status, 403);
    let large = "x".repeat(70_000);
    assert_eq!(api.send("POST", "/emulator/calls", &[], &large).await.status, 413);
}

#[tokio::test]
async fn an_emulator_is_set_up_from_nothing() {
    let server = Server::start(dialling("", &["ana"])).await;
    let api = Api::start(&server, Config::default()).await;
    let account = api.control("POST", "/accounts", &json!({})).await.json();
    let sid = account["account_sid"].as_str().expect("a Sid");
    let unnamed = api.control("POST", "/keys", &json!({})).await;
    assert_eq!(unnamed.json()["error"], "`account` is missing, and there are several");
    let number =
        json!({ "account": sid, "number": "+15005559999", "voice_url": server.at_url("/voice") });
    assert_eq!(api.control("POST", "/numbers", &number).await.status, 201);
    let app =
        json!({ "account": sid, "voice_url": server.at_url("/voice"), "voice_method": "GET" });
    let app = api.control("POST", "/apps", &app).await.json();
    let key = api.control("POST", "/keys", &json!({ "account": sid })).await.json();
    let all = api.look("/accounts").await;
    let all = all.as_array().expect("accounts");
    let made = all.iter().find(|it| it["sid"] == sid).expect("it is listed");
    assert_eq!(made["auth_token"], account["auth_token"]);
    assert_eq!(made["numbers"][0]["number"], "+15005559999");
    assert_eq!(made["apps"][0]["sid"], app["app_sid"]);
    assert_eq!(made["apps"][0]["voice_method"], "GET");
    assert_eq!(made["keys"][0]["secret"], key["secret"]);

    let whole = json!({
        "accounts": [{
            "sid": "AC00000000000000000000000000000009",
            "auth_token": "0123456789abcdef0123456789abcdef",
            "numbers": [{ "number": "+15005558888", "voice_url": server.at_url("/voice") }],
            "keys": [{}],
            "devices": [{ "identity": "zoe", "behaviour": { "answers_after": 2 } }],
        }],
        "phones": [{ "number": "+15005551111", "behaviour": "by_hand" }],
    });
    api.twilio.set_up(&whole.to_string()).expect("it is right");
    assert_eq!(api.look("/phones/+15005551111").await["behaviour"], "by_hand");
    let wrong = api.twilio.set_up("{\"phone\": []}").map_err(|error| error.to_string());
    assert_eq!(wrong, Err("`phone` is not a known field".to_owned()));
}

#[tokio::test]
async fn faults_are_switched_on_and_off() {
    let server = Server::start(dialling("", &["ana"])).await;
    let api = Api::start(&server, Config::default()).await;
    let late = json!({ "mishap": "late", "kind": "leg status", "progress": "answered", "until": 2, "times": 1 });
    let made = api.control("POST", "/faults", &late).await;
    assert_eq!((made.status, made.json()["until"].clone()), (201, json!(2)));
    let api_fault = json!({ "api": "too_many_requests", "times": 3 });
    assert_eq!(api.control("POST", "/faults", &api_fault).await.status, 201);
    let on = api.look("/faults").await;
    assert_eq!(on.as_array().map(Vec::len), Some(2), "{on}");
    assert_eq!(on[1], api_fault);
    assert_eq!(api.control("DELETE", "/faults", &Value::Null).await.status, 204);
    assert_eq!(api.look("/faults").await, json!([]));
}

#[tokio::test]
async fn everything_that_happens_is_streamed() {
    let server = Server::start(dialling("", &["ana"])).await;
    let api = Api::start(&server, Config::default()).await;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<http_body_util::Full<hyper::body::Bytes>>();
    let uri = format!("{}/emulator/events?after=0", api.http.url());
    let answer = client.get(uri.parse().expect("a URL")).await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut body = answer.into_body();
    let mut text = String::new();
    let call = json!({ "from": CALLER, "to": NUMBER });
    let sid = api.control("POST", "/calls", &call).await.json()["call_sid"].clone();
    let sid = sid.as_str().expect("a Sid");
    while !text.contains("is completed") {
        let frame = tokio::time::timeout(Duration::from_secs(60), body.frame()).await;
        let frame = frame.expect("in time").expect("it goes on").expect("a frame");
        text.push_str(&String::from_utf8_lossy(frame.data_ref().expect("data")));
    }
    assert!(text.contains("event: entries\nid: ") && text.contains(sid), "{text}");
    let page = api.look("/timeline?after=0").await;
    let next = page["next"].as_u64().expect("a number");
    assert_eq!(api.look(&format!("/timeline?after={next}")).await["entries"], json!([]));
}

#[tokio::test]
async fn the_page_is_served_only_under_a_local_host() {
    let server = Server::start(dialling("", &["ana"])).await;
    let api = Api::start(&server, Config { clock: Clock::Real, ..Config::default() }).await;
    let page = api.send("GET", "/", &[], "").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(api.send("GET", "/page.js", &[], "").await.status, 200);
    assert_eq!(api.send("GET", "/other", &[], "").await.status, 404);
    let everywhere = api.twilio.listen_http("0.0.0.0:0".parse().expect("an address")).await;
    let refused = everywhere.map(|_| ()).map_err(|error| error.kind());
    assert_eq!(refused, Err(std::io::ErrorKind::InvalidInput));
}

#[tokio::test]
async fn browsers_find_the_gateway_here_too() {
    let server = Server::start(dialling("", &["ana"])).await;
    let api = Api::start(&server, Config::default()).await;
    assert_eq!(api.send("GET", "/signal", &[], "").await.status, 426);
    let stream = tokio::net::TcpStream::connect(api.http.address()).await.expect("it listens");
    let url = format!("ws://{}/signal", api.http.address());
    let opened = tokio_tungstenite::client_async(url, stream).await;
    assert_eq!(opened.expect("a socket").1.status(), 101);
}

#[tokio::test]
async fn phones_sound_and_hear() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial><Number>+15005557777</Number></Dial>"),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, Config { clock: Clock::Real, ..Config::default() }).await;
    let tone = json!({ "behaviour": { "answers_after": 0 }, "sound": { "tone": 440 } });
    assert_eq!(api.control("PUT", "/phones/+15005557777", &tone).await.status, 200);
    let silence = json!({ "sound": "silence" });
    let before = api.control("PUT", &format!("/phones/{CALLER}"), &silence).await;
    assert_eq!(before.json()["heard"]["packets"], 0);
    let call = json!({ "from": CALLER, "to": NUMBER });
    assert_eq!(api.control("POST", "/calls", &call).await.status, 201);
    let path = format!("/phones/{CALLER}");
    let near =
        |it: &Value| it["heard"]["tone_hz"].as_f64().is_some_and(|hz| (hz - 440.0).abs() < 10.0);
    api.look_until(&path, |it| near(it) && it["heard"]["packets"].as_u64() > Some(0)).await;
}

#[tokio::test]
async fn keys_count_once() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Gather action=\"/keys\" numDigits=\"2\"/>"),
        "/keys" => twiml("<Gather action=\"/more\" numDigits=\"2\"/>"),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, Config { clock: Clock::Stepped, ..Config::default() }).await;
    let call = json!({ "from": CALLER, "to": NUMBER });
    assert_eq!(api.control("POST", "/calls", &call).await.status, 201);
    api.twilio.settled().await;
    let path = format!("/phones/{CALLER}/digits");
    assert_eq!(api.control("POST", &path, &json!({ "digits": "12" })).await.status, 204);
    api.twilio.settled().await;
    assert_eq!(server.at("/keys")[0].param("Digits"), "12");
    assert!(server.at("/more").is_empty(), "they were pressed once");
}

trait Emptiness {
    fn is_null_or_empty(&self) -> bool;
}

impl Emptiness for Value {
    fn is_null_or_empty(&self) -> bool {
        self.as_array().is_none_or(Vec::is_empty)
    }
}

#[tokio::test]
async fn a_survey_of_four_questions_takes_no_time() {
    let server = Server::start(|seen| match seen.path.split_once('=') {
        Some((_, "5")) => twiml("<Hangup/>"),
        Some((_, question)) => {
            let next = question.parse::<u32>().expect("a number") + 1;
            twiml(&format!(
                "<Gather numDigits=\"1\" action=\"/voice?q={next}\" input=\"dtmf speech\">\
                 <Say>One to five, please.</Say></Gather>"
            ))
        }
        None if seen.path == "/voice" => twiml("<Redirect>/voice?q=1</Redirect>"),
        None => status(204),
    })
    .await;
    let config = Config { clock: Clock::Stepped, ..Config::default() };
    let api = Api::start(&server, config).await;
    let call = json!({
        "from": CALLER, "to": NUMBER, "presses": ["1", "2"], "says": ["three", "four"],
    });
    let placed = api.control("POST", "/calls", &call).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let refused = json!({ "from": CALLER, "to": NUMBER, "presses": ["x"] });
    assert_eq!(api.control("POST", "/calls", &refused).await.status, 400);
    let before = api.look("/clock").await;
    assert_eq!((&before["clock"], &before["advances_to"]), (&json!("stepped"), &Value::Null));

    let path = "/clock/advance";
    assert_eq!(api.control("POST", path, &json!({ "seconds": 3 })).await.status, 200);
    api.look_until("/clock", |it| it["advances_to"].is_null()).await;
    assert_eq!(server.at("/voice").len(), 3, "the first answer is pressed after the words");
    let changed = api.control("PUT", "/clock", &json!({ "clock": "auto" })).await;
    assert_eq!((changed.status, &changed.json()["clock"]), (200, &json!("auto")));
    let path = format!("/calls/{}", placed.json()["call_sid"].as_str().expect("a Sid"));
    api.look_until(&path, |it| it["over"] == true).await;
    let answers: Vec<String> = server
        .at("/voice")
        .iter()
        .skip(2)
        .map(|it| format!("{}{}", it.param("Digits"), it.param("SpeechResult")))
        .collect();
    assert_eq!(answers, ["1", "2", "three", "four"]);
    let refused = api.control("PUT", "/clock", &json!({ "clock": "fast" })).await;
    let rule = json!("`clock`: a clock is real, auto, stepped or scaled:N");
    assert_eq!((refused.status, &refused.json()["error"]), (400, &rule));
}
