//! The REST API, as its documentation describes it.

use std::num::NonZeroU32;

use emulator::{ApiFault, ApiMishap, Behaviour, CallStatus, Clock, Config, Direction, Voice, What};
use serde_json::{Value, json};

use crate::api::{Api, basic};
use crate::server::{CALLER, NUMBER, Reply, Seen, Server, TOKEN, secs, status, twiml};

const CUSTOMER: &str = "+15005557777";

/// Says something, and reports. `/bridge` dials, and calls are redirected to `/moved`.
fn script(seen: &Seen) -> Reply {
    match seen.path.split('?').next().unwrap_or_default() {
        "/voice" => twiml("<Say>Good day, good day, good day.</Say>"),
        "/bridge" => twiml("<Dial action=\"/action\"><Client>ana</Client></Dial>"),
        "/moved" => twiml("<Say>You were moved.</Say>"),
        "/action" => twiml("<Say>Nobody hears this.</Say>"),
        _ => status(204),
    }
}

fn no_limit() -> Config {
    Config { calls_per_second: None, ..Config::default() }
}

#[tokio::test]
async fn a_call_is_created_and_read_back() {
    let server = Server::start(script).await;
    let api = Api::start(&server, Config::default()).await;
    api.twilio.phone(CUSTOMER).behaves(Behaviour::answers(secs(2)));
    let (url, told) = (server.at_url("/voice"), server.at_url("/told"));
    let form = [
        ("To", CUSTOMER),
        ("From", NUMBER),
        ("Url", &url),
        ("StatusCallback", &told),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ];
    let made = api.rest("POST", "Calls.json", &form).await;
    assert_eq!(made.status, 201, "{made:?}");
    let call = made.json();
    for (name, want) in [
        ("status", json!("queued")),
        ("direction", json!("outbound-api")),
        ("to", json!(CUSTOMER)),
        ("from", json!(NUMBER)),
        ("from_formatted", json!("(500) 555-0001")),
        ("parent_call_sid", Value::Null),
        ("start_time", Value::Null),
        ("duration", Value::Null),
        ("price_unit", json!("USD")),
        ("api_version", json!("2010-04-01")),
    ] {
        assert_eq!(call[name], want, "{name}");
    }
    let sid = call["sid"].as_str().expect("a Sid").to_owned();
    let uri = call["uri"].as_str().expect("a URI").to_owned();
    assert_eq!(uri, format!("/2010-04-01/Accounts/{}/Calls/{sid}.json", api.account.sid()));
    let recordings = &call["subresource_uris"]["recordings"];
    assert_eq!(*recordings, uri.replace(".json", "/Recordings.json"));

    let story = ended(&api).await;
    assert_eq!(
        (story.status, story.said().next()),
        (CallStatus::Completed, Some("Good day, good day, good day."))
    );
    let read = api.rest("GET", &uri, &[]).await.json();
    assert_eq!(
        (&read["status"], &read["duration"]),
        (&json!("completed"), &json!("2")),
        "{read:#}"
    );
    let date = read["start_time"].as_str().expect("a date");
    assert!(date.ends_with(" +0000") && date.as_bytes()[3] == b',', "{date}");
    // Without the suffix it is the same.
    assert_eq!(api.rest("GET", uri.trim_end_matches(".json"), &[]).await.json(), read);

    let voice = &server.at("/voice")[0];
    assert_eq!(
        (voice.param("Direction"), voice.param("CallStatus")),
        ("outbound-api", "in-progress")
    );
    let told: Vec<(String, String)> = server
        .at("/told")
        .iter()
        .map(|seen| (seen.param("CallStatus").to_owned(), seen.param("SequenceNumber").to_owned()))
        .collect();
    let want = [("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3")];
    assert_eq!(told, want.map(|(status, number)| (status.to_owned(), number.to_owned())));
}

