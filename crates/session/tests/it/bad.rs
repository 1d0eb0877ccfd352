//! Kinds of tokens that are refused, each with its reason.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use session::SessionError;

use crate::signer::{
    KEYS, NOW, Signer, USER, claims, claims_with, encode, now, public, secret, sign_with_bytes,
    verifier, with,
};

/// A kind of token, and why it is refused.
struct Bad {
    name: String,
    token: String,
    want: SessionError,
}

fn bad(name: impl Into<String>, token: impl Into<String>, want: SessionError) -> Bad {
    Bad { name: name.into(), token: token.into(), want }
}

fn good(signer: Signer) -> String {
    signer.sign(&signer.header(), &claims())
}

const MALFORMED: SessionError = SessionError::Malformed;
const ALGORITHM: SessionError = SessionError::Algorithm;
const SIGNATURE: SessionError = SessionError::Signature;
const UNKNOWN_KEY: SessionError = SessionError::UnknownKey;

#[test]
fn none_of_hundreds_of_kinds_is_accepted() {
    let kinds = [
        algorithms(),
        confusions(),
        keys_in_the_header(),
        headers(),
        wrong_types(),
        wrong_claims(),
        foreign(),
        shapes(),
    ];
    let mut tokens = BTreeSet::new();
    for Bad { name, token, want } in kinds.into_iter().flatten() {
        assert_eq!(verifier().verify(&token, now()).err(), Some(want), "{name}");
        assert!(tokens.insert(token), "{name} is there twice");
    }
    assert!(tokens.len() >= 200, "{} kinds", tokens.len());
    println!("{} kinds of bad tokens", tokens.len());
}

/// Every other algorithm name, unsigned and signed by each good key.
fn algorithms() -> Vec<Bad> {
    let mut all = Vec::new();
    let names = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS384",
        "HS512",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES384",
        "ES512",
        "ES256K",
        "EDDSA",
        "Ed25519",
        "Ed448",
        "hs256",
        "HS256 ",
        " HS256",
        "HS256\0",
        "RSA-OAEP",
        "dir",
        "A256GCMKW",
    ];
    for algorithm in names {
        for signer in Signer::ALL {
            let header = with(signer.header(), "alg", Some(json!(algorithm)));
            let token = signer.sign(&header, &claims());
            let unsigned = &token[..=token.rfind('.').expect("dots")];
            all.push(bad(format!("alg {algorithm:?}, unsigned, {signer:?}"), unsigned, ALGORITHM));
            all.push(bad(format!("alg {algorithm:?} by {signer:?}"), token, ALGORITHM));
        }
    }
    all
}

/// A public key used as a secret, and a key used with the algorithm of another.
fn confusions() -> Vec<Bad> {
    let mut all = Vec::new();
    let pem = KEYS["rs-1-public-pem"].as_str().expect("a text");
    let modulus = public("rs-1")["n"].as_str().expect("a text");
    let jwk = public("es-1").to_string();
    let secrets = [pem, pem.trim_end(), modulus, &jwk, "es-1", ""];
    for (index, public_secret) in secrets.into_iter().enumerate() {
        for (id, want) in [(None, SIGNATURE), (Some("rs-1"), ALGORITHM), (Some("es-1"), ALGORITHM)]
        {
            let header = with(Signer::Secret.header(), "kid", id.map(|id| json!(id)));
            let token = sign_with_bytes(public_secret.as_bytes(), &header, &claims());
            all.push(bad(format!("public secret {index}, kid {id:?}"), token, want));
        }
    }
    for signer in Signer::ALL {
        for (algorithm, id) in [
            ("HS256", "es-1"),
            ("HS256", "rs-1"),
            ("ES256", "rs-1"),
            ("RS256", "es-1"),
            ("HS256", "ed-1"),
            ("ES256", "ed-1"),
            ("EdDSA", "es-1"),
            ("EdDSA", "rs-1"),
        ] {
            let header = json!({"alg": algorithm, "kid": id});
            let token = signer.sign(&header, &claims());
            all.push(bad(format!("{algorithm} with {id} by {signer:?}"), token, ALGORITHM));
        }
    }
    // The right secret under the id of a public key is refused too.
    let header = with(Signer::Secret.header(), "kid", Some(json!("es-2")));
    all.push(bad("secret as es-2", Signer::Secret.sign(&header, &claims()), ALGORITHM));
    all
}

