//! The agent's page as a browser gets it.

use serde_json::json;

use crate::http::{Answer, Ask};
use crate::world::{ORIGIN, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_with_a_strict_policy() {
    let world = World::new().await;
    let page = world.ask(&Ask::get("/")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.text().starts_with("<!doctype html>"));
    let policy = page.header("content-security-policy").expect("a policy");
    for rule in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.split("; ").any(|found| found == rule), "{rule}: {policy}");
    }
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));

    let module = world.ask(&Ask::get("/console/switchroom.js")).await;
    assert_eq!(module.header("content-type"), Some("text/javascript; charset=utf-8"));
    // A page elsewhere imports it only if it is allowed to call the API.
    for (origin, want) in [(ORIGIN, Some(ORIGIN)), ("https://evil.example", None)] {
        let ask = Ask::get("/console/switchroom.js").header("Origin", origin);
        let answer = world.ask(&ask).await;
        assert_eq!(answer.header("access-control-allow-origin"), want, "{origin}");
    }
    for path in
        ["/index.html", "/console", "/console/", "/console/absent.js", "/console/../openapi.json"]
    {
        assert_eq!(world.ask(&Ask::get(path)).await.status, 404, "{path}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_once_and_compressed() {
    let world = World::new().await;
    let ask = Ask::get("/console/css/base.css");
    let plain = world.ask(&ask).await;
    let packed = world.ask(&ask.clone().header("Accept-Encoding", "gzip, br")).await;
    assert_eq!(
        (plain.header("content-encoding"), packed.header("content-encoding")),
        (None, Some("gzip"))
    );
    assert!(packed.body.len() < plain.body.len());
    assert!(tag(&plain) != tag(&packed));
    assert_eq!(plain.header("cache-control"), Some("no-cache"));

    let again = world.ask(&ask.clone().header("If-None-Match", tag(&plain))).await;
    assert_eq!((again.status, again.body.len(), tag(&again)), (304, 0, tag(&plain)));
    let changed = world.ask(&ask.header("If-None-Match", "\"other\"")).await;
    assert_eq!((changed.status, &changed.body), (200, &plain.body));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_may_come_later() {
    let world = World::new().await;
    let ask = Ask::get("/console/voice-sdk.js");
    let absent = world.ask(&ask).await;
    assert_eq!((absent.status, &*absent.code()), (404, "voice_sdk_absent"));
    assert_eq!(absent.json()["hint"], "Run `switchroom console fetch-sdk` where the server runs");

    let directory = world.data_dir(0).join("voice-sdk");
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::write(directory.join("twilio.min.js"), "var Twilio").expect("a file");
    let sdk = world.ask(&ask).await;
    assert_eq!((sdk.status, sdk.text()), (200, "var Twilio"));
    let again = world.ask(&ask.header("If-None-Match", tag(&sdk))).await;
    assert_eq!((again.status, again.body.len()), (304, 0));

    let config = world.ask(&Ask::get("/console/config.json")).await;
    let want = json!({ "signalling": null, "publish_events": true });
    assert_eq!((config.status, config.json()), (200, want));
    world.stop().await;
}

fn tag(answer: &Answer) -> &str {
    answer.header("etag").expect("a tag")
}
