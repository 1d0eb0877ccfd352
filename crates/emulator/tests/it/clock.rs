//! Clocks that follow the wall clock.

use std::time::{Duration, Instant};

use emulator::{Behaviour, CallStatus, Clock, Config};

use crate::server::{CALLER, NUMBER, Server, dialling, secs, twilio_with};

#[tokio::test]
async fn a_scaled_clock_runs_faster_than_the_wall() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana"])).await;
    let config = Config { clock: Clock::Scaled(200), ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    account.agent("ana", Behaviour::Ignores);

    let began = Instant::now();
    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    // 25 s of ringing take an eighth of a second, and more on a busy machine; not 25 s.
    assert!(began.elapsed() >= Duration::from_millis(125));
    assert_eq!(story.legs[0].status, CallStatus::NoAnswer);
    assert!(story.talked >= secs(25));
}

#[tokio::test]
async fn time_can_be_skipped_on_a_clock_that_follows_the_wall_clock() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana"])).await;
    let config = Config { clock: Clock::Real, ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    let ana = account.agent("ana", Behaviour::ByHand);

    let call = twilio.phone(CALLER).call(NUMBER);
    ana.rings().await;
    let before = twilio.now();
    twilio.advance(secs(120)).await;
    assert!(twilio.now() >= before + secs(120));
    let story = call.ended().await;
    assert_eq!(story.legs[0].status, CallStatus::NoAnswer);
    assert!(twilio.now() < before + secs(240), "and it goes on from there");
}

#[tokio::test]
async fn another_clock_takes_over() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana"])).await;
    let config = Config { clock: Clock::Stepped, ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    account.agent("ana", Behaviour::talks(secs(3), secs(3600)));

    let call = twilio.phone(CALLER).call(NUMBER);
    twilio.advance(secs(5)).await;
    assert!(call.story().answered_by().is_some());
    twilio.set_clock(Clock::Scaled(0));
    twilio.settled().await;
    let stands = twilio.now();
    assert_eq!(twilio.now(), stands, "time stands still");
    twilio.set_clock(Clock::Auto);
    assert_eq!(call.ended().await.legs[0].seconds, 3600);
}