/// Keys, and addresses of keys, inside the token.
fn keys_in_the_header() -> Vec<Bad> {
    let mut all = Vec::new();
    for (foreign, known) in [("es-foreign", "es-1"), ("rs-foreign", "rs-1")] {
        let signer = Signer::Key(foreign);
        let brought = [
            ("jwk", public(foreign).clone()),
            ("jku", json!("https://attacker.example.com/jwks.json")),
            ("x5u", json!("https://attacker.example.com/chain.pem")),
            ("x5c", json!(["MIIB"])),
            ("x5t", json!("AAAA")),
        ];
        for (member, value) in brought {
            for (id, want) in
                [(known, SIGNATURE), (foreign, UNKNOWN_KEY), ("../../../dev/null", UNKNOWN_KEY)]
            {
                let header = with(signer.header(), "kid", Some(json!(id)));
                let header = with(header, member, Some(value.clone()));
                let token = signer.sign(&header, &claims());
                all.push(bad(format!("{member} of {foreign} as {id}"), token, want));
            }
        }
        for id in ["", "0", "' or '1'='1", "/dev/null", "es-1\0", "ES-1", " es-1"] {
            let header = with(signer.header(), "kid", Some(json!(id)));
            let token = signer.sign(&header, &claims());
            all.push(bad(format!("{foreign} as {id:?}"), token, UNKNOWN_KEY));
        }
    }
    all
}

/// Invalid headers.
fn headers() -> Vec<Bad> {
    let mut all = Vec::new();
    for signer in Signer::ALL {
        for (member, value) in [
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("crit", json!("b64")),
            ("zip", json!("DEF")),
            ("zip", json!("")),
            ("alg", json!(null)),
            ("alg", json!(["HS256"])),
            ("alg", json!(256)),
            ("alg", json!({"HS256": true})),
            ("kid", json!(1)),
            ("kid", json!(["es-1"])),
        ] {
            let header = with(signer.header(), member, Some(value.clone()));
            let token = signer.sign(&header, &claims());
            all.push(bad(format!("{member} {value} by {signer:?}"), token, MALFORMED));
        }
        let header = with(signer.header(), "alg", None);
        all.push(bad(format!("no alg by {signer:?}"), signer.sign(&header, &claims()), MALFORMED));
        let text = signer.header().to_string();
        let twice = text.replacen('{', "{\"alg\":\"none\",", 1);
        let texts = [
            "",
            "{}",
            "[]",
            "[\"HS256\"]",
            "null",
            "\"HS256\"",
            "{",
            &twice,
            &text[1..],
            &format!("{text}x"),
        ];
        for (index, header) in texts.into_iter().enumerate() {
            let token = signer.sign_text(header, &claims().to_string());
            all.push(bad(format!("header text {index} by {signer:?}"), token, MALFORMED));
        }
    }
    for id in ["es-1", "rs-1"] {
        let signer = Signer::Key(id);
        let header = with(signer.header(), "kid", None);
        let unnamed = signer.sign(&header, &claims());
        all.push(bad(format!("{id} unnamed"), unnamed, SessionError::NoKeyId));
    }
    all
}

/// Each claim with a value of another type.
fn wrong_types() -> Vec<Bad> {
    let texts = json!([null, true, 0, -1, 1.5, [], {}, [[]]]);
    let numbers = json!([
        null,
        true,
        "",
        "1767229200",
        [],
        {},
        [1_767_229_200],
        -1,
        -0.5,
        1e300,
        253_402_300_800_i64
    ]);
    let bools = json!([null, "false", "", 0, 1, [], {}]);
    let mut all = Vec::new();
    for (name, values) in [
        ("sub", &texts),
        ("aud", &texts),
        ("role", &texts),
        ("exp", &numbers),
        ("nbf", &numbers),
        ("iat", &numbers),
        ("is_anonymous", &bools),
    ] {
        for value in values.as_array().expect("a list") {
            let claims = claims_with(name, Some(value.clone()));
            let token = Signer::Secret.sign(&Signer::Secret.header(), &claims);
            all.push(bad(format!("{name} {value}"), token, SessionError::Claim { name }));
        }
    }
    all
}

