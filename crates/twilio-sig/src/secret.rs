//! The secrets that sign: account auth tokens and shared keys.

use std::fmt;

use crate::mac::Mac;
use crate::{Algorithm, Request, SecretError};

/// The auth token of a Twilio account, ready to sign and verify with HMAC-SHA1.
///
/// Each account and subaccount signs with its own primary token, case included; a secondary token
/// signs only once it is promoted. The text is not kept: only the keyed state of the HMAC is, and
/// it is wiped when dropped. There is no `Display`, and `Debug` is redacted.
///
/// # Examples
///
/// ```
/// use twilio_sig::{AuthToken, Request};
///
/// let token = AuthToken::new("12345")?;
/// assert_eq!(format!("{token:?}"), "AuthToken([redacted])");
///
/// let params = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675310"), ("Digits", "1234"),
///     ("From", "+14158675310"), ("To", "+18005551212")];
/// let request = Request::form("https://example.com/myapp.php?foo=1&bar=2", &params);
/// assert_eq!(token.sign(&request), "L/OH5YylLD5NRKLltdqwSvS0BnU=");
/// # Ok::<(), twilio_sig::SecretError>(())
/// ```
#[derive(Clone)]
pub struct AuthToken(pub(crate) Mac);

impl AuthToken {
    /// Prepares a token for use.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the text is empty or has anything but visible ASCII, such as the line
    /// feed of a file.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        check(text)?;
        Ok(Self(Mac::new(Algorithm::HmacSha1, text.as_bytes())))
    }

    /// Signs a request as Twilio does: the value of `X-Twilio-Signature`.
    ///
    /// The URL is signed as given, without user info and fragment; the caller decides
    /// whether Twilio leaves out its port. The URL of a JSON request must carry its hash already, see
    /// [`body_hash_url`](crate::body_hash_url).
    pub fn sign(&self, request: &Request<'_>) -> String {
        self.0.sign(request)
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken([redacted])")
    }
}

/// A shared key of a webhook setting (beta of 2026), which signs instead of the auth token.
///
/// Such requests name the key in `X-Twilio-Webhooks-Signature-Settings`. That header is not signed,
/// so a key only verifies with the one algorithm that is configured for it.
///
/// # Examples
///
/// ```
/// use twilio_sig::{Algorithm, Headers, Request, SharedKey, Verifier};
///
/// let key = SharedKey::new("webhooks_sharedkey_01", "s3cret", Algorithm::HmacSha256)?;
/// assert_eq!(format!("{key:?}"), "SharedKey(webhooks_sharedkey_01, HmacSha256, [redacted])");
///
/// let request = Request::get("https://example.com/voice");
/// let signature = key.sign(&request);
/// let headers = Headers {
///     signature: Some(&signature),
///     settings: Some("key=webhooks_sharedkey_01,algorithm=HMAC_SHA256"),
/// };
/// assert!(Verifier::new(key).verify(&request, headers).is_ok());
/// # Ok::<(), twilio_sig::SecretError>(())
/// ```
#[derive(Clone)]
pub struct SharedKey {
    pub(crate) id: Box<str>,
    pub(crate) algorithm: Algorithm,
    pub(crate) mac: Mac,
}

impl SharedKey {
    /// Prepares the key with this id, `webhooks_sharedkey_…`, for use.
    ///
    /// # Errors
    ///
    /// [`SecretError`] as for [`AuthToken::new`].
    pub fn new(id: &str, secret: &str, algorithm: Algorithm) -> Result<Self, SecretError> {
        check(secret)?;
        Ok(Self { id: id.into(), algorithm, mac: Mac::new(algorithm, secret.as_bytes()) })
    }

    /// The id that requests name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs a request, as [`AuthToken::sign`] does.
    pub fn sign(&self, request: &Request<'_>) -> String {
        self.mac.sign(request)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedKey({}, {:?}, [redacted])", self.id, self.algorithm)
    }
}

/// A key that can verify a request.
#[derive(Clone, Debug)]
pub enum Key {
    /// An account's auth token.
    AuthToken(AuthToken),
    /// A shared key of a webhook setting.
    SharedKey(SharedKey),
}

impl Key {
    pub(crate) fn mac(&self) -> &Mac {
        match self {
            Self::AuthToken(token) => &token.0,
            Self::SharedKey(key) => &key.mac,
        }
    }
}

impl From<AuthToken> for Key {
    fn from(token: AuthToken) -> Self {
        Self::AuthToken(token)
    }
}

impl From<SharedKey> for Key {
    fn from(key: SharedKey) -> Self {
        Self::SharedKey(key)
    }
}

fn check(text: &str) -> Result<(), SecretError> {
    if text.is_empty() {
        return Err(SecretError::Empty);
    }
    match text.bytes().position(|byte| !byte.is_ascii_graphic()) {
        Some(at) => Err(SecretError::Character { at }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f";

    #[test]
    fn secrets_are_never_printed() {
        let token = AuthToken::new(SECRET).unwrap();
        let key = SharedKey::new("webhooks_sharedkey_01", SECRET, Algorithm::HmacSha1).unwrap();
        assert_eq!(format!("{token:?}"), "AuthToken([redacted])");
        assert_eq!(format!("{token:#?}"), "AuthToken([redacted])");
        let key = format!("{:?}", Key::from(key));
        assert_eq!(key, "SharedKey(SharedKey(webhooks_sharedkey_01, HmacSha1, [redacted]))");
    }

    #[test]
    fn refuses_what_cannot_be_a_secret() {
        let cases = [
            ("token", SECRET, Ok(())),
            ("nothing", "", Err(SecretError::Empty)),
            ("line feed of a file", "12345\n", Err(SecretError::Character { at: 5 })),
            ("blank in front", " 12345", Err(SecretError::Character { at: 0 })),
            ("no-break space", "123\u{a0}45", Err(SecretError::Character { at: 3 })),
        ];
        for (name, text, want) in cases {
            assert_eq!(AuthToken::new(text).map(drop), want, "{name}");
            let key = SharedKey::new("id", text, Algorithm::HmacSha256);
            assert_eq!(key.map(drop), want, "{name}");
        }
    }
}
