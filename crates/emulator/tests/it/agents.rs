//! Virtual browsers: controlled by hand, with tokens, several with one identity.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use emulator::{Behaviour, CallStatus, Clock, Config, HandError, RegisterError};
use identity::Timestamp;
use voice_token::{ApiKey, Grants, Issuer, Ttl, VerifyError, VoiceGrant};

use crate::server::{
    CALLER, NUMBER, Server, TOKEN, dialling, secs, status, twilio, twilio_with, twiml,
};

#[tokio::test]
async fn a_test_controls_an_agent_by_hand() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana", "bo"])).await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::ByHand);
    let bo = account.agent("bo", Behaviour::ByHand);
    assert_eq!(ana.answer(), Err(HandError::NothingRings));

    let call = twilio.phone(CALLER).call(NUMBER);
    let ringing = ana.rings().await;
    assert_eq!(ringing.from.to_string(), CALLER);
    bo.rings().await;
    twilio.advance(secs(12)).await;
    assert!(bo.is_ringing());

    assert_eq!(ana.answer(), Ok(ringing.leg));
    assert_eq!(bo.decline(), Err(HandError::NothingRings), "too late");
    assert_eq!(ana.answer(), Err(HandError::OnACall));
    twilio.advance(secs(33)).await;
    assert!(ana.is_on_a_call());
    assert_eq!(ana.hang_up(), Ok(ringing.leg));
    assert_eq!(ana.hang_up(), Err(HandError::NoCall));

    let story = call.ended().await;
    assert_eq!(story.answered_by(), Some(ana.address()));
    assert_eq!(story.legs[0].seconds, 33);
    assert_eq!(call.hang_up(), Err(HandError::NoCall));
}

#[tokio::test]
async fn an_ignored_invite_rings_on_and_a_declined_one_does_not() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana", "bo"])).await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::ByHand);
    let bo = account.agent("bo", Behaviour::ByHand);

    let call = twilio.phone(CALLER).call(NUMBER);
    ana.rings().await;
    bo.rings().await;
    bo.decline().expect("it rings");
    ana.ignore().expect("it rings");
    let story = call.ended().await;

    let statuses: Vec<CallStatus> = story.legs.iter().map(|leg| leg.status).collect();
    assert_eq!(statuses, [CallStatus::NoAnswer, CallStatus::Busy]);
    assert_eq!(server.at("/action")[0].param("DialCallStatus"), "no-answer");
}

#[tokio::test]
async fn a_test_controls_the_caller_and_the_clock() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana"])).await;
    let config = Config { clock: Clock::Stepped, ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    account.agent("ana", Behaviour::answers(secs(5)));

    let call = twilio.phone(CALLER).by_hand().call(NUMBER);
    twilio.settled().await;
    twilio.advance(secs(4)).await;
    assert_eq!(call.story().answered_by(), None);
    twilio.advance(secs(2)).await;
    assert!(call.story().answered_by().is_some());
    call.hang_up().expect("it is in progress");

    let story = call.ended().await;
    assert_eq!(story.legs[0].status, CallStatus::Completed);
    assert_eq!(server.at("/action")[0].param("CallStatus"), "completed");
}

#[tokio::test]
async fn all_devices_of_an_identity_ring_on_one_leg() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let desk = account.agent("ana", Behaviour::ByHand);
    let home = account.agent("ana", Behaviour::ByHand);

    let call = twilio.phone(CALLER).call(NUMBER);
    assert_eq!(desk.rings().await.leg, home.rings().await.leg);
    home.answer().expect("it rings");
    assert!(!desk.is_ringing() && !desk.is_on_a_call());
    home.hang_up().expect("it talks");
    assert_eq!(call.ended().await.legs.len(), 1);
}

#[tokio::test]
async fn the_page_sees_the_parameters() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Dial action=\"/action\"><Client><Identity>ana</Identity>\
             <Parameter name=\"contact\" value=\"A &amp; B\"/></Client></Dial>",
        ),
        "/action" => twiml(""),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::ByHand);

    let call = twilio.phone(CALLER).call(NUMBER);
    let ringing = ana.rings().await;
    assert_eq!(ringing.parameters, [("contact".to_owned(), "A & B".to_owned())]);
    ana.ignore().expect("it rings");
    assert_eq!(call.ended().await.legs[0].parameters, ringing.parameters);
}

/// An issuer with this key.
fn issuer(account: identity::AccountSid, key: &emulator::ApiKey) -> Issuer {
    let key = ApiKey::parse(key.sid.as_str(), &key.secret).expect("a key");
    Issuer::new(account, key)
}

