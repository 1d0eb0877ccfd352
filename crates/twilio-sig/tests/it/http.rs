//! The helper for the `http` crate: the configured base counts and nothing that a client sends.

use http::Request as HttpRequest;
use http::request::Parts;
use twilio_sig::{PublicUrl, Request, SignatureError, UrlForm, Verifier, body_hash_url};

use crate::token;

const BASE: &str = "https://voice.example.com/eu";
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

fn verify(parts: &Parts, body: &[u8]) -> Result<UrlForm, SignatureError> {
    let base: PublicUrl = BASE.parse().expect("a base");
    Verifier::new(token()).verify_http(&base, parts, body).map(|verified| verified.url)
}

fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let request = HttpRequest::builder().method(method).uri(target);
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).expect("a request").into_parts().0
}

#[test]
fn hosts_and_forwarded_headers_never_count() {
    let signed = format!("{BASE}/voice?team=1");
    let signature = token().sign(&Request::form(&signed, &[("From", "+14155550100")]));
    let hostile =
        token().sign(&Request::form("https://evil.example/voice?team=1", &[("From", "+1")]));
    let body = b"From=%2B14155550100";
    let extra = [
        ("host", "evil.example"),
        ("host", "voice.example.com:443"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-proto", "http,https"),
        ("x-forwarded-host", "evil.example, other.example"),
        ("x-forwarded-port", "8080"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-url", "/evil"),
    ];
    for target in ["/voice?team=1", "http://evil.example:81/voice?team=1"] {
        for (name, value) in extra {
            let headers =
                [("x-twilio-signature", &*signature), ("content-type", FORM), (name, value)];
            let got = verify(&parts("POST", target, &headers), body);
            assert_eq!(got, Ok(UrlForm::AsGiven), "{target} {name}: {value}");
            let headers =
                [("x-twilio-signature", &*hostile), ("content-type", FORM), (name, value)];
            let got = verify(&parts("POST", target, &headers), b"From=%2B1");
            assert_eq!(got, Err(SignatureError::Mismatch), "{target} {name}: {value}");
        }
    }
}

#[test]
fn the_content_type_decides_how_the_body_is_checked() {
    let url = format!("{BASE}/events");
    let json = body_hash_url(&url, b"{}");
    let target = json.strip_prefix(BASE).expect("the base");
    let by_json = token().sign(&Request::get(&json));
    let by_url = token().sign(&Request::get(&url));
    let json_type = "application/json";
    let cases = [
        ("JSON", target, json_type, &by_json, &b"{}"[..], Ok(UrlForm::AsGiven)),
        ("other JSON", target, json_type, &by_json, b"[]", Err(SignatureError::BodyHash)),
        ("no hash", "/events", json_type, &by_url, b"{}", Err(SignatureError::BodyUnsigned)),
        ("GET", "/events", "", &by_url, b"", Ok(UrlForm::AsGiven)),
        ("empty form", "/events", FORM, &by_url, b"", Ok(UrlForm::AsGiven)),
        (
            "form of another type",
            "/events",
            "text/plain",
            &by_url,
            b"a=1",
            Err(SignatureError::BodyUnsigned),
        ),
        ("not UTF-8", "/events", FORM, &by_url, b"a=%ff", Err(SignatureError::BodyUnsigned)),
        ("no signature", "/events", FORM, &String::new(), b"", Err(SignatureError::Missing)),
    ];
    for (name, target, content_type, signature, body, want) in cases {
        let headers = [("X-Twilio-Signature", &**signature), ("content-type", content_type)];
        assert_eq!(verify(&parts("POST", target, &headers), body), want, "{name}");
    }
    let twice = [("x-twilio-signature", &*by_url), ("x-twilio-signature", &*by_url)];
    let got = verify(&parts("GET", "/events", &twice), b"");
    assert_eq!(got, Err(SignatureError::Malformed));
}

#[test]
fn upgrades_are_websockets() {
    let signature = token().sign(&Request::get("wss://voice.example.com/eu/media/"));
    let headers = [("x-twilio-signature", &*signature), ("upgrade", "WebSocket")];
    assert_eq!(verify(&parts("GET", "/media", &headers), b""), Ok(UrlForm::TrailingSlash));
    let got = verify(&parts("GET", "/media", &headers[..1]), b"");
    assert_eq!(got, Err(SignatureError::Mismatch));
}
