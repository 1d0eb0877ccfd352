//! Sound, proved at both ends.

use emulator::{Behaviour, Clock, Config, Sound, Voice};
use serde_json::json;

use crate::page::{Page, Tokens};
use crate::peer::{Peer, eventually};
use crate::server::{CALLER, NUMBER, Server, dialling, secs, status, twilio_with, twiml};
use crate::signal::gateway;

fn real() -> Config {
    Config { clock: Clock::Real, ..Config::default() }
}

#[tokio::test]
async fn page_and_phone_hear_each_other_and_keys_are_counted_once() {
    let server = Server::start(dialling("timeout=\"60\"", &["ana"])).await;
    let (twilio, account) = twilio_with(&server, real(), "").await;
    let gateway = gateway(&twilio).await;
    let mut ana = Page::registered(&gateway, &Tokens::new(&account, None).mint("ana")).await;
    let phone = twilio.phone(CALLER);
    phone.plays(Sound::Tone(1200));

    let call = phone.call(NUMBER);
    let invite = ana.next("invite").await;
    let mut peer = Peer::new(700.0).await;
    let answer = peer.answer(invite["sdp"].as_str().expect("an offer"));
    ana.send("answer", json!({"callsid": invite["callsid"], "sdp": answer})).await;
    peer.until_hears(1200.0).await;
    eventually(|| phone.hears().hears_tone(700.0)).await;
    let ear = phone.hears();
    assert!(ear.packets > 0 && ear.level > 0.05, "{ear:?}");
    assert_eq!(ear.digits, "");

    for (key, want) in [(1, "1"), (2, "12"), (11, "12#")] {
        peer.press(key);
        eventually(|| phone.hears().digits == want).await;
        // Another key needs a pause after this one.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    assert_eq!(phone.hears().digits, "12#", "each key's last packet comes three times");

    phone.plays(Sound::Tone(500));
    peer.until_hears(500.0).await;

    // An ICE restart keeps the session.
    let offer = peer.restart();
    ana.send("reinvite", json!({"callsid": invite["callsid"], "sdp": offer})).await;
    let answer = ana.next("answer").await;
    peer.complete(answer["sdp"].as_str().expect("an answer"));
    phone.plays(Sound::Tone(1500));
    peer.until_hears(1500.0).await;

    // Packets are lost, and then not.
    let device = twilio.devices().remove(0);
    device.lose_media(true);
    eventually(|| phone.hears().tone_hz.is_none()).await;
    device.lose_media(false);
    eventually(|| phone.hears().hears_tone(700.0)).await;
    call.hang_up().expect("it is in progress");
    ana.next("hangup").await;
    assert!(peer.packets() > 50);
}

#[tokio::test]
async fn three_calls_at_once_are_not_mixed_up() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => {
            let agent = match seen.param("From") {
                "+15005550100" => "ana",
                "+15005550200" => "bo",
                _ => "cy",
            };
            twiml(&format!("<Dial timeout=\"60\"><Client>{agent}</Client></Dial>"))
        }
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio_with(&server, real(), "").await;
    let gateway = gateway(&twilio).await;
    let tokens = Tokens::new(&account, None);
    let mut talks = Vec::new();
    for (agent, number, says, hears) in [
        ("ana", "+15005550100", 600.0, 1100_u16),
        ("bo", "+15005550200", 800.0, 1300),
        ("cy", "+15005550300", 1000.0, 1500),
    ] {
        let mut page = Page::registered(&gateway, &tokens.mint(agent)).await;
        let phone = twilio.phone(number);
        phone.plays(Sound::Tone(hears));
        phone.call(NUMBER);
        let invite = page.next("invite").await;
        let mut peer = Peer::new(says).await;
        let answer = peer.answer(invite["sdp"].as_str().expect("an offer"));
        page.send("answer", json!({"callsid": invite["callsid"], "sdp": answer})).await;
        talks.push((page, phone, peer, says, f64::from(hears)));
    }
    for (_, phone, peer, says, hears) in &talks {
        peer.until_hears(*hears).await;
        eventually(|| phone.hears().tone_hz.is_some_and(|hz| (f64::from(hz) - says).abs() < 10.0))
            .await;
        assert_eq!(phone.hears().tones.len(), 1);
    }
}

