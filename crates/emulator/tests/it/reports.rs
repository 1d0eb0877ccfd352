//! What the server learns of a call: webhooks in their order, with their parameters.

use emulator::{Behaviour, Config};

use crate::server::{
    CALLER, NUMBER, Seen, Server, client, dialling, secs, status, twilio, twilio_with, twiml,
};

/// Path, `To` and `CallStatus` of every request that arrived.
fn arrivals(server: &Server) -> Vec<(String, String, String)> {
    let row = |seen: Seen| {
        let status = seen.param("CallStatus").to_owned();
        (seen.path.clone(), seen.param("To").to_owned(), status)
    };
    server.seen().into_iter().map(row).collect()
}

#[tokio::test]
async fn the_events_come_in_twilios_order() {
    let server = Server::start(dialling("", &["ana", "bo"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::talks(secs(3), secs(10)));
    account.agent("bo", Behaviour::Ignores);

    twilio.phone(CALLER).call(NUMBER).ended().await;

    let row =
        |path: &str, to: &str, status: &str| (path.to_owned(), to.to_owned(), status.to_owned());
    assert_eq!(
        arrivals(&server),
        [
            row("/voice", NUMBER, "ringing"),
            row("/leg", "client:ana", "initiated"),
            row("/leg", "client:bo", "initiated"),
            row("/leg", "client:ana", "ringing"),
            row("/leg", "client:bo", "ringing"),
            row("/leg", "client:ana", "in-progress"),
            row("/leg", "client:bo", "canceled"),
            row("/leg", "client:ana", "completed"),
            row("/action", NUMBER, "in-progress"),
            row("/call-status", NUMBER, "completed"),
        ]
    );
}

#[tokio::test]
async fn a_leg_reports_what_twilio_reports() {
    let server = Server::start(dialling("", &["ana"])).await;
    let config = Config {
        starts_at: Some("2026-01-01T00:00:00Z".parse().expect("a time")),
        ..Config::default()
    };
    let (twilio, account) = twilio_with(&server, config, "").await;
    account.agent("ana", Behaviour::talks(secs(3), secs(61)));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    let legs = server.at("/leg");
    let rows: Vec<[&str; 4]> = legs
        .iter()
        .map(|s| ["SequenceNumber", "CallStatus", "CallDuration", "Duration"].map(|n| s.param(n)))
        .collect();
    assert_eq!(
        rows,
        [
            ["0", "initiated", "", ""],
            ["1", "ringing", "", ""],
            ["2", "in-progress", "", ""],
            ["3", "completed", "61", "2"],
        ]
    );
    for leg in &legs {
        for (name, want) in [
            ("AccountSid", account.sid().as_str()),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", story.legs[0].sid.as_str()),
            ("ParentCallSid", story.sid.as_str()),
            ("Direction", "outbound-dial"),
            ("From", CALLER),
            ("Caller", CALLER),
            ("To", "client:ana"),
            ("Called", "client:ana"),
            ("CallbackSource", "call-progress-events"),
            ("FromCountry", "US"),
        ] {
            assert_eq!(leg.param(name), want, "{name}");
        }
    }
    assert_eq!(legs[2].param("Timestamp"), "Thu, 01 Jan 2026 00:00:03 +0000");
    assert_eq!(legs[3].param("SipResponseCode"), "200");
    assert!(!legs[3].form.iter().any(|(name, _)| name.starts_with("To") && name != "To"));
}

#[tokio::test]
async fn the_call_itself_reports_what_twilio_reports() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::talks(secs(3), secs(10)));

    let phone = twilio.phone(CALLER).with("CallerName", "A. Caller");
    let story = phone.call(NUMBER).ended().await;

    let voice = &server.at("/voice")[0];
    for (name, want) in [
        ("AccountSid", account.sid().as_str()),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", story.sid.as_str()),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", CALLER),
        ("Caller", CALLER),
        ("To", NUMBER),
        ("Called", NUMBER),
        ("FromCountry", "US"),
        ("CallerCountry", "US"),
        ("ToCountry", "US"),
        ("CalledCountry", "US"),
        ("CallerName", "A. Caller"),
    ] {
        assert_eq!(voice.param(name), want, "{name}");
    }
    let empty = ("FromCity".to_owned(), String::new());
    assert!(voice.form.contains(&empty), "present and empty");
    assert_eq!(voice.param("CallToken").len(), 32);

    let ends = server.at("/call-status");
    assert_eq!(ends.len(), 1);
    for (name, want) in [("CallStatus", "completed"), ("SequenceNumber", "0"), ("Duration", "1")] {
        assert_eq!(ends[0].param(name), want, "{name}");
    }
    // Answered by the Dial at once: 3 s of ringing and 10 s of talking.
    assert_eq!(ends[0].param("CallDuration"), "13");
}

#[tokio::test]
async fn an_anonymous_caller_has_no_geography() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::talks(secs(1), secs(1)));

    let story = twilio.phone("anonymous").call(NUMBER).ended().await;

    assert_eq!(story.answered_by(), Some(ana.address()));
    let voice = &server.at("/voice")[0];
    assert_eq!((voice.param("From"), voice.param("Caller")), ("anonymous", "anonymous"));
    assert!(!voice.form.iter().any(|(name, _)| name == "FromCountry"));
}

#[tokio::test]
async fn a_leg_reports_only_the_requested_events() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(&format!(
            "<Dial action=\"/action\"><Client statusCallback=\"/leg\">ana</Client>{}</Dial>",
            client("bo").replace("initiated ringing answered completed", "answered")
        )),
        "/action" => twiml(""),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::Ignores);
    account.agent("bo", Behaviour::talks(secs(1), secs(1)));

    twilio.phone(CALLER).call(NUMBER).ended().await;

    let told: Vec<[String; 3]> = server
        .at("/leg")
        .iter()
        .map(|seen| ["To", "CallStatus", "SequenceNumber"].map(|name| seen.param(name).to_owned()))
        .collect();
    assert_eq!(told, [["client:bo", "in-progress", "0"], ["client:ana", "canceled", "0"]]);
}
