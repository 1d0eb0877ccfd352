//! Text that XML can carry, and the rules on top of it.

use alloc::borrow::Cow;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use crate::BuildError;
use crate::scan::{self, Class};

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
#[derive(Clone)]
pub struct Text<'a> {
    text: Cow<'a, str>,
    /// Nothing in it needs an escape, so that writing needs no look at it. A text without escapes
    /// may be taken for one with.
    plain: bool,
}

impl<'a> Text<'a> {
    /// The text, unchanged.
    ///
    /// # Errors
    ///
    /// [`BuildError::Unwritable`] at the first character that XML cannot carry.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let text = text.into();
        match scan::classify(&text) {
            Class::Plain => Ok(Self { text, plain: true }),
            Class::Special => Ok(Self { text, plain: false }),
            Class::Unwritable(at, found) => Err(BuildError::Unwritable { at, found }),
        }
    }

    /// The text without the characters that XML cannot carry.
    ///
    /// For names that come from outside, where a caller must not hear an error because somebody's
    /// display name holds a control character. Allocates only if there is one.
    pub fn lossy(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        match scan::classify(&text) {
            Class::Plain => Self { text, plain: true },
            Class::Special => Self { text, plain: false },
            Class::Unwritable(..) => {
                let text = text.chars().filter(|c| scan::is_writable(*c)).collect();
                Self { text: Cow::Owned(text), plain: false }
            }
        }
    }

    /// The text as it stands.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same text, borrowed from this one.
    pub fn borrowed(&self) -> Text<'_> {
        Text { text: Cow::Borrowed(&self.text), plain: self.plain }
    }

    /// The same text, free of what it borrowed from.
    pub fn into_owned(self) -> Text<'static> {
        Text { text: Cow::Owned(self.text.into_owned()), plain: self.plain }
    }

    pub(crate) const EMPTY: Self = Self { text: Cow::Borrowed(""), plain: true };

    /// A text that is known to be carried by XML, and whether it needs no escapes.
    pub(crate) const fn trusted(text: Cow<'a, str>, plain: bool) -> Self {
        Self { text, plain }
    }

    /// Whether nothing in it needs an escape.
    pub(crate) const fn is_plain(&self) -> bool {
        self.plain
    }

    /// Appends another text.
    pub(crate) fn push(&mut self, more: Text<'a>) {
        if self.text.is_empty() {
            *self = more;
        } else {
            self.plain &= more.plain;
            self.text.to_mut().push_str(&more.text);
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.bytes().all(scan::is_blank)
    }
}

impl Text<'static> {
    /// A literal; in a constant, or through [`text!`](crate::text!), checked by the compiler.
    ///
    /// # Panics
    ///
    /// If XML cannot carry the text.
    pub const fn from_static(text: &'static str) -> Self {
        let plain = scan::classify_const(text);
        assert!(plain.is_some(), "a literal that XML cannot carry");
        Self { text: Cow::Borrowed(text), plain: matches!(plain, Some(true)) }
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

impl Default for Text<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&self.text).finish()
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Text<'_> {}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl<'a> From<&'a Text<'_>> for Text<'a> {
    fn from(text: &'a Text<'_>) -> Self {
        text.borrowed()
    }
}

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        text.text
    }
}

impl<'a> From<&'a Text<'_>> for Cow<'a, str> {
    fn from(text: &'a Text<'_>) -> Self {
        Cow::Borrowed(&text.text)
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
    Ok(Text::trusted(name, true))
}
