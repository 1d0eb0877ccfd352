//! From a token to a session.

use identity::Timestamp;
use serde::de::DeserializeOwned;

use crate::algorithm::BackEnd;
use crate::claims::{Claims, Rules, Session};
use crate::error::{NoBackEnd, SessionError};
use crate::keys::Keys;
use crate::part::Parts;

/// Checks session tokens against a set of keys.
///
/// It reads no clock and fetches nothing. To use new keys, make a new verifier; that is cheap.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Keys,
    back_end: BackEnd,
    audience: Option<String>,
    issuer: Option<String>,
}

impl Verifier {
    /// A verifier for the audience `authenticated`, of any issuer.
    ///
    /// # Errors
    ///
    /// [`NoBackEnd`] if neither feature of this crate that checks signatures is enabled.
    pub fn new(keys: Keys) -> Result<Self, NoBackEnd> {
        let audience = Some("authenticated".into());
        Ok(Self { keys, back_end: BackEnd::new()?, audience, issuer: None })
    }

    /// Requires another audience.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Accepts tokens for any audience, and without one, as Clerk issues them.
    ///
    /// Require the issuer then: otherwise, a token that was issued for another program passes.
    #[must_use]
    pub fn any_audience(mut self) -> Self {
        self.audience = None;
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
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Session, SessionError> {
        Claims::parse(&self.signed_claims(token)?)?.check_session(self.rules(), now)
    }

    /// Checks one token of any issuer, and reads its claims as any type.
    ///
    /// Signature, `exp`, `nbf`, `aud` and `iss` are checked as in [`verify`](Self::verify); all others
    /// are the caller's: `sub` may be any text.
    ///
    /// # Errors
    ///
    /// As for [`verify`](Self::verify), and [`SessionError::Shape`] if the claims are not a `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// use identity::Timestamp;
    /// use session::{Keys, SessionError, Verifier};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Claims {
    ///     sub: String,
    /// }
    ///
    /// let secret = "super-secret-jwt-token-with-at-least-32-characters".parse()?;
    /// let verifier = Verifier::new(Keys::new().secret(secret))?;
    /// let now = Timestamp::from_unix_seconds(1_767_225_600);
    /// let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
    ///     eyJzdWIiOiI3ZjNjMmQxZS0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMGEiLCJhdWQiOiJhdXRoZW50aWNhdGVkIiwiZXhwIjoxNzY3MjI5MjAwfQ.\
    ///     cpSy30eFhvUTWfOnpNkDTzgwV9xlMknNQPY4PQzEq3s";
    /// let claims: Claims = verifier.verify_claims(token, now)?;
    /// assert_eq!(claims.sub, "7f3c2d1e-0000-4000-8000-00000000000a");
    ///
    /// #[derive(Debug, PartialEq, serde::Deserialize)]
    /// struct Other {
    ///     azp: String,
    /// }
    /// assert_eq!(verifier.verify_claims::<Other>(token, now), Err(SessionError::Shape));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_claims<T: DeserializeOwned>(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<T, SessionError> {
        let json = self.signed_claims(token)?;
        Claims::parse(&json)?.check(self.rules(), now)?;
        serde_json::from_slice(&json).map_err(|_| SessionError::Shape)
    }

    /// The claims of a token whose signature is good.
    fn signed_claims(&self, token: &str) -> Result<Vec<u8>, SessionError> {
        let parts = Parts::split(token)?;
        self.keys.check(self.back_end, &parts.header()?, &parts)?;
        parts.claims()
    }

    fn rules(&self) -> Rules<'_> {
        Rules { audience: self.audience.as_deref(), issuer: self.issuer.as_deref() }
    }
}
