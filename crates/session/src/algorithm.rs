//! Keys, each for one algorithm.

use jsonwebtoken::DecodingKey;

use crate::part::Parts;

/// The algorithms that sessions are signed with (RFC 7518, 3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Algorithm {
    Hs256,
    Es256,
    Rs256,
}

impl Algorithm {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }

    /// Whether the signature of a token is this key's.
    pub(crate) fn verifies(self, key: &DecodingKey, token: &Parts<'_>) -> bool {
        let algorithm = match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
        };
        let signed = token.signed.as_bytes();
        jsonwebtoken::crypto::verify(token.signature, signed, key, algorithm).unwrap_or(false)
    }
}

/// A public key of a set.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}
