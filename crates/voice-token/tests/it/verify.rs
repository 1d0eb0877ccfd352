//! Refused tokens, and the reasons.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};
use voice_token::{ApiKey, Grants, VerifyError, VoiceGrant, unverified_key};

use crate::judge::forge;
use crate::{ACCOUNT, KEY, NOW, SECRET, issuer, key};

fn header(algorithm: Algorithm) -> Header {
    Header { cty: Some("twilio-fpa;v=1".into()), ..Header::new(algorithm) }
}

fn claims() -> Value {
    json!({
        "jti": format!("{KEY}-1767225600"),
        "grants": { "identity": "agent_7f3c2d1e", "voice": { "incoming": { "allow": true } } },
        "iss": KEY,
        "sub": ACCOUNT,
        "exp": NOW.unix_seconds() + 3600,
    })
}

/// The claims with one of them, named by a JSON pointer, replaced or taken out.
fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut claims = claims();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = claims.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    match value {
        Some(value) => drop(parent.insert(name.into(), value)),
        None => drop(parent.remove(name)),
    }
    claims
}

fn verify(jwt: &str) -> Result<(), VerifyError> {
    key().verify(jwt, NOW, Duration::ZERO).map(drop)
}

fn verify_claims(claims: &Value) -> Result<(), VerifyError> {
    verify(&forge(&header(Algorithm::HS256), claims, SECRET))
}

#[test]
fn the_algorithm_is_the_keys_and_the_content_type_is_twilios() {
    assert_eq!(verify_claims(&claims()), Ok(()));
    let field = |field| Err(VerifyError::Header { field });
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(verify(&forge(&header(algorithm), &claims(), SECRET)), field("alg"));
    }
    let headers = [
        (json!({"alg": "none", "typ": "JWT", "cty": "twilio-fpa;v=1"}), field("alg")),
        (json!({"alg": "hs256", "typ": "JWT", "cty": "twilio-fpa;v=1"}), field("alg")),
        (json!({"typ": "JWT", "cty": "twilio-fpa;v=1"}), field("alg")),
        (json!({"alg": "HS256", "typ": "JWT"}), field("cty")),
        (json!({"alg": "HS256", "typ": "JWT", "cty": "twilio-pa;v=1"}), field("cty")),
        (json!({"alg": "HS256", "cty": "twilio-fpa;v=1"}), field("typ")),
        (
            json!({"alg": "HS256", "typ": "JWT", "cty": "twilio-fpa;v=1", "twr": "E U"}),
            field("twr"),
        ),
        (json!({"alg": 256, "typ": "JWT", "cty": "twilio-fpa;v=1"}), Err(VerifyError::Malformed)),
        (json!("HS256"), Err(VerifyError::Malformed)),
        // The header alone is not enough.
        (
            json!({"alg": "HS256", "typ": "JWT", "cty": "twilio-fpa;v=1", "jwk": {"k": ""}}),
            Err(VerifyError::Signature),
        ),
    ];
    let good = forge(&header(Algorithm::HS256), &claims(), SECRET);
    let (_, rest) = good.split_once('.').expect("a header");
    for (json, want) in headers {
        let header = URL_SAFE_NO_PAD.encode(json.to_string());
        assert_eq!(verify(&format!("{header}.{rest}")), want, "{json}");
    }
}

#[test]
fn another_key_is_told_from_a_wrong_secret() {
    let foreign = ApiKey::parse("SK0000000000000000000000000000000f", "another").expect("a key");
    let jwt = issuer().issue(&"ana".parse().expect("an identity"), &Grants::default(), NOW);
    assert_eq!(foreign.verify(&jwt, NOW, Duration::ZERO), Err(VerifyError::WrongKey));
    assert_eq!(unverified_key(&jwt).map(|sid| sid.to_string()), Ok(KEY.to_owned()));

    let same_name = ApiKey::parse(KEY, "another").expect("a key");
    assert_eq!(same_name.verify(&jwt, NOW, Duration::ZERO), Err(VerifyError::Signature));
    // Signed with our secret in the name of another key.
    let other = with("/iss", Some("SK0000000000000000000000000000000f".into()));
    assert_eq!(verify_claims(&other), Err(VerifyError::WrongKey));
}

