//! The Sids that only grants know.

use std::fmt;
use std::str::FromStr;

use ::identity::ParseError;

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
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_sid(text, $prefix, $what).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
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
    };
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
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match bytes[prefix.len()..].iter().position(|byte| !is_digit(byte)) {
        Some(at) => Err(ParseError::Character {
            what,
            at: prefix.len() + at,
            expected: "a lower-case hexadecimal digit",
        }),
        None => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_own_kind_only() {
        let (what, good) = ("service Sid", "IS0123456789abcdef0123456789abcdef");
        let expected = "a lower-case hexadecimal digit";
        let cases = [
            ("good", good, Ok(good)),
            ("nothing", "", Err(ParseError::Empty { what })),
            (
                "a worker",
                "WK0123456789abcdef0123456789abcdef",
                Err(ParseError::Prefix { what, prefix: "IS" }),
            ),
            ("short", "IS01", Err(ParseError::Length { what, min: 34, max: 34, found: 4 })),
            (
                "upper case",
                "IS0123456789ABCDEF0123456789abcdef",
                Err(ParseError::Character { what, at: 12, expected }),
            ),
        ];
        for (name, text, want) in cases {
            let got = text.parse::<ServiceSid>();
            assert_eq!(got.as_ref().map(ServiceSid::as_str), want.as_ref().copied(), "{name}");
        }
    }
}
