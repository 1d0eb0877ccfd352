//! Calls of real browsers: which device gets them, what each device is sent, lost sockets.

use emulator::{Account, Behaviour, CallStatus, Emulator, Gateway, HandError, Voice};
use serde_json::{Value, json};

use crate::page::{Page, Tokens};
use crate::peer::{Peer, eventually};
use crate::server::{CALLER, NUMBER, Reply, Seen, Server, dialling, secs, status, twilio, twiml};
use crate::signal::gateway;

/// An emulator whose number dials as the server says, with pages that can register and call.
struct Stage {
    server: Server,
    twilio: Emulator,
    gateway: Gateway,
    account: Account,
    tokens: Tokens,
}

impl Stage {
    async fn new(server: Server) -> Self {
        let (twilio, account) = twilio(&server).await;
        let app = account.app(Voice::new(server.at_url("/voice")));
        let tokens = Tokens::new(&account, Some(app));
        let gateway = gateway(&twilio).await;
        Self { server, twilio, gateway, account, tokens }
    }

    async fn page(&self, identity: &str) -> Page {
        Page::registered(&self.gateway, &self.tokens.mint(identity)).await
    }

    /// A page that has sent its token and takes no calls.
    async fn unregistered_page(&self, identity: &str) -> Page {
        let mut page = Page::open(&self.gateway).await;
        page.listen(&self.tokens.mint(identity), 30).await;
        page.next("connected").await;
        page
    }
}

async fn accept(page: &mut Page, invite: &Value) -> Peer {
    accept_by(page, invite).await.0
}

/// The same, with the session description with which the page resumes the call.
async fn accept_by(page: &mut Page, invite: &Value) -> (Peer, String) {
    let mut peer = Peer::new(700.0).await;
    let answer = peer.answer(invite["sdp"].as_str().expect("an offer"));
    page.send("answer", json!({"callsid": invite["callsid"], "sdp": answer})).await;
    (peer, answer)
}

async fn hang_up(page: &mut Page, call: &Value) {
    page.send("hangup", json!({"callsid": call["callsid"]})).await;
}

#[tokio::test]
async fn the_first_answer_wins_and_the_others_are_cancelled() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana", "bo"])).await).await;
    let (mut ana, mut bo) = (stage.page("ana").await, stage.page("bo").await);

    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let (to_ana, to_bo) = (ana.next("invite").await, bo.next("invite").await);
    assert_ne!(to_ana["callsid"], to_bo["callsid"], "each leg has its own Sid");
    assert_eq!(to_ana["parameters"]["From"], CALLER);
    assert_eq!(to_ana["parameters"]["To"], "client:ana");
    assert_eq!(to_ana["parameters"]["CallSid"], to_ana["callsid"]);
    assert_eq!(to_ana["parameters"]["AccountSid"], stage.account.sid().as_str());

    accept(&mut bo, &to_bo).await;
    assert_eq!(ana.next("cancel").await["callsid"], to_ana["callsid"]);
    // Too late: it had left before the cancel came.
    accept(&mut ana, &to_ana).await;
    ana.register(true).await;
    ana.next("ready").await;

    hang_up(&mut bo, &to_bo).await;
    let story = call.ended().await;
    assert_eq!(story.answered_by().map(ToString::to_string).as_deref(), Some("client:bo"));
    let ends: Vec<CallStatus> = story.legs.iter().map(|leg| leg.status).collect();
    assert_eq!(ends, [CallStatus::Canceled, CallStatus::Completed]);
    bo.register(true).await;
    bo.next("ready").await;
}

#[tokio::test]
async fn a_talking_device_gets_hangup_and_a_ringing_one_cancel() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let mut ana = stage.page("ana").await;

    let rings = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = ana.next("invite").await;
    rings.hang_up().expect("it is in progress");
    assert_eq!(ana.next("cancel").await["callsid"], invite["callsid"]);

    let talks = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = ana.next("invite").await;
    let _peer = accept(&mut ana, &invite).await;
    talks.until(|story| story.answered_by().is_some()).await;
    assert!(stage.twilio.devices()[0].on_call().is_some());
    talks.hang_up().expect("it is in progress");
    assert_eq!(ana.next("hangup").await["callsid"], invite["callsid"]);
    assert_eq!(stage.twilio.devices()[0].on_call(), None);
}

