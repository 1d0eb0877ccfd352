//! Agreement with the recorded verdicts.

use serde_json::Value;
use twilio_sig::{Algorithm, AuthToken, Headers, Key, Params, Request, SharedKey, Verifier};

/// Made with the official libraries; `about` in the file says how.
pub(crate) const VECTORS: &str = include_str!("../vectors/signature-vectors.json");

#[test]
fn every_vector_gets_the_expected_verdict() {
    let file: Value = serde_json::from_str(VECTORS).expect("JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    assert_eq!(vectors.len(), 33);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().expect("a text");
        let verdict = verify(vector).is_ok();
        assert_eq!(verdict, vector["expected_valid"].as_bool().expect("a bool"), "{}", text("id"));
    }
}

fn verify(vector: &Value) -> Result<twilio_sig::Verified, twilio_sig::SignatureError> {
    let text = |name: &str| vector[name].as_str().expect("a text");
    let pairs = vector["params"].as_array().expect("a list");
    let params: Params<'_> = pairs
        .iter()
        .map(|pair| (pair[0].as_str().expect("name"), pair[1].as_str().expect("value")))
        .collect();
    let url = text("url");
    let request = match vector["body"].as_str() {
        Some(body) => Request::json(url, body.as_bytes()),
        None if url.starts_with("ws") => Request::websocket(url),
        None if text("method") == "GET" => Request::get(url),
        None => Request::form(url, params),
    };
    let secret = text("auth_token");
    let sha1 = text("algorithm") == "HMAC_SHA1";
    let key: Key = if sha1 {
        AuthToken::new(secret).expect("token").into()
    } else {
        SharedKey::new("webhooks_sharedkey_01", secret, Algorithm::HmacSha256).expect("key").into()
    };
    let settings = (!sha1).then_some("key=webhooks_sharedkey_01,algorithm=HMAC_SHA256");
    let headers = Headers { signature: Some(text("signature")), settings };
    Verifier::new(key).verify(&request, headers)
}
