//! Browsers place calls through a TwiML App.

use emulator::{Behaviour, CallStatus, HandError, Voice};
use voice_token::{ApiKey, Grants, Issuer, JsonObject, Outgoing, VoiceGrant};

use crate::server::{NUMBER, Reply, Seen, Server, secs, status, twilio, twiml};

fn bridge(seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/voice" => twiml(&format!(
            "<Dial action=\"/action\" callerId=\"{NUMBER}\" answerOnBridge=\"true\">\
             <Number statusCallback=\"/leg\" statusCallbackEvent=\"answered completed\">{}</Number>\
             </Dial>",
            seen.param("To")
        )),
        "/action" => twiml(""),
        _ => status(204),
    }
}

#[tokio::test]
async fn an_agent_calls_a_customer() {
    let server = Server::start(bridge).await;
    let (twilio, account) = twilio(&server).await;
    let voice = Voice::new(server.at_url("/voice")).status_callback(server.at_url("/call-status"));
    let app = account.app(voice);
    let customer = twilio.phone("+15005557777").behaves(Behaviour::answers(secs(3)));
    let ana = account.agent("ana", Behaviour::Ignores).app(app).hangs_up_after(secs(42));

    let params = [("To", "+15005557777"), ("ticket", "7"), ("From", "client:boss")];
    let call = ana.call(params).expect("she is free");
    assert_eq!(ana.call(params).map(|call| call.sid()), Err(HandError::OnACall));
    let story = call.ended().await;

    assert_eq!(story.answered_by(), Some(customer.address()), "{story}");
    assert_eq!(story.status, CallStatus::Completed);
    assert_eq!(story.talked, secs(42));
    assert!(!ana.is_on_a_call());
    let voice = &server.at("/voice")[0];
    for (name, want) in [
        ("Direction", "inbound"),
        ("From", "client:ana"),
        ("Caller", "client:ana"),
        ("To", "+15005557777"),
        ("Called", "+15005557777"),
        ("ApplicationSid", app.as_str()),
        ("CallStatus", "ringing"),
        ("ticket", "7"),
    ] {
        assert_eq!(voice.param(name), want, "{name}");
    }
    let names: Vec<&str> = voice.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| **name == "From").count(), 1);
    assert!(!names.iter().any(|name| name.ends_with("Country")), "no geographic fields");
    let legs = server.at("/leg");
    assert_eq!(legs.len(), 2);
    assert_eq!(legs[0].param("From"), NUMBER);
    assert_eq!(legs[0].param("To"), "+15005557777");
    assert_eq!(server.at("/call-status")[0].param("ApplicationSid"), app.as_str());
}

#[tokio::test]
async fn an_absent_to_is_sent_empty() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Say>Whom?</Say>"),
        _ => status(204),
    })
    .await;
    let (_twilio, account) = twilio(&server).await;
    let app = account.app(Voice::new(server.at_url("/voice")));
    let ana = account.agent("ana", Behaviour::Ignores);
    assert_eq!(ana.call([("To", "x")]).map(|call| call.sid()), Err(HandError::NoApp));

    let story = ana.app(app).call::<&str, &str>([]).expect("she is free").ended().await;

    assert_eq!(story.said().collect::<Vec<_>>(), ["Whom?"]);
    let voice = &server.at("/voice")[0];
    assert!(voice.form.contains(&("To".to_owned(), String::new())));
    assert!(voice.form.contains(&("Called".to_owned(), String::new())));
}

#[tokio::test]
async fn a_browser_may_not_show_a_foreign_number() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial action=\"/action\" callerId=\"+15005558888\">+15005557777</Dial>"),
        "/action" => twiml(""),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio(&server).await;
    let app = account.app(Voice::new(server.at_url("/voice")));
    twilio.phone("+15005557777").behaves(Behaviour::answers(secs(3)));
    let ana = account.agent("ana", Behaviour::Ignores).app(app);

    let story = ana.call([("To", "+15005557777")]).expect("she is free").ended().await;

    assert_eq!(story.legs, []);
    assert_eq!(story.problems().map(|it| it.code).collect::<Vec<_>>(), [13_214]);
    let action = &server.at("/action")[0];
    assert_eq!((action.param("DialCallStatus"), action.param("DialCallSid")), ("failed", ""));
}

#[tokio::test]
async fn the_token_names_the_app_and_fixes_parameters() {
    let server = Server::start(bridge).await;
    let (twilio, account) = twilio(&server).await;
    let app = account.app(Voice::new(server.at_url("/voice")));
    let key = account.api_key().expect("a key");
    twilio.phone("+15005557777").behaves(Behaviour::talks(secs(3), secs(1)));
    let fixed = JsonObject::from_pairs([("team", "red"), ("ticket", "0")]);
    let grant = VoiceGrant {
        incoming: true,
        outgoing: Some(Outgoing { application: app, params: Some(fixed) }),
        ..VoiceGrant::default()
    };
    let key = ApiKey::parse(key.sid.as_str(), &key.secret).expect("a key");
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = identity::Timestamp::from_unix_seconds(0) + wall.unwrap_or_default();
    let ana = "ana".parse().expect("an identity");
    let token = Issuer::new(account.sid(), key).issue(&ana, &Grants::from(grant), now);

    let agent = account.unregistered_agent("ana", Behaviour::Ignores);
    agent.register(&token).expect("a good token");
    let params = [("To", "+15005557777"), ("ticket", "7")];
    let story = agent.call(params).expect("she is free").ended().await;

    assert!(story.answered_by().is_some());
    let voice = &server.at("/voice")[0];
    assert_eq!((voice.param("team"), voice.param("ticket")), ("red", "7"));
    assert_eq!(voice.form.iter().filter(|(name, _)| name == "ticket").count(), 1);
}
