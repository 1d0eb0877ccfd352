//! Which keys of a set are used.

use serde_json::{Value, json};
use session::{Ignored, IgnoredReason, JwkSet, JwksError};

use crate::signer::{public, with};

fn reason(key: &Value) -> Option<IgnoredReason> {
    let set = JwkSet::parse(json!({ "keys": [key] }).to_string().as_bytes()).expect("a set");
    assert_eq!(set.len() + set.ignored().len(), 1);
    set.ignored().first().map(|ignored| ignored.reason)
}

#[test]
fn a_key_is_used_for_its_declared_purpose() {
    use IgnoredReason::{Algorithm, Malformed, NoKeyId, Private, Purpose};

    let changed = |id, member, value: Value| with(public(id).clone(), member, Some(value));
    let without = |id, member| with(public(id).clone(), member, None);
    let short = json!("AQAB");
    let cases = [
        ("as published", public("es-1").clone(), None),
        ("rsa", public("rs-1").clone(), None),
        ("ec without alg", without("es-1", "alg"), None),
        ("rsa without alg", without("rs-1", "alg"), None),
        ("without use", without("es-1", "use"), None),
        ("without key_ops", without("es-1", "key_ops"), None),
        ("several operations", changed("es-1", "key_ops", json!(["sign", "verify"])), None),
        ("unknown member", changed("es-1", "x5c", json!(["MIIB"])), None),
        ("no id", without("es-1", "kid"), Some(NoKeyId)),
        ("empty id", changed("es-1", "kid", json!("")), Some(NoKeyId)),
        ("number as id", changed("es-1", "kid", json!(1)), Some(Malformed)),
        ("for encryption", changed("es-1", "use", json!("enc")), Some(Purpose)),
        ("for signing", changed("es-1", "key_ops", json!(["sign"])), Some(Purpose)),
        ("for nothing", changed("es-1", "key_ops", json!([])), Some(Purpose)),
        ("another curve", changed("es-1", "crv", json!("P-384")), Some(Algorithm)),
        ("no curve", without("es-1", "crv"), Some(Algorithm)),
        ("ec for rs256", changed("es-1", "alg", json!("RS256")), Some(Algorithm)),
        ("ec for hs256", changed("es-1", "alg", json!("HS256")), Some(Algorithm)),
        ("rsa for ps256", changed("rs-1", "alg", json!("PS256")), Some(Algorithm)),
        ("rsa for rs512", changed("rs-1", "alg", json!("RS512")), Some(Algorithm)),
        ("rsa for hs256", changed("rs-1", "alg", json!("HS256")), Some(Algorithm)),
        ("no type", without("es-1", "kty"), Some(Malformed)),
        ("edwards", json!({"kty": "OKP", "crv": "X25519", "kid": "e", "x": "AA"}), Some(Algorithm)),
        ("short Ed25519", changed("ed-1", "x", json!("AA")), Some(Malformed)),
        ("no Ed25519", without("ed-1", "x"), Some(Malformed)),
        ("Ed25519 for es256", changed("ed-1", "alg", json!("ES256")), Some(Algorithm)),
        ("secret", json!({"kty": "oct", "kid": "o", "k": "AA", "alg": "HS256"}), Some(Algorithm)),
        ("no coordinate", without("es-1", "y"), Some(Malformed)),
        ("short coordinate", changed("es-1", "x", short.clone()), Some(Malformed)),
        ("coordinate not base64", changed("es-1", "x", json!("%")), Some(Malformed)),
        ("no modulus", without("rs-1", "n"), Some(Malformed)),
        ("short modulus", changed("rs-1", "n", short), Some(Malformed)),
        ("modulus of zeroes", changed("rs-1", "n", json!("A".repeat(400))), Some(Malformed)),
        ("empty exponent", changed("rs-1", "e", json!("")), Some(Malformed)),
        ("huge exponent", changed("rs-1", "e", json!("AQAAAAAB")), Some(Malformed)),
        ("private part", changed("es-1", "d", json!("AAAA")), Some(Private)),
        ("a list", json!(["EC", "es-1", "ES256"]), Some(Malformed)),
        ("a number", json!(1), Some(Malformed)),
        ("nothing", json!(null), Some(Malformed)),
    ];
    for (name, key, want) in cases {
        assert_eq!(reason(&key), want, "{name}");
    }
}

#[test]
fn ignored_keys_are_listed_and_the_others_are_used() {
    let keys = json!({ "keys": [
        public("es-1"), {"kty": "oct", "kid": "legacy"}, public("rs-1"), public("es-1"), 7,
        with(public("rs-1").clone(), "kid", Some(json!("es-2"))), public("es-2"),
    ]});
    let set = JwkSet::parse(keys.to_string().as_bytes()).expect("a set");
    assert_eq!(
        set.key_ids().collect::<Vec<_>>(),
        ["rs-1", "es-2", "es-2"],
        "two of other types are told apart"
    );
    let ignored = |index, key_id: Option<&str>, reason| Ignored {
        index,
        key_id: key_id.map(str::to_owned),
        reason,
    };
    let want = [
        ignored(0, Some("es-1"), IgnoredReason::Duplicate),
        ignored(1, Some("legacy"), IgnoredReason::Algorithm),
        ignored(3, Some("es-1"), IgnoredReason::Duplicate),
        ignored(4, None, IgnoredReason::Malformed),
    ];
    assert_eq!(set.ignored(), want);
}

#[test]
fn a_document_that_is_no_set_is_refused() {
    let many = json!({ "keys": vec![0; 65] }).to_string();
    let large = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(64 << 10));
    let cases = [
        ("nothing", "", Err(JwksError::Malformed)),
        ("a page", "<!doctype html>", Err(JwksError::Malformed)),
        ("no keys", "{}", Err(JwksError::Malformed)),
        ("keys of another type", "{\"keys\":{}}", Err(JwksError::Malformed)),
        ("an array", "[[]]", Err(JwksError::Malformed)),
        ("cut off", "{\"keys\":[", Err(JwksError::Malformed)),
        ("an empty set", "{\"keys\":[]}", Ok(())),
        ("many", &many, Err(JwksError::TooMany { limit: 64 })),
        ("large", &large, Err(JwksError::TooLarge { limit: 64 << 10 })),
    ];
    for (name, text, want) in cases {
        assert_eq!(JwkSet::parse(text.as_bytes()).map(drop), want, "{name}");
    }
}
