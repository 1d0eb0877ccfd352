//! Tokens that must be accepted, with times to the second.

use std::time::Duration;

use identity::Timestamp;
use serde_json::{Value, json};
use session::{Keys, NoBackEnd, Session, SessionError, Verifier};

use crate::signer::{
    NOW, Signer, USER, claims, claims_with, now, secret, set, verifier, verifier_of, with,
};

fn session() -> Session {
    Session {
        user: USER.parse().expect("a user"),
        expires_at: Timestamp::from_unix_seconds(NOW + 3600),
        issued_at: Some(Timestamp::from_unix_seconds(NOW - 60)),
    }
}

#[test]
fn a_session_names_its_user_and_its_end() {
    for signer in Signer::ALL {
        let token = signer.sign(&signer.header(), &claims());
        assert_eq!(verifier().verify(&token, now()), Ok(session()), "{signer:?}");
    }
}

#[test]
fn every_form_of_a_good_claim_is_read() {
    let cases = [
        ("audiences", "aud", json!(["api", "authenticated"])),
        ("user in upper case", "sub", json!(USER.to_uppercase())),
        ("user without hyphens", "sub", json!(USER.replace('-', ""))),
        ("expiry with a fraction", "exp", json!(3600.9 + 1_767_225_600.0)),
        ("valid since now", "nbf", json!(NOW)),
        ("valid since long ago", "nbf", json!(0)),
        ("unknown claim", "user_metadata", json!({"role": "service_role", "exp": 1})),
        ("another issuer, none demanded", "iss", json!(["anything"])),
    ];
    for (name, claim, value) in cases {
        let token = Signer::Secret.sign(&Signer::Secret.header(), &claims_with(claim, Some(value)));
        assert_eq!(verifier().verify(&token, now()), Ok(session()), "{name}");
    }
    for absent in ["role", "is_anonymous", "iss", "nbf"] {
        let token = Signer::Secret.sign(&Signer::Secret.header(), &claims_with(absent, None));
        assert_eq!(verifier().verify(&token, now()), Ok(session()), "no {absent}");
    }
}

#[test]
fn clocks_may_differ_by_thirty_seconds() {
    let token = |name, at| {
        let claims = claims_with(name, Some(json!(at)));
        Signer::Key("es-1").sign(&Signer::Key("es-1").header(), &claims)
    };
    let cases = [
        ("expires in an hour", "exp", NOW + 3600, None),
        ("expired 29 s ago", "exp", NOW - 29, None),
        ("expired 30 s ago", "exp", NOW - 30, Some(SessionError::Expired)),
        ("expired 31 s ago", "exp", NOW - 31, Some(SessionError::Expired)),
        ("valid in 29 s", "nbf", NOW + 29, None),
        ("valid in 30 s", "nbf", NOW + 30, None),
        ("valid in 31 s", "nbf", NOW + 31, Some(SessionError::NotYetValid)),
    ];
    for (name, claim, at, want) in cases {
        let got = verifier().verify(&token(claim, at), now()).err();
        assert_eq!(got, want, "{name}");
    }
    // To the microsecond.
    let token = token("exp", NOW);
    let edge = now() + Duration::from_secs(30);
    assert!(verifier().verify(&token, edge.before(Duration::from_micros(1))).is_ok());
    assert_eq!(verifier().verify(&token, edge), Err(SessionError::Expired));
}

#[test]
fn audience_and_issuer_can_be_chosen() {
    let token = |claims: &Value| Signer::Secret.sign(&Signer::Secret.header(), claims);
    let ours = verifier().audience("switchroom").issuer("https://id.example.com");
    let good = with(
        claims_with("aud", Some(json!("switchroom"))),
        "iss",
        Some(json!("https://id.example.com")),
    );
    assert!(ours.verify(&token(&good), now()).is_ok());
    let cases = [
        ("no issuer", "iss", None),
        ("another issuer", "iss", Some(json!("https://id.example.com/"))),
        ("list of issuers", "iss", Some(json!(["https://id.example.com"]))),
        ("the default audience", "aud", Some(json!("authenticated"))),
        ("no audience", "aud", None),
    ];
    for (name, claim, value) in cases {
        let got = ours.verify(&token(&with(good.clone(), claim, value)), now());
        assert_eq!(got, Err(SessionError::Claim { name: claim }), "{name}");
    }
}