#[tokio::test]
async fn a_token_is_checked_at_registration() {
    let now = Timestamp::from_unix_seconds(1_767_225_600);
    let server = Server::start(dialling("", &["ana"])).await;
    let config = Config { starts_at: Some(now), ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    let other = twilio.account(TOKEN).expect("a token");
    let key = account.api_key().expect("a key");
    let others = other.api_key().expect("a key");
    let unknown = emulator::ApiKey { sid: others.sid, secret: key.secret.clone() };
    let stranger = emulator::ApiKey {
        sid: "SK00000000000000000000000000000009".parse().expect("a Sid"),
        secret: key.secret.clone(),
    };

    let incoming = Grants::from(VoiceGrant { incoming: true, ..VoiceGrant::default() });
    let ana = "ana".parse().expect("an identity");
    let bo = "bo".parse().expect("an identity");
    let good = issuer(account.sid(), &key);
    let past = now.before(secs(3600));
    let nothing = Grants::from(VoiceGrant::default());
    let tampered = good.issue(&ana, &incoming, now).replacen('.', ".e", 1);

    let cases = [
        ("good", good.issue(&ana, &incoming, now), Ok(())),
        (
            "expired",
            good.issue(&ana, &incoming, past),
            Err(RegisterError::Token(VerifyError::Expired)),
        ),
        (
            "signed by another",
            issuer(account.sid(), &unknown).issue(&ana, &incoming, now),
            Err(RegisterError::Token(VerifyError::Signature)),
        ),
        (
            "unknown key",
            issuer(account.sid(), &stranger).issue(&ana, &incoming, now),
            Err(RegisterError::UnknownKey),
        ),
        (
            "key of another account",
            issuer(other.sid(), &others).issue(&ana, &incoming, now),
            Err(RegisterError::OtherAccount),
        ),
        (
            "another account in the token",
            issuer(other.sid(), &key).issue(&ana, &incoming, now),
            Err(RegisterError::OtherAccount),
        ),
        ("somebody else", good.issue(&bo, &incoming, now), Err(RegisterError::OtherIdentity)),
        ("no grant", good.issue(&ana, &nothing, now), Err(RegisterError::NoIncomingGrant)),
        ("tampered", tampered, Err(RegisterError::Token(VerifyError::Malformed))),
    ];
    for (name, token, want) in cases {
        let agent = account.unregistered_agent("ana", Behaviour::talks(secs(1), secs(1)));
        assert_eq!(agent.register(&token), want, "{name}");
        let story = twilio.phone(CALLER).call(NUMBER).ended().await;
        assert_eq!(story.answered_by().is_some(), want.is_ok(), "{name}: {story}");
        agent.unregister();
    }
}

#[tokio::test]
async fn a_registration_ends_with_its_token() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let key = account.api_key().expect("a key");
    let incoming = Grants::from(VoiceGrant { incoming: true, ..VoiceGrant::default() });
    let ttl = Ttl::new(secs(60)).expect("a lifetime");
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = Timestamp::from_unix_seconds(0) + wall.unwrap_or(Duration::ZERO);
    let ana = "ana".parse().expect("an identity");
    let token = issuer(account.sid(), &key).ttl(ttl).issue(&ana, &incoming, now);
    let agent = account.unregistered_agent("ana", Behaviour::talks(secs(1), secs(1)));

    agent.register(&token).expect("a good token");
    let before = twilio.phone(CALLER).call(NUMBER).ended().await;
    twilio.advance(secs(61)).await;
    let after = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(before.legs[0].sip, Some(200));
    assert_eq!(after.legs[0].sip, Some(480));
}

#[tokio::test]
async fn an_invite_from_before_the_call_is_answered_after_it() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::talks(secs(2), secs(10)));

    let hold = twilio.hold();
    let first = twilio.phone(CALLER).call(NUMBER);
    let second = twilio.phone("+15005559999").call(NUMBER);
    drop(hold);

    for call in [first, second] {
        let story = call.ended().await;
        assert_eq!(story.answered_by(), Some(ana.address()), "{story}");
        assert_eq!(story.legs[0].seconds, 10);
    }
}

#[tokio::test]
async fn what_twilio_does_not_allow_is_refused() {
    let server = Server::start(dialling("", &[])).await;
    let (twilio, account) = twilio(&server).await;
    for identity in ["", "jane doe", "a\n"] {
        let opened = catch_unwind(AssertUnwindSafe(|| account.agent(identity, Behaviour::Ignores)));
        assert!(opened.is_err(), "{identity:?}");
    }
    assert!(catch_unwind(AssertUnwindSafe(|| twilio.phone("hello world"))).is_err());
    let phone = twilio.phone(CALLER).by_hand();
    assert!(catch_unwind(AssertUnwindSafe(|| phone.clone().presses("xyz"))).is_err());
    let call = phone.call(NUMBER);
    assert_eq!(call.press("1x"), Err(HandError::NotAKey));
}
