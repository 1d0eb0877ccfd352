//! Text that XML can carry, and the rules on top of it.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt::{self, Write as _};
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use crate::scan::{self, Class};
use crate::{BuildError, escape};

/// A text that XML 1.0 can carry: no control character but tab, line feed and carriage return, no
/// U+FFFE, no U+FFFF.
///
/// Attributes that are free text or URLs take one. It borrows where it can: a URL that ten nouns
/// share is checked once and never copied.
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
pub struct Text<'a>(Form<'a>);

/// Where the text is, and what is known about its escapes.
///
/// As small as a `String`: elements have many texts, and are moved while they are built.
#[derive(Clone)]
enum Form<'a> {
    /// Nothing in it needs an escape, so it is written unchecked.
    Plain(&'a str),
    /// Something in it may need an escape.
    Special(&'a str),
    OwnPlain(Box<str>),
    OwnSpecial(Box<str>),
    /// Escaped when it was made: a callback URL is written once for each noun.
    Escaped(Box<Escaped<'a>>),
    Shared(&'a Escaped<'a>),
}

/// A text beside its form in attribute values.
#[derive(Clone)]
struct Escaped<'a> {
    text: Cow<'a, str>,
    value: String,
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
            Class::Plain => Ok(Self::trusted(text, true)),
            Class::Special => Ok(Self::escaped(text)),
            Class::Unwritable(at, found) => Err(BuildError::Unwritable { at, found }),
        }
    }

    /// The text without the characters that XML cannot carry.
    ///
    /// For names from outside: a caller must not hear an error because a
    /// display name contains a control character. Allocates only if there is one.
    pub fn lossy(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        match scan::classify(&text) {
            Class::Plain => Self::trusted(text, true),
            Class::Special => Self::escaped(text),
            Class::Unwritable(..) => {
                let text = text.chars().filter(|c| scan::is_writable(*c)).collect();
                Self::escaped(Cow::Owned(text))
            }
        }
    }

    /// The text as it stands.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Plain(text) | Form::Special(text) => text,
            Form::OwnPlain(text) | Form::OwnSpecial(text) => text,
            Form::Escaped(both) => &both.text,
            Form::Shared(both) => &both.text,
        }
    }

    /// The text as an attribute value, if that is known.
    #[inline]
    pub(crate) fn as_value(&self) -> Option<&str> {
        match &self.0 {
            Form::Plain(text) => Some(text),
            Form::OwnPlain(text) => Some(text),
            Form::Escaped(both) => Some(&both.value),
            Form::Shared(both) => Some(&both.value),
            Form::Special(_) | Form::OwnSpecial(_) => None,
        }
    }

    fn escaped(text: Cow<'a, str>) -> Self {
        let mut value = String::new();
        // A `String` takes everything.
        let _ = escape::value(&text, |piece| value.write_str(piece));
        Self(Form::Escaped(Box::new(Escaped { text, value })))
    }

    /// The same text, borrowed from this one.
    #[inline]
    pub fn borrowed(&self) -> Text<'_> {
        Text(match &self.0 {
            Form::Plain(text) => Form::Plain(text),
            Form::Special(text) => Form::Special(text),
            Form::OwnPlain(text) => Form::Plain(text),
            Form::OwnSpecial(text) => Form::Special(text),
            Form::Escaped(both) => Form::Shared(both),
            Form::Shared(both) => Form::Shared(both),
        })
    }

    /// The same text as an owned value.
    pub fn into_owned(self) -> Text<'static> {
        Text(match self.0 {
            Form::Plain(text) => Form::OwnPlain(text.into()),
            Form::Special(text) => Form::OwnSpecial(text.into()),
            Form::OwnPlain(text) => Form::OwnPlain(text),
            Form::OwnSpecial(text) => Form::OwnSpecial(text),
            Form::Escaped(both) => Form::Escaped(Box::new(both.into_owned())),
            Form::Shared(both) => Form::Escaped(Box::new(both.clone().into_owned())),
        })
    }

    pub(crate) const EMPTY: Self = Self(Form::Plain(""));

    /// A text that is known to be carried by XML, and whether it needs no escapes.
    #[inline]
    pub(crate) fn trusted(text: Cow<'a, str>, plain: bool) -> Self {
        Self(match (text, plain) {
            (Cow::Borrowed(text), true) => Form::Plain(text),
            (Cow::Borrowed(text), false) => Form::Special(text),
            (Cow::Owned(text), true) => Form::OwnPlain(text.into_boxed_str()),
            (Cow::Owned(text), false) => Form::OwnSpecial(text.into_boxed_str()),
        })
    }

    /// Whether nothing in it needs an escape.
    #[inline]
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.0, Form::Plain(_) | Form::OwnPlain(_))
    }

    /// Appends another text.
    pub(crate) fn push(&mut self, more: Text<'a>) {
        if self.as_str().is_empty() {
            *self = more;
        } else {
            let plain = self.is_plain() && more.is_plain();
            let mut text = String::from(Cow::from(core::mem::take(self)));
            text.push_str(more.as_str());
            *self = Self::trusted(Cow::Owned(text), plain);
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.as_str().bytes().all(scan::is_blank)
    }
}

