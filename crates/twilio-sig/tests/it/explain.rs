//! Each usual mistake gets its name.

use twilio_sig::{
    Algorithm, AuthToken, Clues, Difference, Explanation, Headers, Key, Params, Request, SharedKey,
    SignatureError, Verifier, body_hash_url,
};

use crate::{TOKEN, token};

const URL: &str = "https://voice.example.com/api/voice?team=1";
const PAIRS: [(&str, &str); 3] =
    [("AccountSid", "AC1"), ("From", "+14155550100"), ("SpeechResult", "100%25 a+b")];

/// The request at hand, with what Twilio signed instead.
fn explain(at_hand: &Request<'_>, signed: &Request<'_>, clues: &Clues<'_>) -> Explanation {
    Verifier::new(token()).explain(at_hand, &*token().sign(signed), clues)
}

fn clues() -> Clues<'static> {
    Clues {
        hosts: &["voice.example.com", "other.example.com:8443"],
        prefixes: &["/eu", "/api"],
        account: Some("AC1"),
        ..Clues::default()
    }
}

#[test]
fn names_the_part_of_the_url() {
    use Difference::{Encoding, Host, Port, Prefix, Query, Scheme, TrailingSlash};
    let cases = [
        (URL, vec![]),
        ("http://voice.example.com/api/voice?team=1", vec![Scheme("https")]),
        ("wss://voice.example.com/api/voice?team=1", vec![Scheme("https")]),
        ("https://127.0.0.1/api/voice?team=1", vec![Host(0)]),
        ("http://10.0.0.7:3000/api/voice?team=1", vec![Scheme("https"), Host(0)]),
        ("http://10.0.0.7:3000/voice?team=1", vec![Scheme("https"), Host(0), Prefix(1)]),
        ("https://voice.example.com/voice?team=1", vec![Prefix(1)]),
        ("https://voice.example.com/api/voice/?team=1", vec![TrailingSlash]),
    ];
    for (url, want) in cases {
        let want = if want.is_empty() { Explanation::Passes } else { Explanation::Differs(want) };
        let got = explain(&Request::form(url, &PAIRS), &Request::form(URL, &PAIRS), &clues());
        assert_eq!(got, want, "{url}");
    }

    let signed = [
        ("https://voice.example.com:8443/api/voice?team=1", Port),
        ("https://other.example.com:8443/api/voice?team=1", Host(1)),
        ("https://voice.example.com/api/voice", Query),
        ("https://voice.example.com/api/voice/?team=1", TrailingSlash),
    ];
    for (url, want) in signed {
        let got = explain(&Request::form(URL, &PAIRS), &Request::form(url, &PAIRS), &clues());
        assert_eq!(got, Explanation::Differs(vec![want]), "{url}");
    }
    let (raw, escaped) = ("https://a.example/v?n=O'Brien", "https://a.example/v?n=O%27Brien");
    let got = explain(&Request::get(raw), &Request::get(escaped), &clues());
    assert_eq!(got, Explanation::Differs(vec![Encoding]));
}

#[test]
fn names_another_spelling_of_the_same_url() {
    use Difference::{Blanks, Escapes, HostCase, QueryOrder, Scheme};
    let host = "https://voice.example.com";
    let cases = [
        // The URL at hand, the one that was signed.
        ("https://Voice.Example.com/v", "https://voice.example.com/v", vec![HostCase]),
        ("https://voice.example.com/v", "https://VOICE.EXAMPLE.COM/v", vec![HostCase]),
        ("https://voice.example.com/v", "https://Voice.example.com/v", vec![HostCase]),
        (
            "http://Voice.Example.com/v",
            "https://voice.example.com/v",
            vec![Scheme("https"), HostCase],
        ),
        ("/v?a=1&b=2", "/v?b=2&a=1", vec![QueryOrder]),
        ("/v?a=1&b=2&c=3&d=4", "/v?c=3&a=1&d=4&b=2", vec![QueryOrder]),
        ("/v?b=2&a=1&c=3&e=5&d=4", "/v?a=1&b=2&c=3&d=4&e=5", vec![QueryOrder]),
        ("/v?name=Ada+Lovelace", "/v?name=Ada%20Lovelace", vec![Blanks]),
        ("/v?name=Ada%20Lovelace", "/v?name=Ada+Lovelace", vec![Blanks]),
        ("/v?to=ada@a.example", "/v?to=ada%40a.example", vec![Escapes]),
        ("/v?to=ada%40a.example", "/v?to=ada@a.example", vec![Escapes]),
        ("/v?at=12:30", "/v?at=12%3a30", vec![Escapes]),
        ("/v?at=12%3A30", "/v?at=12:30", vec![Escapes]),
        ("/sip:ada@a.example?x=1", "/sip%3Aada%40a.example?x=1", vec![Escapes]),
        ("/sip%3Aada%40a.example?x=1", "/sip:ada@a.example?x=1", vec![Escapes]),
        ("/v?a=1&to=ada@a.example", "/v?to=ada%40a.example&a=1", vec![]),
    ];
    let clues = Clues { hosts: &["Voice.example.com"], ..Clues::default() };
    for (at_hand, signed, want) in cases {
        let [at_hand, signed] = [at_hand, signed]
            .map(|url| if url.starts_with('/') { format!("{host}{url}") } else { url.to_owned() });
        // Two changes of one query are not put together.
        let want = if want.is_empty() { Explanation::Unknown } else { Explanation::Differs(want) };
        let got =
            explain(&Request::form(&at_hand, &PAIRS), &Request::form(&signed, &PAIRS), &clues);
        assert_eq!(got, want, "{at_hand} {signed}");
        assert!(!got.to_string().contains("example.com"), "{got}");
    }
}

