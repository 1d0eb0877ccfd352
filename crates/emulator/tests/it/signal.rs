//! The frames of real browsers.

use emulator::{Account, Clock, Config, Emulator, Gateway, What};
use serde_json::json;
use voice_token::{Ttl, VoiceGrant};

use crate::page::{Page, Tokens, now};
use crate::server::{CALLER, NUMBER, Server, TOKEN, dialling, secs, twilio, twilio_with};

pub(crate) async fn gateway(twilio: &Emulator) -> Gateway {
    let any = "127.0.0.1:0".parse().expect("an address");
    twilio.gateway(any).await.expect("a port is free")
}

fn problems(twilio: &Emulator) -> Vec<u32> {
    let entries = twilio.timeline().into_iter();
    let codes = entries.filter_map(|entry| match entry.what {
        What::Problem(problem) => Some(problem.code),
        _ => None,
    });
    codes.collect()
}

#[tokio::test]
async fn a_browser_registers_refreshes_and_leaves() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let gateway = gateway(&twilio).await;
    let tokens = Tokens::new(&account, None);

    let mut page = Page::open(&gateway).await;
    page.listen(&tokens.mint("ana"), 0).await;
    let connected = page.next("connected").await;
    assert_eq!(connected["token"]["identity"], "ana");
    assert_eq!(connected["token"]["accountSid"], account.sid().as_str());
    let ttl = connected["token"]["ttl"].as_u64().expect("seconds");
    assert!((3500..=3600).contains(&ttl), "{ttl}");
    let device = &twilio.devices()[0];
    assert!(!device.is_registered(), "an outgoing-only page stops here");

    page.register(true).await;
    page.next("ready").await;
    assert!(device.is_registered());
    page.register(true).await;
    page.next("ready").await;
    page.raw("\n").await;
    page.listen(&tokens.mint("ana"), 0).await;
    page.next("connected").await;
    assert!(device.is_registered(), "a new token keeps the registration");

    page.register(false).await;
    page.next("offline").await;
    assert!(!device.is_registered());
    drop(page);
    let story = twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.legs[0].sip, Some(480));
}

#[tokio::test]
async fn a_bad_token_is_an_error_and_then_a_close() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let gateway = gateway(&twilio).await;
    let other = twilio.account(TOKEN).expect("a token");
    let good = Tokens::new(&account, None);
    let foreign = Tokens::new(&other, None);
    let past = now().before(secs(7200));

    let expired = good.mint_at("ana", past, Ttl::HOUR);
    let tampered = good.mint("ana").replacen('.', ".e", 1);
    let unsigned = good.mint("ana");
    let unsigned = format!("{}.{}", unsigned.rsplit_once('.').expect("three parts").0, "AAAA");
    let cases = [
        ("expired", expired, 31_205, 20_104),
        ("tampered", tampered, 31_204, 31_204),
        ("not signed", unsigned, 31_202, 31_202),
        ("no token", "nonsense".to_owned(), 31_204, 31_204),
        ("unknown key", foreign_key(&account), 31_204, 20_101),
    ];
    for (name, token, code, shown) in cases {
        let mut page = Page::open(&gateway).await;
        page.listen(&token, 0).await;
        assert_eq!(page.next("error").await["error"]["code"], code, "{name}");
        page.next("close").await;
        assert_eq!(problems(&twilio).last(), Some(&shown), "{name}");
        assert_eq!(twilio.devices().len(), 0, "{name}");
    }

    // A key of another account opens that account's line, not ours.
    Page::registered(&gateway, &foreign.mint("ana")).await;
    let story = twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.legs[0].sip, Some(480));
}

/// A token whose key no account has.
fn foreign_key(account: &Account) -> String {
    let key = voice_token::ApiKey::parse(
        "SK00000000000000000000000000000009",
        "s3cr3t-for-tests-only-32-bytes!!",
    );
    let issuer = voice_token::Issuer::new(account.sid(), key.expect("a key"));
    let grant = VoiceGrant { incoming: true, ..VoiceGrant::default() };
    issuer.issue(&"ana".parse().expect("an identity"), &grant.into(), now())
}

#[tokio::test]
async fn a_device_without_an_incoming_grant_cannot_register() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let gateway = gateway(&twilio).await;
    let mut tokens = Tokens::new(&account, None);
    tokens.grant.incoming = false;

    let mut page = Page::open(&gateway).await;
    page.register(true).await;
    assert_eq!(page.next("error").await["error"]["code"], 31_204, "before any token");
    page.next("close").await;

    let mut page = Page::open(&gateway).await;
    page.listen(&tokens.mint("ana"), 0).await;
    page.next("connected").await;
    page.send("invite", json!({"callsid": "TJS1", "sdp": "v=0\r\n", "twilio": {}})).await;
    let hangup = page.next("hangup").await;
    assert_eq!((&hangup["callsid"], &hangup["error"]["code"]), (&json!("TJS1"), &json!(31_002)));
    page.register(true).await;
    assert_eq!(page.next("error").await["error"]["code"], 31_201);
    page.next("close").await;
    assert_eq!(problems(&twilio), [31_204, 31_002, 31_201]);
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_is_an_error() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let gateway = gateway(&twilio).await;
    let mut page = Page::registered(&gateway, &Tokens::new(&account, None).mint("ana")).await;

    page.raw("{").await;
    assert_eq!(page.next("error").await["error"]["code"], 31_100);
    page.raw("{\"type\":\"something-new\"}").await;
    page.register(true).await;
    page.next("ready").await;
}

#[tokio::test]
async fn a_registration_ends_with_its_token() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let gateway = gateway(&twilio).await;
    let tokens = Tokens::new(&account, None);
    let token = tokens.mint_at("ana", now(), Ttl::new(secs(60)).expect("a lifetime"));
    let mut page = Page::registered(&gateway, &token).await;

    twilio.advance(secs(61)).await;
    assert!(!twilio.devices()[0].is_registered());
    page.register(true).await;
    assert_eq!(page.next("error").await["error"]["code"], 31_205);
    page.listen(&tokens.mint("ana"), 0).await;
    page.next("connected").await;
    page.register(true).await;
    page.next("ready").await;
    assert!(twilio.devices()[0].is_registered());
}

#[tokio::test]
async fn a_fast_clock_does_not_expire_tokens_early() {
    let server = Server::start(dialling("", &["ana"])).await;
    let config = Config { clock: Clock::Scaled(2000), ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    let gateway = gateway(&twilio).await;
    let begun = twilio.now();
    let mut page = Page::registered(&gateway, &Tokens::new(&account, None).mint("ana")).await;

    while twilio.now().since(begun) < secs(4000) {
        page.register(true).await;
        page.next("ready").await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(twilio.devices()[0].is_registered(), "its hour is an hour of real time");
}
