//! Keys, each for one algorithm.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::CryptoProvider;

use crate::error::NoBackEnd;
use crate::part::Parts;

/// What checks signatures, chosen by the features of this crate: aws-lc if both are enabled.
///
/// The process-wide choice of `jsonwebtoken` is not used: it panics where both are enabled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BackEnd(&'static CryptoProvider);

impl BackEnd {
    pub(crate) fn new() -> Result<Self, NoBackEnd> {
        let back_ends = [
            #[cfg(feature = "aws_lc_rs")]
            &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER,
            #[cfg(feature = "rust_crypto")]
            &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER,
        ];
        let first: Option<&'static CryptoProvider> = back_ends.into_iter().next();
        first.map(Self).ok_or(NoBackEnd)
    }

    /// Whether the signature of a token is this key's.
    pub(crate) fn verifies(
        self,
        algorithm: Algorithm,
        key: &DecodingKey,
        token: &Parts<'_>,
    ) -> bool {
        let algorithm = match algorithm {
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
            Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
            Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
            Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        };
        let verifier = (self.0.verifier_factory)(&algorithm, key).ok();
        let signature = URL_SAFE_NO_PAD.decode(token.signature).ok();
        verifier.zip(signature).is_some_and(|(verifier, signature)| {
            verifier.verify(token.signed.as_bytes(), &signature).is_ok()
        })
    }
}

/// The algorithms that sessions are signed with (RFC 7518, 3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Algorithm {
    Hs256,
    Es256,
    Rs256,
    /// Ed25519 (RFC 8037, 3.1).
    EdDsa,
}

impl Algorithm {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// A public key of a set.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}
