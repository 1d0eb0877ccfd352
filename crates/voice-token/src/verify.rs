//! Reading and checking.

use std::time::Duration;

use ::identity::{AccountSid, ApiKeySid, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::claims::{Claims, Header};
use crate::{ApiKey, Grants, Identity, Region, Ttl, VerifyError};

/// A token that has been checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessToken {
    /// `jti`: the id of the token.
    pub id: String,
    /// `iss`: the API key that issued it.
    pub key: ApiKeySid,
    /// `sub`: the account in which it works.
    pub account: AccountSid,
    /// Who holds it.
    pub identity: Identity,
    /// Its grants. Grants that this crate does not know are left out.
    pub grants: Grants,
    /// `twr`: the region of key and account, unless it is `us1`.
    pub region: Option<Region>,
    /// `iat`: when it was issued, if it says so.
    pub issued_at: Option<Timestamp>,
    /// `nbf`: from when it is valid, if it says so.
    pub not_before: Option<Timestamp>,
    /// `exp`: from when it is no longer valid.
    pub expires_at: Timestamp,
}

impl ApiKey {
    /// Checks a token as Twilio does: header, signature, key, time and grammar.
    ///
    /// The algorithm is always HS256, whatever the header says. Other fields of the header, such as
    /// keys inside it, are ignored. Signatures are compared in constant time, and the payload is not
    /// used before its signature is verified. `leeway` is how far clocks may differ. The caller must
    /// compare the account.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`] for the first broken rule.
    pub fn verify(
        &self,
        jwt: &str,
        now: Timestamp,
        leeway: Duration,
    ) -> Result<AccessToken, VerifyError> {
        let parts = Parts::split(jwt)?;
        let region = parts.check_header()?;
        let signature = decode(parts.signature)?;
        let payload = decode(parts.payload)?;
        let signed = self.secret.signed(parts.signed.as_bytes(), &signature);
        if !signed {
            // Only to report the error.
            let issuer = issuer(&payload)?;
            let error =
                if issuer == self.sid { VerifyError::Signature } else { VerifyError::WrongKey };
            return Err(error);
        }
        let claims = read(&payload)?;
        let token = check(claims, region)?;
        if token.key != self.sid {
            return Err(VerifyError::WrongKey);
        }
        check_time(&token, now, leeway)?;
        Ok(token)
    }
}

/// The key that a token names as its issuer. **Nothing is checked**: use it only to find the key to
/// verify with.
///
/// # Errors
///
/// [`VerifyError::Malformed`] if it is not a token, [`VerifyError::Claim`] if `iss` is missing or not
/// the Sid of a key.
///
/// # Examples
///
/// ```
/// use voice_token::{VerifyError, unverified_key};
///
/// // {"alg":"none"} . {"iss":"SK00000000000000000000000000000002"} .
/// let jwt = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJTSzAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAyIn0.";
/// assert_eq!(unverified_key(jwt)?.as_str(), "SK00000000000000000000000000000002");
/// assert_eq!(unverified_key("a.b"), Err(VerifyError::Malformed));
/// # Ok::<(), VerifyError>(())
/// ```
pub fn unverified_key(jwt: &str) -> Result<ApiKeySid, VerifyError> {
    issuer(&decode(Parts::split(jwt)?.payload)?)
}

/// The three parts of a token, still encoded.
struct Parts<'a> {
    /// Header and payload with the full stop between them.
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split(jwt: &'a str) -> Result<Self, VerifyError> {
        let (signed, signature) = jwt.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::Malformed)?;
        Ok(Self { signed, header, payload, signature })
    }

    fn check_header(&self) -> Result<Option<Region>, VerifyError> {
        let json = decode(self.header)?;
        let header: Header = serde_json::from_slice(&json).map_err(|_| VerifyError::Malformed)?;
        let fields = [
            ("alg", header.alg, "HS256"),
            ("cty", header.cty, "twilio-fpa;v=1"),
            ("typ", header.typ, "JWT"),
        ];
        for (field, found, want) in fields {
            if found.as_deref() != Some(want) {
                return Err(VerifyError::Header { field });
            }
        }
        let region = header.twr.map(|region| region.parse());
        region.transpose().map_err(|_| VerifyError::Header { field: "twr" })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}

fn read(payload: &[u8]) -> Result<Claims<'_>, VerifyError> {
    serde_json::from_slice(payload).map_err(|_| VerifyError::Malformed)
}

fn issuer(payload: &[u8]) -> Result<ApiKeySid, VerifyError> {
    parse(read(payload)?.iss, "iss")
}

fn check(claims: Claims<'_>, region: Option<Region>) -> Result<AccessToken, VerifyError> {
    let missing = |name| VerifyError::Claim { name };
    let grants = claims.grants.ok_or(missing("grants"))?;
    let identity = grants.identity.clone().ok_or(missing("grants.identity"))?;
    let exp = claims.exp.ok_or(missing("exp"))?;
    Ok(AccessToken {
        id: claims.jti.ok_or(missing("jti"))?,
        key: parse(claims.iss, "iss")?,
        account: parse(claims.sub, "sub")?,
        identity: identity.try_into().map_err(|_| missing("grants.identity"))?,
        grants: grants.check()?,
        region,
        issued_at: claims.iat.map(Timestamp::from_unix_seconds),
        not_before: claims.nbf.map(Timestamp::from_unix_seconds),
        expires_at: Timestamp::from_unix_seconds(exp),
    })
}

fn check_time(token: &AccessToken, now: Timestamp, leeway: Duration) -> Result<(), VerifyError> {
    if now >= token.expires_at + leeway {
        return Err(VerifyError::Expired);
    }
    if token.not_before.is_some_and(|from| now + leeway < from) {
        return Err(VerifyError::NotYetValid);
    }
    if token.expires_at > now + Ttl::DAY.length() + leeway {
        return Err(VerifyError::TooLong);
    }
    Ok(())
}

fn parse<T: std::str::FromStr>(text: Option<String>, name: &'static str) -> Result<T, VerifyError> {
    text.and_then(|text| text.parse().ok()).ok_or(VerifyError::Claim { name })
}