#[tokio::test]
async fn calls_end_as_the_called_side_decides() {
    let server = Server::start(script).await;
    let api = Api::start(&server, no_limit()).await;
    let url = server.at_url("/voice");
    let cases = [
        (Behaviour::Declines { after: secs(1) }, "busy"),
        (Behaviour::Ignores, "no-answer"),
        (Behaviour::Absent, "failed"),
        (Behaviour::talks(secs(1), secs(1)), "completed"),
    ];
    for (behaviour, want) in cases {
        api.twilio.phone(CUSTOMER).behaves(behaviour);
        let form = [("To", CUSTOMER), ("From", NUMBER), ("Url", &*url), ("Timeout", "7")];
        let sid = sid_of(&api.rest("POST", "Calls", &form).await.json());
        ended(&api).await;
        let call = api.rest("GET", &format!("Calls/{sid}"), &[]).await.json();
        assert_eq!(call["status"], want, "{call:#}");
    }
    // A browser is called by its identity, and gets the parameters of the address.
    let ana = api.account.agent("ana", Behaviour::ByHand);
    let twiml = "<Response><Say>Hello, Ana.</Say></Response>";
    let form = [("To", "client:ana?ticket=7&name=J%C3%BCrg"), ("From", "boss"), ("Twiml", twiml)];
    assert_eq!(api.rest("POST", "Calls", &form).await.status, 201);
    let ringing = ana.rings().await;
    assert_eq!(ringing.from.to_string(), "boss");
    let want = [("ticket", "7"), ("name", "Jürg")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(ringing.parameters, want);
    ana.answer().expect("it rings");
    let calls = api.twilio.calls();
    let call = calls.last().expect("it is the last");
    let story = call.until(|story| story.said().count() > 0).await;
    assert_eq!(story.said().next(), Some("Hello, Ana."));
}

#[tokio::test]
async fn one_call_a_second_begins_and_the_others_wait() {
    let server = Server::start(script).await;
    let config = Config { clock: Clock::Stepped, ..Config::default() };
    let api = Api::start(&server, config).await;
    api.twilio.phone(CUSTOMER).behaves(Behaviour::Ignores);
    let url = server.at_url("/voice");
    let form = [("To", CUSTOMER), ("From", NUMBER), ("Url", &*url)];
    let mut sids = Vec::new();
    for _ in 0..3 {
        sids.push(sid_of(&api.rest("POST", "Calls", &form).await.json()));
    }
    let queued = "Calls.json?Status=queued";
    let count =
        async || api.rest("GET", queued, &[]).await.json()["calls"].as_array().map(Vec::len);
    api.twilio.advance(secs(0) + std::time::Duration::from_millis(900)).await;
    assert_eq!(count().await, Some(2));
    // A queued call can still be cancelled.
    let canceled = api.rest("POST", &format!("Calls/{}", sids[2]), &[("Status", "canceled")]).await;
    assert_eq!((canceled.status, &canceled.json()["status"]), (200, &json!("canceled")));
    api.twilio.advance(secs(1)).await;
    assert_eq!(count().await, Some(0));
    let second = api.rest("GET", &format!("Calls/{}", sids[1]), &[]).await.json();
    assert_eq!((&second["status"], &second["queue_time"]), (&json!("ringing"), &json!("1000")));

    let fast = NonZeroU32::new(10);
    assert!(fast > Config::default().calls_per_second);
}

#[tokio::test]
async fn a_running_call_is_redirected_and_ended() {
    let server = Server::start(script).await;
    let api = Api::start(&server, no_limit()).await;
    let ana = api.account.agent("ana", Behaviour::ByHand);
    let voice = Voice::new(server.at_url("/bridge"));
    api.account.number("+15005550002", voice).expect("a number");
    let call = api.twilio.phone(CALLER).call("+15005550002");
    ana.rings().await;
    let path = format!("Calls/{}", call.sid());
    let cancel = api.rest("POST", &path, &[("Status", "canceled")]).await;
    assert_eq!(cancel.json()["code"], 21220, "it is answered");
    ana.answer().expect("it rings");
    let legs = api.rest("GET", &format!("Calls?ParentCallSid={}", call.sid()), &[]).await.json();
    assert_eq!(legs["calls"][0]["direction"], "outbound-dial");
    assert_eq!(legs["calls"][0]["status"], "in-progress");

    let moved = server.at_url("/moved");
    let told = api.rest("POST", &path, &[("Url", &moved), ("Method", "GET")]).await;
    assert_eq!((told.status, &told.json()["status"]), (200, &json!("in-progress")));
    let story = call.ended().await;
    assert_eq!(story.said().collect::<Vec<_>>(), ["You were moved."], "{story}");
    let action = &server.at("/action")[0];
    assert_eq!(action.param("DialCallStatus"), "completed");
    assert_eq!(story.legs[0].status, CallStatus::Completed);
    assert!(!ana.is_on_a_call());

    let late = api.rest("POST", &path, &[("Url", &moved)]).await;
    assert_eq!(late.status, 400);
    assert_eq!(late.json()["code"], 21220);
    assert_eq!(late.json()["message"], "Call is not in-progress. Cannot redirect.");
    assert_eq!(api.rest("DELETE", &path, &[]).await.status, 204);
    assert_eq!(api.rest("GET", &path, &[]).await.status, 404);
}

#[tokio::test]
async fn a_leg_is_redirected_out_of_its_dial() {
    let server = Server::start(script).await;
    let api = Api::start(&server, no_limit()).await;
    let ana = api.account.agent("ana", Behaviour::ByHand);
    api.account.number("+15005550002", Voice::new(server.at_url("/bridge"))).expect("a number");
    let call = api.twilio.phone(CALLER).call("+15005550002");
    let leg = ana.rings().await.leg;
    ana.answer().expect("it rings");
    let twiml = "<Response><Pause length=\"600\"/></Response>";
    let moved = api.rest("POST", &format!("Calls/{leg}"), &[("Twiml", twiml)]).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    // The caller continues with the action, the browser stays on the line.
    call.until(|story| story.said().count() > 0).await;
    let action = &server.at("/action")[0];
    assert_eq!((action.param("DialCallSid"), action.param("DialCallDuration")), (leg.as_str(), ""));
    assert!(ana.is_on_a_call());
    let ends = api.rest("POST", &format!("Calls/{leg}"), &[("Status", "completed")]).await;
    assert_eq!((ends.status, &ends.json()["status"]), (200, &json!("completed")));
    assert!(!ana.is_on_a_call());
}

#[tokio::test]
async fn lists_are_filtered_and_come_in_pages() {
    let server = Server::start(script).await;
    let starts_at = "2026-01-31T23:59:30Z".parse().expect("a moment");
    let config = Config { starts_at: Some(starts_at), ..no_limit() };
    let api = Api::start(&server, config).await;
    let mut sids = Vec::new();
    for number in 0..7 {
        let from = format!("+1500555100{number}");
        let story = api.twilio.phone(&from).call(NUMBER).ended().await;
        sids.insert(0, story.sid.to_string());
        api.twilio.advance(secs(10)).await;
    }
    let list = async |query: &str| {
        let page = api.rest("GET", &format!("Calls.json?{query}"), &[]).await;
        assert_eq!(page.status, 200, "{query} {page:?}");
        let page = page.json();
        let calls = page["calls"].as_array().expect("calls").clone();
        (calls.iter().map(sid_of).collect::<Vec<_>>(), page)
    };
    assert_eq!(list("").await.0, sids);
    assert_eq!(list("From=%2B15005551003").await.0, sids[3..4]);
    assert_eq!(list("To=%2B15005550001&Status=completed").await.0.len(), 7);
    assert_eq!(list("Status=busy").await.0, [""; 0]);
    let january = list("StartTime=2026-01-31").await.0;
    let february = list("StartTime%3E=2026-02-01").await.0;
    assert!(!january.is_empty() && !february.is_empty());
    assert_eq!([february, january].concat(), sids);
    assert_eq!(list("StartTime%3C=2026-01-31T23:59:30Z").await.0, sids[6..]);

    let (first, page) = list("PageSize=3&To=%2B15005550001").await;
    assert_eq!(first, sids[..3]);
    assert_eq!((&page["start"], &page["end"], &page["page"]), (&json!(0), &json!(2), &json!(0)));
    assert_eq!(page["previous_page_uri"], Value::Null);
    // New entries do not move the pages.
    api.twilio.phone(CALLER).call(NUMBER).ended().await;
    let mut found = first;
    let mut next = page["next_page_uri"].as_str().map(str::to_owned);
    while let Some(uri) = next {
        assert!(uri.contains("To=%2B15005550001") && uri.contains("PageToken=PACA"), "{uri}");
        let page = api.rest("GET", &uri, &[]).await.json();
        found.extend(page["calls"].as_array().expect("calls").iter().map(sid_of));
        next = page["next_page_uri"].as_str().map(str::to_owned);
    }
    assert_eq!(found, sids);
}

#[tokio::test]
async fn the_api_requires_authentication() {
    let server = Server::start(script).await;
    let api = Api::start(&server, Config::default()).await;
    let key = api.account.api_key().expect("a key");
    let sub = api.account.subaccount("3bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f").expect("a token");
    let stranger = api.twilio.account("4bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f").expect("a token");
    let ours = format!("/2010-04-01/Accounts/{}/Calls.json", api.account.sid());
    let subs = format!("/2010-04-01/Accounts/{}/Calls.json", sub.sid());
    let theirs = format!("/2010-04-01/Accounts/{}/Calls.json", stranger.sid());
    let (sid, sub_sid) = (api.account.sid(), sub.sid());
    let cases = [
        ("by auth token", sid.as_str(), TOKEN, &ours, 200),
        ("by key", key.sid.as_str(), &*key.secret, &ours, 200),
        ("for a subaccount", sid.as_str(), TOKEN, &subs, 200),
        ("wrong token", sid.as_str(), "nonsense", &ours, 401),
        ("wrong secret", key.sid.as_str(), TOKEN, &ours, 401),
        ("nobody", "", "", &ours, 401),
        ("for somebody else", sid.as_str(), TOKEN, &theirs, 401),
        ("for its parent", sub_sid.as_str(), "3bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f", &ours, 401),
    ];
    for (name, user, password, path, status) in cases {
        let got = api.rest_as(user, password, "GET", path, &[]).await;
        assert_eq!(got.status, status, "{name}");
        if status == 401 {
            let want = json!({
                "code": 20003,
                "message": "Authenticate",
                "more_info": "https://www.twilio.com/docs/errors/20003",
                "status": 401,
            });
            assert_eq!(got.json(), want, "{name}");
            assert_eq!(got.header("www-authenticate"), Some("Basic realm=\"Twilio API\""));
        }
    }
}

/// The field that is removed, its replacement, and the error.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], u32, &'a str);

#[tokio::test]
async fn errors_have_twilios_numbers() {
    let server = Server::start(script).await;
    let api = Api::start(&server, Config::default()).await;
    api.twilio.phone(CUSTOMER).behaves(Behaviour::Ignores);
    let long = format!("<Response><Say>{}</Say></Response>", "x".repeat(4000));
    let voice = server.at_url("/voice");
    let good = [("To", CUSTOMER), ("From", NUMBER), ("Url", &*voice)];
    let cases: [Case<'_>; 16] = [
        ("To", &[], 21201, "No 'To' number is specified"),
        (
            "To",
            &[("To", "555777")],
            21211,
            "The phone number you are attempting to call, 555777, is not valid.",
        ),
        (
            "To",
            &[("To", "client:ana bell")],
            21211,
            "The phone number you are attempting to call, client:ana bell, is not valid.",
        ),
        ("From", &[], 21213, "A 'From' phone number is required"),
        ("From", &[("From", "boss")], 21212, "Invalid From Number (caller ID): boss"),
        (
            "From",
            &[("From", CALLER)],
            21210,
            "The source phone number provided, +15005551234, is not yet verified for your account. You may only make calls from phone numbers that you've verified or purchased from Twilio.",
        ),
        ("Url", &[], 21205, "Url parameter is required."),
        ("Url", &[("Url", "/voice")], 21205, "Url is not a valid URL: /voice"),
        (
            "Url",
            &[("Url", "http://my_host/voice")],
            21205,
            "Url is not a valid URL: http://my_host/voice",
        ),
        ("Url", &[("Twiml", &long)], 32018, "Twiml must not be longer than 4000 characters"),
        (
            "Url",
            &[("ApplicationSid", "AP00000000000000000000000000000001")],
            21218,
            "ApplicationSid AP00000000000000000000000000000001 is not valid",
        ),
        ("Method", &[("Method", "PUT")], 20001, "Invalid parameter Method: must be GET or POST"),
        (
            "Timeout",
            &[("Timeout", "601")],
            20001,
            "Invalid parameter Timeout: must be a whole number from 0 to 600",
        ),
        (
            "StatusCallback",
            &[("StatusCallback", "status")],
            21609,
            "The StatusCallback URL status is not a valid URL.",
        ),
        ("FallbackUrl", &[("FallbackUrl", "x")], 21205, "FallbackUrl is not a valid URL: x"),
        (
            "TimeLimit",
            &[("TimeLimit", "soon")],
            20001,
            "Invalid parameter TimeLimit: must be a whole number from 1 to 86400",
        ),
    ];
    for (without, with, code, message) in cases {
        let mut form: Vec<(&str, &str)> =
            good.iter().copied().filter(|(name, _)| *name != without).collect();
        form.extend(with);
        let got = api.rest("POST", "Calls.json", &form).await;
        let want = json!({
            "code": code,
            "message": message,
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
            "status": 400,
        });
        assert_eq!((got.status, got.json()), (400, want), "{with:?}");
    }
    let absent = api.rest("GET", "Calls/CA00000000000000000000000000000001.json", &[]).await;
    assert_eq!((absent.status, &absent.json()["code"]), (404, &json!(20404)));
    let account = api.account.sid();
    let path =
        format!("/2010-04-01/Accounts/{account}/Calls/CA00000000000000000000000000000001.json");
    assert_eq!(absent.json()["message"], format!("The requested resource {path} was not found"));
    assert_eq!(api.rest("PUT", "Calls.json", &[]).await.json()["code"], 20004);
    assert_eq!(api.rest("GET", "Calls.json?PageSize=1001", &[]).await.json()["code"], 20007);
    assert_eq!(api.rest("GET", "Calls.json?StartTime=today", &[]).await.json()["code"], 20001);
    assert_eq!(api.rest("GET", "Nonsense.json", &[]).await.status, 404);
    // No event has that name: the call is placed without a callback, and the debugger warns.
    let told = server.at_url("/told");
    let mut form = good.to_vec();
    form.extend([("StatusCallback", &*told), ("StatusCallbackEvent", "initiated ringing")]);
    assert_eq!(api.rest("POST", "Calls", &form).await.status, 201);
    let story = ended(&api).await;
    assert_eq!(story.problems().map(|problem| problem.code).collect::<Vec<_>>(), [21626]);
    assert!(server.at("/told").is_empty());
}

#[tokio::test]
async fn the_api_fails_on_demand() {
    let server = Server::start(script).await;
    let api = Api::start(&server, no_limit()).await;
    api.twilio.phone(CUSTOMER).behaves(Behaviour::Ignores);
    let url = server.at_url("/voice");
    let form = [("To", CUSTOMER), ("From", NUMBER), ("Url", &*url)];
    let fault = |mishap| ApiFault { mishap, times: Some(1) };
    for mishap in [ApiMishap::TooManyRequests, ApiMishap::Unavailable, ApiMishap::Lost] {
        api.twilio.api_fault(fault(mishap));
    }
    let limited = api.rest("POST", "Calls", &form).await;
    assert_eq!((limited.status, &limited.json()["code"]), (429, &json!(20429)));
    let down = api.rest("POST", "Calls", &form).await;
    assert_eq!(down.status, 503);
    assert!(serde_json::from_slice::<Value>(&down.body).is_err(), "no JSON: {down:?}");
    assert!(api.twilio.calls().is_empty(), "nothing was carried out");
    assert_eq!(api.rest("POST", "Calls", &form).await.status, 502);
    let story = ended(&api).await;
    assert_eq!(story.to.to_string(), CUSTOMER, "it was carried out");
    assert_eq!(api.rest("POST", "Calls", &form).await.status, 201, "the faults are over");
    let noted = api.twilio.timeline().into_iter().filter_map(|entry| match entry.what {
        What::Api { status, .. } => Some(status),
        _ => None,
    });
    assert_eq!(noted.collect::<Vec<_>>(), [429, 201]);
    assert_eq!(Direction::OutboundApi.as_str(), "outbound-api");
}

/// The story of the last call, once it is over.
async fn ended(api: &Api) -> emulator::Story {
    let calls = api.twilio.calls();
    calls.last().expect("there is one").ended().await
}

fn sid_of(call: &Value) -> String {
    call["sid"].as_str().expect("a Sid").to_owned()
}

#[tokio::test]
async fn a_form_may_have_several_parts() {
    let server = Server::start(script).await;
    let api = Api::start(&server, no_limit()).await;
    let part = |name: &str, value: &str| {
        format!("--b1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let url = server.at_url("/voice");
    let body = [part("To", CUSTOMER), part("From", NUMBER), part("Url", &url), "--b1--\r\n".into()];
    let sid = api.account.sid();
    let basic = basic(sid.as_str(), TOKEN);
    let headers =
        [("authorization", basic.as_str()), ("content-type", "multipart/form-data; boundary=b1")];
    let path = format!("/2010-04-01/Accounts/{sid}/Calls.json");
    let made = api.send("POST", &path, &headers, &body.concat()).await;
    assert_eq!((made.status, &made.json()["to"]), (201, &json!(CUSTOMER)), "{made:?}");
}

#[tokio::test]
async fn what_is_not_emulated_is_refused_by_name() {
    let server = Server::start(script).await;
    let api = Api::start(&server, Config::default()).await;
    for (method, path, name) in [
        ("POST", "Messages.json", "Messages"),
        ("GET", "Calls/CA00000000000000000000000000000001/Streams.json", "Calls/Streams"),
        ("POST", "/v2/Services/VA1/Verifications", "/v2/Services"),
    ] {
        let refused = api.rest(method, path, &[("To", CUSTOMER)]).await;
        assert_eq!(refused.status, 501, "{path}: {refused:?}");
        assert_eq!(refused.json()["message"], format!("not emulated: {name}"), "{path}");
        let noted = What::NotEmulated(format!("{name} of the REST API"));
        assert!(api.twilio.timeline().iter().any(|entry| entry.what == noted), "{path}");
    }
    let absent = api.rest("GET", "Nonsense.json", &[]).await;
    assert_eq!((absent.status, &absent.json()["code"]), (404, &json!(20404)));
}
