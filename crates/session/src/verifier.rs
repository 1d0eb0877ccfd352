//! From a token to a session.

use identity::Timestamp;

use crate::claims::{Claims, Session};
use crate::error::SessionError;
use crate::keys::Keys;
use crate::part::Parts;

/// Checks session tokens against a set of keys.
///
/// It reads no clock and fetches nothing. To use new keys, make a new verifier; that is cheap.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Keys,
    audience: String,
    issuer: Option<String>,
}

impl Verifier {
    /// A verifier for the audience `authenticated`, of any issuer.
    pub fn new(keys: Keys) -> Self {
        Self { keys, audience: "authenticated".into(), issuer: None }
    }

    /// Requires another audience.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Requires this issuer, exactly.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Checks one token, the text after `Bearer `.
    ///
    /// # Errors
    ///
    /// A [`SessionError`]. After [`SessionError::UnknownKey`], fetch newer keys once and retry; do not
    /// retry after any other error. Claims are only checked if the signature is valid.
    ///
    /// # Panics
    ///
    /// If the program enables no cryptographic back end of `jsonwebtoken`, or two.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Session, SessionError> {
        let parts = Parts::split(token)?;
        self.keys.check(&parts.header()?, &parts)?;
        let json = parts.claims()?;
        Claims::parse(&json)?.check(&self.audience, self.issuer.as_deref(), now)
    }
}
