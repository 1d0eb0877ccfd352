//! Addresses, and the status of calls.

use std::fmt;

use dialling::Country;
use identity::{AgentIdentity, ClientAddress, PhoneNumber};

/// One end of a call, as `From` and `To` write it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Address {
    /// A browser: `client:` and its identity. Holds the identity.
    Client(String),
    /// A phone number, or the raw text that stands for one (`anonymous`, `unknown`).
    Number(String),
}

impl Address {
    /// The identity, if it is a browser's.
    pub fn identity(&self) -> Option<&str> {
        match self {
            Self::Client(identity) => Some(identity),
            Self::Number(_) => None,
        }
    }
}

impl From<&str> for Address {
    /// Reads `client:…` as a browser and anything else as a number.
    fn from(text: &str) -> Self {
        match text.strip_prefix(ClientAddress::PREFIX) {
            Some(identity) => Self::Client(identity.to_owned()),
            None => Self::Number(text.to_owned()),
        }
    }
}

impl From<AgentIdentity> for Address {
    fn from(identity: AgentIdentity) -> Self {
        Self::Client(identity.to_string())
    }
}

impl From<&PhoneNumber> for Address {
    fn from(number: &PhoneNumber) -> Self {
        Self::Number(number.as_str().to_owned())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(identity) => write!(f, "{}{identity}", ClientAddress::PREFIX),
            Self::Number(number) => f.write_str(number),
        }
    }
}

/// Whether it is a key of a telephone.
pub(crate) fn is_key(key: char) -> bool {
    key.is_ascii_digit() || matches!(key, '*' | '#')
}

/// Whether it is a client identity, as the Voice SDK and `<Client>` allow it.
pub(crate) fn is_identity(text: &str) -> bool {
    (1..=MAX_IDENTITY).contains(&text.len())
        && !text.contains(|it: char| it.is_control() || NOT_IN_IDENTITY.contains(&it))
}

/// Whether a phone may have it as its number: digits, or a word that stands for them.
pub(crate) fn is_number(text: &str) -> bool {
    !text.contains(|it: char| it.is_control() || it.is_whitespace()) && text.len() <= MAX_IDENTITY
}

/// The longest client identity, and characters that it must not have (documentation of `<Client>`).
const MAX_IDENTITY: usize = 256;
const NOT_IN_IDENTITY: [char; 14] =
    [' ', '<', '>', '#', '%', '"', '{', '}', '|', '\\', '^', '[', ']', '`'];

/// The number that a text means when `caller` dials it: as Twilio's own examples write them, such as
/// `415-555-7777`, it may be a national number of the caller's country. Without a number to call from,
/// that is the United States.
pub(crate) fn dialled(text: &str, caller: &str) -> Option<PhoneNumber> {
    let home = caller.parse().ok().map(|caller| Country::home(&caller));
    let home = home.filter(|home| *home != Country::NONE).or_else(|| "US".parse().ok());
    dialling::read(text, home.unwrap_or(Country::NONE)).ok().map(|number| number.e164)
}

/// The status of a call or leg, as `CallStatus` writes it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallStatus {
    /// Waiting to be dialled; a leg of a `<Dial>` before it rings (`initiated` in its callback).
    Queued,
    /// Ringing.
    Ringing,
    /// Answered.
    InProgress,
    /// Answered and over.
    Completed,
    /// The other side refused.
    Busy,
    /// Not possible: no such number, no network.
    Failed,
    /// It rang until the timeout, or no device was there.
    NoAnswer,
    /// Cancelled before the answer, or answered elsewhere.
    Canceled,
}

impl CallStatus {
    /// Twilio's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    /// Whether the call or leg has ended.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }
}

impl fmt::Display for CallStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who began a call, as `Direction` writes it.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Direction {
    /// Somebody outside, or a browser.
    #[default]
    Inbound,
    /// The REST API.
    OutboundApi,
    /// A `<Dial>`.
    OutboundDial,
}

impl Direction {
    /// Twilio's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The step in the life of a leg that a status callback reports.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Progress {
    /// Dialling begins.
    Initiated,
    /// It rings.
    Ringing,
    /// It was answered.
    Answered,
    /// It is over, however it ended.
    Completed,
}

impl Progress {
    /// Twilio's word, as in `statusCallbackEvent`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Completed => "completed",
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, PhoneNumber, dialled};

    #[test]
    fn a_number_is_dialled_as_it_is_read_in_the_callers_country() {
        let cases = [
            ("415-555-7777", "+15005550006", Some("+14155557777")),
            ("(415) 555-7777", "client:a", Some("+14155557777")),
            ("030 123456", "+4989123456", Some("+4930123456")),
            ("+49 30 123456", "+15005550006", Some("+4930123456")),
            ("12345", "+15005550006", None),
            ("anonymous", "+15005550006", None),
        ];
        for (text, caller, want) in cases {
            let got = dialled(text, caller);
            assert_eq!(got.as_ref().map(PhoneNumber::as_str), want, "{text}");
        }
    }

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["client:agent_1", "+15005550006", "anonymous", ""] {
            assert_eq!(Address::from(text).to_string(), text);
        }
        assert_eq!(Address::from("client:a").identity(), Some("a"));
        assert_eq!(Address::from("+15005550006").identity(), None);
    }
}
