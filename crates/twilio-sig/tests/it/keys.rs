//! Which key may verify what.

use twilio_sig::{
    Algorithm, AuthToken, Headers, Request, SharedKey, SignatureError, UrlForm, Verified, Verifier,
    body_hash_url,
};

use crate::token;

const URL: &str = "https://voice.example.com/voice";
const SHA256: Option<&str> = Some("key=k1,algorithm=HMAC_SHA256");
const SHA1: Option<&str> = Some("key=k1,algorithm=HMAC_SHA1");

fn shared(algorithm: Algorithm) -> SharedKey {
    SharedKey::new("k1", "s3cret", algorithm).expect("a key")
}

#[test]
fn both_tokens_of_a_rotation_pass_and_are_distinguished() {
    let old = AuthToken::new("9f1c5a7e3b2d4068a7c9e1f30b5d7284").expect("a token");
    let request = Request::get(URL);
    let verifier = Verifier::new(token()).also(old.clone());
    let by_key = |key| Ok(Verified { key, url: UrlForm::AsGiven });
    assert_eq!(verifier.verify(&request, &*token().sign(&request)), by_key(0));
    assert_eq!(verifier.verify(&request, &*old.sign(&request)), by_key(1));
    // Once the old one has expired, it is gone.
    let after = Verifier::new(token());
    assert_eq!(after.verify(&request, &*old.sign(&request)), Err(SignatureError::Mismatch));
    // The same token twice counts as the first.
    let twice = Verifier::new(token()).also(token());
    assert_eq!(twice.verify(&request, &*token().sign(&request)), by_key(0));
}

#[test]
fn the_settings_choose_the_key_and_never_a_weaker_one() {
    let request = Request::get(URL);
    let verifier = Verifier::new(token()).also(shared(Algorithm::HmacSha256));
    let by_token = token().sign(&request);
    let (sha256, sha1) =
        (shared(Algorithm::HmacSha256).sign(&request), shared(Algorithm::HmacSha1).sign(&request));
    let cases = [
        ("token without settings", &by_token, None, Ok(0)),
        ("key with its settings", &sha256, SHA256, Ok(1)),
        ("key without settings", &sha256, None, Err(SignatureError::Malformed)),
        ("token under the name of the key", &by_token, SHA256, Err(SignatureError::Malformed)),
        ("weaker algorithm", &sha1, SHA1, Err(SignatureError::Algorithm)),
        ("weaker algorithm, no settings", &sha1, None, Err(SignatureError::Mismatch)),
        (
            "unknown key",
            &sha256,
            Some("key=k2,algorithm=HMAC_SHA256"),
            Err(SignatureError::UnknownKey),
        ),
        (
            "unknown algorithm",
            &sha256,
            Some("key=k1,algorithm=HMAC_MD5"),
            Err(SignatureError::Algorithm),
        ),
    ];
    for (name, signature, settings, want) in cases {
        let headers = Headers { signature: Some(signature), settings };
        let got = verifier.verify(&request, headers).map(|verified| verified.key);
        assert_eq!(got, want, "{name}");
    }
    let only_shared = Verifier::new(shared(Algorithm::HmacSha256));
    let got = only_shared.verify(&request, &*by_token);
    assert_eq!(got, Err(SignatureError::UnknownKey));
}

#[test]
fn headers_are_read_strictly() {
    let request = Request::get(URL);
    let good = token().sign(&request);
    let bare = good.trim_end_matches('=');
    let cases = [
        (String::new(), SignatureError::Missing),
        (bare.to_owned(), SignatureError::Malformed),
        (format!("{good} "), SignatureError::Malformed),
        (format!("{good},{good}"), SignatureError::Malformed),
        (good.replace('+', "-").replace('/', "_") + "=", SignatureError::Malformed),
        ("AAAA".to_owned(), SignatureError::Malformed),
        ("ä".repeat(14), SignatureError::Malformed),
        ("A".repeat(100_000), SignatureError::Malformed),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(), SignatureError::Mismatch),
    ];
    for (header, want) in cases {
        assert_eq!(Verifier::new(token()).verify(&request, &*header), Err(want), "{header}");
    }
}

