//! The sound of documents and recordings, on a clock that follows the wall clock.

use std::time::Duration;

use emulator::{Behaviour, Clock, Config, Phone, Sound};
use tokio::time::{Instant, sleep};

use crate::api::Api;
use crate::server::{CALLER, NUMBER, Server, secs, status, twiml};

const CALLED: &str = "+15005557777";

fn real() -> Config {
    let ring_delay = Duration::from_millis(20);
    Config { clock: Clock::Real, ring_delay, calls_per_second: None, ..Config::default() }
}

/// Waits until a phone hears these tones and no others.
async fn hears(phone: &Phone, tones: &[f32]) {
    let deadline = Instant::now() + secs(60);
    loop {
        let ear = phone.hears();
        if ear.tones.len() == tones.len() && tones.iter().all(|hz| ear.hears_tone(*hz)) {
            return;
        }
        assert!(Instant::now() < deadline, "{tones:?}: {ear:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_whisper_is_heard_by_one_and_both_are_recorded() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Dial record=\"record-from-answer-dual\" recordingStatusCallback=\"/recorded\">\
             <Number url=\"/whisper\">+15005557777</Number></Dial>",
        ),
        "/whisper" => twiml("<Say loop=\"2\">One two three four five six seven eight.</Say>"),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, real()).await;
    let (caller, called) = (api.twilio.phone(CALLER), api.twilio.phone(CALLED));
    caller.plays(Sound::Tone(1200));
    called.plays(Sound::Tone(700));
    let called = called.behaves(Behaviour::answers(Duration::ZERO));

    let call = caller.call(NUMBER);
    // The tone that stands for speech; the caller hears nothing of it.
    hears(&called, &[330.0]).await;
    assert!(!caller.hears().hears_tone(330.0) && !caller.hears().hears_tone(700.0));
    hears(&called, &[1200.0]).await;
    hears(&caller, &[700.0]).await;
    sleep(secs(1)).await;
    call.hang_up().expect("it is in progress");
    call.ended().await;

    let url = server.at("/recorded")[0].param("RecordingUrl").to_owned();
    let path = url.strip_prefix(&api.http.url()).expect("it is here").to_owned();
    let file = api.rest("GET", &path, &[]).await.body;
    assert_eq!(&file[20..24], [7, 0, 2, 0], "PCMU on two channels");
    // A tone crosses zero twice in each period: the parent first, the child second.
    let crossings = |channel: usize| {
        let signs = file[44..].iter().skip(channel).step_by(2).filter(|byte| **byte & 0x7f < 0x70);
        let signs: Vec<bool> = signs.map(|byte| byte & 0x80 == 0).collect();
        signs.windows(2).filter(|pair| pair[0] != pair[1]).count()
    };
    let (parent, child) = (crossings(0), crossings(1));
    assert!(parent > 1000 && child > 500, "{parent} and {child}");
    assert!(parent * 10 > child * 14, "1200 Hz beside 700 Hz: {parent} and {child}");
}

#[tokio::test]
async fn hold_and_coaching_change_what_is_heard() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial><Conference beep=\"false\" waitUrl=\"\">room</Conference></Dial>"),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, real()).await;
    let mut phones = Vec::new();
    let mut calls = Vec::new();
    for (number, hz) in [("+15005550101", 700), ("+15005550102", 1200), ("+15005550103", 1500)] {
        let phone = api.twilio.phone(number);
        phone.plays(Sound::Tone(hz));
        calls.push(phone.call(NUMBER));
        phones.push(phone);
    }
    let [customer, agent, chief] = [&phones[0], &phones[1], &phones[2]];
    hears(customer, &[1200.0, 1500.0]).await;
    let rooms = api.rest("GET", "Conferences.json", &[]).await.json();
    let room = rooms["conferences"][0]["sid"].as_str().expect("a Sid").to_owned();
    let participant =
        |call: usize| format!("Conferences/{room}/Participants/{}.json", calls[call].sid());

    // The chief whispers to the agent.
    let coached = calls[1].sid();
    let form = [("Coaching", "true"), ("CallSidToCoach", coached.as_str())];
    assert_eq!(api.rest("POST", &participant(2), &form).await.status, 200);
    hears(customer, &[1200.0]).await;
    hears(agent, &[700.0, 1500.0]).await;
    hears(chief, &[700.0, 1200.0]).await;

    // The customer is put on hold, and hears music.
    assert_eq!(api.rest("POST", &participant(0), &[("Hold", "true")]).await.status, 200);
    hears(customer, &[262.0]).await;
    hears(agent, &[1500.0]).await;
    assert_eq!(api.rest("POST", &participant(0), &[("Hold", "false")]).await.status, 200);
    hears(customer, &[1200.0]).await;

    // The chief barges in, and the agent leaves.
    let form = [("Coaching", "false")];
    assert_eq!(api.rest("POST", &participant(2), &form).await.status, 200);
    hears(customer, &[1200.0, 1500.0]).await;
    assert_eq!(api.rest("DELETE", &participant(1), &[]).await.status, 204);
    hears(customer, &[1500.0]).await;
    hears(chief, &[700.0]).await;
}
