//! Either end of a call.

use alloc::string::String;
use core::fmt;

use identity::{ClientAddress, PhoneNumber};

/// Either end of a call.
///
/// `Debug` shows only the first digits of a number. It shows nothing of an address that is neither a
/// number nor a client, because that may be somebody's number too.
///
/// # Examples
///
/// ```
/// use calls::Party;
///
/// assert!(matches!(Party::read("+15005550006"), Party::Number(_)));
/// assert!(matches!(Party::read("client:user"), Party::Client(_)));
/// assert_eq!(Party::read("anony\u{0}mous"), Party::Other("anonymous".into()));
/// assert_eq!(format!("{:?}", Party::read("5550006")), "Other(…)");
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Party {
    /// A phone number.
    Number(PhoneNumber),
    /// A browser.
    Client(ClientAddress),
    /// Anything else: a word such as `anonymous`, a SIP address, nothing. At most
    /// [`Party::MAX_OTHER`] characters, none of them a control character, when [`Party::read`]
    /// made it.
    Other(String),
}

impl Party {
    /// The most characters kept of an address that is neither a number nor a client.
    pub const MAX_OTHER: usize = 128;

    /// Reads what Twilio sends as `From` or `To`. It accepts every text.
    pub fn read(text: &str) -> Self {
        let number = text.parse().ok().map(Self::Number);
        let client = || text.parse().ok().map(Self::Client);
        let kept = || text.chars().filter(|c| !c.is_control()).take(Self::MAX_OTHER);
        number.or_else(client).unwrap_or_else(|| Self::Other(kept().collect()))
    }

    /// A party about which nothing is known.
    pub const fn unknown() -> Self {
        Self::Other(String::new())
    }

    /// The text, as Twilio would send it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Client(client) => client.as_str(),
            Self::Other(text) => text,
        }
    }

    /// The number, if it is one.
    pub const fn number(&self) -> Option<&PhoneNumber> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// The agent, if it is an agent's browser.
    pub fn agent(&self) -> Option<identity::UserId> {
        let Self::Client(client) = self else { return None };
        client.agent().map(identity::AgentIdentity::user)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Client(client) => client.fmt(f),
            Self::Other(text) if text.is_empty() => f.write_str("Other()"),
            Self::Other(_) => f.write_str("Other(…)"),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Party {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "Party".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Party {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Party {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <alloc::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Ok(Self::read(&text))
    }
}
