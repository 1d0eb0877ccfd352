//! Escapes, eight bytes at a time.

use core::fmt::Result;

/// Passes on character data, piece by piece, with its escapes.
#[inline]
pub(crate) fn character_data(text: &str, put: impl FnMut(&str) -> Result) -> Result {
    // A parser turns a carriage return into a line feed unless it is a reference.
    let special =
        |word| equal(word, b'&') | equal(word, b'<') | equal(word, b'>') | equal(word, b'\r');
    escaped(text, special, put)
}

/// Passes on the inside of a quoted attribute value, piece by piece, with its escapes.
pub(crate) fn value(text: &str, put: impl FnMut(&str) -> Result) -> Result {
    // A parser turns tabs and line ends inside a value into blanks unless they are references. All
    // other control characters were refused.
    let special = |word| {
        let quotes = equal(word, b'&') | equal(word, b'<') | equal(word, b'>') | equal(word, b'"');
        quotes | below_blank(word)
    };
    escaped(text, special, put)
}

/// Writes a text with escapes for the bytes that `special` marks in a word.
fn escaped(
    text: &str,
    special: impl Fn(u64) -> u64 + Copy,
    mut put: impl FnMut(&str) -> Result,
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
            put(&text[written..start + offset])?;
            put(match word[offset] {
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
    put(&text[written..])
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
