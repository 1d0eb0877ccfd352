//! Health and metrics, which pages may call the API, and whether its description is true.

use serde_json::{Value, json};

use crate::http::{Answer, Ask, Document as _};
use crate::sessions::{claims, now, session, sign};
use crate::world::{ORIGIN, SESSION_SECRET, World};

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_answered() {
    let world = World::new().await;
    let answer = world.ask(&Ask::get("/healthz")).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
    let answer = world.ask(&Ask::get("/readyz")).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ready" })));
    let answer = world.ask(&Ask::get("/metrics")).await;
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type").expect("a type");
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    for line in ["switchroom_answers_total{endpoint=\"health\",status=\"200\"} 1", "# EOF"] {
        assert!(answer.text().lines().any(|found| found == line), "{line}: {}", answer.text());
    }
    // A database with another program's schema is not ready.
    let other = "comment on schema voice is 'Switchroom 0000'";
    world.owner.client().batch_execute(other).await.expect("a comment");
    let answer = world.ask(&Ask::get("/readyz")).await;
    assert_eq!((answer.status, &answer.json()["status"]), (503, &json!("not_ready")));
    assert_eq!(world.ask(&Ask::get("/healthz")).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_and_the_router_agree() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    let sid = identity::CallSid::from_bytes([1; 16]);
    let params = [("CallSid", sid.as_str()), ("From", "anonymous"), ("To", &team.number)];
    world.post(&team, "voice", &params).await.twiml();
    world.applied().await;

    let description = world.ask(&Ask::get("/openapi.json")).await.json();
    let paths = description["paths"].as_object().expect("paths");
    assert!(paths.len() >= 13, "{}", paths.len());
    let fill = |path: &str| {
        path.replace("{workspace}", team.id.as_str()).replace("{call_sid}", sid.as_str())
    };
    for (template, operations) in paths {
        let path = fill(template);
        assert!(!path.contains('{'), "{template} has another parameter");
        let operations = operations.as_object().expect("operations");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] {
            // A stream of events is described by its beginning, and ends with its session.
            let mut claims = claims(team.user(1));
            claims["exp"] = json!(now() + if path.ends_with("/events") { 2 } else { 3600 });
            let session = sign(&claims, SESSION_SECRET);
            let answer = world.ask(&Ask::new(method, &path).bearer(&session)).await;
            match operations.get(&method.to_ascii_lowercase()) {
                Some(operation) => described(&answer, operation, method, template),
                None => assert_eq!(answer.status, 405, "{method} {template} is not described"),
            }
        }
        for other in [format!("{path}/"), format!("{path}/more"), path.replacen('/', "//", 1)] {
            let answer = world.ask(&Ask::get(&other)).await;
            assert_eq!(answer.status, 404, "{other} is not described");
        }
    }
    let beside =
        ["contacts", "voice/wave", "voice/fallback", "agents/me", "agents/1/status", "", "admin"];
    for rest in beside {
        let answer = world.ask(&Ask::get(&team.path(rest)).bearer(&session(team.user(1)))).await;
        assert_eq!((answer.status, &*answer.code()), (404, "not_found"), "{rest}");
    }
    world.stop().await;
}

/// The answer is one of the described ones, and not 404.
fn described(answer: &Answer, operation: &Value, method: &str, template: &str) {
    let responses = operation["responses"].as_object().expect("responses");
    let status = answer.status.to_string();
    assert!(responses.contains_key(&status), "{method} {template} answers {status}");
    if answer.status == 404 {
        assert_ne!(answer.code(), "not_found", "{method} {template}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_pages_may_ask() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    let path = team.path("agents");
    let from = |ask: Ask, origin: &str| ask.header("Origin", origin);
    let get = || Ask::get(&path).bearer(&session(team.user(1)));
    let preflight = |target: &str, method: &str| {
        Ask::new("OPTIONS", target).header("Access-Control-Request-Method", method)
    };
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").map(str::to_owned);

    let answer = world.ask(&from(get(), ORIGIN)).await;
    assert_eq!((answer.status, allowed(&answer).as_deref()), (200, Some(ORIGIN)));
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let answer = world.ask(&from(Ask::get(&path), ORIGIN)).await;
    assert_eq!((answer.status, allowed(&answer).as_deref()), (401, Some(ORIGIN)), "errors too");
    let answer = world.ask(&from(preflight(&path, "GET"), ORIGIN)).await;
    assert_eq!((answer.status, allowed(&answer).as_deref()), (204, Some(ORIGIN)));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, OPTIONS"));
    let names = answer.header("access-control-allow-headers").expect("names");
    assert!(names.contains("Authorization") && names.contains("Content-Type"), "{names}");
    let answer = world.ask(&from(preflight(&team.path("agents/me/status"), "PUT"), ORIGIN)).await;
    assert_eq!(answer.header("access-control-allow-methods"), Some("PUT, OPTIONS"));

    let others = [
        "https://chat.example.com.evil.example",
        "http://chat.example.com",
        "null",
        "https://evil.example",
        "",
    ];
    for origin in others {
        let answer = world.ask(&from(preflight(&path, "GET"), origin)).await;
        assert_eq!((answer.status, allowed(&answer)), (204, None), "{origin}");
        assert_eq!(answer.header("access-control-allow-methods"), None, "{origin}");
        let answer = world.ask(&from(get(), origin)).await;
        assert_eq!((answer.status, allowed(&answer)), (200, None), "{origin}");
        assert_eq!(answer.header("vary"), Some("Origin"), "{origin}");
    }
    // Twilio's endpoints have no CORS.
    let answer = world.ask(&from(preflight(&team.path("voice"), "POST"), ORIGIN)).await;
    assert_eq!((answer.status, allowed(&answer)), (405, None));
    let answer = world.ask(&from(Ask::new("POST", &team.path("voice")), ORIGIN)).await;
    assert_eq!((answer.status, allowed(&answer)), (400, None));
    world.stop().await;
}
