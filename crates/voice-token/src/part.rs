//! Lifetime and region of a token.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ::identity::ParseError;

use crate::TokenError;

/// How long a token is valid: one second to 24 hours.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use voice_token::{TokenError, Ttl};
///
/// assert_eq!(Ttl::new(Duration::from_secs(3600))?, Ttl::HOUR);
/// let day = Duration::from_secs(86_400);
/// assert!(Ttl::new(day).is_ok());
/// let longer = Ttl::new(day + Duration::from_secs(1));
/// assert_eq!(longer, Err(TokenError::Ttl { seconds: 86_401 }));
/// # Ok::<(), TokenError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ttl(Duration);

impl Ttl {
    /// The default of the official libraries: one hour.
    pub const HOUR: Self = Self(Duration::from_secs(3600));

    /// The longest that Twilio accepts, error 20104.
    pub const DAY: Self = Self(Duration::from_secs(86_400));

    /// A lifetime of this length.
    ///
    /// # Errors
    ///
    /// [`TokenError::Ttl`] if it is shorter than a second or longer than 24 hours.
    pub fn new(length: Duration) -> Result<Self, TokenError> {
        if length < Duration::from_secs(1) || length > Self::DAY.0 {
            return Err(TokenError::Ttl { seconds: length.as_secs() });
        }
        Ok(Self(length))
    }

    /// The length.
    pub const fn length(self) -> Duration {
        self.0
    }
}

/// The region in which key and account are kept, for example `ie1` or `au1`.
///
/// 2 to 16 lower-case letters and digits. Tokens for `us1` need none.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Region(Box<str>);

impl Region {
    /// The name of the region.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (what, min, max, found) = ("region", 2, 16, text.len());
        if found < min || found > max {
            return Err(ParseError::Length { what, min, max, found });
        }
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        match text.bytes().position(|byte| !known(byte)) {
            Some(at) => {
                Err(ParseError::Character { what, at, expected: "a lower-case letter or a digit" })
            }
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_have_two_ends() {
        let cases = [
            (Duration::ZERO, Err(TokenError::Ttl { seconds: 0 })),
            (Duration::from_millis(999), Err(TokenError::Ttl { seconds: 0 })),
            (Duration::from_secs(1), Ok(())),
            (Duration::from_secs(86_400), Ok(())),
            (Duration::from_millis(86_400_001), Err(TokenError::Ttl { seconds: 86_400 })),
            (Duration::MAX, Err(TokenError::Ttl { seconds: u64::MAX })),
        ];
        for (length, want) in cases {
            assert_eq!(Ttl::new(length).map(drop), want, "{length:?}");
        }
    }

    #[test]
    fn regions_are_short_words() {
        let (what, expected) = ("region", "a lower-case letter or a digit");
        let cases = [
            ("ie1", Ok("ie1")),
            ("", Err(ParseError::Length { what, min: 2, max: 16, found: 0 })),
            ("IE1", Err(ParseError::Character { what, at: 0, expected })),
            ("ie\"1", Err(ParseError::Character { what, at: 2, expected })),
        ];
        for (text, want) in cases {
            let got = text.parse::<Region>();
            assert_eq!(got.as_ref().map(Region::as_str), want.as_ref().copied(), "{text}");
        }
    }
}
