//! A URL in the first line and a body in the rest: forms are read like another parser reads
//! them, and our own signatures are accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twilio_sig::{AuthToken, Form, Request, Verifier};

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (url, body) = (&data[..end], &data[(end + 1).min(data.len())..]);
    let Ok(url) = std::str::from_utf8(url) else { return };
    let token = AuthToken::new("12345").expect("a token");
    let verifier = Verifier::new(token.clone()).legacy_encodings();

    let json = Request::json(url, body);
    let _ = verifier.verify(&json, &*token.sign(&json));

    let Ok(form) = Form::parse(body) else { return };
    let other: Vec<_> = form_urlencoded::parse(body).collect();
    assert_eq!(form.len(), other.len());
    for (ours, theirs) in form.iter().zip(&other) {
        assert_eq!(ours, (&*theirs.0, &*theirs.1));
    }
    let request = Request::form(url, &form);
    let verdict = verifier.verify(&request, &*token.sign(&request));
    // Only a hash that the URL promises can still be wrong.
    assert!(verdict.is_ok() || url.contains("bodySHA256"), "{verdict:?}");
});
