//! Reading access tokens never panics, neither for arbitrary text nor for any signed payload.
#![no_main]

use std::time::Duration;

use identity::Timestamp;
use libfuzzer_sys::fuzz_target;
use voice_token::{ApiKey, unverified_key};

const KEY: &str = "SK00000000000000000000000000000002";
const SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";
const HEADER: &[u8] = br#"{"alg":"HS256","cty":"twilio-fpa;v=1","typ":"JWT"}"#;

fuzz_target!(|data: &[u8]| {
    let key = ApiKey::parse(KEY, SECRET).expect("a key");
    let now = Timestamp::from_unix_seconds(1_767_225_600);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = key.verify(text, now, Duration::ZERO);
        let _ = unverified_key(text);
    }
    let token = fuzz::signed(HEADER, data, SECRET.as_bytes());
    if let Ok(token) = key.verify(&token, now, Duration::ZERO) {
        assert_eq!(token.key.as_str(), KEY);
        assert!(token.expires_at > now);
    }
    let _ = key.verify(&fuzz::signed(data, b"{}", SECRET.as_bytes()), now, Duration::ZERO);
});
