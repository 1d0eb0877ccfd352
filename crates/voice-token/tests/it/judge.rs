//! Another library reads what is issued.

use std::time::Duration;

use identity::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};
use voice_token::{ApiKey, Grants, Issuer, VoiceGrant};

const SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";

#[test]
fn jsonwebtoken_accepts_and_reads_the_same() {
    let key = ApiKey::parse("SK00000000000000000000000000000002", SECRET).expect("a key");
    let account = "AC00000000000000000000000000000001".parse().expect("a Sid");
    let region = "ie1".parse().expect("a region");
    let issuer = Issuer::new(account, key).region(&region).not_before(Duration::from_secs(10));
    let now = Timestamp::from_unix_seconds(1_767_225_600);
    let grants = Grants::from(VoiceGrant { incoming: true, ..VoiceGrant::default() });
    let jwt = issuer.issue(&"agent_ä".parse().expect("an identity"), &grants, now);

    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "sub"]);
    rules.set_issuer(&["SK00000000000000000000000000000002"]);
    let judge = DecodingKey::from_secret(SECRET.as_bytes());
    let token = decode::<Value>(&jwt, &judge, &rules).expect("a good token");
    assert_eq!(token.header.cty.as_deref(), Some("twilio-fpa;v=1"));
    assert_eq!(
        token.claims,
        json!({
            "jti": "SK00000000000000000000000000000002-1767225600",
            "grants": { "voice": { "incoming": { "allow": true } }, "identity": "agent_ä" },
            "iss": "SK00000000000000000000000000000002",
            "exp": 1_767_229_200,
            "nbf": 1_767_225_590,
            "sub": "AC00000000000000000000000000000001",
        })
    );

    let foreign = DecodingKey::from_secret(b"another secret");
    assert!(decode::<Value>(&jwt, &foreign, &rules).is_err());
}