#[tokio::test]
async fn a_refusal_stops_every_device_of_the_identity() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let (mut desk, mut home) = (stage.page("ana").await, stage.page("ana").await);

    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let (at_desk, at_home) = (desk.next("invite").await, home.next("invite").await);
    assert_eq!(at_desk["callsid"], at_home["callsid"]);
    desk.send("reject", json!({"callsid": at_desk["callsid"]})).await;
    home.next("cancel").await;

    let story = call.ended().await;
    assert_eq!(story.legs[0].status, CallStatus::Busy);
    desk.register(true).await;
    desk.next("ready").await;
}

#[tokio::test]
async fn a_virtual_agent_and_a_page_may_share_an_identity() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let mut page = stage.page("ana").await;
    let agent = stage.account.agent("ana", Behaviour::ByHand);

    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = page.next("invite").await;
    agent.rings().await;
    let _peer = accept(&mut page, &invite).await;
    call.until(|story| story.answered_by().is_some()).await;
    assert_eq!(agent.answer(), Err(HandError::NothingRings));
    hang_up(&mut page, &invite).await;

    stage.twilio.phone(CALLER).call(NUMBER);
    agent.rings().await;
    page.next("invite").await;
    agent.answer().expect("it rings");
    page.next("cancel").await;
}

#[tokio::test]
async fn the_ten_devices_that_registered_last_ring() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let mut pages = Vec::new();
    for _ in 0..11 {
        pages.push(stage.page("ana").await);
    }
    stage.twilio.phone(CALLER).call(NUMBER);
    for page in &mut pages[1..] {
        page.next("invite").await;
    }
    pages[0].register(true).await;
    pages[0].next("ready").await;
}

#[tokio::test]
async fn the_page_gets_the_parameters_of_its_noun() {
    let script = |seen: &Seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Dial action=\"/action\"><Client><Identity>ana</Identity>\
             <Parameter name=\"contact\" value=\"Jürgen &amp; K\"/>\
             <Parameter name=\"why\" value=\"a=b\"/></Client></Dial>",
        ),
        _ => status(204),
    };
    let stage = Stage::new(Server::start(script).await).await;
    let mut ana = stage.page("ana").await;
    stage.twilio.phone(CALLER).call(NUMBER);
    let invite = ana.next("invite").await;
    assert_eq!(invite["parameters"]["Params"], "contact=J%C3%BCrgen+%26+K&why=a%3Db");
}

/// Dials the number that the page asks for.
fn bridge(seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/voice" => twiml(&format!(
            "<Dial action=\"/action\" callerId=\"{NUMBER}\" answerOnBridge=\"true\">\
             <Number>{}</Number></Dial>",
            seen.param("To")
        )),
        "/action" => twiml(""),
        _ => status(204),
    }
}

async fn dial(page: &mut Page, peer: &mut Peer, to: &str) {
    let params = format!("To={}&note=a%20b%2Cc", to.replace('+', "%2B"));
    let offer = peer.offer();
    page.send("invite", json!({"callsid": "TJS1", "sdp": offer, "twilio": {"params": params}}))
        .await;
}

#[tokio::test]
async fn a_page_calls_a_customer() {
    let stage = Stage::new(Server::start(bridge).await).await;
    stage.twilio.phone("+15005557777").behaves(Behaviour::answers(secs(3)));
    let mut ana = stage.page("ana").await;
    let mut peer = Peer::new(700.0).await;

    dial(&mut ana, &mut peer, "+15005557777").await;
    let ringing = ana.next("ringing").await;
    assert!(ringing["callsid"].as_str().is_some_and(|sid| sid.starts_with("CA")));
    // The caller is controlled by hand, so time stands still.
    stage.twilio.advance(secs(4)).await;
    let answer = ana.next("answer").await;
    assert_eq!(answer["callsid"], ringing["callsid"]);
    peer.complete(answer["sdp"].as_str().expect("an answer"));
    let call = stage.twilio.calls().remove(0);
    hang_up(&mut ana, &answer).await;

    let story = call.ended().await;
    assert_eq!(story.status, CallStatus::Completed);
    assert_eq!(story.from.to_string(), "client:ana");
    let voice = &stage.server.at("/voice")[0];
    assert_eq!((voice.param("To"), voice.param("note")), ("+15005557777", "a b,c"));
    assert_eq!(voice.param("From"), "client:ana");
    assert!(!voice.param("ApplicationSid").is_empty());
}

