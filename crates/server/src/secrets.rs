//! Secrets: texts and keys that are never printed, and sealing with a key.

pub(crate) mod fit;
pub(crate) mod seal;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Text that is never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// Why a text is no secrets key, as the rest of a sentence about the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretsKeyError {
    /// It is not base64.
    #[error("is not base64")]
    NotBase64,
    /// It has another length.
    #[error("has {0} bytes instead of 32")]
    Length(usize),
}

/// The 32 bytes that encrypt Twilio credentials at rest.
#[derive(Clone)]
pub struct SecretsKey(Zeroizing<[u8; 32]>);

impl SecretsKey {
    /// Reads 32 bytes in base64.
    ///
    /// # Errors
    ///
    /// [`SecretsKeyError`], which does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, SecretsKeyError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| SecretsKeyError::NotBase64)?;
        let length = bytes.len();
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| SecretsKeyError::Length(length))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsKey([redacted])")
    }
}

/// The key that seals and opens, and during a rotation the one before it, which only opens.
#[derive(Clone, Debug)]
pub struct SecretsKeys {
    /// Seals, and opens.
    pub current: SecretsKey,
    /// Opens, and does not seal.
    pub previous: Option<SecretsKey>,
}

impl From<SecretsKey> for SecretsKeys {
    fn from(current: SecretsKey) -> Self {
        Self { current, previous: None }
    }
}
