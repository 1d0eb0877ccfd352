//! Limits, retries and hostile answers.

use std::time::Duration;

use tokio::net::TcpListener;
use twilio_rest::{Account, CallFilter, Client, Error, Instruction, Settings};

use crate::twilio::*;

const MILLIS: fn(u64) -> Duration = Duration::from_millis;

#[tokio::test]
async fn a_429_is_retried_with_growing_pauses() {
    let busy = || answer("429 Too Many Requests", r#"{"code":20429,"status":429}"#);
    let good = answer("200 OK", &call(1, None, 0));
    let twilio = Twilio::acting(vec![busy(), busy(), good]).await;
    let (client, pauses) = twilio.client();
    let credentials = credentials();
    client.account(&credentials).update(sid(1), &Instruction::hang_up()).await.expect("done");
    assert_eq!(twilio.requests().len(), 3);
    assert_eq!(pauses.taken(), [MILLIS(100), MILLIS(200)]);

    let twilio = Twilio::acting(vec![busy()]).await;
    let (client, pauses) = twilio.client();
    let error = client.account(&credentials).call(sid(1)).await.expect_err("still busy");
    assert!(error.is_undone(), "{error:?}");
    assert_eq!(pauses.taken(), [MILLIS(100), MILLIS(200), MILLIS(400)]);
    assert_eq!(twilio.requests().len(), 4);
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_a_broken_one_is_not() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let pauses = Pauses::default();
    let base = format!("http://{address}").parse().expect("a base URL");
    let settings = Settings { base, budget: MILLIS(30_000), ..Settings::twilio() };
    let client = Client::new(settings, pauses.clone()).expect("a client");
    let error = client.account(&credentials()).call(sid(1)).await.expect_err("nobody there");
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    assert_eq!(pauses.taken().len(), 3);

    let short = "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"sid\":";
    for act in [Act::Close, Act::Send(short.to_owned()), Act::Send("SSH-2.0-x\r\n\r\n".into())] {
        let twilio = Twilio::acting(vec![act]).await;
        let (client, pauses) = twilio.client();
        let credentials = credentials();
        let calls = client.account(&credentials);
        let error = calls.update(sid(1), &Instruction::hang_up()).await.expect_err("broken");
        assert!(matches!(error, Error::Interrupted(_)), "{error:?}");
        assert_eq!((twilio.requests().len(), pauses.taken().len()), (1, 0), "asked once");
    }
}

#[tokio::test]
async fn the_budget_ends_a_request_that_hangs() {
    const BEGUN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{";
    for act in [Act::Hang(""), Act::Hang(BEGUN)] {
        let twilio = Twilio::acting(vec![act]).await;
        let (client, pauses) = twilio.client_within(MILLIS(100));
        let error = client.account(&credentials()).call(sid(1)).await.expect_err("no answer");
        assert!(matches!(error, Error::TimedOut), "{error:?}");
        assert_eq!((twilio.requests().len(), pauses.taken().len()), (1, 0), "asked once");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    static BLOCK: [u8; 65_536] = [b' '; 65_536];
    let limit_bytes = Client::MAX_BYTES;
    for (head, is_refusal) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\n\r\n", false),
        ("HTTP/1.1 500 Oh\r\ncontent-length: 1073741824\r\n\r\n", true),
    ] {
        let twilio = Twilio::acting(vec![Act::Pour(head.to_owned(), &BLOCK)]).await;
        let (client, _) = twilio.client();
        let error = client.account(&credentials()).call(sid(1)).await.expect_err("too large");
        let is_cut = matches!(error, Error::TooLarge { limit_bytes: at } if at == limit_bytes);
        assert_eq!((is_cut, matches!(error, Error::Refused(_))), (!is_refusal, is_refusal));
    }
}

#[tokio::test]
async fn endless_pages_are_cut_and_reported() {
    let twilio = Twilio::acting(vec![page(&[call(1, None, 0)], Some("/again"))]).await;
    let (client, _) = twilio.client();
    let listing = client.account(&credentials()).calls(&CallFilter::default()).await;
    let listing = listing.expect("a listing");
    assert!(listing.is_cut);
    assert_eq!((listing.calls.len(), twilio.requests().len()), (100, Account::MAX_PAGES));
}

#[tokio::test]
async fn no_redirect_or_foreign_page_is_followed() {
    let elsewhere = Twilio::acting(vec![page(&[], None)]).await;
    let target = &elsewhere.base;
    let redirect =
        format!("HTTP/1.1 307 There\r\nlocation: {target}/x\r\ncontent-length: 0\r\n\r\n");
    for (act, want) in [
        (Act::Send(redirect), "Twilio's API refused with status 307"),
        (
            page(&[], Some(&format!("{target}/x"))),
            "the next page is not on the host of Twilio's API",
        ),
        (
            page(&[], Some("//169.254.169.254/x")),
            "the next page is not on the host of Twilio's API",
        ),
    ] {
        let twilio = Twilio::acting(vec![act]).await;
        let (client, _) = twilio.client();
        let listing = client.account(&credentials()).calls(&CallFilter::default()).await;
        assert_eq!(listing.expect_err("refused").to_string(), want);
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn an_answer_of_another_kind_is_malformed() {
    for body in ["[]", "{}", "<html></html>", "", "{\"calls\":7}", "{\"calls\":[]} trailing"] {
        let twilio = Twilio::acting(vec![answer("200 OK", body)]).await;
        let (client, _) = twilio.client();
        let listing = client.account(&credentials()).calls(&CallFilter::default()).await;
        let error = listing.expect_err(body);
        assert!(matches!(error, Error::Malformed { what: "page of calls" }), "{body}: {error:?}");
    }
}
