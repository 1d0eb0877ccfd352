//! The cost of one verification, compared with the bare signature checks.
//!
//! `cargo bench -p session`

#![expect(clippy::expect_used, reason = "a benchmark may fail loudly")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use identity::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use session::{JwkSet, Keys, Verifier};
use sha2::Sha256;

fn main() {
    divan::main();
}

const NAMES: [&str; 3] = ["hs256 session", "es256 session", "rs256 session"];

fn keys() -> Value {
    serde_json::from_str(include_str!("../tests/vectors/keys.json")).expect("the keys")
}

fn secret(keys: &Value) -> &str {
    keys["secret"].as_str().expect("a text")
}

/// A token of about 700 bytes, as Supabase issues them, and the moment it is for.
fn token(name: &str) -> (String, Timestamp) {
    let file: Value =
        serde_json::from_str(include_str!("../tests/vectors/tokens.json")).expect("the tokens");
    let tokens = file["tokens"].as_array().expect("a list");
    let token = tokens.iter().find(|token| token["name"] == name).expect("a known name");
    let now = Timestamp::from_unix_seconds(file["now"].as_i64().expect("a number"));
    (token["token"].as_str().expect("a text").to_owned(), now)
}

/// Everything: parts, header, key, signature, claims.
#[divan::bench(args = NAMES)]
fn verify(bencher: divan::Bencher<'_, '_>, name: &str) {
    let keys = keys();
    let set = json!({ "keys": [keys["keys"]["es-1"]["public"], keys["keys"]["rs-1"]["public"]] });
    let set = JwkSet::parse(set.to_string().as_bytes()).expect("a set");
    let secret = secret(&keys).parse().expect("long enough");
    let verifier = Verifier::new(Keys::new().secret(secret).jwks(set)).expect("a back end");
    let (token, now) = token(name);
    assert!(verifier.verify(&token, now).is_ok(), "{name}");
    bencher.bench(|| verifier.verify(divan::black_box(&token), now));
}

/// The signature alone, by the library that is used.
#[divan::bench]
fn bare_hs256_of_the_library(bencher: divan::Bencher<'_, '_>) {
    let (token, _) = token("hs256 session");
    let (signed, signature) = token.rsplit_once('.').expect("dots");
    let key = DecodingKey::from_secret(secret(&keys()).as_bytes());
    // Another one may already be chosen for the process: it is the same.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let check = || {
        jsonwebtoken::crypto::verify(
            divan::black_box(signature),
            signed.as_bytes(),
            &key,
            Algorithm::HS256,
        )
    };
    assert_eq!(check(), Ok(true));
    bencher.bench(check);
}

/// The signature alone, by `hmac` and `sha2` with the key made ready beforehand.
#[divan::bench]
fn bare_hs256_of_hmac_and_sha2(bencher: divan::Bencher<'_, '_>) {
    let (token, _) = token("hs256 session");
    let (signed, signature) = token.rsplit_once('.').expect("dots");
    let key = Hmac::<Sha256>::new_from_slice(secret(&keys()).as_bytes()).expect("any length");
    let check = || {
        let signature = URL_SAFE_NO_PAD.decode(divan::black_box(signature)).expect("base64");
        key.clone().chain_update(signed).verify_slice(&signature)
    };
    assert!(check().is_ok());
    bencher.bench(check);
}
