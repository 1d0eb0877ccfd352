//! Why a part of a token, or a whole one, was refused.

use std::fmt;

use ::identity::ParseError;

/// The mistake that would have led to a token that Twilio refuses.
///
/// # Examples
///
/// ```
/// use voice_token::{ApiKey, TokenError};
///
/// let error = ApiKey::parse("AC00000000000000000000000000000001", "secret").unwrap_err();
/// assert_eq!(error, TokenError::KeyKind { found: "an account Sid" });
/// assert_eq!(
///     error.to_string(),
///     "an account Sid was given instead of the Sid of an API key, `SK…`",
/// );
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenError {
    /// The identity is empty. Twilio sends calls to identities, so a token needs one.
    IdentityEmpty,
    /// The identity has more than 256 characters (Twilio error 31105).
    IdentityLength {
        /// The characters that were given.
        found: usize,
    },
    /// The identity has a character that Twilio refuses (error 31105).
    IdentityCharacter {
        /// Byte offset of the character.
        at: usize,
    },
    /// The lifetime is shorter than a second or longer than 24 hours (Twilio errors 20104 and
    /// 31207).
    Ttl {
        /// Whole seconds that were asked for.
        seconds: u64,
    },
    /// A Sid of another kind was given instead of that of the API key.
    KeyKind {
        /// The kind of Sid, with its article.
        found: &'static str,
    },
    /// The Sid of the API key, or another text with a grammar, is broken.
    Parse(ParseError),
    /// The secret is empty, is a Sid, or has anything but visible ASCII.
    Secret {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The text is not a JSON object.
    NotAnObject,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdentityEmpty => f.write_str("identity is empty"),
            Self::IdentityLength { found } => {
                write!(f, "identity has {found} characters, allowed are 1 to 256")
            }
            Self::IdentityCharacter { at } => write!(
                f,
                "identity has a blank, a control character or one of <>#%\"{{}}|\\^[]` at byte {at}"
            ),
            Self::Ttl { seconds } => {
                write!(f, "lifetime is {seconds} seconds, allowed are 1 to 86400")
            }
            Self::KeyKind { found } => {
                write!(f, "{found} was given instead of the Sid of an API key, `SK…`")
            }
            Self::Parse(_) => f.write_str("text breaks its grammar"),
            Self::Secret { reason } => write!(f, "secret of the API key {reason}"),
            Self::NotAnObject => f.write_str("text is not a JSON object"),
        }
    }
}

impl std::error::Error for TokenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Parse(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ParseError> for TokenError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

/// Why a token was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VerifyError {
    /// It is not three base64url texts with JSON objects in the first two, or a claim has the
    /// wrong type.
    Malformed,
    /// A field of the header is not what a Twilio token has there: `alg` is `HS256`, `cty` is
    /// `twilio-fpa;v=1`, `typ` is `JWT`.
    Header {
        /// The name of the field.
        field: &'static str,
    },
    /// Another API key issued it.
    WrongKey,
    /// It names this key, but the key's secret did not sign it.
    Signature,
    /// It has expired (Twilio errors 20104 and 31205).
    Expired,
    /// It is not valid yet: `nbf` is in the future.
    NotYetValid,
    /// It lasts for more than 24 hours from now (Twilio error 31207).
    TooLong,
    /// A claim is missing, or breaks the grammar of its kind.
    Claim {
        /// The path of the claim, for example `grants.identity`.
        name: &'static str,
    },
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("token is not a signed JSON web token"),
            Self::Header { field } => {
                write!(f, "token header has another `{field}` than Twilio tokens")
            }
            Self::WrongKey => f.write_str("token was issued by another API key"),
            Self::Signature => f.write_str("token was not signed with the secret of its key"),
            Self::Expired => f.write_str("token has expired"),
            Self::NotYetValid => f.write_str("token is not valid yet"),
            Self::TooLong => f.write_str("token is valid for more than 24 hours"),
            Self::Claim { name } => write!(f, "token has no valid `{name}`"),
        }
    }
}

impl std::error::Error for VerifyError {}
