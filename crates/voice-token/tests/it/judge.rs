//! Another library reads the issued tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use voice_token::{Grants, VoiceGrant};

use crate::{ACCOUNT, KEY, NOW, SECRET, issuer};

/// The payload of a token as text.
pub(crate) fn payload(jwt: &str) -> String {
    let payload = jwt.split('.').nth(1).expect("a payload");
    String::from_utf8(URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("UTF-8")
}

/// A token by the other library, with any header and claims.
pub(crate) fn forge(header: &Header, claims: &Value, secret: &str) -> String {
    by_aws_lc();
    encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a token")
}

/// Chooses the back end of the other library, whatever else is built into it.
fn by_aws_lc() {
    // The second time it is installed already.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

#[test]
fn jsonwebtoken_accepts_and_reads_the_same() {
    let region = "ie1".parse().expect("a region");
    let issuer = issuer().region(&region).not_before(Duration::from_secs(10)).issued_at();
    let grants = Grants::from(VoiceGrant { incoming: true, ..VoiceGrant::default() });
    let jwt = issuer.issue(&"agent_ä".parse().expect("an identity"), &grants, NOW);

    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "sub"]);
    rules.set_issuer(&[KEY]);
    let judge = DecodingKey::from_secret(SECRET.as_bytes());
    by_aws_lc();
    let token = decode::<Value>(&jwt, &judge, &rules).expect("a good token");
    assert_eq!(token.header.cty.as_deref(), Some("twilio-fpa;v=1"));
    assert_eq!(
        token.claims,
        json!({
            "jti": format!("{KEY}-1767225600"),
            "grants": { "voice": { "incoming": { "allow": true } }, "identity": "agent_ä" },
            "iss": KEY,
            "iat": 1_767_225_600,
            "exp": 1_767_229_200,
            "nbf": 1_767_225_590,
            "sub": ACCOUNT,
        })
    );

    let foreign = DecodingKey::from_secret(b"another secret");
    assert!(decode::<Value>(&jwt, &foreign, &rules).is_err());
}