impl Escaped<'_> {
    fn into_owned(self) -> Escaped<'static> {
        Escaped { text: Cow::Owned(self.text.into_owned()), value: self.value }
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
        Self(if matches!(plain, Some(true)) { Form::Plain(text) } else { Form::Special(text) })
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
///
/// Also in a function that nothing calls, and by `cargo check` alone:
///
/// ```compile_fail
/// fn never_called<T>() -> twiml::Text<'static> {
///     twiml::text!("a bell: \u{7}")
/// }
/// ```
#[macro_export]
macro_rules! text {
    ($literal:expr) => {{
        // A `const` block would be evaluated only where code is generated.
        const TEXT: $crate::Text<'static> = $crate::Text::from_static($literal);
        TEXT
    }};
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Text").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
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
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl<'a> From<&'a Text<'_>> for Text<'a> {
    fn from(text: &'a Text<'_>) -> Self {
        text.borrowed()
    }
}

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        match text.0 {
            Form::Plain(text) | Form::Special(text) => Cow::Borrowed(text),
            Form::OwnPlain(text) | Form::OwnSpecial(text) => Cow::Owned(text.into_string()),
            Form::Escaped(both) => both.text,
            Form::Shared(both) => Cow::Borrowed(&both.text),
        }
    }
}

impl<'a> From<&'a Text<'_>> for Cow<'a, str> {
    fn from(text: &'a Text<'_>) -> Self {
        Cow::Borrowed(text.as_str())
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

/// A text that is read in pieces; one piece is not copied, several are copied once.
pub(crate) enum Joined<'a> {
    Nothing,
    One(Text<'a>),
    Many(String),
}

impl<'a> Joined<'a> {
    #[inline]
    pub(crate) fn push(&mut self, piece: Text<'a>) {
        match self {
            Self::Nothing => *self = Self::One(piece),
            Self::One(first) => {
                let mut text = String::from(Cow::from(core::mem::take(first)));
                text.push_str(piece.as_str());
                *self = Self::Many(text);
            }
            Self::Many(text) => text.push_str(piece.as_str()),
        }
    }

    #[inline]
    pub(crate) fn finish(self) -> Text<'a> {
        match self {
            Self::Nothing => Text::EMPTY,
            Self::One(text) => text,
            Self::Many(text) => Text::trusted(Cow::Owned(text), false),
        }
    }
}

/// The text between `<!--` and `-->`.
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

/// A text that is not blank.
pub(crate) fn required<'a>(
    text: impl Into<Cow<'a, str>>,
    what: &'static str,
) -> Result<Text<'a>, BuildError> {
    let text = Text::new(text)?;
    if text.is_blank() { Err(BuildError::Empty { what }) } else { Ok(text) }
}

/// A text of at most this many characters.
pub(crate) fn at_most<'a>(
    text: Cow<'a, str>,
    what: &'static str,
    max: usize,
) -> Result<Text<'a>, BuildError> {
    let found = text.chars().count();
    if found > max { Err(BuildError::Length { what, max, found }) } else { Text::new(text) }
}

/// A name that every part of Twilio reads in the same way: letters, digits and underscores.
pub(crate) fn plain_name<'a>(
    name: Cow<'a, str>,
    what: &'static str,
    max: usize,
) -> Result<Text<'a>, BuildError> {
    if name.is_empty() {
        return Err(BuildError::Empty { what });
    }
    if scan::any(name.as_bytes(), scan::is_wrong_in_plain_name) {
        let at = name.bytes().position(scan::is_wrong_in_plain_name).unwrap_or_default();
        let expected = "a letter, digit or underscore";
        return Err(BuildError::Character { what, at, expected });
    }
    if name.len() > max {
        return Err(BuildError::Length { what, max, found: name.len() });
    }
    Ok(Text::trusted(name, true))
}
