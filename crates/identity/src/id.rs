//! Ids that are UUIDs: users and contacts.

use core::fmt;
use core::str::FromStr;

use crate::ParseError;
use crate::text::{hex_value, text_forms, write_hex};

/// Defines an id that is a UUID.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Makes the id from the sixteen bytes of its UUID.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes of the UUID.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            /// Reads 32 hexadecimal digits of either case, with all four hyphens or with none.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_uuid(text, $what).map(Self)
            }
        }

        /// Writes the hyphenated form in lower case, as Postgres does.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = write_uuid(self.0);
                f.write_str(str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        text_forms!($name, { "format": "uuid" });
    };
}

uuid_id! {
    /// A user of the live chat, as the `sub` of a session names them.
    ///
    /// # Examples
    ///
    /// ```
    /// use identity::UserId;
    ///
    /// let user: UserId = "7F3C2D1E-0000-4000-8000-00000000000a".parse()?;
    /// assert_eq!(user, "7f3c2d1e00004000800000000000000a".parse()?);
    /// assert_eq!(user.to_string(), "7f3c2d1e-0000-4000-8000-00000000000a");
    /// # Ok::<(), identity::ParseError>(())
    /// ```
    UserId, "user id"
}

uuid_id! {
    /// A person that calls or is called, as `livechat_contacts` knows them.
    ///
    /// # Examples
    ///
    /// ```
    /// use identity::{ContactId, ParseError};
    ///
    /// let wrong = "0a".parse::<ContactId>();
    /// assert_eq!(wrong, Err(ParseError::Length { what: "contact id", min: 32, max: 36, found: 2 }));
    /// ```
    ContactId, "contact id"
}

/// Byte indices before which the hyphenated form has a hyphen.
const HYPHENS_BEFORE: [usize; 4] = [4, 6, 8, 10];

/// Reads the hyphenated form (36 bytes) or the simple form (32 bytes) of a UUID.
pub(crate) fn parse_uuid(text: &str, what: &'static str) -> Result<[u8; 16], ParseError> {
    if text.is_empty() {
        return Err(ParseError::Empty { what });
    }
    let hyphenated = match text.len() {
        32 => false,
        36 => true,
        found => return Err(ParseError::Length { what, min: 32, max: 36, found }),
    };
    let text = text.as_bytes();
    let digit = |at: usize| {
        hex_value(text[at]).ok_or(ParseError::Character {
            what,
            at,
            expected: "a hexadecimal digit",
        })
    };
    let mut bytes = [0; 16];
    let mut at = 0;
    for (index, byte) in bytes.iter_mut().enumerate() {
        if hyphenated && HYPHENS_BEFORE.contains(&index) {
            if text[at] != b'-' {
                return Err(ParseError::Character { what, at, expected: "a hyphen" });
            }
            at += 1;
        }
        *byte = digit(at)? << 4 | digit(at + 1)?;
        at += 2;
    }
    Ok(bytes)
}

/// Writes the hyphenated form.
fn write_uuid(bytes: [u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut at = 0;
    let groups = [0..4, 4..6, 6..8, 8..10, 10..16];
    for group in groups.map(|group| &bytes[group]) {
        write_hex(group, &mut text[at..at + 2 * group.len()]);
        at += 2 * group.len() + 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn reads_every_text_form_and_names_the_broken_rule() {
        let id = UserId::from_bytes([
            0x7f, 0x3c, 0x2d, 0x1e, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x0a,
        ]);
        let character = |at, expected| Err(ParseError::Character { what: "user id", at, expected });
        let cases = [
            ("hyphens", "7f3c2d1e-0000-4000-8000-00000000000a", Ok(id)),
            ("no hyphens", "7f3c2d1e00004000800000000000000a", Ok(id)),
            ("upper case", "7F3C2D1E-0000-4000-8000-00000000000A", Ok(id)),
            ("nothing", "", Err(ParseError::Empty { what: "user id" })),
            (
                "short",
                "7f3c",
                Err(ParseError::Length { what: "user id", min: 32, max: 36, found: 4 }),
            ),
            (
                "hyphen moved",
                "7f3c2d1-e0000-4000-8000-00000000000a",
                character(7, "a hexadecimal digit"),
            ),
            ("no hyphen there", "7f3c2d1e00000-4000-8000-0000000000a0", character(8, "a hyphen")),
            (
                "not a digit",
                "7f3c2d1e00004000800000000000000g",
                character(31, "a hexadecimal digit"),
            ),
            (
                "not ASCII",
                "é3c2d1e00004000800000000000000a0",
                Err(ParseError::Length { what: "user id", min: 32, max: 36, found: 33 }),
            ),
        ];
        for (name, text, want) in cases {
            assert_eq!(text.parse::<UserId>(), want, "{name}");
        }
        assert_eq!(id.to_string(), "7f3c2d1e-0000-4000-8000-00000000000a");
    }
}
