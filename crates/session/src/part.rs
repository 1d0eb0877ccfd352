//! The three parts of a token, and the header.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::SessionError;
use crate::json::object;

/// A token in compact form (RFC 7515, 7.1), taken apart.
pub(crate) struct Parts<'a> {
    /// Header and claims, with the dot between them: the signed text.
    pub(crate) signed: &'a str,
    header: &'a str,
    claims: &'a str,
    /// In base64url.
    pub(crate) signature: &'a str,
}

impl<'a> Parts<'a> {
    pub(crate) fn split(token: &'a str) -> Result<Self, SessionError> {
        if token.is_empty() {
            return Err(SessionError::Missing);
        }
        if token.len() > TOKEN_BYTES {
            return Err(SessionError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(SessionError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(SessionError::Malformed)?;
        if claims.contains('.') {
            return Err(SessionError::Malformed);
        }
        Ok(Self { signed, header, claims, signature })
    }

    pub(crate) fn header(&self) -> Result<Header, SessionError> {
        let header: Header = object(&decode(self.header)?).ok_or(SessionError::Malformed)?;
        // A verifier must refuse a header that demands an extension unless it knows the extension (RFC 7515,
        // 4.1.11). This crate knows none. `zip` is for encrypted tokens only: with it, the claims would not
        // be what the signed text says.
        let is_plain = header.crit.is_none() && header.zip.is_none();
        if is_plain { Ok(header) } else { Err(SessionError::Malformed) }
    }

    /// The claims, as JSON.
    pub(crate) fn claims(&self) -> Result<Vec<u8>, SessionError> {
        decode(self.claims)
    }
}

/// The parts of a header that are read. Keys and addresses of keys in it (`jwk`, `jku`, `x5c`, `x5u`)
/// are ignored.
#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    crit: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
}

/// Strict: no padding, no blanks, no bits left over, so that a token has one text only.
fn decode(part: &str) -> Result<Vec<u8>, SessionError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| SessionError::Malformed)
}

/// Four times the size that Supabase issues for a user with rich metadata, but small enough for an HTTP header.
const TOKEN_BYTES: usize = 16 << 10;
