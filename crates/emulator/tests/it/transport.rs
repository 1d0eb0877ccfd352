//! How webhooks travel: signatures, headers, redirects, retries, time limits, routes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use emulator::{Behaviour, Config, Emulator, Method, Route, Select, Story, Voice};
use twilio_sig::{AuthToken, Request, Verifier};

use crate::server::{
    CALLER, NUMBER, Reply, Seen, Server, TOKEN, dialling, secs, status, twilio, twiml,
};

/// A number with this voice URL, and one call to it.
async fn one_call(voice: Voice, routes: &[Route]) -> Story {
    let twilio = Emulator::start(Config::default()).await.expect("it starts");
    let account = twilio.account(TOKEN).expect("a token");
    account.number(NUMBER, voice).expect("a number");
    for route in routes {
        twilio.route(route.clone());
    }
    twilio.phone(CALLER).call(NUMBER).ended().await
}

/// Checks a request as a server behind a proxy would: over its public URL.
fn verifies(seen: &Seen, public: &str, token: &str) -> bool {
    let verifier = Verifier::new(AuthToken::new(token).expect("a token"));
    let url = format!("{public}{}", seen.path);
    let signature = seen.headers.get("x-twilio-signature").map(String::as_str);
    let request =
        if seen.method == "GET" { Request::get(&url) } else { Request::form(&url, &seen.form) };
    verifier.verify(&request, signature).is_ok()
}

#[tokio::test]
async fn every_webhook_is_signed_over_its_public_url() {
    for public in
        ["https://voice.example.com", "https://voice.example.com:8443", "http://a.example:81"]
    {
        let server = Server::start(dialling("", &["nobody"])).await;
        let voice = Voice::new(format!("{public}/voice?x=%20y"))
            .status_callback(format!("{public}/call-status#rc=2"));
        let route = Route { on: Select::ALL, host: None, bases: vec![server.url.clone()] };
        let story = one_call(voice, &[route]).await;

        assert!(story.application_error, "/voice?x=%20y is no path of the script");
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        for request in &seen {
            assert!(verifies(request, public, TOKEN), "{request:?}");
            assert!(!verifies(request, public, "another"), "{request:?}");
            assert!(!verifies(request, "https://other.example", TOKEN), "{request:?}");
            let host = public.split("//").nth(1).expect("a host");
            assert_eq!(request.headers["host"], host);
        }
    }
}

#[tokio::test]
async fn a_get_carries_its_parameters_in_the_signed_query() {
    let server = Server::start(|_| twiml("<Say>Hi.</Say>")).await;
    let voice = Voice { method: Method::Get, ..Voice::new(server.at_url("/voice?team=1#rc=0")) };

    let story = one_call(voice, &[]).await;

    let seen = &server.seen()[0];
    assert_eq!(seen.method, "GET");
    assert!(seen.path.starts_with("/voice?team=1&AccountSid=AC"), "{}", seen.path);
    assert!(seen.path.contains("From=%2B15005551234"), "{}", seen.path);
    assert!(!seen.path.contains('#'));
    assert_eq!(seen.form, []);
    assert!(verifies(seen, &server.url, TOKEN));
    assert_eq!(story.said().count(), 1);
}

#[tokio::test]
async fn subaccounts_sign_with_their_own_token() {
    let server = Server::start(|_| twiml("<Hangup/>")).await;
    let twilio = Emulator::start(Config::default()).await.expect("it starts");
    let account = twilio.account(TOKEN).expect("a token");
    let sub = account.subaccount("sub-token").expect("a token");
    assert_eq!(sub.parent(), Some(account.sid()));
    sub.number(NUMBER, Voice::new(server.at_url("/voice"))).expect("a number");

    twilio.phone(CALLER).call(NUMBER).ended().await;

    let seen = &server.seen()[0];
    assert_eq!(seen.param("AccountSid"), sub.sid().as_str());
    assert!(verifies(seen, &server.url, "sub-token"));
    assert!(!verifies(seen, &server.url, TOKEN));
}

#[tokio::test]
async fn the_headers_are_twilios() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::talks(secs(1), secs(1)));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    for seen in server.seen() {
        for (name, want) in [
            ("user-agent", "TwilioProxy/1.1"),
            ("accept", "*/*"),
            ("x-home-region", "us1"),
            ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ] {
            assert_eq!(seen.headers[name], want, "{name}");
        }
        assert_eq!(seen.headers["i-twilio-idempotency-token"].len(), 36);
    }
    // The timeline holds what was sent.
    for (webhook, seen) in story.webhooks().zip(server.seen()) {
        assert_eq!(webhook.params, seen.form);
        assert_eq!(webhook.signature, seen.headers["x-twilio-signature"]);
        assert_eq!(webhook.idempotency_token, seen.headers["i-twilio-idempotency-token"]);
    }
}

