//! Why a request or a secret was refused.

use std::fmt;

/// Why a signature was refused.
///
/// Answer all of them in the same way: 403 with an empty body. The variant is only for logs and
/// metrics ([`SignatureError::class`]).
///
/// # Examples
///
/// ```
/// use twilio_sig::SignatureError;
///
/// assert_eq!(SignatureError::Missing.class(), "missing");
/// assert_eq!(SignatureError::Missing.to_string(), "request carries no signature");
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignatureError {
    /// The header is absent or empty.
    Missing,
    /// The header is not the base64 of a signature of this algorithm.
    Malformed,
    /// The header signs another request, or was created with another key.
    Mismatch,
    /// The URL is signed, but its `bodySHA256` is the hash of another body.
    BodyHash,
    /// The URL is signed, but nothing ties the body to it: it is not a form and the URL has no
    /// `bodySHA256`.
    BodyUnsigned,
    /// The settings header cannot be read or asks for an algorithm other than that of the key.
    Algorithm,
    /// The settings header names a kind or an id for which there is no key.
    UnknownKey,
}

impl SignatureError {
    /// One word for a metric's label.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Mismatch => "mismatch",
            Self::BodyHash => "body_hash",
            Self::BodyUnsigned => "body_unsigned",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "request carries no signature",
            Self::Malformed => "signature is not base64 of the right length",
            Self::Mismatch => "signature belongs to another request or another key",
            Self::BodyHash => "body does not have the signed hash",
            Self::BodyUnsigned => "body is neither a form nor bound by `bodySHA256`",
            Self::Algorithm => "signature settings ask for an algorithm that the key does not use",
            Self::UnknownKey => "signature settings name a key that is not configured",
        })
    }
}

impl std::error::Error for SignatureError {}

/// Why a text cannot be a secret.
///
/// # Examples
///
/// ```
/// use twilio_sig::{AuthToken, SecretError};
///
/// assert_eq!(AuthToken::new("").unwrap_err(), SecretError::Empty);
/// assert_eq!(AuthToken::new("12345\n").unwrap_err(), SecretError::Character { at: 5 });
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretError {
    /// The text is empty. Anyone can sign with an empty secret.
    Empty,
    /// A blank, a control character or one outside ASCII, which a pasted secret picks up easily.
    Character {
        /// Byte offset of the character.
        at: usize,
    },
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("secret is empty"),
            Self::Character { at } => {
                write!(f, "secret has a character at byte {at} that is not visible ASCII")
            }
        }
    }
}

impl std::error::Error for SecretError {}
