//! Writing documents.

use alloc::string::String;
use core::fmt::{Result, Write};
use core::time::Duration;

use crate::{Text, escape};

/// The declaration before the root.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// The target of rendering.
pub(crate) trait Out {
    /// Takes a piece unchanged.
    fn put(&mut self, text: &str) -> Result;

    /// Takes character data that may need escapes.
    #[inline]
    fn put_special(&mut self, text: &Text<'_>) -> Result {
        escape::character_data(text.as_str(), |piece| self.put(piece))
    }
}

impl Out for String {
    #[inline]
    fn put(&mut self, text: &str) -> Result {
        self.push_str(text);
        Ok(())
    }
}

/// Any other sink.
pub(crate) struct Sink<'w, W: ?Sized>(pub(crate) &'w mut W);

impl<W: Write + ?Sized> Out for Sink<'_, W> {
    #[inline]
    fn put(&mut self, text: &str) -> Result {
        self.0.write_str(text)
    }
}

/// Counts bytes instead of keeping them.
pub(crate) struct Counter(pub(crate) usize);

impl Out for Counter {
    #[inline]
    fn put(&mut self, text: &str) -> Result {
        self.0 += text.len();
        Ok(())
    }
}

/// Counts at least the bytes that will be written, without reading texts whose escapes are known. It
/// counts too many only for character data with quotes or line ends, which are escaped in values.
pub(crate) struct Estimate(pub(crate) usize);

impl Out for Estimate {
    #[inline]
    fn put(&mut self, text: &str) -> Result {
        self.0 += text.len();
        Ok(())
    }

    #[inline]
    fn put_special(&mut self, text: &Text<'_>) -> Result {
        value(self, text)
    }
}

/// Writes character data.
#[inline]
pub(crate) fn text<W: Out + ?Sized>(out: &mut W, text: &Text<'_>) -> Result {
    if text.is_plain() {
        return out.put(text.as_str());
    }
    out.put_special(text)
}

/// Writes the inside of a quoted attribute value.
#[inline]
pub(crate) fn value<W: Out + ?Sized>(out: &mut W, value: &Text<'_>) -> Result {
    match value.as_value() {
        Some(value) => out.put(value),
        None => escape::value(value.as_str(), |piece| out.put(piece)),
    }
}

/// Writes an integer.
pub(crate) fn integer<W: Out + ?Sized>(out: &mut W, mut number: u64) -> Result {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.put(core::str::from_utf8(&digits[at..]).unwrap_or_default())
}

/// Whole seconds, rounded up.
pub(crate) const fn seconds(length: Duration) -> u64 {
    length.as_secs().saturating_add(if length.subsec_nanos() == 0 { 0 } else { 1 })
}

/// Whole milliseconds, rounded up.
pub(crate) fn millis(length: Duration) -> u64 {
    let up = u128::from(!length.subsec_nanos().is_multiple_of(1_000_000));
    u64::try_from(length.as_millis() + up).unwrap_or(u64::MAX)
}