/// Claims of the right type with a wrong value.
fn wrong_claims() -> Vec<Bad> {
    let claim = |name| SessionError::Claim { name };
    let mut changes: Vec<(&'static str, Option<Value>, SessionError)> = vec![
        ("exp", None, claim("exp")),
        ("sub", None, claim("sub")),
        ("aud", None, claim("aud")),
        ("exp", Some(json!(0)), SessionError::Expired),
        ("exp", Some(json!(NOW - 31)), SessionError::Expired),
        ("exp", Some(json!(NOW - 30)), SessionError::Expired),
        // Milliseconds read as seconds are past the year 9999.
        ("exp", Some(json!(NOW * 1000)), claim("exp")),
        ("nbf", Some(json!(NOW * 1000)), claim("nbf")),
        ("nbf", Some(json!(NOW + 31)), SessionError::NotYetValid),
        ("nbf", Some(json!(NOW + 86_400)), SessionError::NotYetValid),
        ("is_anonymous", Some(json!(true)), claim("is_anonymous")),
    ];
    for role in ["anon", "service_role", "postgres", "", "Authenticated", "authenticated ", "admin"]
    {
        changes.push(("role", Some(json!(role)), claim("role")));
    }
    for audience in [
        json!("anon"),
        json!(""),
        json!("Authenticated"),
        json!("authenticated "),
        json!("authenticated,api"),
        json!(["api"]),
        json!([""]),
        json!(["authenticated", 1]),
        json!(["authenticated", null]),
        json!([["authenticated"]]),
        json!({"authenticated": true}),
    ] {
        changes.push(("aud", Some(audience), claim("aud")));
    }
    for user in [
        "",
        " ",
        "agent_7f3c2d1e00004000800000000000000a",
        "7f3c2d1e-0000-4000-8000-00000000000",
        "7f3c2d1e-0000-4000-8000-00000000000a0",
        "7f3c2d1e-0000-4000-8000-00000000000g",
        "7f3c2d1e00004000-8000-00000000000a",
        "7f3c2d1e-0000-4000-8000-00000000000a\n",
        "{7f3c2d1e-0000-4000-8000-00000000000a}",
        "urn:uuid:7f3c2d1e-0000-4000-8000-00000000000a",
        "７f3c2d1e-0000-4000-8000-00000000000a",
        "admin",
        "' or true --",
    ] {
        changes.push(("sub", Some(json!(user)), claim("sub")));
    }
    let mut all = Vec::new();
    for (name, value, want) in changes {
        for signer in Signer::ALL {
            let token = signer.sign(&signer.header(), &claims_with(name, value.clone()));
            all.push(bad(format!("{name} {value:?} by {signer:?}"), token, want));
        }
    }
    // A repeated claim is refused, whichever value would count.
    for name in ["exp", "sub", "aud", "role", "nbf"] {
        let text = claims_with("nbf", Some(json!(NOW))).to_string();
        let value = &claims_with("nbf", Some(json!(NOW)))[name];
        let twice = text.replacen('{', &format!("{{\"{name}\":{value},"), 1);
        let token = Signer::Secret.sign_text(&Signer::Secret.header().to_string(), &twice);
        all.push(bad(format!("{name} twice"), token, MALFORMED));
    }
    let members = format!("[\"{USER}\",\"authenticated\",\"\",{}]", NOW + 3600);
    for text in ["", "null", "[]", &members, "\"session\"", "1", "{", "{}x"] {
        let token = Signer::Secret.sign_text(&Signer::Secret.header().to_string(), text);
        all.push(bad(format!("claims {text:?}"), token, MALFORMED));
    }
    let token = Signer::Secret.sign_text(&Signer::Secret.header().to_string(), "{}");
    all.push(bad("no claim at all", token, claim("exp")));
    all
}

