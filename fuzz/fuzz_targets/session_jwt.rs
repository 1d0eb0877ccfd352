//! Reading session tokens and key sets never panics, and an unsigned token never passes.
#![no_main]

use std::time::Duration;

use identity::Timestamp;
use libfuzzer_sys::fuzz_target;
use session::{JwkSet, Keys, Verifier};

const SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters";
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

fn verifier(keys: Keys) -> Verifier {
    Verifier::new(keys).expect("a back end")
}

fuzz_target!(|data: &[u8]| {
    let secret = || SECRET.parse().expect("a secret");
    let now = Timestamp::from_unix_seconds(1_767_225_600);
    let judge = verifier(Keys::new().secret(secret()));
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = judge.verify(text, now);
    }
    let token = fuzz::signed(HEADER, data, SECRET.as_bytes());
    if let Ok(session) = judge.verify(&token, now) {
        assert!(session.expires_at > now.before(Duration::from_secs(31)));
        let other = "another-secret-jwt-token-with-at-least-32-characters";
        let other = verifier(Keys::new().secret(other.parse().expect("a secret")));
        assert!(other.verify(&token, now).is_err());
    }
    let _ = judge.verify(&fuzz::signed(data, b"{}", SECRET.as_bytes()), now);

    if let Ok(set) = JwkSet::parse(data) {
        let judge = verifier(Keys::new().secret(secret()).jwks(set));
        let _ = judge.verify(&token, now);
    }
});