#[test]
fn websockets_may_be_signed_with_a_slash() {
    let verifier = Verifier::new(token());
    let (bare, slash) = ("wss://voice.example.com/media", "wss://voice.example.com/media/");
    let by_slash = token().sign(&Request::get(slash));
    let found = verifier.verify(&Request::websocket(bare), &*by_slash);
    assert_eq!(found, Ok(Verified { key: 0, url: UrlForm::TrailingSlash }));
    // Only WebSockets are, and no slash is taken away.
    let get = verifier.verify(&Request::get(bare), &*by_slash);
    assert_eq!(get, Err(SignatureError::Mismatch));
    let by_bare = token().sign(&Request::get(bare));
    let got = verifier.verify(&Request::websocket(slash), &*by_bare);
    assert_eq!(got, Err(SignatureError::Mismatch));
}

#[test]
fn body_hashes_bind_every_body() {
    let (body, other) = (&b"{}"[..], &b"{ }"[..]);
    let url = body_hash_url(URL, body);
    let upper = url.to_ascii_uppercase().replace(
        "HTTPS://VOICE.EXAMPLE.COM/VOICE?BODYSHA256",
        "https://voice.example.com/voice?bodySHA256",
    );
    let twice = body_hash_url(&url, other);
    let (empty, with_form) = (body_hash_url(URL, b""), body_hash_url(URL, b"a=1"));
    let form = twilio_sig::Form::parse(b"a=1").expect("a form");
    let cases = [
        ("its body", Request::json(&url, body), Ok(())),
        ("another body", Request::json(&url, other), Err(SignatureError::BodyHash)),
        ("no body", Request::get(&url), Err(SignatureError::BodyHash)),
        ("the empty body", Request::get(&empty), Ok(())),
        ("the hash of a form", Request::form(&with_form, &form), Ok(())),
        (
            "a form whose bytes are unknown",
            Request::form(&with_form, &[("a", "1")]),
            Err(SignatureError::BodyHash),
        ),
        ("upper case", Request::json(&upper, body), Err(SignatureError::BodyHash)),
        ("two hashes", Request::json(&twice, other), Err(SignatureError::BodyHash)),
        ("no hash", Request::json(URL, body), Err(SignatureError::BodyUnsigned)),
        ("no hash, empty", Request::json(URL, b""), Err(SignatureError::BodyUnsigned)),
    ];
    for (name, request, want) in cases {
        let got = Verifier::new(token()).verify(&request, &*token().sign(&request)).map(drop);
        assert_eq!(got, want, "{name}");
    }
    // An unsigned URL is refused before its hash counts.
    let got = Verifier::new(token())
        .verify(&Request::json(&url, body), &*token().sign(&Request::get(URL)));
    assert_eq!(got, Err(SignatureError::Mismatch));
}

#[test]
fn other_spellings_pass_only_if_asked_for() {
    let url = "https://Voice.Example.com/voice?name=O'Brien&list=x,y";
    let spellings = [
        "https://voice.example.com/voice?name=O%27Brien&list=x,y",
        "https://voice.example.com:443/voice?name=O'Brien&list=x%2Cy",
    ];
    for signed in spellings {
        let header = token().sign(&Request::get(signed));
        let strict = Verifier::new(token());
        let got = strict.verify(&Request::get(url), &*header);
        assert_eq!(got, Err(SignatureError::Mismatch), "{signed}");
        let got = strict.legacy_encodings().verify(&Request::get(url), &*header);
        assert_eq!(got, Ok(Verified { key: 0, url: UrlForm::Legacy }), "{signed}");
    }
}

#[test]
fn the_documented_limit_of_the_signature_stands() {
    // There is nothing between names and values, so these two are signed alike. Twilio's design;
    // readers of fields must not treat their absence or presence as proof.
    let (one, other) = ([("ab", "c")], [("a", "bc")]);
    let header = token().sign(&Request::form(URL, &one));
    assert!(Verifier::new(token()).verify(&Request::form(URL, &other), &*header).is_ok());
}
