//! Writing with escapes.

use core::fmt::{Result, Write};
use core::time::Duration;

use crate::Text;

/// What stands before the root.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Writes character data.
#[inline]
pub(crate) fn text<W: Write + ?Sized>(out: &mut W, text: &Text<'_>) -> Result {
    if text.is_plain() {
        return out.write_str(text.as_str());
    }
    // A parser turns a carriage return into a line feed unless it is a reference.
    escaped(out, text.as_str(), |byte| matches!(byte, b'&' | b'<' | b'>' | b'\r'))
}

/// Writes the inside of a quoted attribute value.
#[inline]
pub(crate) fn value<W: Write + ?Sized>(out: &mut W, value: &Text<'_>) -> Result {
    if value.is_plain() {
        return out.write_str(value.as_str());
    }
    // A parser turns tabs and line ends inside a value into blanks unless they are references.
    escaped(out, value.as_str(), |byte| {
        matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\t' | b'\n' | b'\r')
    })
}

#[cold]
fn escaped<W: Write + ?Sized>(out: &mut W, text: &str, special: impl Fn(u8) -> bool) -> Result {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(&special) {
        // Specials are ASCII, so both cuts are at the border of a character.
        let (before, after) = rest.split_at(at);
        out.write_str(before)?;
        out.write_str(match after.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\t' => "&#9;",
            b'\n' => "&#10;",
            _ => "&#13;",
        })?;
        rest = &after[1..];
    }
    out.write_str(rest)
}

/// Writes an integer.
pub(crate) fn integer<W: Write + ?Sized>(out: &mut W, mut number: u64) -> Result {
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
    out.write_str(core::str::from_utf8(&digits[at..]).unwrap_or_default())
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

/// Counts bytes instead of keeping them.
pub(crate) struct Counter(pub(crate) usize);

impl Write for Counter {
    #[inline]
    fn write_str(&mut self, text: &str) -> Result {
        self.0 += text.len();
        Ok(())
    }
}