#[tokio::test]
async fn a_page_that_calls_hears_it_ring_and_then_the_customer() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(&format!(
            "<Dial callerId=\"{NUMBER}\"><Number>{}</Number></Dial>",
            seen.param("To")
        )),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio_with(&server, real(), "").await;
    let app = account.app(Voice::new(server.at_url("/voice")));
    let gateway = gateway(&twilio).await;
    let tokens = Tokens::new(&account, Some(app));
    let mut ana = Page::registered(&gateway, &tokens.mint("ana")).await;
    let customer = twilio.phone("+15005557777").behaves(Behaviour::answers(secs(10)));
    customer.plays(Sound::Tone(1200));

    let mut peer = Peer::new(700.0).await;
    let offer = peer.offer();
    let invite =
        json!({"callsid": "TJS1", "sdp": offer, "twilio": {"params": "To=%2B15005557777"}});
    ana.send("invite", invite).await;
    ana.next("ringing").await;
    let answer = ana.next("answer").await;
    peer.complete(answer["sdp"].as_str().expect("an answer"));
    eventually(|| peer.hears(440.0) || peer.hears(480.0)).await;
    // The page is not notified of the bridge.
    peer.until_hears(1200.0).await;
    eventually(|| customer.hears().hears_tone(700.0)).await;
}

#[tokio::test]
async fn virtual_people_hear_each_other_too() {
    let server = Server::start(dialling("timeout=\"60\"", &["ana"])).await;
    let (twilio, account) = twilio_with(&server, real(), "").await;
    let agent = account.agent("ana", Behaviour::answers(secs(0)));
    let phone = twilio.phone(CALLER);
    agent.plays(Sound::Tone(800));
    // A second of a tone, recorded: 1000 Hz has eight samples.
    let period = [0xff, 0x96, 0x90, 0x96, 0xff, 0x16, 0x10, 0x16];
    phone.plays(Sound::Wave(period.repeat(4000).into()));

    let call = phone.call(NUMBER);
    eventually(|| phone.hears().hears_tone(800.0)).await;
    eventually(|| agent.hears().hears_tone(1000.0)).await;
    call.hang_up().expect("it is in progress");
}

#[tokio::test]
async fn in_a_conference_each_hears_all_the_others() {
    let room = |seen: &crate::server::Seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial><Conference>room</Conference></Dial>"),
        _ => status(204),
    };
    let server = Server::start(room).await;
    let (twilio, account) = twilio_with(&server, real(), "").await;
    let app = account.app(Voice::new(server.at_url("/voice")));
    let gateway = gateway(&twilio).await;
    let tokens = Tokens::new(&account, Some(app));
    let mut ana = Page::registered(&gateway, &tokens.mint("ana")).await;
    let [low, high] = [("+15005550100", 1200), ("+15005550200", 1500)].map(|(number, hz)| {
        let phone = twilio.phone(number);
        phone.plays(Sound::Tone(hz));
        phone.call(NUMBER);
        phone
    });

    let mut peer = Peer::new(700.0).await;
    let offer = peer.offer();
    ana.send("invite", json!({"callsid": "TJS1", "sdp": offer, "twilio": {}})).await;
    ana.next("ringing").await;
    let answer = ana.next("answer").await;
    peer.complete(answer["sdp"].as_str().expect("an answer"));
    let hears = |phone: &emulator::Phone, all: &[f32]| {
        let ear = phone.hears();
        ear.tones.len() == all.len() && all.iter().all(|hz| ear.hears_tone(*hz))
    };
    eventually(|| hears(&low, &[700.0, 1500.0])).await;
    eventually(|| hears(&high, &[700.0, 1200.0])).await;
    peer.until_hears(1200.0).await;
    peer.until_hears(1500.0).await;

    ana.send("hangup", json!({"callsid": answer["callsid"]})).await;
    eventually(|| hears(&low, &[1500.0])).await;
}
