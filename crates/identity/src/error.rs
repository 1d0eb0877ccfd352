//! The one error of this crate.

use core::fmt;

/// The rule of a grammar that a text broke.
///
/// `what` names the kind of value in the reader's words, for example `"phone number"`. The text
/// itself is never repeated: it may be a person's number.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParseError {
    /// The text is empty.
    Empty {
        /// The kind of value.
        what: &'static str,
    },
    /// The text does not have the required prefix.
    Prefix {
        /// The kind of value.
        what: &'static str,
        /// The required prefix.
        prefix: &'static str,
    },
    /// The text has the wrong number of characters.
    Length {
        /// The kind of value.
        what: &'static str,
        /// The fewest bytes allowed.
        min: usize,
        /// The most bytes allowed.
        max: usize,
        /// The bytes that were given.
        found: usize,
    },
    /// A character is not allowed there.
    Character {
        /// The kind of value.
        what: &'static str,
        /// Byte offset of the character.
        at: usize,
        /// What is allowed there.
        expected: &'static str,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { what } => write!(f, "{what} is empty"),
            Self::Prefix { what, prefix } => write!(f, "{what} does not start with `{prefix}`"),
            Self::Length { what, min, max, found } if min == max => {
                write!(f, "{what} has {found} bytes instead of {min}")
            }
            Self::Length { what, min, max, found } => {
                write!(f, "{what} has {found} bytes, allowed are {min} to {max}")
            }
            Self::Character { what, at, expected } => {
                write!(f, "{what} has a wrong character at byte {at}, expected {expected}")
            }
        }
    }
}

impl core::error::Error for ParseError {}
