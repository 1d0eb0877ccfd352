//! Text that XML can carry, and the rules on top of it.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::BuildError;
use crate::scan;

/// A text that XML 1.0 can carry: no control character but tab, line feed and carriage return, no
/// U+FFFE, no U+FFFF.
///
/// Attributes that are free text or URLs take one. It borrows where it can: a URL that ten nouns
/// share is checked once and copied never.
///
/// # Examples
///
/// ```
/// use twiml::{BuildError, Dial, Text, text};
///
/// // A literal is checked by the compiler.
/// let dial = Dial::new().action(text!("/dial/done"));
///
/// // What comes from outside is checked, or cleaned on purpose.
/// assert_eq!(Text::new("Ana\u{1}"), Err(BuildError::Unwritable { at: 3, found: '\u{1}' }));
/// assert_eq!(Text::lossy("Ana\u{1} 🦊").as_str(), "Ana 🦊");
/// # let _ = dial;
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// The text, unchanged.
    ///
    /// # Errors
    ///
    /// [`BuildError::Unwritable`] at the first character that XML cannot carry.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let text = text.into();
        match scan::unwritable(&text) {
            None => Ok(Self(text)),
            Some((at, found)) => Err(BuildError::Unwritable { at, found }),
        }
    }

    /// The text without the characters that XML cannot carry.
    ///
    /// For names that come from outside, where a caller must not hear an error because somebody's
    /// display name holds a control character. Allocates only if there is one.
    pub fn lossy(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        match scan::unwritable(&text) {
            None => Self(text),
            Some(_) => Self(text.chars().filter(|c| scan::is_writable(*c)).collect()),
        }
    }

    /// The text as it stands.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, borrowed from this one.
    pub fn borrowed(&self) -> Text<'_> {
        Text(Cow::Borrowed(&self.0))
    }

    /// The same text, free of what it borrowed from.
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }

    /// A text that is known to be carried by XML.
    pub(crate) const fn trusted(text: Cow<'a, str>) -> Self {
        Self(text)
    }

    /// Appends another text.
    pub(crate) fn push(&mut self, more: Text<'a>) {
        if self.0.is_empty() {
            *self = more;
        } else {
            self.0.to_mut().push_str(&more.0);
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.0.bytes().all(scan::is_blank)
    }
}

impl Text<'static> {
    /// A literal; in a constant, or through [`text!`](crate::text!), checked by the compiler.
    ///
    /// # Panics
    ///
    /// If XML cannot carry the text.
    pub const fn from_static(text: &'static str) -> Self {
        assert!(scan::is_writable_const(text), "a literal that XML cannot carry");
        Self(Cow::Borrowed(text))
    }
}

/// A literal as [`Text`], checked when the program is compiled.
///
/// # Examples
///
/// ```
/// assert_eq!(twiml::text!("/voice/menu").as_str(), "/voice/menu");
/// ```
///
/// ```compile_fail
/// twiml::text!("a bell: \u{7}");
/// ```
#[macro_export]
macro_rules! text {
    ($literal:expr) => {
        const { $crate::Text::from_static($literal) }
    };
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl<'a> From<&'a Text<'_>> for Text<'a> {
    fn from(text: &'a Text<'_>) -> Self {
        text.borrowed()
    }
}

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        text.0
    }
}

impl<'a> From<&'a Text<'_>> for Cow<'a, str> {
    fn from(text: &'a Text<'_>) -> Self {
        Cow::Borrowed(&text.0)
    }
}

impl<'a> TryFrom<&'a str> for Text<'a> {
    type Error = BuildError;

    fn try_from(text: &'a str) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for Text<'static> {
    type Error = BuildError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl FromStr for Text<'static> {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Text::new(String::from(text))
    }
}

/// What stands between `<!--` and `-->`.
///
/// A text without `--`, and not ending in `-` (XML 1.0, 2.5).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Comment<'a>(Text<'a>);

impl<'a> Comment<'a> {
    /// The comment, unchanged.
    ///
    /// # Errors
    ///
    /// [`BuildError::Character`] at `--` or at a hyphen that would stand before the closing `-->`,
    /// [`BuildError::Unwritable`] at a character that XML cannot carry.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let text = Text::new(text)?;
        let dashes = text.as_str().find("--");
        match dashes.or_else(|| text.as_str().strip_suffix('-').map(str::len)) {
            None => Ok(Self(text)),
            Some(at) => Err(BuildError::Character {
                what: "comment",
                at,
                expected: "no two hyphens and none at the end",
            }),
        }
    }

    /// The comment as it stands, blanks included.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same comment, free of what it borrowed from.
    pub fn into_owned(self) -> Comment<'static> {
        Comment(self.0.into_owned())
    }

    pub(crate) const fn trusted(text: Text<'a>) -> Self {
        Self(text)
    }
}

/// A text that says something.
pub(crate) fn required<'a>(
    text: impl Into<Cow<'a, str>>,
    what: &'static str,
) -> Result<Text<'a>, BuildError> {
    let text = Text::new(text)?;
    if text.is_blank() { Err(BuildError::Empty { what }) } else { Ok(text) }
}

/// A text of so many characters.
pub(crate) fn at_most<'a>(
    text: Cow<'a, str>,
    what: &'static str,
    max: usize,
) -> Result<Text<'a>, BuildError> {
    let found = text.chars().count();
    if found > max { Err(BuildError::Length { what, max, found }) } else { Text::new(text) }
}

/// A name that every part of Twilio reads alike: letters, digits and underscores.
pub(crate) fn plain_name<'a>(
    name: Cow<'a, str>,
    what: &'static str,
    max: usize,
) -> Result<Text<'a>, BuildError> {
    if name.is_empty() {
        return Err(BuildError::Empty { what });
    }
    let wrong = |byte: u8| !(byte.is_ascii_alphanumeric() || byte == b'_');
    if scan::any(name.as_bytes(), wrong) {
        let at = name.bytes().position(wrong).unwrap_or_default();
        let expected = "a letter, digit or underscore";
        return Err(BuildError::Character { what, at, expected });
    }
    if name.len() > max {
        return Err(BuildError::Length { what, max, found: name.len() });
    }
    Ok(Text(name))
}