fn redirect(status: u16, to: &str) -> Reply {
    Reply {
        status,
        content_type: None,
        body: String::new(),
        headers: vec![("location", to.to_owned())],
    }
}

#[tokio::test]
async fn redirects_are_followed_ten_times() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/moved" => redirect(307, "/voice"),
        "/other" => redirect(302, "voice"),
        "/round" => redirect(307, "/round"),
        _ => twiml("<Say>Here.</Say>"),
    })
    .await;

    let story = one_call(Voice::new(server.at_url("/moved")), &[]).await;
    assert_eq!(story.said().count(), 1);
    let kept = &server.at("/voice")[0];
    assert_eq!((kept.method.as_str(), kept.param("From")), ("POST", CALLER));
    assert!(verifies(kept, &server.url, TOKEN), "signed again over the new URL");

    one_call(Voice::new(server.at_url("/other")), &[]).await;
    assert_eq!(server.at("/voice")[1].method, "GET");

    let story = one_call(Voice::new(server.at_url("/round")), &[]).await;
    assert!(story.application_error);
    assert_eq!(story.problems().map(|it| it.code).collect::<Vec<_>>(), [11_215]);
    assert_eq!(server.at("/round").len(), 11);
}

#[tokio::test]
async fn only_the_named_failures_are_retried() {
    for (fragment, requests, saved) in [
        ("", 1, false),
        ("#rc=2", 1, false),
        ("#rc=2&rp=5xx", 3, true),
        ("#rc=1&rp=5xx", 2, false),
        ("#rc=3&rp=4xx,rt", 1, false),
        ("#rc=5&rp=all", 3, true),
    ] {
        let count = AtomicUsize::new(0);
        let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => status(503),
            _ => twiml("<Say>Here.</Say>"),
        })
        .await;

        let story = one_call(Voice::new(server.at_url(&format!("/voice{fragment}"))), &[]).await;

        let seen = server.seen();
        assert_eq!(seen.len(), requests, "{fragment}");
        assert_eq!(story.application_error, !saved, "{fragment}");
        let token = |seen: &Seen| seen.headers["i-twilio-idempotency-token"].clone();
        assert!(seen.iter().all(|it| token(it) == token(&seen[0])), "{fragment}: one token");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_takes_the_configured_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let base = format!("http://{}", silent.local_addr().expect("it is bound"));
    for (fragment, want) in [("#rt=150", "150 ms"), ("#tt=200&rc=5&rp=all&rt=100", "200 ms")] {
        let started = Instant::now();
        let story = one_call(Voice::new(format!("{base}/voice{fragment}")), &[]).await;
        assert!(started.elapsed() < Duration::from_secs(10), "{fragment}");
        let problem = story.problems().next().expect("it failed").to_string();
        assert_eq!(problem, format!("error 11205: no answer within {want}"));
        assert!(story.application_error);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.local_addr().expect("it is bound")
    };
    let story = one_call(Voice::new(format!("http://{closed}/voice")), &[]).await;
    assert!(story.application_error);
    let webhook = story.webhooks().next().expect("it was tried");
    let outcome = webhook.outcome.as_ref().expect("it is over");
    assert_eq!(outcome.attempts, 2, "one retry by default");
    assert_eq!(outcome.answer.as_ref().map_err(|it| it.code), Err(11_205));
}

#[tokio::test]
async fn a_call_keeps_its_cookies() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => {
            let mut reply = twiml("<Redirect>/next</Redirect>");
            reply.headers.push(("set-cookie", "basket=7; Path=/".to_owned()));
            reply
        }
        _ => twiml(""),
    })
    .await;
    one_call(Voice::new(server.at_url("/voice")), &[]).await;
    one_call(Voice::new(server.at_url("/next")), &[]).await;
    let next = server.at("/next");
    assert_eq!(next[0].headers.get("cookie").map(String::as_str), Some("basket=7"));
    assert_eq!(next[1].headers.get("cookie"), None);
}

#[tokio::test]
async fn callbacks_are_spread_over_two_servers() {
    let first = Server::start(dialling("", &["ana"])).await;
    let second = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&first).await;
    account.agent("ana", Behaviour::talks(secs(1), secs(1)));
    let bases = vec![first.url.clone(), second.url.clone()];
    twilio.route(Route { on: Select::NOTICES, host: None, bases });

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    let counts = [&first, &second].map(|server| server.at("/leg").len());
    assert_eq!(counts, [2, 2]);
    assert_eq!((first.at("/voice").len(), second.at("/voice").len()), (1, 0));
    for seen in second.seen() {
        assert!(verifies(&seen, &first.url, TOKEN), "signed over the configured URL");
    }
    let sent_to: Vec<&str> =
        story.webhooks().filter_map(|webhook| webhook.sent_to.as_deref()).collect();
    assert_eq!(sent_to.len(), 5);
}
