//! Twilio's names for browsers: client identities and `client:` addresses.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::id::parse_uuid;
use crate::text::{text_forms, write_hex};
use crate::{ParseError, UserId};

/// The Twilio client identity of one agent: `agent_` and the 32 digits of their user id.
///
/// Reads the user id in any text form of its UUID, and writes it in one, lower case without
/// hyphens: Twilio's mobile SDKs and its REST addresses refuse hyphens.
///
/// # Examples
///
/// ```
/// use identity::{AgentIdentity, ParseError};
///
/// let identity: AgentIdentity = "agent_7f3c2d1e-0000-4000-8000-00000000000A".parse()?;
/// assert_eq!(identity.to_string(), "agent_7f3c2d1e00004000800000000000000a");
///
/// let shared = "user".parse::<AgentIdentity>();
/// assert_eq!(shared, Err(ParseError::Prefix { what: "agent identity", prefix: "agent_" }));
/// # Ok::<(), ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AgentIdentity(UserId);

impl AgentIdentity {
    /// What every agent identity starts with.
    pub const PREFIX: &'static str = "agent_";

    /// The identity of the agent with this user id.
    pub const fn new(user: UserId) -> Self {
        Self(user)
    }

    /// The user behind the identity.
    pub const fn user(self) -> UserId {
        self.0
    }
}

impl From<UserId> for AgentIdentity {
    fn from(user: UserId) -> Self {
        Self::new(user)
    }
}

impl FromStr for AgentIdentity {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let what = "agent identity";
        if text.is_empty() {
            return Err(ParseError::Empty { what });
        }
        let Some(id) = text.strip_prefix(Self::PREFIX) else {
            return Err(ParseError::Prefix { what, prefix: Self::PREFIX });
        };
        parse_uuid(id, "user id of the agent identity").map(|id| Self(UserId::from_bytes(id)))
    }
}

impl fmt::Display for AgentIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"agent_00000000000000000000000000000000";
        write_hex(self.0.as_bytes(), &mut text["agent_".len()..]);
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

text_forms!(AgentIdentity, { "pattern": "^agent_[0-9a-f]{32}$" });

/// A `client:` address, as Twilio writes it in `From` and `To`: any browser.
///
/// The identity behind the prefix has 1 to 256 characters without control characters, blanks and
/// ``<>#%"{}|\^[]` `` (Twilio error 31105). [`ClientAddress::agent`]
/// says whether it is an agent's.
///
/// # Examples
///
/// ```
/// use identity::ClientAddress;
///
/// let agent: ClientAddress = "client:agent_7f3c2d1e00004000800000000000000a".parse()?;
/// assert!(agent.agent().is_some());
///
/// let stranger: ClientAddress = "client:user".parse()?;
/// assert_eq!(stranger.agent(), None);
/// assert_eq!(stranger.identity(), "user");
/// # Ok::<(), identity::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientAddress(String);

impl ClientAddress {
    /// What every client address starts with.
    pub const PREFIX: &'static str = "client:";

    /// The whole address, `client:` included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identity behind the prefix.
    pub fn identity(&self) -> &str {
        &self.0[Self::PREFIX.len()..]
    }

    /// The agent, if the identity is an agent's.
    pub fn agent(&self) -> Option<AgentIdentity> {
        self.identity().parse().ok()
    }
}

impl From<AgentIdentity> for ClientAddress {
    fn from(identity: AgentIdentity) -> Self {
        Self(alloc::format!("{}{identity}", Self::PREFIX))
    }
}

impl FromStr for ClientAddress {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let what = "client address";
        let Some(identity) = text.strip_prefix(Self::PREFIX) else {
            return Err(ParseError::Prefix { what, prefix: Self::PREFIX });
        };
        let length = identity.chars().count();
        if length == 0 || length > MAX_IDENTITY {
            return Err(ParseError::Length { what, min: 1, max: MAX_IDENTITY, found: length });
        }
        let wrong = |c: char| c.is_control() || c.is_whitespace() || REFUSED.contains(c);
        match identity.find(wrong) {
            Some(at) => Err(ParseError::Character {
                what,
                at: Self::PREFIX.len() + at,
                expected: "no blank, control character or one of <>#%\"{}|\\^[]`",
            }),
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_forms!(ClientAddress, {});

/// Twilio's limit, error 31105.
const MAX_IDENTITY: usize = 256;

/// RFC 2396 `delims` and `unwise`, as Twilio error 31105 lists them.
const REFUSED: &str = "<>#%\"{}|\\^[]`";

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const UPPER: &str = "agent_7F3C2D1E-0000-4000-8000-00000000000A";

    #[test]
    fn agent_identities_are_written_in_one_form() {
        let identity: AgentIdentity = UPPER.parse().unwrap();
        assert_eq!(identity.to_string(), "agent_7f3c2d1e00004000800000000000000a");
        assert_eq!(identity.to_string().parse(), Ok(identity));
        assert_eq!(identity.user().to_string(), "7f3c2d1e-0000-4000-8000-00000000000a");
    }

    #[test]
    fn refuses_everything_that_is_not_an_agent() {
        let prefix = Err(ParseError::Prefix { what: "agent identity", prefix: "agent_" });
        let what = "user id of the agent identity";
        let cases = [
            ("nothing", "", Err(ParseError::Empty { what: "agent identity" })),
            ("the shared identity", "user", prefix),
            ("upper-case prefix", "AGENT_7f3c2d1e00004000800000000000000a", prefix),
            ("blank in front", " agent_7f3c2d1e00004000800000000000000a", prefix),
            ("no id", "agent_", Err(ParseError::Empty { what })),
            ("a word", "agent_ana", Err(ParseError::Length { what, min: 32, max: 36, found: 3 })),
            (
                "a homoglyph",
                "agent_7f3c2d1e0000400080000000000000а",
                Err(ParseError::Character { what, at: 30, expected: "a hexadecimal digit" }),
            ),
        ];
        for (name, text, want) in cases {
            assert_eq!(text.parse::<AgentIdentity>(), want, "{name}");
        }
    }

    #[test]
    fn client_addresses_keep_strangers_apart_from_agents() {
        let agent: ClientAddress = "client:agent_7f3c2d1e00004000800000000000000a".parse().unwrap();
        assert_eq!(agent.agent().map(ClientAddress::from), Some(agent));
        let cases = [
            ("user", "client:user", Ok("user")),
            (
                "no identity",
                "client:",
                Err(ParseError::Length { what: "client address", min: 1, max: 256, found: 0 }),
            ),
            (
                "number",
                "+15005550006",
                Err(ParseError::Prefix { what: "client address", prefix: "client:" }),
            ),
        ];
        for (name, text, want) in cases {
            let got = text.parse::<ClientAddress>();
            assert_eq!(got.as_ref().map(ClientAddress::identity), want.as_ref().copied(), "{name}");
        }
        let blank = "client:a b".parse::<ClientAddress>().unwrap_err();
        assert!(matches!(blank, ParseError::Character { at: 8, .. }), "{blank}");
    }
}
