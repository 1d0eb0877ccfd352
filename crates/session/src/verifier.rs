//! From a token to a session.

use identity::Timestamp;

use crate::claims::{Claims, Session};
use crate::error::SessionError;
use crate::keys::Keys;
use crate::part::Parts;

/// Checks session tokens against a set of keys.
///
/// It reads no clock and fetches nothing. To take new keys, make a new one; that costs nothing.
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

    /// Demands another audience.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Demands an issuer, letter by letter.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Checks one token, as it stands behind `Bearer `.
    ///
    /// # Errors
    ///
    /// A [`SessionError`]. [`SessionError::UnknownKey`] is worth one look for newer keys; nothing
    /// else is worth another try. Claims are looked at only when the signature is right.
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
