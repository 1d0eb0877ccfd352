//! The headers that carry a signature.

use crate::{Algorithm, Key, SignatureError};

/// The headers of a request that belong to its signature.
///
/// `&str` and `Option<&str>` turn into one with the signature alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Headers<'a> {
    /// `X-Twilio-Signature`.
    pub signature: Option<&'a str>,
    /// `X-Twilio-Webhooks-Signature-Settings`, which requests carry that a [`SharedKey`]
    /// signed: `key=webhooks_sharedkey_01,algorithm=HMAC_SHA256`.
    ///
    /// [`SharedKey`]: crate::SharedKey
    pub settings: Option<&'a str>,
}

impl Headers<'_> {
    /// The name of the header with the signature.
    pub const SIGNATURE: &'static str = "x-twilio-signature";
    /// The name of the header with the settings.
    pub const SETTINGS: &'static str = "x-twilio-webhooks-signature-settings";
}

impl<'a> From<&'a str> for Headers<'a> {
    fn from(signature: &'a str) -> Self {
        Some(signature).into()
    }
}

impl<'a> From<Option<&'a str>> for Headers<'a> {
    fn from(signature: Option<&'a str>) -> Self {
        Self { signature, settings: None }
    }
}

/// The claimed signer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signer<'a> {
    /// One of the auth tokens.
    AuthToken,
    /// The shared key with this id.
    SharedKey(&'a str, Algorithm),
}

impl<'a> Signer<'a> {
    /// Reads the settings. Without them, or without an algorithm in them, an auth token signed.
    pub(crate) fn read(settings: Option<&'a str>) -> Result<Self, SignatureError> {
        let Some(settings) = settings else { return Ok(Self::AuthToken) };
        let (mut id, mut algorithm) = (None, None);
        for setting in settings.split(',').map(str::trim) {
            let (slot, value) = match setting.split_once('=') {
                Some(("key", value)) => (&mut id, value),
                Some(("algorithm", value)) => (&mut algorithm, value),
                _ => continue,
            };
            if !value.is_empty() && slot.replace(value).is_some() {
                return Err(SignatureError::Algorithm);
            }
        }
        match (id, algorithm) {
            (_, None) | (None, Some("HMAC_SHA1")) => Ok(Self::AuthToken),
            (Some(id), Some("HMAC_SHA256")) => Ok(Self::SharedKey(id, Algorithm::HmacSha256)),
            (Some(id), Some("HMAC_SHA1")) => Ok(Self::SharedKey(id, Algorithm::HmacSha1)),
            (_, Some(_)) => Err(SignatureError::Algorithm),
        }
    }

    /// Whether this key may verify what that signer signed.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Algorithm`] if it is the key named but not its algorithm: the header is
    /// not signed, so it must not choose a weaker one.
    pub(crate) fn is(self, key: &Key) -> Result<bool, SignatureError> {
        match (self, key) {
            (Self::AuthToken, Key::AuthToken(_)) => Ok(true),
            (Self::SharedKey(id, algorithm), Key::SharedKey(key)) if key.id() == id => {
                if key.algorithm == algorithm { Ok(true) } else { Err(SignatureError::Algorithm) }
            }
            _ => Ok(false),
        }
    }

    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Self::AuthToken => Algorithm::HmacSha1,
            Self::SharedKey(_, algorithm) => algorithm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_settings() {
        let sha256 = Ok(Signer::SharedKey("k1", Algorithm::HmacSha256));
        let cases = [
            (None, Ok(Signer::AuthToken)),
            (Some(""), Ok(Signer::AuthToken)),
            (Some("key=k1"), Ok(Signer::AuthToken)),
            (Some("algorithm=HMAC_SHA1"), Ok(Signer::AuthToken)),
            (Some("key=k1,algorithm=HMAC_SHA256"), sha256),
            (Some(" algorithm=HMAC_SHA256 , later=1, key=k1"), sha256),
            (Some("key=k1,algorithm=HMAC_SHA1"), Ok(Signer::SharedKey("k1", Algorithm::HmacSha1))),
            (Some("key=k1,algorithm=HMAC_MD5"), Err(SignatureError::Algorithm)),
            (Some("key=k1,algorithm="), Ok(Signer::AuthToken)),
            (Some("key=,algorithm=HMAC_SHA256"), Err(SignatureError::Algorithm)),
            (Some("algorithm=HMAC_SHA256"), Err(SignatureError::Algorithm)),
            (Some("key=k1,key=k2,algorithm=HMAC_SHA256"), Err(SignatureError::Algorithm)),
        ];
        for (settings, want) in cases {
            assert_eq!(Signer::read(settings), want, "{settings:?}");
        }
    }
}