#[test]
fn keys_are_rotated_without_a_gap() {
    let token = |id| {
        let signer = Signer::Key(id);
        signer.sign(&signer.header(), &claims())
    };
    let (old, new) = (token("es-1"), token("es-2"));
    let unknown = Err(SessionError::UnknownKey);
    let with_set = |ids: &[&str]| verifier_of(Keys::new().jwks(set(ids)));
    let cases = [
        ("before", with_set(&["es-1"]), Ok(session()), unknown),
        ("both", with_set(&["es-1", "es-2"]), Ok(session()), Ok(session())),
        ("after", with_set(&["es-2"]), unknown, Ok(session())),
        ("emptied", with_set(&[]), unknown, unknown),
    ];
    for (name, verifier, want_old, want_new) in cases {
        assert_eq!(verifier.verify(&old, now()), want_old, "{name}, old key");
        assert_eq!(verifier.verify(&new, now()), want_new, "{name}, new key");
    }
}

#[test]
fn a_secret_and_a_set_work_side_by_side() {
    let secret_token = Signer::Secret.sign(&Signer::Secret.header(), &claims());
    let signer = Signer::Key("rs-1");
    let set_token = signer.sign(&signer.header(), &claims());
    let keys = |secrets: &[&str]| {
        let add = |keys: Keys, text: &&str| keys.secret(text.parse().expect("long enough"));
        secrets.iter().fold(Keys::new(), add)
    };
    let other = "another secret, that is long enough as well";
    let (algorithm, signature) = (Err(SessionError::Algorithm), Err(SessionError::Signature));
    let cases = [
        ("both", keys(&[secret()]).jwks(set(&["rs-1"])), Ok(session()), Ok(session())),
        ("secret only", keys(&[secret()]), Ok(session()), algorithm),
        ("set only", keys(&[]).jwks(set(&["rs-1"])), algorithm, Ok(session())),
        ("neither", keys(&[]), algorithm, algorithm),
        ("secret replaced", keys(&[other, secret()]), Ok(session()), algorithm),
        ("secret gone", keys(&[other]), signature, algorithm),
    ];
    for (name, keys, want_secret, want_set) in cases {
        let verifier = verifier_of(keys);
        assert_eq!(verifier.verify(&secret_token, now()), want_secret, "{name}, secret");
        assert_eq!(verifier.verify(&set_token, now()), want_set, "{name}, set");
    }
}

#[test]
fn nothing_secret_is_printed() {
    let shown = format!("{:?}", verifier());
    assert!(shown.contains("Keys(1 secret, 5 public keys)"), "{shown}");
    assert!(!shown.contains(secret()), "{shown}");
    let secret: session::SessionSecret = secret().parse().expect("long enough");
    assert_eq!(format!("{secret:?}"), "SessionSecret([redacted])");
}

#[test]
fn a_verifier_needs_a_back_end() {
    let has_one = cfg!(any(feature = "aws_lc_rs", feature = "rust_crypto"));
    assert_eq!(Verifier::new(Keys::new()).map(drop), if has_one { Ok(()) } else { Err(NoBackEnd) });
}

#[test]
fn the_claims_of_other_issuers_are_read_as_any_type() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Claims {
        sub: String,
        azp: Option<String>,
    }
    let signer = Signer::Key("ed-1");
    let claims =
        json!({"sub": "user_2abc", "azp": "https://a.example", "exp": NOW + 60, "iss": "i"});
    let token = signer.sign(&signer.header(), &claims);
    let verifier = verifier().any_audience().issuer("i");
    let want = Claims { sub: "user_2abc".into(), azp: Some("https://a.example".into()) };
    assert_eq!(verifier.verify_claims::<Claims>(&token, now()), Ok(want));

    let no_uuid = Err(SessionError::Claim { name: "sub" });
    assert_eq!(verifier.verify(&token, now()), no_uuid, "a session is that of a UUID");
    let cases = [
        (
            "shape",
            verifier.verify_claims::<Vec<String>>(&token, now()).map(drop),
            SessionError::Shape,
        ),
        (
            "issuer",
            verifier.clone().issuer("j").verify_claims::<Claims>(&token, now()).map(drop),
            SessionError::Claim { name: "iss" },
        ),
        (
            "audience",
            verifier.clone().audience("a").verify_claims::<Claims>(&token, now()).map(drop),
            SessionError::Claim { name: "aud" },
        ),
        (
            "time",
            verifier.verify_claims::<Claims>(&token, now() + Duration::from_secs(90)).map(drop),
            SessionError::Expired,
        ),
        (
            "signature",
            verifier.verify_claims::<Claims>(&token[..token.len() - 4], now()).map(drop),
            SessionError::Signature,
        ),
    ];
    for (name, got, want) in cases {
        assert_eq!(got, Err(want), "{name}");
    }
}
