//! The claims of a session, each checked by its own rule.

use std::time::Duration;

use identity::{Timestamp, UserId};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::SessionError;
use crate::json::object;

/// The user, proved by a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Session {
    /// The user who signed in.
    pub user: UserId,
    /// When the session ends. A token is accepted for 30 seconds longer, because clocks differ. Anything
    /// that outlives a request, such as a stream, must end at this moment.
    pub expires_at: Timestamp,
    /// When the token was issued, if it says so.
    pub issued_at: Option<Timestamp>,
}

/// Claims as they are in the token: absent, or any value.
///
/// If a claim appears twice, the whole token is unreadable.
#[derive(Deserialize)]
pub(crate) struct Claims<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    sub: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    aud: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    iss: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    exp: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    nbf: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    iat: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    role: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    is_anonymous: Option<&'a RawValue>,
}

/// What a verifier requires beyond a valid time.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) audience: Option<&'a str>,
    pub(crate) issuer: Option<&'a str>,
}

/// The times of a token that is valid now.
pub(crate) struct Times {
    expires_at: Timestamp,
    issued_at: Option<Timestamp>,
}

impl<'a> Claims<'a> {
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, SessionError> {
        object(json).ok_or(SessionError::Malformed)
    }

    /// Checks the rules for tokens of any issuer; the times first, because an expired session is
    /// the common case.
    pub(crate) fn check(&self, rules: Rules<'_>, now: Timestamp) -> Result<Times, SessionError> {
        let expires_at = time(self.exp.ok_or(SessionError::Claim { name: "exp" })?, "exp")?;
        let valid_from = self.nbf.map(|nbf| time(nbf, "nbf")).transpose()?;
        let issued_at = self.iat.map(|iat| time(iat, "iat")).transpose()?;
        if now >= expires_at + LEEWAY {
            return Err(SessionError::Expired);
        }
        if valid_from.is_some_and(|from| now + LEEWAY < from) {
            return Err(SessionError::NotYetValid);
        }
        if let Some(audience) = rules.audience {
            let audiences: OneOrMore = required(self.aud, "aud")?;
            let is_meant = match &audiences {
                OneOrMore::One(one) => one == audience,
                OneOrMore::More(more) => more.iter().any(|one| one == audience),
            };
            refuse_unless(is_meant, "aud")?;
        }
        if let Some(issuer) = rules.issuer {
            refuse_unless(required::<String>(self.iss, "iss")? == issuer, "iss")?;
        }
        Ok(Times { expires_at, issued_at })
    }

    /// Checks these rules, and those for the session of a user.
    pub(crate) fn check_session(
        &self,
        rules: Rules<'_>,
        now: Timestamp,
    ) -> Result<Session, SessionError> {
        let Times { expires_at, issued_at } = self.check(rules, now)?;
        if self.role.is_some() {
            refuse_unless(required::<String>(self.role, "role")? == ROLE, "role")?;
        }
        if self.is_anonymous.is_some() {
            refuse_unless(!required::<bool>(self.is_anonymous, "is_anonymous")?, "is_anonymous")?;
        }
        let user = required::<String>(self.sub, "sub")?.parse::<UserId>();
        let user = user.map_err(|_| SessionError::Claim { name: "sub" })?;
        Ok(Session { user, expires_at, issued_at })
    }
}

/// Some of a raw value, `null` included: serde's own option reads `null` as absent.
fn raw<'de: 'a, 'a, D>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error>
where
    D: Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// A claim of a type.
fn required<T: for<'de> Deserialize<'de>>(
    claim: Option<&RawValue>,
    name: &'static str,
) -> Result<T, SessionError> {
    let wrong = SessionError::Claim { name };
    serde_json::from_str(claim.ok_or(wrong)?.get()).map_err(|_| wrong)
}

fn refuse_unless(holds: bool, name: &'static str) -> Result<(), SessionError> {
    if holds { Ok(()) } else { Err(SessionError::Claim { name }) }
}

/// Seconds since 1970 (RFC 7519, 2, `NumericDate`); a fraction is dropped.
fn time(claim: &RawValue, name: &'static str) -> Result<Timestamp, SessionError> {
    let wrong = SessionError::Claim { name };
    let seconds: f64 = serde_json::from_str(claim.get()).map_err(|_| wrong)?;
    if !(0.0..LAST_SECOND).contains(&seconds) {
        return Err(wrong);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked a line above")]
    let seconds = seconds as i64;
    Ok(Timestamp::from_unix_seconds(seconds))
}

/// How far the clocks of the issuer and of this machine may be apart.
const LEEWAY: Duration = Duration::from_secs(30);
/// What Supabase writes for a user who signed in; `anon` and `service_role` are its keys.
const ROLE: &str = "authenticated";
/// 10000-01-01T00:00:00Z: later moments cannot be written as RFC 3339.
const LAST_SECOND: f64 = 253_402_300_800.0;