#[tokio::test]
async fn a_call_that_fails_says_why() {
    let stage = Stage::new(Server::start(bridge).await).await;
    stage.twilio.phone("+15005557777").behaves(Behaviour::Declines { after: secs(1) });
    let mut ana = stage.page("ana").await;
    let mut peer = Peer::new(700.0).await;
    dial(&mut ana, &mut peer, "+15005557777").await;
    let ringing = ana.next("ringing").await;
    stage.twilio.advance(secs(2)).await;
    let hangup = ana.next("hangup").await;
    assert_eq!(hangup["callsid"], ringing["callsid"]);
    assert_eq!(hangup["error"]["code"], 31_480, "nobody answered the Dial");

    // Before the page knows the Sid, it hangs up by the SDK's own id.
    let mut peer = Peer::new(700.0).await;
    dial(&mut ana, &mut peer, "+15005557777").await;
    hang_up(&mut ana, &json!({"callsid": "TJS1"})).await;
    ana.next("ringing").await;
    let call = stage.twilio.calls().remove(1);
    assert_eq!(call.ended().await.status, CallStatus::NoAnswer);
}

#[tokio::test]
async fn an_invalid_offer_ends_the_call() {
    let script = |seen: &Seen| match seen.path.as_str() {
        "/voice" => twiml("<Pause length=\"5\"/><Say>Hello</Say>"),
        _ => status(204),
    };
    let stage = Stage::new(Server::start(script).await).await;
    let mut ana = stage.page("ana").await;
    ana.send("invite", json!({"callsid": "TJS1", "sdp": "nonsense", "twilio": {}})).await;
    ana.next("ringing").await;
    // The call is answered. Its caller is controlled by hand, so time stands still.
    stage.twilio.advance(secs(5)).await;
    ana.next("hangup").await;
    let story = stage.twilio.calls().remove(0).ended().await;
    assert_eq!(story.problems().map(|it| it.code).collect::<Vec<_>>(), [53_400]);
}

#[tokio::test]
async fn a_new_token_in_a_call_changes_nothing() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let mut ana = stage.page("ana").await;
    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = ana.next("invite").await;
    let (_peer, answer) = accept_by(&mut ana, &invite).await;

    ana.listen(&stage.tokens.mint("ana"), 30).await;
    ana.next("connected").await;
    ana.send("invite", resume(&invite, &answer)).await;
    let resumed = ana.next("answer").await;
    assert_eq!((&resumed["callsid"], &resumed["sdp"]), (&invite["callsid"], &Value::Null));
    assert_eq!(stage.twilio.calls().len(), 1, "it is no new call");
    assert!(call.story().legs[0].answered);

    let mut stolen = invite.clone();
    stolen["reconnect"] = json!("guessed");
    ana.send("invite", resume(&stolen, &answer)).await;
    assert_eq!(ana.next("hangup").await["error"]["code"], 31_209);
}

fn resume(invite: &Value, sdp: &str) -> Value {
    json!({"callsid": invite["callsid"], "reconnect": invite["reconnect"], "sdp": sdp, "twilio": {}})
}

#[tokio::test]
async fn a_call_survives_the_loss_of_its_socket_for_a_while() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let mut ana = stage.page("ana").await;
    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = ana.next("invite").await;
    let (_peer, answer) = accept_by(&mut ana, &invite).await;
    call.until(|story| story.answered_by().is_some()).await;

    stage.twilio.devices()[0].tear();
    assert_eq!(ana.any().await, None, "no closing frame comes");
    eventually(|| stage.twilio.devices().is_empty()).await;
    stage.twilio.advance(secs(29)).await;
    let mut ana = stage.unregistered_page("ana").await;
    ana.send("invite", resume(&invite, &answer)).await;
    ana.next("answer").await;
    stage.twilio.advance(secs(60)).await;
    assert!(stage.twilio.devices()[0].on_call().is_some(), "{}", call.story());

    stage.twilio.devices()[0].tear();
    eventually(|| stage.twilio.devices().is_empty()).await;
    stage.twilio.advance(secs(31)).await;
    let story = call.ended().await;
    assert_eq!(story.legs[0].status, CallStatus::Completed);
    assert_eq!(story.problems().map(|it| it.code).collect::<Vec<_>>(), [31_005]);
    let mut ana = stage.unregistered_page("ana").await;
    ana.send("invite", resume(&invite, &answer)).await;
    assert_eq!(ana.next("hangup").await["error"]["code"], 31_209);
}

