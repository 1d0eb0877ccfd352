//! The attribute types that are not plain text: how each is read and written.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Result as Written;
use core::time::Duration;

use crate::text::Text;
use crate::{
    BuildError,
    write::{self, Out},
};

pub(crate) fn read_bool(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

pub(crate) fn read_int(text: &str) -> Option<u32> {
    digits(text).and_then(|text| text.parse().ok())
}

pub(crate) fn read_seconds(text: &str) -> Option<Duration> {
    digits(text).and_then(|text| text.parse().ok()).map(Duration::from_secs)
}

pub(crate) fn read_millis(text: &str) -> Option<Duration> {
    digits(text).and_then(|text| text.parse().ok()).map(Duration::from_millis)
}

/// The parser of the standard library takes a plus.
fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
}

/// Reads a length of time of SSML, `250ms` or `1.5s`; to the millisecond.
pub(crate) fn read_time(text: &str) -> Option<Duration> {
    if let Some(millis) = text.strip_suffix("ms") {
        return read_millis(millis);
    }
    let seconds = text.strip_suffix('s')?;
    let Some((whole, part)) = seconds.split_once('.') else {
        return read_seconds(seconds);
    };
    if part.is_empty() || part.len() > 3 {
        return None;
    }
    let scale = 10_u64.pow(3 - u32::try_from(part.len()).ok()?);
    let whole: u64 = digits(whole)?.parse().ok()?;
    let part: u64 = digits(part)?.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(part * scale).map(Duration::from_millis)
}

/// Writes a length of time of SSML, in seconds if they are whole.
pub(crate) fn write_time<W: Out + ?Sized>(out: &mut W, time: Duration) -> Written {
    let millis = write::millis(time);
    if millis.is_multiple_of(1000) {
        write::integer(out, millis / 1000)?;
        out.put("s")
    } else {
        write::integer(out, millis)?;
        out.put("ms")
    }
}

/// Reads values separated by blanks.
pub(crate) fn read_list<T: Clone>(
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<Cow<'static, [T]>> {
    text.split_ascii_whitespace().map(read).collect::<Option<Vec<_>>>().map(Cow::Owned)
}

/// An enumeration.
pub(crate) trait Listed: Copy + PartialEq + 'static {
    /// All values.
    const ALL: &'static [Self];

    /// All values as a list is written, behind a blank.
    const ALL_WRITTEN: &'static str;

    /// The value as it is written.
    fn written(self) -> &'static str;
}

/// Writes a list of values; the list of all is the most usual one.
#[inline]
pub(crate) fn write_listed<T: Listed, W: Out + ?Sized>(list: &[T], out: &mut W) -> Written {
    if list == T::ALL {
        return out.put(&T::ALL_WRITTEN[1..]);
    }
    write_list(out, list, |out, item| out.put(item.written()))
}

/// Writes a list, a blank between its items.
#[inline]
pub(crate) fn write_list<W: Out + ?Sized, T>(
    out: &mut W,
    items: &[T],
    write: impl Fn(&mut W, &T) -> Written,
) -> Written {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.put(" ")?;
        }
        write(out, item)?;
    }
    Ok(())
}

/// A list that is written with commas, such as the hints of a speech recogniser.
///
/// # Examples
///
/// ```
/// use twiml::Commas;
///
/// let hints = Commas::new(["sales", "help desk"])?;
/// assert_eq!(hints.as_str(), "sales,help desk");
/// assert_eq!(hints.iter().collect::<Vec<_>>(), ["sales", "help desk"]);
/// # Ok::<(), twiml::BuildError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Commas<'a>(Text<'a>);

impl<'a> Commas<'a> {
    /// The items, joined.
    ///
    /// # Errors
    ///
    /// [`BuildError::Character`] if an item holds a comma, with the offset inside the item;
    /// [`BuildError::Unwritable`] if XML cannot carry one, with the offset in the joined list.
    pub fn new<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Result<Self, BuildError> {
        let mut joined = String::new();
        for (index, item) in items.into_iter().enumerate() {
            let item = item.as_ref();
            if let Some(at) = item.find(',') {
                return Err(BuildError::Character { what: "list item", at, expected: "no comma" });
            }
            if index > 0 {
                joined.push(',');
            }
            joined.push_str(item);
        }
        Text::new(joined).map(Self)
    }

    /// The list as it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) const fn as_text(&self) -> &Text<'a> {
        &self.0
    }

    /// The items, without the blanks around them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.as_str().split(',').map(str::trim).filter(|item| !item.is_empty())
    }

    /// The same list, free of what it borrowed from.
    pub fn into_owned(self) -> Commas<'static> {
        Commas(self.0.into_owned())
    }

    pub(crate) const fn trusted(text: Text<'a>) -> Self {
        Self(text)
    }
}

/// The text of a value that an enumeration of this crate does not list.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Unlisted<'a>(Text<'a>);

impl<'a> Unlisted<'a> {
    pub(crate) const fn new(text: Text<'a>) -> Self {
        Self(text)
    }

    /// The value as it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) const fn as_text(&self) -> &Text<'a> {
        &self.0
    }

    pub(crate) fn into_owned(self) -> Unlisted<'static> {
        Unlisted(self.0.into_owned())
    }
}
