//! The API key that signs tokens.

use std::fmt;

use ::identity::ApiKeySid;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::TokenError;

/// The secret of an API key, ready to sign and check tokens.
///
/// Its text is used as printed, without any decoding, and is not kept: only the keyed state of the
/// HMAC is, and it is wiped when dropped. There is no `Display`, and `Debug` is redacted.
///
/// # Examples
///
/// ```
/// use voice_token::{ApiKeySecret, TokenError};
///
/// let secret = ApiKeySecret::new("s3cr3t-for-tests-only-32-bytes!!")?;
/// assert_eq!(format!("{secret:?}"), "ApiKeySecret([redacted])");
/// # Ok::<(), TokenError>(())
/// ```
#[derive(Clone)]
pub struct ApiKeySecret(Hmac<Sha256>);

impl ApiKeySecret {
    /// Prepares a secret for use.
    ///
    /// # Errors
    ///
    /// [`TokenError::Secret`] if the text is empty, is itself the Sid of a key or an account, or
    /// has anything but visible ASCII, such as the line feed of a file.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104, 3)")]
    pub fn new(text: &str) -> Result<Self, TokenError> {
        if text.is_empty() {
            return Err(TokenError::Secret { reason: "is empty" });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Secret { reason: "has more than visible ASCII" });
        }
        if kind_of_sid(text).is_some() {
            return Err(TokenError::Secret { reason: "is a Sid" });
        }
        Ok(Self(Hmac::new_from_slice(text.as_bytes()).expect("any length")))
    }

    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(crate) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let mut mac = self.0.clone();
        mac.update(text);
        mac.verify_slice(signature).is_ok()
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret([redacted])")
    }
}

/// An API key with its secret.
///
/// It signs tokens and logs in at the REST API; webhooks are signed with the auth token instead.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The Sid of the key, `SK…`.
    pub sid: ApiKeySid,
    /// Its secret, which Twilio shows once.
    pub secret: ApiKeySecret,
}

impl ApiKey {
    /// Reads both parts of a key.
    ///
    /// # Errors
    ///
    /// [`TokenError::KeyKind`] if `sid` is of another kind, such as that of the account;
    /// [`TokenError::Parse`] if it is not a Sid; [`TokenError::Secret`] as for
    /// [`ApiKeySecret::new`].
    pub fn parse(sid: &str, secret: &str) -> Result<Self, TokenError> {
        let sid = match kind_of_sid(sid) {
            Some(found) if !sid.starts_with(ApiKeySid::PREFIX) => {
                return Err(TokenError::KeyKind { found });
            }
            _ => sid.parse()?,
        };
        Ok(Self { sid, secret: ApiKeySecret::new(secret)? })
    }
}

/// The kind of a text that looks like a Sid.
fn kind_of_sid(text: &str) -> Option<&'static str> {
    let (prefix, digits) = text.split_at_checked(2)?;
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match prefix {
        "AC" => Some("an account Sid"),
        "AP" => Some("a TwiML App Sid"),
        "SK" => Some("an API key Sid"),
        _ if prefix.bytes().all(|byte| byte.is_ascii_uppercase()) => Some("another Sid"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::identity::ParseError;

    const SID: &str = "SK00000000000000000000000000000002";
    const SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";

    #[test]
    fn secrets_are_never_printed() {
        let key = ApiKey::parse(SID, SECRET).unwrap();
        let want = format!("ApiKey {{ sid: ApiKeySid({SID}), secret: ApiKeySecret([redacted]) }}");
        assert_eq!(format!("{key:?}"), want);
    }

    #[test]
    fn secrets_are_wiped_when_dropped() {
        // The hash does nothing when dropped, unless its feature `zeroize` wipes it.
        assert!(std::mem::needs_drop::<Hmac<Sha256>>());
    }

    #[test]
    fn names_the_mistake() {
        let kind = |found| Err(TokenError::KeyKind { found });
        let secret = |reason| Err(TokenError::Secret { reason });
        let what = "API key Sid";
        let cases = [
            ("a key", SID, SECRET, Ok(())),
            ("account", "AC00000000000000000000000000000001", SECRET, kind("an account Sid")),
            ("app", "AP00000000000000000000000000000003", SECRET, kind("a TwiML App Sid")),
            ("service", "IS00000000000000000000000000000003", SECRET, kind("another Sid")),
            (
                "an auth token",
                "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f00",
                SECRET,
                Err(TokenError::Parse(ParseError::Prefix { what, prefix: "SK" })),
            ),
            ("no key", "", SECRET, Err(TokenError::Parse(ParseError::Empty { what }))),
            ("no secret", SID, "", secret("is empty")),
            ("line feed", SID, "s3cret\n", secret("has more than visible ASCII")),
            ("the Sid again", SID, SID, secret("is a Sid")),
        ];
        for (name, sid, text, want) in cases {
            assert_eq!(ApiKey::parse(sid, text).map(drop), want, "{name}");
        }
    }
}