#[test]
fn names_the_part_of_the_form() {
    use Difference::{ExtraField, Form, FormEncoding};
    let signed = [("From", "+14155550100"), ("SpeechResult", "100% a b")];
    let cases = [
        (
            "decoded twice",
            vec![("From", " 14155550100"), ("SpeechResult", "100% a b")],
            FormEncoding,
        ),
        (
            "not decoded",
            vec![("From", "%2B14155550100"), ("SpeechResult", "100%25+a+b")],
            FormEncoding,
        ),
        ("route parameter", vec![("id", "7"), signed[0], signed[1]], ExtraField),
        ("query merged in", vec![("team", "1"), signed[0], signed[1]], Form),
    ];
    for (name, pairs, want) in cases {
        let got = explain(&Request::form(URL, &pairs), &Request::form(URL, &signed), &clues());
        assert_eq!(got, Explanation::Differs(vec![want]), "{name}");
    }
    let got = explain(&Request::form(URL, &signed), &Request::get(URL), &clues());
    assert_eq!(got, Explanation::Differs(vec![Form]));
}

#[test]
fn names_the_body() {
    let url = body_hash_url(URL, b"{}");
    let signed = Request::json(&url, b"{}");
    let changed = explain(&Request::json(&url, b"{ }"), &signed, &clues());
    assert_eq!(changed, Explanation::Body(SignatureError::BodyHash));
    let unsigned = explain(&Request::json(URL, b"{}"), &Request::get(URL), &clues());
    assert_eq!(unsigned, Explanation::Body(SignatureError::BodyUnsigned));
}

#[test]
fn names_the_key() {
    let other = AuthToken::new("9f1c5a7e3b2d4068a7c9e1f30b5d7284").expect("a token");
    let keys = [Key::from(AuthToken::new("12345").expect("a token")), Key::from(other.clone())];
    let request = Request::form(URL, &PAIRS);
    let clues = Clues { keys: &keys, ..clues() };
    let verifier = Verifier::new(token());
    let got = verifier.explain(&request, &*other.sign(&request), &clues);
    assert_eq!(got, Explanation::Differs(vec![Difference::Key(Some(1))]));

    let foreign = AuthToken::new("foreign").expect("a token");
    let got = verifier.explain(&request, &*foreign.sign(&request), &clues);
    assert_eq!(got, Explanation::Unknown);
    let clues = Clues { account: Some("AC2"), ..clues };
    let got = verifier.explain(&request, &*foreign.sign(&request), &clues);
    assert_eq!(got, Explanation::OtherAccount);
}

#[test]
fn names_the_headers() {
    let request = Request::form(URL, &PAIRS);
    let key = SharedKey::new("k1", TOKEN, Algorithm::HmacSha256).expect("a key");
    let verifier = Verifier::new(token()).also(key.clone());
    let explain = |headers: Headers<'_>| verifier.explain(&request, headers, &clues());
    assert_eq!(explain(None.into()), Explanation::Headers(SignatureError::Missing));
    assert_eq!(explain("%%%".into()), Explanation::Headers(SignatureError::Malformed));

    let sha256 = key.sign(&request);
    assert_eq!(explain((&*sha256).into()), Explanation::SettingsLost);
    let settings = Some("key=k2,algorithm=HMAC_SHA256");
    let unknown = explain(Headers { signature: Some(&sha256), settings });
    assert_eq!(unknown, Explanation::Headers(SignatureError::UnknownKey));
}

#[test]
fn says_nothing_that_is_secret() {
    let request = Request::form(URL, Params::from(&PAIRS));
    let signed = Request::form("http://voice.example.com/voice", &PAIRS);
    let expected = token().sign(&request);
    let got = explain(&signed, &request, &clues());
    let texts = [format!("{got:?}"), got.to_string(), Explanation::Unknown.to_string()];
    for text in &texts {
        for secret in [TOKEN, &expected, "+14155550100", "AC1", "voice.example.com"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
