//! Makes tokens with any header and claims, signed by the keys of `tests/vectors/keys.json`.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use identity::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use session::{JwkSet, Keys, Verifier};

/// 2026-01-01T00:00:00Z, the moment of every test.
pub(crate) const NOW: i64 = 1_767_225_600;
pub(crate) const USER: &str = "7f3c2d1e-0000-4000-8000-00000000000a";

pub(crate) static KEYS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../vectors/keys.json")).expect("the file of keys")
});

/// Who signs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signer {
    /// HS256 with the verifier's secret.
    Secret,
    /// The key with this id, by its own algorithm.
    Key(&'static str),
}

impl Signer {
    pub(crate) const ALL: [Self; 4] =
        [Self::Secret, Self::Key("es-1"), Self::Key("rs-1"), Self::Key("ed-1")];

    /// The header that goes with the key.
    pub(crate) fn header(self) -> Value {
        match self {
            Self::Secret => json!({"alg": "HS256", "typ": "JWT"}),
            Self::Key(id) => json!({"alg": algorithm(id), "kid": id, "typ": "JWT"}),
        }
    }

    /// A token with this header and these claims.
    pub(crate) fn sign(self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token of any two texts.
    pub(crate) fn sign_text(self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.signature(&signed);
        format!("{signed}.{signature}")
    }

    /// A signature in base64url.
    pub(crate) fn signature(self, signed: &str) -> String {
        let (key, algorithm) = match self {
            Self::Secret => (EncodingKey::from_secret(secret().as_bytes()), Algorithm::HS256),
            Self::Key(id) => {
                let private = KEYS["keys"][id]["private"].as_str().expect("a known key");
                let private = STANDARD.decode(private).expect("base64");
                match algorithm(id) {
                    "ES256" => (EncodingKey::from_ec_der(&private), Algorithm::ES256),
                    "EdDSA" => (EncodingKey::from_ed_der(&private), Algorithm::EdDSA),
                    _ => (EncodingKey::from_rsa_der(&private), Algorithm::RS256),
                }
            }
        };
        made(signed, &key, algorithm)
    }
}

/// A signature by aws-lc, whatever else is built into `jsonwebtoken`.
fn made(signed: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let signer = (jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.signer_factory)(&algorithm, key);
    let signature = signer.expect("a key").try_sign(signed.as_bytes()).expect("signed");
    URL_SAFE_NO_PAD.encode(signature)
}

/// HS256 with any bytes as the secret.
pub(crate) fn sign_with_bytes(secret: &[u8], header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", encode(&header.to_string()), encode(&claims.to_string()));
    let key = EncodingKey::from_secret(secret);
    let signature = made(&signed, &key, Algorithm::HS256);
    format!("{signed}.{signature}")
}

fn algorithm(id: &str) -> &'static str {
    match &id[..2] {
        "es" => "ES256",
        "ed" => "EdDSA",
        _ => "RS256",
    }
}

pub(crate) fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

pub(crate) fn secret() -> &'static str {
    KEYS["secret"].as_str().expect("a text")
}

pub(crate) fn public(id: &str) -> &'static Value {
    &KEYS["keys"][id]["public"]
}

pub(crate) fn set(ids: &[&str]) -> JwkSet {
    let keys: Vec<_> = ids.iter().map(|id| public(id)).collect();
    let set = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a set");
    assert_eq!(set.len(), ids.len(), "{:?}", set.ignored());
    set
}

/// The secret, and two keys for each public algorithm.
pub(crate) fn verifier() -> Verifier {
    let keys = Keys::new()
        .secret(secret().parse().expect("long enough"))
        .jwks(set(&["es-1", "es-2", "rs-1", "rs-2", "ed-1"]));
    verifier_of(keys)
}

pub(crate) fn verifier_of(keys: Keys) -> Verifier {
    Verifier::new(keys).expect("a back end")
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_unix_seconds(NOW)
}

/// The claims of a good session.
pub(crate) fn claims() -> Value {
    json!({
        "sub": USER, "aud": "authenticated", "exp": NOW + 3600, "iat": NOW - 60,
        "role": "authenticated", "is_anonymous": false, "iss": "https://project.example.com",
    })
}

/// The same with one claim changed or removed.
pub(crate) fn claims_with(name: &str, value: Option<Value>) -> Value {
    with(claims(), name, value)
}

pub(crate) fn with(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().expect("an object");
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    object
}