/// Good tokens of someone else.
fn foreign() -> Vec<Bad> {
    let other = sign_with_bytes(
        b"another secret, that is long enough as well",
        &Signer::Secret.header(),
        &claims(),
    );
    let doubled = format!("{0}{0}", secret());
    let mut all = vec![
        bad("another secret", other, SIGNATURE),
        bad(
            "the secret twice",
            sign_with_bytes(doubled.as_bytes(), &Signer::Secret.header(), &claims()),
            SIGNATURE,
        ),
        bad("foreign es256", good(Signer::Key("es-foreign")), UNKNOWN_KEY),
        bad("foreign rs256", good(Signer::Key("rs-foreign")), UNKNOWN_KEY),
    ];
    for (signer, named) in
        [("es-foreign", "es-1"), ("es-2", "es-1"), ("rs-foreign", "rs-1"), ("rs-2", "rs-1")]
    {
        let token = Signer::Key(signer).sign(&Signer::Key(named).header(), &claims());
        all.push(bad(format!("{signer} as {named}"), token, SIGNATURE));
    }
    // Parts of two good tokens put together.
    let colleague = claims_with("sub", Some(json!(USER.replace('7', "8"))));
    for signer in Signer::ALL {
        let (one, two) = (good(signer), signer.sign(&signer.header(), &colleague));
        let part = |token: &str, index| token.split('.').nth(index).expect("a part").to_owned();
        let mixed = format!("{}.{}.{}", part(&one, 0), part(&two, 1), part(&one, 2));
        all.push(bad(format!("claims of another token, {signer:?}"), mixed, SIGNATURE));
        let mixed = format!("{}.{}.{}", part(&one, 0), part(&one, 1), part(&two, 2));
        all.push(bad(format!("signature of another token, {signer:?}"), mixed, SIGNATURE));
    }
    all
}

/// Texts that are not in compact form.
fn shapes() -> Vec<Bad> {
    let mut all = vec![
        bad("nothing", "", SessionError::Missing),
        bad("a blank", " ", MALFORMED),
        bad("a word", "undefined", MALFORMED),
        bad("null", "null", MALFORMED),
        bad("dots", "..", MALFORMED),
        bad("many dots", ".".repeat(1000), MALFORMED),
        bad("letters", "A".repeat(1 << 20), MALFORMED),
        bad("other letters", "é.é.é", MALFORMED),
    ];
    for signer in Signer::ALL {
        let token = good(signer);
        let parts: Vec<_> = token.split('.').collect();
        let (header, claims_part, signature) = (parts[0], parts[1], parts[2]);
        let long = with(claims(), "user_metadata", Some(json!("x".repeat(13 << 10))));
        let texts = [
            ("header only", header.to_owned(), MALFORMED),
            ("no signature", format!("{header}.{claims_part}"), MALFORMED),
            ("empty signature", format!("{header}.{claims_part}."), SIGNATURE),
            ("empty claims", format!("{header}..{signature}"), SIGNATURE),
            ("empty header", format!(".{claims_part}.{signature}"), MALFORMED),
            ("four parts", format!("{token}."), MALFORMED),
            ("five parts", format!("{token}.{signature}.{signature}"), MALFORMED),
            ("leading dot", format!(".{token}"), MALFORMED),
            ("leading blank", format!(" {token}"), MALFORMED),
            ("trailing blank", format!("{token} "), SIGNATURE),
            ("trailing newline", format!("{token}\n"), SIGNATURE),
            ("trailing nul", format!("{token}\0"), SIGNATURE),
            ("padded", format!("{token}=="), SIGNATURE),
            ("scheme left in", format!("Bearer {token}"), MALFORMED),
            ("quoted", format!("\"{token}\""), MALFORMED),
            ("signature halved", token[..token.len() - signature.len() / 2].to_owned(), SIGNATURE),
            ("signature doubled", format!("{token}{signature}"), SIGNATURE),
            ("one letter less", token[..token.len() - 1].to_owned(), SIGNATURE),
            ("one letter more", format!("{token}A"), SIGNATURE),
            ("reversed", token.chars().rev().collect(), MALFORMED),
            ("upper case", token.to_uppercase(), MALFORMED),
            ("parts swapped", format!("{claims_part}.{header}.{signature}"), MALFORMED),
            (
                "zero signature",
                format!("{header}.{claims_part}.{}", encode(&"\0".repeat(64))),
                SIGNATURE,
            ),
            ("too long", signer.sign(&signer.header(), &long), MALFORMED),
        ];
        all.extend(
            texts
                .into_iter()
                .map(|(name, token, want)| bad(format!("{name}, {signer:?}"), token, want)),
        );
    }
    all
}