#[test]
fn time_counts_to_the_second() {
    let issuer = issuer().not_before(Duration::from_secs(10));
    let jwt = issuer.issue(&"ana".parse().expect("an identity"), &Grants::default(), NOW);
    let seconds = Duration::from_secs;
    let cases = [
        ("at once", NOW, seconds(0), Ok(())),
        ("last second", NOW + seconds(3599), seconds(0), Ok(())),
        ("expired", NOW + seconds(3600), seconds(0), Err(VerifyError::Expired)),
        ("expired within the leeway", NOW + seconds(3629), seconds(30), Ok(())),
        ("expired beyond the leeway", NOW + seconds(3630), seconds(30), Err(VerifyError::Expired)),
        ("from nbf on", NOW.before(seconds(10)), seconds(0), Ok(())),
        ("before nbf", NOW.before(seconds(11)), seconds(0), Err(VerifyError::NotYetValid)),
        ("before nbf within the leeway", NOW.before(seconds(40)), seconds(30), Ok(())),
    ];
    for (name, now, leeway, want) in cases {
        assert_eq!(key().verify(&jwt, now, leeway).map(drop), want, "{name}");
    }
    let day = with("/exp", Some((NOW.unix_seconds() + 86_400).into()));
    assert_eq!(verify_claims(&day), Ok(()));
    let longer = with("/exp", Some((NOW.unix_seconds() + 86_401).into()));
    assert_eq!(verify_claims(&longer), Err(VerifyError::TooLong));
    let never = with("/exp", Some(i64::MAX.into()));
    assert_eq!(verify_claims(&never), Err(VerifyError::TooLong));
}

#[test]
fn every_claim_has_its_grammar() {
    let missing = ["/jti", "/iss", "/sub", "/exp", "/grants", "/grants/identity"];
    for pointer in missing {
        let name = pointer[1..].replace('/', ".");
        let Err(VerifyError::Claim { name: found }) = verify_claims(&with(pointer, None)) else {
            panic!("{pointer}");
        };
        assert_eq!(found, name);
    }
    let claim = |name| Err(VerifyError::Claim { name });
    let malformed = Err(VerifyError::Malformed);
    let app = "grants.voice.outgoing.application_sid";
    let cases = [
        ("/iss", json!(ACCOUNT), claim("iss")),
        ("/sub", json!(KEY), claim("sub")),
        ("/grants/identity", json!("a b"), claim("grants.identity")),
        ("/grants/identity", json!(""), claim("grants.identity")),
        ("/grants/identity", json!(7), malformed),
        ("/exp", json!("1767229200"), malformed),
        ("/exp", json!(1_767_229_200.5), malformed),
        ("/nbf", json!("soon"), malformed),
        ("/grants", json!([]), malformed),
        ("/grants/voice", json!("yes"), malformed),
        ("/grants/voice/incoming", json!({"allow": "true"}), malformed),
        ("/grants/voice/outgoing", json!({}), claim(app)),
        ("/grants/voice/outgoing", json!({"application_sid": KEY}), claim(app)),
        ("/grants/player", json!("x"), claim("grants.player")),
        // Additions of later libraries are ignored.
        ("/grants/hologram", json!({"room": 1}), Ok(())),
        ("/aud", json!("x"), Ok(())),
        ("/grants/voice", Value::Null, Ok(())),
    ];
    for (pointer, value, want) in cases {
        assert_eq!(verify_claims(&with(pointer, Some(value.clone()))), want, "{pointer}: {value}");
    }
}

#[test]
fn incoming_is_allowed_only_if_it_says_so() {
    let cases = [
        (json!({"incoming": {"allow": true}}), true),
        (json!({"incoming": {"allow": false}}), false),
        (json!({"incoming": {}}), false),
        (json!({}), false),
    ];
    for (grant, incoming) in cases {
        let claims = with("/grants/voice", Some(grant));
        let jwt = forge(&header(Algorithm::HS256), &claims, SECRET);
        let token = key().verify(&jwt, NOW, Duration::ZERO).expect("a good token");
        assert_eq!(token.grants.voice, Some(VoiceGrant { incoming, ..VoiceGrant::default() }));
    }
}

#[test]
fn shapes_that_are_no_token() {
    let good = forge(&header(Algorithm::HS256), &claims(), SECRET);
    let parts: Vec<_> = good.split('.').collect();
    let cases = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        good.replace('.', ""),
        format!("{good}="),
        format!("{good}."),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.{}.{}", parts[0], parts[1], parts[1], parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.e30.{}", parts[0], parts[2]),
        "[".repeat(100_000) + ".e30.e30",
    ];
    for jwt in cases {
        let got = verify(&jwt);
        let named = matches!(got, Err(VerifyError::Malformed | VerifyError::Claim { name: "iss" }));
        assert!(named, "{got:?}: {}", jwt.get(..40).unwrap_or(&jwt));
    }
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    assert_eq!(verify(&unsigned), Err(VerifyError::Signature));
    // Brackets of any depth: the reader stops before the stack overflows.
    let deep = URL_SAFE_NO_PAD.encode("{\"a\":".repeat(50_000));
    assert_eq!(verify(&format!("{deep}.{deep}.AAAA")), Err(VerifyError::Malformed));
}
