//! Writing with escapes.

use alloc::string::String;
use core::fmt::{Result, Write};
use core::time::Duration;

use crate::Text;

/// What stands before the root.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// What rendering writes to.
pub(crate) trait Out {
    /// Takes a piece as it stands.
    fn put(&mut self, text: &str) -> Result;

    /// Takes character data that may need escapes.
    #[inline]
    fn put_special(&mut self, text: &Text<'_>) -> Result {
        // A parser turns a carriage return into a line feed unless it is a reference.
        escaped(self, text.as_str(), |word| {
            equal(word, b'&') | equal(word, b'<') | equal(word, b'>') | equal(word, b'\r')
        })
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

/// Counts at least what will be written, without looking at a text whose escapes are known; more
/// only for character data with quotes or line ends, which are escaped in values.
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
        None => special_value(out, value.as_str()),
    }
}

/// Writes the inside of a quoted attribute value that may need escapes.
pub(crate) fn special_value<W: Out + ?Sized>(out: &mut W, value: &str) -> Result {
    // A parser turns tabs and line ends inside a value into blanks unless they are references. All
    // other control characters were refused.
    escaped(out, value, |word| {
        let quotes = equal(word, b'&') | equal(word, b'<') | equal(word, b'>') | equal(word, b'"');
        quotes | below_blank(word)
    })
}

/// Writes a text with escapes for the bytes that `special` marks in a word.
fn escaped<W: Out + ?Sized>(
    out: &mut W,
    text: &str,
    special: impl Fn(u64) -> u64 + Copy,
) -> Result {
    let (words, tail) = text.as_bytes().as_chunks::<8>();
    let mut last = *b"........";
    last[..tail.len()].copy_from_slice(tail);
    let (mut start, mut written) = (0, 0);
    for word in words.iter().chain([&last]) {
        let mut rest = *word;
        loop {
            let marks = special(u64::from_le_bytes(rest));
            if marks == 0 {
                break;
            }
            let offset = marks.trailing_zeros() as usize / 8;
            // What is marked is ASCII, so both cuts are at the border of a character.
            out.put(&text[written..start + offset])?;
            out.put(match word[offset] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                b'\t' => "&#9;",
                b'\n' => "&#10;",
                _ => "&#13;",
            })?;
            written = start + offset + 1;
            rest[offset] = b'.';
        }
        start += word.len();
    }
    out.put(&text[written..])
}

/// Marks the high bit of each byte that is this one; the lowest mark is exact (Warren, "Hacker's
/// Delight", 6-1).
const fn equal(word: u64, byte: u8) -> u64 {
    let zero = word ^ (LOW * byte as u64);
    zero.wrapping_sub(LOW) & !zero & HIGH
}

/// Marks the high bit of each byte below a blank; the lowest mark is exact.
const fn below_blank(word: u64) -> u64 {
    word.wrapping_sub(LOW * 0x20) & !word & HIGH
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

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
