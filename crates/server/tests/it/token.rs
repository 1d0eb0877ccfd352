//! The token endpoint, word for word: front ends match on it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use emulator::Behaviour;
use identity::Timestamp;
use serde_json::{Value, json};
use voice_token::ApiKey;

use crate::http::{Answer, Ask};
use crate::sessions::{claims, now, session, sign};
use crate::team::{API_SECRET, Team};
use crate::world::{SESSION_SECRET, World};

/// What is asked in the name of agent 1.
async fn token(world: &World, team: &Team, query: &str) -> Answer {
    world.get(team, 1, &format!("token{query}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_gets_a_token_that_twilio_takes() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    world.member(&team, 2, "admin").await;
    for number in [1, 2] {
        let identity = team.identity(number).to_string();
        let answer = world.get(&team, number, &format!("token?identity={identity}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.json();
        let fields: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["expires_at", "identity", "refresh_at", "token", "ttl"]);
        assert_eq!((&body["ttl"], &body["identity"]), (&json!(3600), &json!(identity)));

        let jwt = body["token"].as_str().expect("a token");
        let key = ApiKey::parse(team.api_key.as_str(), API_SECRET).expect("a key");
        let at = Timestamp::from_unix_seconds(i64::try_from(now()).expect("this century"));
        let read = key.verify(jwt, at, Duration::from_secs(5)).expect("a good token");
        assert_eq!(read.account, team.account.sid());
        assert_eq!(read.identity.as_str(), identity);
        let voice = read.grants.voice.expect("a voice grant");
        assert!(voice.incoming);
        assert_eq!(voice.outgoing.map(|outgoing| outgoing.application), Some(team.app));
        assert!(read.grants.video.is_none() && read.grants.chat.is_none());
        let left = read.expires_at.since(at);
        assert!(left.abs_diff(Duration::from_secs(3600)) <= Duration::from_secs(5), "{left:?}");
        assert_eq!(body["expires_at"], json!(read.expires_at.to_string()));
        let refresh: Timestamp =
            body["refresh_at"].as_str().and_then(|at| at.parse().ok()).expect("one");
        assert_eq!(read.expires_at.since(refresh), Duration::from_secs(300));

        let browser = team.account.unregistered_agent(&identity, Behaviour::Ignores);
        browser.register(jwt).expect("Twilio takes it");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_form_of_the_own_user_id_is_read_and_one_is_written() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    let hyphens = team.user(1).to_string();
    let plain = hyphens.replace('-', "");
    let forms = [hyphens.clone(), plain.clone(), hyphens.to_uppercase(), plain.to_uppercase()];
    for form in forms {
        let answer = token(&world, &team, &format!("?identity=agent_{form}")).await;
        assert_eq!(answer.status, 200, "{form}: {answer:?}");
        assert_eq!(answer.json()["identity"], json!(format!("agent_{plain}")), "{form}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cause_has_its_words() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    world.member(&team, 2, "agent").await;
    let (own, other) = (team.identity(1).to_string(), team.identity(2).to_string());
    let required = "Identity parameter is required. Each agent must have a unique identity.";
    let prefix = "Identity must start with \"agent_\" prefix for security";
    let format = Some("Use format: agent_{userId}");
    let any = "";
    let cases = [
        (String::new(), 400, required, format, "identity_required"),
        ("?".into(), 400, required, format, "identity_required"),
        ("?identity=".into(), 400, required, format, "identity_required"),
        ("?Identity=x".into(), 400, required, format, "identity_required"),
        ("?identity=user".into(), 400, prefix, format, "identity_prefix"),
        (format!("?identity={}", &own[6..]), 400, prefix, format, "identity_prefix"),
        (format!("?identity=Agent_{}", &own[6..]), 400, prefix, format, "identity_prefix"),
        (format!("?identity=%20{own}"), 400, prefix, format, "identity_prefix"),
        (format!("?identity=client:{own}"), 400, prefix, format, "identity_prefix"),
        ("?identity=agent_".into(), 400, any, format, "identity_user_id"),
        ("?identity=agent_7".into(), 400, any, format, "identity_user_id"),
        (format!("?identity={}", &own[..own.len() - 1]), 400, any, format, "identity_user_id"),
        (format!("?identity={own}0"), 400, any, format, "identity_user_id"),
        (format!("?identity={own}%20"), 400, any, format, "identity_user_id"),
        (format!("?identity={own}%00"), 400, any, format, "identity_user_id"),
        (format!("?identity={}g", &own[..own.len() - 1]), 400, any, format, "identity_user_id"),
        (format!("?identity=agent_{own}"), 400, any, format, "identity_user_id"),
        ("?identity=%ff%fe".into(), 400, prefix, format, "identity_prefix"),
        (
            format!("?identity={other}"),
            403,
            any,
            Some("Ask for the token of the user who is signed in"),
            "identity_not_yours",
        ),
        (format!("?identity={other}&identity={own}"), 403, any, None, "identity_not_yours"),
    ];
    for (query, status, error, hint, code) in cases {
        let answer = token(&world, &team, &query).await;
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        let body = answer.json();
        assert_eq!(body["code"], json!(code), "{query}");
        if !error.is_empty() {
            assert_eq!(body["error"], json!(error), "{query}");
        }
        if hint.is_some() {
            assert_eq!(body["hint"], json!(hint), "{query}");
        }
    }
    world.stop().await;
}

/// A token of any header and claims, signed with the session secret's bytes or not at all.
fn raw(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_none_gets_nothing() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    let user = team.user(1);
    let with = |name: &str, value: Value| {
        let mut claims = claims(user);
        claims[name] = value;
        sign(&claims, SESSION_SECRET)
    };
    let without = |name: &str| {
        let mut claims = claims(user);
        claims.as_object_mut().expect("an object").remove(name);
        sign(&claims, SESSION_SECRET)
    };
    let good = session(user);
    let signature = good.rsplit('.').next().expect("a signature");
    let none = |alg: &str, signature: &str| raw(&json!({ "alg": alg }), &claims(user), signature);
    let other_user = {
        let parts: Vec<&str> = good.split('.').collect();
        let payload = URL_SAFE_NO_PAD.encode(claims(team.user(2)).to_string());
        format!("{}.{payload}.{}", parts[0], parts[2])
    };
    let cases = [
        ("expired", with("exp", json!(now() - 60)), "session_expired"),
        ("not valid yet", with("nbf", json!(now() + 60)), "session_not_yet_valid"),
        (
            "signed by a stranger",
            sign(&claims(user), "another-secret-of-at-least-32-bytes!"),
            "session_invalid",
        ),
        ("signed with the key's secret", sign(&claims(user), API_SECRET), "session_invalid"),
        ("no algorithm", none("none", ""), "session_invalid"),
        ("no algorithm with a signature", none("none", signature), "session_invalid"),
        ("None", none("None", ""), "session_invalid"),
        ("another algorithm", none("HS512", signature), "session_invalid"),
        ("an asymmetric algorithm", none("RS256", signature), "session_invalid"),
        ("no signature", good.trim_end_matches(signature).to_owned(), "session_invalid"),
        ("another user's claims", other_user, "session_invalid"),
        ("another audience", with("aud", json!("other")), "session_claim"),
        ("no audience", without("aud"), "session_claim"),
        ("no end", without("exp"), "session_claim"),
        ("an end that is text", with("exp", json!("later")), "session_claim"),
        ("no user", without("sub"), "session_claim"),
        ("a user that is none", with("sub", json!("admin")), "session_claim"),
        ("the project's own key", with("role", json!("service_role")), "session_claim"),
        ("the public key", with("role", json!("anon")), "session_claim"),
        ("an anonymous user", with("is_anonymous", json!(true)), "session_claim"),
        ("not a token", "token".to_owned(), "session_invalid"),
        ("empty", String::new(), "session_missing"),
    ];
    let path = team.path(&format!("token?identity={}", team.identity(1)));
    for (name, token, code) in cases {
        let answer = world.ask(&Ask::get(&path).bearer(&token)).await;
        assert_eq!((answer.status, &*answer.code()), (401, code), "{name}: {answer:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{name}");
    }
    let headers = ["", "Basic dXNlcjpwYXNz", "Bearer", &good, "Bearer\u{e9}"];
    for header in headers {
        let answer = world.ask(&Ask::get(&path).header("Authorization", header)).await;
        assert_eq!((answer.status, &*answer.code()), (401, "session_missing"), "{header}");
    }
    let answer = world.ask(&Ask::get(&path)).await;
    assert_eq!((answer.status, &*answer.code()), (401, "session_missing"));
    // In the query or a cookie it is no session.
    let answer = world.ask(&Ask::get(&format!("{path}&access_token={good}"))).await;
    assert_eq!(answer.status, 401);
    let answer = world.ask(&Ask::get(&path).header("Cookie", &format!("session={good}"))).await;
    assert_eq!(answer.status, 401);
    let answer =
        world.ask(&Ask::get(&path).header("Authorization", &format!("bearer  {good}"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_that_take_calls_get_one() {
    let world = World::new().await;
    let (team, other) = (world.team("acme").await, world.team("other").await);
    world.member(&team, 1, "agent").await;
    world.member(&team, 2, "viewer").await;
    world.member(&other, 1, "agent").await;
    let ask = |team: &Team, user: identity::UserId| {
        let identity = identity::AgentIdentity::new(user);
        let path = team.path(&format!("token?identity={identity}"));
        Ask::get(&path).bearer(&session(user))
    };
    assert_eq!(world.ask(&ask(&team, team.user(1))).await.status, 200);
    let absent = Ask {
        target: format!("/api/workspaces/absent/token?identity={}", team.identity(1)),
        ..ask(&team, team.user(1))
    };
    let absent = world.ask(&absent).await.comparable();
    assert_eq!((absent.status, &*absent.code()), (404, "workspace_not_found"));
    let cases = [
        ("another workspace's", ask(&other, team.user(1))),
        ("another workspace's member", ask(&team, other.user(1))),
        ("a viewer", ask(&team, team.user(2))),
        ("a stranger", ask(&team, team.user(77))),
    ];
    for (name, ask) in cases {
        assert_eq!(world.ask(&ask).await.comparable(), absent, "{name}");
    }
    // From the moment that they leave.
    world.leaves(&team, 1).await;
    assert_eq!(world.ask(&ask(&team, team.user(1))).await.comparable(), absent);
    world.stop().await;
}
