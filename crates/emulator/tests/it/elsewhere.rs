//! What is not on this machine: routes, Twilio's helper URLs, and what is not fetched.

use emulator::{Config, Kind, Route, Select, Voice, Webhook, What};
use serde_json::json;

use crate::api::Api;
use crate::server::{CALLER, NUMBER, Server, reply, secs, status, twilio, twiml};

#[tokio::test]
async fn a_route_may_be_of_one_host() {
    let (shop, desk) = (
        Server::start(|_| twiml("<Redirect>https://desk.example/voice</Redirect>")).await,
        Server::start(|_| twiml("<Redirect>https://demo.twilio.com/docs/voice.xml</Redirect>"))
            .await,
    );
    let (twilio, account) = twilio(&shop).await;
    account.number(NUMBER, Voice::new("https://shop.example/voice")).expect("a number");
    let route = |host: Option<&str>, server: &Server| Route {
        on: Select::ALL,
        host: host.map(str::to_owned),
        bases: vec![server.url.clone()],
    };
    // The route of one host counts first, whenever it was added.
    twilio.route(route(None, &shop));
    twilio.route(route(Some("Desk.Example"), &desk));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!((shop.seen().len(), desk.seen().len()), (1, 1), "{story}");
    assert_eq!(story.said().collect::<Vec<_>>(), ["Thanks for trying our documentation. Enjoy!"]);
    assert_eq!(story.problems().count(), 0, "{story}");
    let file = "http://demo.twilio.com/docs/classic.mp3".to_owned();
    assert!(story.entries.iter().any(|it| it.what == What::NotFetched(file.clone())), "{story}");
}

#[tokio::test]
async fn routes_are_added_from_any_language() {
    let server = Server::start(|_| twiml("<Hangup/>")).await;
    let api = Api::start(&server, Config::default()).await;
    api.account.number(NUMBER, Voice::new("https://shop.example/voice")).expect("a number");
    for (body, rule) in [
        (json!({ "to": "shop.example" }), "`to`: not `http://` and a host"),
        (
            json!({ "host": "http://a", "to": server.url }),
            "`host`: not the host of a URL, with or without a port",
        ),
    ] {
        let refused = api.control("POST", "/routes", &body).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!(rule)));
    }
    let route = json!({ "host": "shop.example", "to": server.url });
    assert_eq!(api.control("POST", "/routes", &route).await.status, 201);
    assert_eq!(api.look("/routes").await, json!([route]));
    let story = api.twilio.phone(CALLER).call(NUMBER).ended().await;
    assert!(!story.application_error, "{story}");
    assert_eq!(api.control("DELETE", "/routes", &json!(null)).await.status, 204);
    assert_eq!(api.look("/routes").await, json!([]));
}

#[tokio::test]
async fn nothing_leaves_the_machine_and_the_timeline_says_so() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Play>http://files.example/a.mp3</Play><Play>http://files.example/a.mp3</Play>\
             <Play digits=\"1w2\"/><Redirect>http://shop.invalid/voice</Redirect>",
        ),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    let problems: Vec<String> = story.problems().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["error 11205: not fetched: shop.invalid is not on this machine; \
          --route shop.invalid=http://127.0.0.1:PORT sends its requests to yours"]
    );
    let missing = story.entries.iter().filter(|it| matches!(it.what, What::NotFetched(_)));
    let missing: Vec<String> = missing.map(|it| it.what.to_string()).collect();
    assert_eq!(missing, ["not fetched: http://files.example/a.mp3; a tone plays instead"]);
}

#[tokio::test]
async fn twilios_helper_urls_are_served() {
    let server = Server::start(|seen| match seen.path.split('?').next().unwrap_or_default() {
        "/voice" => twiml(
            "<Enqueue waitUrl=\"http://twimlets.com/holdmusic?Bucket=com.twilio.music.guitars\">\
             support</Enqueue>",
        ),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    let story = twilio.phone(CALLER).gives_up_after(secs(3601)).call(NUMBER).ended().await;

    let music = story.webhooks().filter(|webhook| webhook.url.contains("twimlets"));
    assert_eq!(music.map(Webhook::status).collect::<Vec<_>>(), [Some(200); 1201]);
    assert_eq!(story.of_kind(Kind::Wait).count(), 1);
    assert_eq!(story.problems().count(), 0, "{story}");
}

#[tokio::test]
async fn an_answer_of_a_status_callback_is_warned_of_once() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Hangup/>"),
        _ => reply(Some("text/plain"), "OK"),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    for want in [1, 0] {
        let story = twilio.phone(CALLER).call(NUMBER).ended().await;
        assert_eq!(story.problems().filter(|it| it.code == 12_200).count(), want, "{story}");
    }
}
