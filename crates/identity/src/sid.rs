//! Twilio's ids: two letters for the kind and 32 hexadecimal digits.

use core::fmt;
use core::str::FromStr;

use crate::ParseError;
use crate::text::{hex_value, text_forms, write_hex};

/// Defines one kind of Sid.
macro_rules! sid {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        ///
        #[doc = concat!("`", $prefix, "` and 32 lower-case hexadecimal digits.")]
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; SID_BYTES]);

        impl $name {
            /// The two letters of this kind of Sid.
            pub const PREFIX: &'static str = $prefix;

            /// The whole Sid.
            pub fn as_str(&self) -> &str {
                str::from_utf8(&self.0).unwrap_or_default()
            }

            /// Makes a Sid from sixteen bytes, for programs that issue Sids, such as an emulator.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(write_sid($prefix, bytes))
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_sid(text, $prefix, $what).map(Self)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        text_forms!($name, { "pattern": concat!("^", $prefix, "[0-9a-f]{32}$") });
    };
}

sid! {
    /// A call, or one leg of it.
    CallSid, "CA", "call Sid"
}
sid! {
    /// A Twilio account or subaccount.
    AccountSid, "AC", "account Sid"
}
sid! {
    /// An API key: it signs access tokens and logs in at the REST API.
    ApiKeySid, "SK", "API key Sid"
}
sid! {
    /// A TwiML App: the target of a browser's calls.
    AppSid, "AP", "TwiML App Sid"
}
sid! {
    /// A conference.
    ConferenceSid, "CF", "conference Sid"
}
sid! {
    /// A queue.
    QueueSid, "QU", "queue Sid"
}
sid! {
    /// A recording.
    RecordingSid, "RE", "recording Sid"
}
sid! {
    /// A service of Conversations, Chat or Sync.
    ServiceSid, "IS", "service Sid"
}
sid! {
    /// The credential that push notifications to phones are sent with.
    CredentialSid, "CR", "push credential Sid"
}
sid! {
    /// A role of Conversations or Chat.
    RoleSid, "RL", "role Sid"
}
sid! {
    /// A `TaskRouter` workspace.
    WorkspaceSid, "WS", "TaskRouter workspace Sid"
}
sid! {
    /// A `TaskRouter` worker.
    WorkerSid, "WK", "TaskRouter worker Sid"
}
sid! {
    /// A configuration profile of the first video rooms.
    ConfigurationProfileSid, "VS", "configuration profile Sid"
}

/// Two letters and 32 digits.
const SID_BYTES: usize = 34;

fn parse_sid(
    text: &str,
    prefix: &'static str,
    what: &'static str,
) -> Result<[u8; SID_BYTES], ParseError> {
    if text.is_empty() {
        return Err(ParseError::Empty { what });
    }
    if !text.starts_with(prefix) {
        return Err(ParseError::Prefix { what, prefix });
    }
    let length = ParseError::Length { what, min: SID_BYTES, max: SID_BYTES, found: text.len() };
    let bytes: [u8; SID_BYTES] = text.as_bytes().try_into().map_err(|_| length)?;
    let is_digit = |byte: &u8| hex_value(*byte).is_some() && !byte.is_ascii_uppercase();
    match bytes[prefix.len()..].iter().position(|byte| !is_digit(byte)) {
        Some(at) => Err(ParseError::Character {
            what,
            at: prefix.len() + at,
            expected: "a lower-case hexadecimal digit",
        }),
        None => Ok(bytes),
    }
}

fn write_sid(prefix: &str, id: [u8; 16]) -> [u8; SID_BYTES] {
    let mut text = [0; SID_BYTES];
    text[..2].copy_from_slice(prefix.as_bytes());
    write_hex(&id, &mut text[2..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn reads_its_own_kind_only() {
        let what = "call Sid";
        let good = "CA0123456789abcdef0123456789abcdef";
        let cases = [
            ("good", good, Ok(good)),
            ("nothing", "", Err(ParseError::Empty { what })),
            (
                "an account",
                "AC0123456789abcdef0123456789abcdef",
                Err(ParseError::Prefix { what, prefix: "CA" }),
            ),
            ("short", "CA0123", Err(ParseError::Length { what, min: 34, max: 34, found: 6 })),
            (
                "upper case",
                "CA0123456789ABCDEF0123456789ABCDEF",
                Err(ParseError::Character {
                    what,
                    at: 12,
                    expected: "a lower-case hexadecimal digit",
                }),
            ),
        ];
        for (name, text, want) in cases {
            let got = text.parse::<CallSid>();
            assert_eq!(got.as_ref().map(CallSid::as_str), want.as_ref().copied(), "{name}");
        }
    }

    #[test]
    fn is_made_from_bytes() {
        let sid = AccountSid::from_bytes([0xa5; 16]);
        assert_eq!(sid.to_string(), "ACa5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
        assert_eq!(sid.as_str().parse(), Ok(sid));
    }
}
