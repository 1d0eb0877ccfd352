//! The two errors: a part that cannot be built, a document that cannot be read.

use alloc::boxed::Box;
use core::fmt;

use crate::limits::MAX_NOUNS;

/// The rule that a part of a document broke.
///
/// `what` names the part in the reader's words, for example `"client identity"`. The text itself is
/// never repeated: it may be a person's name or number.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BuildError {
    /// A text holds a character that XML 1.0 cannot carry (2.2, `Char`): a control character other
    /// than tab, line feed and carriage return, U+FFFE or U+FFFF.
    Unwritable {
        /// Byte offset of the character.
        at: usize,
        /// The character.
        found: char,
    },
    /// A required part is empty or blank.
    Empty {
        /// The part.
        what: &'static str,
    },
    /// More characters than allowed.
    Length {
        /// The part.
        what: &'static str,
        /// The most characters allowed.
        max: usize,
        /// The characters that were given.
        found: usize,
    },
    /// A character is not allowed there.
    Character {
        /// The part.
        what: &'static str,
        /// Byte offset of the character.
        at: usize,
        /// What is allowed there.
        expected: &'static str,
    },
    /// An eleventh noun in one `<Dial>`.
    TooManyNouns,
    /// A noun in a `<Dial>` that has a number as its text.
    NounBesideNumber,
    /// The rendered document is larger than Twilio accepts (error 11750).
    TooLarge {
        /// The size of the document.
        size_bytes: usize,
        /// The limit.
        max_bytes: usize,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwritable { at, found } => {
                write!(
                    f,
                    "text has U+{:04X} at byte {at}, which XML cannot carry",
                    u32::from(*found)
                )
            }
            Self::Empty { what } => write!(f, "{what} is empty"),
            Self::Length { what, max, found } => {
                write!(f, "{what} has {found} characters, allowed are {max}")
            }
            Self::Character { what, at, expected } => {
                write!(f, "{what} has a wrong character at byte {at}, expected {expected}")
            }
            Self::TooManyNouns => {
                write!(f, "a dial has more than {MAX_NOUNS} nouns")
            }
            Self::NounBesideNumber => f.write_str("a dial has both a number and nouns"),
            Self::TooLarge { size_bytes, max_bytes } => {
                write!(f, "document has {size_bytes} bytes, allowed are {max_bytes}")
            }
        }
    }
}

impl core::error::Error for BuildError {}

/// Why and where a text is not a document.
///
/// # Examples
///
/// ```
/// use twiml::{ParseErrorKind, Response};
///
/// let error = Response::parse("<Response>\n  <Say>Hello</Sag>\n</Response>").unwrap_err();
/// assert!(matches!(error.kind(), ParseErrorKind::EndTag { found, .. } if &**found == "Sag"));
/// assert_eq!((error.line(), error.column()), (2, 13));
/// assert_eq!(error.to_string(), "line 2, column 13: end tag `Sag` closes no element: `Say` is open");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParseError {
    kind: ParseErrorKind,
    line: usize,
    column: usize,
}

impl ParseError {
    /// The broken rule at byte `at` of `input`.
    pub(crate) fn new(kind: ParseErrorKind, input: &str, at: usize) -> Self {
        let before = input.get(..at).unwrap_or(input);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { kind, line, column }
    }

    /// The broken rule.
    pub const fn kind(&self) -> &ParseErrorKind {
        &self.kind
    }

    /// The line, counted from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in characters, counted from 1.
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.kind)
    }
}

impl core::error::Error for ParseError {}

/// Which rule a document broke.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ParseErrorKind {
    /// Something is larger, deeper or more than this parser accepts.
    Limit {
        /// What exceeds the limit.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// The document has a document type or a processing instruction, which are never read.
    Refused {
        /// The part that was found.
        what: &'static str,
    },
    /// The document does not have exactly one root, or the root is not `<Response>`.
    Root,
    /// Something else was expected.
    Expected {
        /// What is allowed there.
        what: &'static str,
    },
    /// An end tag does not match its start tag. Of long names, the first 40 characters are kept.
    EndTag {
        /// The name of the innermost element that is open, or nothing if none is.
        open: Option<Box<str>>,
        /// The name in the end tag.
        found: Box<str>,
    },
    /// An attribute appears twice in one tag.
    DuplicateAttribute,
    /// A character that XML 1.0 cannot carry, written out or as a reference.
    Character,
    /// `&` begins neither one of the five references of XML nor a number.
    Reference,
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { what, max } => write!(f, "more than {max} {what}"),
            Self::Refused { what } => write!(f, "{what} is refused"),
            Self::Root => f.write_str("document is not one `Response` element"),
            Self::Expected { what } => write!(f, "expected {what}"),
            Self::EndTag { open: Some(open), found } => {
                write!(f, "end tag `{found}` closes no element: `{open}` is open")
            }
            Self::EndTag { open: None, found } => {
                write!(f, "end tag `{found}` closes no element: none is open")
            }
            Self::DuplicateAttribute => f.write_str("attribute appears twice in one tag"),
            Self::Character => f.write_str("character that XML cannot carry"),
            Self::Reference => f.write_str("reference that XML does not know"),
        }
    }
}
