//! Why a token is refused, and why a key set is refused.

use std::fmt;

/// Why a token is refused.
///
/// The variants are for the operator; [`Self::code`] is for the front end.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionError {
    /// The token is empty.
    Missing,
    /// The token is not a signed JWT in compact form, is too long, or demands an extension.
    Malformed,
    /// The token is for a public key and does not name one (`kid`), so that there is nothing to look for.
    NoKeyId,
    /// The token names an algorithm for which there is no key, or which its key is not for.
    Algorithm,
    /// No key of the set has the token's key id. The set may have been rotated: fetch it again,
    /// but only once and not often.
    UnknownKey,
    /// The signature was made with another key or for another token.
    Signature,
    /// The time in `exp` has passed.
    Expired,
    /// The time in `nbf` has not come.
    NotYetValid,
    /// A claim is absent, of the wrong type, or says that this is not a user's session.
    Claim {
        /// The name of the claim.
        name: &'static str,
    },
    /// The claims are those of a valid token, but not of the type that
    /// [`Verifier::verify_claims`](crate::Verifier::verify_claims) was asked for.
    Shape,
}

impl SessionError {
    /// The code for programs: `session_missing`, `session_expired` (sign in again),
    /// `session_not_yet_valid` (a clock is wrong), `session_claim` (signed by a known key, but
    /// not a session of an agent: a project's `anon` key, for example) or `session_invalid`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "session_missing",
            Self::Malformed
            | Self::NoKeyId
            | Self::Algorithm
            | Self::UnknownKey
            | Self::Signature => "session_invalid",
            Self::Expired => "session_expired",
            Self::NotYetValid => "session_not_yet_valid",
            Self::Claim { .. } | Self::Shape => "session_claim",
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("session token is missing"),
            Self::Malformed => f.write_str("session token is not a signed JWT"),
            Self::NoKeyId => f.write_str("session token does not name its key (`kid`)"),
            Self::Algorithm => {
                f.write_str("session token names an algorithm that its key is not for")
            }
            Self::UnknownKey => f.write_str("session token names a key that is not in the key set"),
            Self::Signature => f.write_str("session token has a wrong signature"),
            Self::Expired => f.write_str("session has expired"),
            Self::NotYetValid => f.write_str("session is not valid yet"),
            Self::Claim { name } => write!(f, "session token has no acceptable `{name}`"),
            Self::Shape => f.write_str("session token has claims of another shape"),
        }
    }
}

impl std::error::Error for SessionError {}

/// Neither `aws_lc_rs` nor `rust_crypto`, the features of this crate, is enabled: nothing can check a
/// signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoBackEnd;

impl fmt::Display for NoBackEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither feature `aws_lc_rs` nor `rust_crypto` of session is enabled")
    }
}

impl std::error::Error for NoBackEnd {}

/// The secret of HS256 is shorter than the hash, 32 bytes (RFC 7518, 3.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WeakSecret {
    /// The bytes that were given.
    pub found: usize,
}

impl fmt::Display for WeakSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session secret has {} bytes, at least 32 are needed", self.found)
    }
}

impl std::error::Error for WeakSecret {}

/// Why a document is not a key set.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JwksError {
    /// The document is too long.
    TooLarge {
        /// The most bytes allowed.
        limit: usize,
    },
    /// The document holds too many keys.
    TooMany {
        /// The most keys allowed.
        limit: usize,
    },
    /// The document is not JSON with an array `keys`.
    Malformed,
}

impl fmt::Display for JwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "key set is longer than {limit} bytes"),
            Self::TooMany { limit } => write!(f, "key set has more than {limit} keys"),
            Self::Malformed => f.write_str("key set is not JSON with an array `keys`"),
        }
    }
}

impl std::error::Error for JwksError {}
