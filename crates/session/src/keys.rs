//! The keys that sign sessions.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::DecodingKey;

use crate::algorithm::{Algorithm, BackEnd, PublicKey};
use crate::error::{SessionError, WeakSecret};
use crate::jwks::JwkSet;
use crate::part::{Header, Parts};

/// The shared secret of HS256: the text of Supabase's legacy JWT secret, as it is.
///
/// At least 32 bytes (RFC 7518, 3.2). It is wiped when dropped; there is no `Display`, and `Debug`
/// is redacted.
///
/// # Examples
///
/// ```
/// use session::{SessionSecret, WeakSecret};
///
/// let secret: SessionSecret = "super-secret-jwt-token-with-at-least-32-characters".parse()?;
/// assert_eq!(format!("{secret:?}"), "SessionSecret([redacted])");
/// assert_eq!("short".parse::<SessionSecret>().map(drop), Err(WeakSecret { found: 5 }));
/// # Ok::<(), WeakSecret>(())
/// ```
#[derive(Clone)]
pub struct SessionSecret(DecodingKey);

impl FromStr for SessionSecret {
    type Err = WeakSecret;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() < SECRET_BYTES {
            return Err(WeakSecret { found: text.len() });
        }
        Ok(Self(DecodingKey::from_secret(text.as_bytes())))
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret([redacted])")
    }
}

/// All keys that sign sessions.
///
/// A secret and a key set can be used side by side while a project migrates.
///
/// # Examples
///
/// ```
/// use session::{JwkSet, Keys};
///
/// let set = JwkSet::parse(br#"{"keys":[]}"#)?;
/// let keys = Keys::new().secret("super-secret-jwt-token-with-at-least-32-characters".parse()?).jwks(set);
/// assert_eq!(format!("{keys:?}"), "Keys(1 secret, 0 public keys)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Keys {
    secrets: Vec<SessionSecret>,
    public: Vec<PublicKey>,
    has_set: bool,
}

impl Keys {
    /// No key: every token is refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret for HS256. If there are several, as during a rotation, each is tried.
    #[must_use]
    pub fn secret(mut self, secret: SessionSecret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Sets the public keys for ES256, RS256 and `EdDSA`, and replaces earlier ones.
    #[must_use]
    pub fn jwks(mut self, set: JwkSet) -> Self {
        self.public = set.keys;
        self.has_set = true;
        self
    }

    /// Whether one of the keys signed the token.
    ///
    /// The key decides the algorithm. The header's `alg` and `kid` only say which key is meant,
    /// and a key is never tried with another algorithm than its own.
    pub(crate) fn check(
        &self,
        back_end: BackEnd,
        header: &Header,
        token: &Parts<'_>,
    ) -> Result<(), SessionError> {
        let algorithm = Algorithm::parse(&header.alg).ok_or(SessionError::Algorithm)?;
        if let Some(id) = &header.kid {
            let mut named = self.public.iter().filter(|key| key.id == *id).peekable();
            if named.peek().is_some() {
                let key = named.find(|key| key.algorithm == algorithm);
                let key = key.ok_or(SessionError::Algorithm)?;
                return signed(back_end.verifies(algorithm, &key.key, token));
            }
        }
        match algorithm {
            // The key id of a secret, if present, cannot be looked up.
            Algorithm::Hs256 if !self.secrets.is_empty() => {
                let mut secrets = self.secrets.iter();
                signed(secrets.any(|secret| back_end.verifies(algorithm, &secret.0, token)))
            }
            Algorithm::Es256 | Algorithm::Rs256 | Algorithm::EdDsa if self.has_set => {
                match header.kid {
                    Some(_) => Err(SessionError::UnknownKey),
                    None => Err(SessionError::NoKeyId),
                }
            }
            _ => Err(SessionError::Algorithm),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        let (secrets, public) = (self.secrets.len(), self.public.len());
        write!(f, "Keys({secrets} secret{}, ", plural(secrets))?;
        write!(f, "{public} public key{})", plural(public))
    }
}

fn signed(holds: bool) -> Result<(), SessionError> {
    if holds { Ok(()) } else { Err(SessionError::Signature) }
}

const SECRET_BYTES: usize = 32;
