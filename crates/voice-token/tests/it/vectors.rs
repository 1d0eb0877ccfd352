//! Agreement with the official libraries.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::Timestamp;
use serde_json::Value;
use voice_token::{ApiKey, Grants, Issuer, Outgoing, Ttl, VerifyError, VoiceGrant};

/// Made with the official libraries; `about` in the file says how.
const VECTORS: &str = include_str!("../vectors/access-token-vectors.json");

#[test]
fn what_the_libraries_issue_we_issue_and_accept() {
    let file: Value = serde_json::from_str(VECTORS).expect("JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().expect("a text");
        let key = ApiKey::parse(text("signing_key_sid"), text("secret")).expect("a key");
        let now = Timestamp::from_unix_seconds(vector["now"].as_i64().expect("a number"));
        let jwt = issue(vector, key.clone(), now);
        let verified = key.verify(text("jwt"), now, Duration::ZERO);
        if vector["header"]["alg"] != "HS256" {
            assert_eq!(verified, Err(VerifyError::Header { field: "alg" }), "{}", text("id"));
            continue;
        }

        let ours = key.verify(&jwt, now, Duration::ZERO);
        assert_eq!(ours, verified, "{}", text("id"));
        assert!(ours.is_ok(), "{ours:?}");
        let parts: Vec<Value> = jwt.split('.').take(2).map(decode).collect();
        assert_eq!(parts, [vector["header"].clone(), vector["payload"].clone()], "{}", text("id"));
        if text("library").starts_with("python") {
            assert_eq!(jwt, text("jwt"), "{}", text("id"));
        }
    }
}

/// Issues what a vector holds, with the claims of time that its library writes.
fn issue(vector: &Value, key: ApiKey, now: Timestamp) -> String {
    let payload = &vector["payload"];
    let lifetime = payload["exp"].as_i64().expect("a number") - now.unix_seconds();
    let ttl = Ttl::new(Duration::from_secs(lifetime.unsigned_abs())).expect("a lifetime");
    let account = vector["account_sid"].as_str().expect("a text").parse().expect("a Sid");
    let mut issuer = Issuer::new(account, key).ttl(ttl);
    if payload["nbf"].is_i64() {
        issuer = issuer.not_before(Duration::ZERO);
    }
    if payload["iat"].is_i64() {
        issuer = issuer.issued_at();
    }
    let voice = &payload["grants"]["voice"];
    let application = voice["outgoing"]["application_sid"].as_str();
    let grant = VoiceGrant {
        incoming: voice["incoming"]["allow"] == true,
        outgoing: application
            .map(|sid| Outgoing::from(sid.parse::<identity::AppSid>().expect("a Sid"))),
        ..VoiceGrant::default()
    };
    let identity = payload["grants"]["identity"].as_str().expect("a text");
    issuer.issue(&identity.parse().expect("an identity"), &Grants::from(grant), now)
}

fn decode(part: &str) -> Value {
    let json = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&json).expect("JSON")
}