#[tokio::test]
async fn a_leg_that_rang_at_a_lost_socket_rings_again() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let mut ana = stage.page("ana").await;
    let hold = stage.twilio.hold();
    let call = stage.twilio.phone(CALLER).call(NUMBER);
    stage.twilio.advance(secs(1)).await;
    let first = ana.next("invite").await;
    stage.twilio.devices()[0].tear();
    eventually(|| stage.twilio.devices().is_empty()).await;

    let mut ana = stage.page("ana").await;
    let again = ana.next("invite").await;
    assert_eq!(again["callsid"], first["callsid"]);

    // A reloaded page may also answer it at once, with the secret that it remembers.
    stage.twilio.devices()[0].tear();
    eventually(|| stage.twilio.devices().is_empty()).await;
    let mut ana = stage.unregistered_page("ana").await;
    let mut peer = Peer::new(700.0).await;
    let offer = peer.offer();
    ana.send("invite", resume(&first, &offer)).await;
    peer.complete(ana.next("answer").await["sdp"].as_str().expect("a session"));
    drop(hold);
    call.until(|story| story.answered_by().is_some()).await;
}

#[tokio::test]
async fn another_page_takes_a_call_over() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    stage.twilio.phone(CALLER).plays(emulator::Sound::Tone(1200));
    let mut old = stage.page("ana").await;
    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = old.next("invite").await;
    let _first = accept(&mut old, &invite).await;
    call.until(|story| story.answered_by().is_some()).await;

    let mut new = stage.page("ana").await;
    let mut peer = Peer::new(900.0).await;
    let offer = peer.offer();
    new.send("invite", resume(&invite, &offer)).await;
    peer.complete(new.next("answer").await["sdp"].as_str().expect("a new session"));
    assert_eq!(old.next("hangup").await["callsid"], invite["callsid"]);
    peer.until_hears(1200.0).await;
    let phone = stage.twilio.phone(CALLER);
    eventually(|| phone.hears().hears_tone(900.0)).await;

    hang_up(&mut new, &invite).await;
    assert_eq!(call.ended().await.legs.len(), 1);

    // Taking over a leg that still rings answers it.
    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = old.next("invite").await;
    new.next("invite").await;
    let mut peer = Peer::new(900.0).await;
    let offer = peer.offer();
    new.send("invite", resume(&invite, &offer)).await;
    let (mut seen, mut sdp) = (Vec::new(), None);
    while sdp.is_none() {
        let (kind, payload) = new.any().await.expect("a frame");
        sdp = payload["sdp"].as_str().map(str::to_owned);
        seen.push(kind);
    }
    assert_eq!(seen.last().map(String::as_str), Some("answer"), "{seen:?}");
    old.next("cancel").await;
    assert!(call.until(|story| story.answered_by().is_some()).await.legs[0].answered);
}

#[tokio::test]
async fn messages_go_both_ways() {
    let stage = Stage::new(Server::start(dialling("timeout=\"20\"", &["ana"])).await).await;
    let mut ana = stage.page("ana").await;
    let device = stage.twilio.devices().remove(0);
    assert_eq!(device.send(&json!({})), Err(HandError::NoCall));
    let call = stage.twilio.phone(CALLER).call(NUMBER);
    let invite = ana.next("invite").await;
    let _peer = accept(&mut ana, &invite).await;
    call.until(|story| story.answered_by().is_some()).await;

    let message = json!({
        "callsid": invite["callsid"],
        "content": {"hello": 1},
        "contenttype": "application/json",
        "messagetype": "user-defined-message",
        "voiceeventsid": "KXdb59c8c57f2bff8e6842d0135ce19bda",
    });
    ana.send("message", message.clone()).await;
    let ack = ana.next("ack").await;
    assert_eq!(ack["voiceeventsid"], message["voiceeventsid"]);
    device.send(&json!({"hi": 2})).expect("it is on a call");
    let received = ana.next("message").await;
    assert_eq!(
        (&received["content"], &received["callsid"]),
        (&json!({"hi": 2}), &invite["callsid"])
    );
    assert!(received["voiceeventsid"].as_str().is_some_and(|sid| sid.starts_with("KX")));
}
