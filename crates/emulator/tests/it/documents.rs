//! Documents that cannot be fetched or run.

use emulator::{Behaviour, CallStatus, Config, EleventhNoun, Emulator, Kind, Unknowns, Voice};

use crate::server::{
    CALLER, NUMBER, Reply, Server, TOKEN, dial, reply, secs, status, twilio, twilio_with, twiml,
};

fn bad_replies() -> Vec<(&'static str, Reply, u32)> {
    let xml = Some("text/xml");
    let big = format!("<Response><Say>{}</Say></Response>", "a".repeat(64_000));
    vec![
        ("server error", status(500), 11_200),
        ("not found", status(404), 11_200),
        ("no content type", reply(None, "<Response/>"), 12_300),
        ("json", reply(Some("application/json"), "{}"), 12_300),
        ("empty", reply(xml, ""), 12_100),
        ("not closed", reply(xml, "<Response><Say>hello</Response>"), 12_100),
        ("another root", reply(xml, "<Answer/>"), 12_100),
        ("too large", reply(xml, &big), 11_750),
        ("blank in an identity", twiml("<Dial><Client>agent one</Client></Dial>"), 31_105),
        ("no identity", twiml("<Dial><Client/></Dial>"), 31_105),
        (
            "underscore in a host",
            twiml("<Dial><Client statusCallback=\"http://a_b.example/\">ana</Client></Dial>"),
            11_100,
        ),
        ("eleven nouns", twiml(&dial("", &["a"; 11])), 13_250),
        ("a redirect to nowhere", twiml("<Redirect>ftp://a.example/</Redirect>"), 11_100),
        ("an endless loop", twiml("<Redirect/>"), 11_100),
    ]
}

#[tokio::test]
async fn the_caller_hears_an_application_error() {
    for (name, reply, code) in bad_replies() {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => reply.clone(),
            _ => status(204),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert!(story.application_error, "{name}: {story}");
        let codes: Vec<u32> = story.problems().map(|problem| problem.code).collect();
        assert_eq!(codes, [code], "{name}");
        assert_eq!(story.status, CallStatus::Completed, "{name}");
        assert_eq!(server.at("/call-status").len(), 1, "{name}");
    }
}

#[tokio::test]
async fn the_fallback_url_saves_the_call() {
    for (name, reply, code) in bad_replies() {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => reply.clone(),
            "/fallback" => twiml("<Say>We call you back.</Say>"),
            _ => status(204),
        })
        .await;
        let twilio = Emulator::start(Config::default()).await.expect("it starts");
        let account = twilio.account(TOKEN).expect("a token");
        let voice = Voice::new(server.at_url("/voice")).fallback(server.at_url("/fallback"));
        account.number(NUMBER, voice).expect("a number");

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        if name == "an endless loop" {
            // The fallback's own document is the 501st.
            assert!(story.application_error, "{name}");
            continue;
        }
        assert!(!story.application_error, "{name}: {story}");
        assert_eq!(story.said().collect::<Vec<_>>(), ["We call you back."], "{name}");
        let fallback = &server.at("/fallback")[0];
        assert_eq!(fallback.param("ErrorCode"), code.to_string(), "{name}");
        if name != "a redirect to nowhere" {
            assert_eq!(fallback.param("ErrorUrl"), server.at_url("/voice"), "{name}");
        }
    }
}

#[tokio::test]
async fn a_fallback_that_fails_is_not_requested_again() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/fallback" => twiml(&dial("", &["a"; 11])),
        _ => status(500),
    })
    .await;
    let twilio = Emulator::start(Config::default()).await.expect("it starts");
    let account = twilio.account(TOKEN).expect("a token");
    let voice = Voice::new(server.at_url("/voice")).fallback(server.at_url("/fallback"));
    account.number(NUMBER, voice).expect("a number");

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert!(story.application_error);
    assert_eq!(story.of_kind(Kind::Fallback).count(), 1);
}

#[tokio::test]
async fn an_eleventh_noun_may_be_left_out() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(&dial("", &["a"; 11])),
        "/action" => twiml(""),
        _ => status(204),
    })
    .await;
    let unknowns = Unknowns { eleventh_noun: EleventhNoun::LeftOut, ..Unknowns::default() };
    let config = Config { unknowns, ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    account.agent("a", Behaviour::Declines { after: secs(1) });

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.legs.len(), 10);
    assert!(!story.application_error);
    let codes: Vec<u32> = story.problems().map(|problem| problem.code).collect();
    assert_eq!(codes, [13_250]);
}

#[tokio::test]
async fn unknown_twiml_is_a_warning() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<!-- hello --><Sai>no</Sai><Say vocie=\"alice\">yes</Say><Pause length=\"long\"/>\
             <Pay/><Connect><Stream url=\"wss://a.example\"/></Connect><Start><Siprec/></Start><Enqueue workflowSid=\"WW1\"/><Dial record=\"record-from-answer\"><Sip>sip:a@b.example</Sip></Dial>",
        ),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.said().collect::<Vec<_>>(), ["yes"]);
    let problems: Vec<String> = story.problems().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "warning 12200: <Sai> does not belong in <Response>",
            "warning 12200: <Say> has no attribute `vocie`",
            "warning 13910: the attribute `length` of <Pause> has a value that is not allowed",
        ]
    );
    assert_eq!(
        story.not_emulated().collect::<Vec<_>>(),
        [
            "<Pay>",
            "<Connect><Stream>",
            "<Start><Siprec>",
            "`workflowSid` of <Enqueue>: TaskRouter",
            "<Sip> in <Dial>"
        ]
    );
    assert!(!story.application_error);
}

#[tokio::test]
async fn a_status_callback_that_fails_is_only_noted() {
    for (name, reply, want) in [
        ("204", status(204), None),
        ("empty document", twiml(""), None),
        (
            "server error",
            status(500),
            Some("warning 15003: the answer to a status callback has status 500"),
        ),
        (
            "text",
            reply(Some("application/json"), "{}"),
            Some("warning 12300: content type \"application/json\" cannot be run"),
        ),
        (
            "a document",
            twiml("<Hangup/>"),
            Some("warning 12200: the answer to a status callback is not run"),
        ),
    ] {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml("<Say>Good-bye.</Say>"),
            _ => reply.clone(),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        let problems: Vec<String> = story.problems().map(ToString::to_string).collect();
        assert_eq!(problems, want.into_iter().collect::<Vec<_>>(), "{name}");
        assert!(!story.application_error, "{name}");
        assert_eq!(server.at("/call-status").len(), 1, "{name}: not repeated");
    }
}
