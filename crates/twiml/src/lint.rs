//! What Twilio's debugger would say about a document, before Twilio sees it.

mod rules;
mod table;
mod walk;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::{ParseError, Response};

/// A mistake that Twilio's debugger would report, or a hint.
///
/// # Examples
///
/// ```
/// use twiml::Lint;
///
/// let found = Lint::of("<Response>\n  <Gather numDigits=\"0\" finishOnKey=\"abc\"/>\n</Response>")?;
/// let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
/// assert_eq!(shown, [
///     "line 2, column 3: warning 13310: `finishOnKey` of <Gather> is not one key",
///     "line 2, column 3: warning 13314: `numDigits` of <Gather> is 0, allowed is 1 or more",
/// ]);
/// # Ok::<(), twiml::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Lint {
    /// The line of the element's start tag, counted from 1.
    pub line: usize,
    /// The column of the element's start tag in characters, counted from 1.
    pub column: usize,
    /// How bad it is.
    pub level: Level,
    /// Twilio's number in its dictionary of errors and warnings, if it has one for this.
    pub code: Option<u32>,
    /// What is wrong, in one clause, without values: they may be personal.
    pub text: String,
}

/// How bad a [`Lint`] is, by Twilio's dictionary.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Twilio cannot carry out this part.
    Error,
    /// Twilio continues without this part.
    Warning,
    /// Twilio does as it says, but should not be asked to: it is deprecated.
    Hint,
}

impl Lint {
    /// Finds the mistakes of a voice document, in the order of the start tags.
    ///
    /// These are the mistakes that can be seen in the document alone: unknown elements and attributes,
    /// values that are not allowed, nouns that do not go together, names that are missing or too long,
    /// callback hosts that Twilio refuses, what is deprecated.
    ///
    /// # Errors
    ///
    /// As for [`Response::parse`], where Twilio reports error 12100.
    pub fn of(text: &str) -> Result<Vec<Self>, ParseError> {
        let response = Response::parse(text)?;
        walk::lints(text, &response.unknown())
    }

    /// Twilio's number for an attribute whose value is not allowed, and its level; nothing if the
    /// attribute has no number of its own, for example because Twilio does not know it: then 12200
    /// is used.
    pub fn of_attribute(element: &str, attribute: &str) -> Option<(u32, Level)> {
        let code = table::code(element, attribute)?;
        Some((code, table::level(code)))
    }
}

impl Response<'_> {
    /// Finds the mistakes that can be seen in the document alone, as [`Lint::of`] does.
    ///
    /// Lines and columns are those of the rendered document, which has one line unless a text has more.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use twiml::{Dial, Response};
    ///
    /// let dial = Dial::to("+15005550006")?.timeout(Duration::from_secs(9999));
    /// let found = Response::new().dial(dial).lint();
    /// assert_eq!((found[0].code, found.len()), (Some(13_212), 1));
    /// # Ok::<(), twiml::BuildError>(())
    /// ```
    pub fn lint(&self) -> Vec<Lint> {
        let text = self.render();
        if text.len() > Self::MAX_BYTES {
            return alloc::vec![whole(11_750, "the document is larger than Twilio accepts".into())];
        }
        Lint::of(&text).unwrap_or_else(|error| alloc::vec![whole(12_100, error.to_string())])
    }
}

/// An error of the whole document.
fn whole(code: u32, text: String) -> Lint {
    Lint { line: 1, column: 1, level: Level::Error, code: Some(code), text }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.level)?;
        if let Some(code) = self.code {
            write!(f, " {code}")?;
        }
        write!(f, ": {}", self.text)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        })
    }
}
