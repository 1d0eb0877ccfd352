//! Session tokens, as the live chat's sign-in issues them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The claims of a user's session, valid for so many seconds.
pub fn claims(user: &str, seconds: u64) -> Value {
    let now = now();
    json!({
        "sub": user,
        "aud": "authenticated",
        "role": "authenticated",
        "iat": now,
        "exp": now + seconds,
    })
}

/// A token of these claims (HS256), signed with the secret that the server knows.
pub fn sign(claims: &Value, secret: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature is from `openssl dgst -sha256 -hmac secret -binary | basenc --base64url`.
    #[test]
    fn signs_as_others_do() {
        assert_eq!(sign(&json!({ "sub": "u" }), "secret"), TOKEN);
    }

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\
        .eyJzdWIiOiJ1In0\
        .D9OYCASOic8f2se0l70pQbnYe4k4FisxamL3OAU6LCc";
}
