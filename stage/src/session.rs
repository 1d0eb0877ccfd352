//! Session tokens, as the live chat's sign-in issues them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// Signs session tokens (HS256) with the secret that the server knows.
pub(crate) struct SignIn {
    secret: String,
}

impl SignIn {
    pub(crate) fn new(secret: String) -> Self {
        Self { secret }
    }

    /// The session of a user, good for a day.
    pub(crate) fn session(&self, user: &str) -> Result<String, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({ "sub": user, "aud": "authenticated", "exp": now + DAY, "iat": now });
        sign(&self.secret, &claims)
    }
}

fn sign(secret: &str, claims: &Value) -> Result<String, String> {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| "the session secret cannot be a key".to_owned())?;
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Ok(format!("{signed}.{signature}"))
}

/// In seconds.
const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature is from `openssl dgst -sha256 -hmac secret -binary | basenc --base64url`.
    #[test]
    fn signs_as_others_do() {
        let token = sign("secret", &json!({ "sub": "u" })).unwrap();
        assert_eq!(token, TOKEN);
    }

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\
        .eyJzdWIiOiJ1In0\
        .D9OYCASOic8f2se0l70pQbnYe4k4FisxamL3OAU6LCc";
}
