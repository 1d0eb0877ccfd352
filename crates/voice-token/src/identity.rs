//! The identity that a token belongs to.

use std::fmt;
use std::str::FromStr;

use ::identity::{AgentIdentity, ClientAddress};

use crate::TokenError;

/// The identity in a token: the name by which Twilio rings the token's holder.
///
/// 1 to 256 characters without control characters, blanks and ``<>#%"{}|\^[]` `` (Twilio error
/// 31105). That is Voice's rule; it holds for every token here, because one token may serve
/// several products. Mobile SDKs and REST addresses only accept letters, digits and underscores, see
/// [`Identity::is_portable`].
///
/// # Examples
///
/// ```
/// use identity::AgentIdentity;
/// use voice_token::{Identity, TokenError};
///
/// let identity: Identity = "jane@example.com".parse()?;
/// assert!(!identity.is_portable());
///
/// let agent: AgentIdentity = "agent_7f3c2d1e-0000-4000-8000-00000000000a".parse().unwrap();
/// assert!(Identity::from(agent).is_portable());
///
/// assert_eq!("".parse::<Identity>(), Err(TokenError::IdentityEmpty));
/// assert_eq!("jane doe".parse::<Identity>(), Err(TokenError::IdentityCharacter { at: 4 }));
/// # Ok::<(), TokenError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Identity(String);

impl Identity {
    /// The identity as it stands in the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every SDK and REST address accepts it: letters, digits and underscores, at most 121.
    pub fn is_portable(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        self.0.len() <= PORTABLE && self.0.bytes().all(plain)
    }
}

impl FromStr for Identity {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check(text).map(|()| Self(text.to_owned()))
    }
}

impl TryFrom<String> for Identity {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        check(&text).map(|()| Self(text))
    }
}

impl From<AgentIdentity> for Identity {
    fn from(agent: AgentIdentity) -> Self {
        Self(agent.to_string())
    }
}

impl From<&ClientAddress> for Identity {
    /// The identity behind `client:`, which has the same grammar.
    fn from(address: &ClientAddress) -> Self {
        Self(address.identity().to_owned())
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(text: &str) -> Result<(), TokenError> {
    if text.is_empty() {
        return Err(TokenError::IdentityEmpty);
    }
    let found = text.chars().count();
    if found > LONGEST {
        return Err(TokenError::IdentityLength { found });
    }
    let wrong = |c: char| c.is_control() || c.is_whitespace() || REFUSED.contains(c);
    match text.find(wrong) {
        Some(at) => Err(TokenError::IdentityCharacter { at }),
        None => Ok(()),
    }
}

/// Twilio's limit, error 31105.
const LONGEST: usize = 256;

/// The limit of the older documentation, which SDKs for phones still keep.
const PORTABLE: usize = 121;

/// RFC 2396 `delims` and `unwise`, as Twilio error 31105 lists them.
const REFUSED: &str = "<>#%\"{}|\\^[]`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_broken_rule() {
        let (most, more) = ("ä".repeat(256), "ä".repeat(257));
        let character = |at| Err(TokenError::IdentityCharacter { at });
        let cases = [
            ("one letter", "a", Ok(false)),
            ("most characters", &most, Ok(true)),
            ("nothing", "", Err(TokenError::IdentityEmpty)),
            ("too many", &more, Err(TokenError::IdentityLength { found: 257 })),
            ("line feed", "agent\n", character(5)),
            ("no-break space", "a\u{a0}b", character(1)),
            ("percent", "a%20b", character(1)),
            ("quote", "\"", character(0)),
            ("nul", "ab\0", character(2)),
        ];
        for (name, text, want) in cases {
            let got = text.parse::<Identity>();
            assert_eq!(
                got.as_ref().map(|identity| !identity.is_portable()),
                want.as_ref().copied(),
                "{name}"
            );
            assert_eq!(Identity::try_from(text.to_owned()), got, "{name}");
        }
    }

    #[test]
    fn client_addresses_have_the_same_grammar() {
        for c in (0..0x3000).filter_map(char::from_u32) {
            let (identity, address) = (format!("a{c}"), format!("client:a{c}"));
            let want = identity.parse::<Identity>().ok();
            let got = address.parse::<ClientAddress>().ok().map(|it| Identity::from(&it));
            assert_eq!(got, want, "{c:?}");
        }
    }
}
