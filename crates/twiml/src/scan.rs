//! Searches for bytes that XML cannot carry or that must be escaped.

/// Whether XML 1.0 can carry the character (2.2, `Char`).
pub(crate) const fn is_writable(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// White space of XML 1.0 (2.3).
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The class of a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    /// It never needs escapes.
    Plain,
    /// It may need escapes.
    Special,
    /// XML cannot carry the character at this byte.
    Unwritable(usize, char),
}

/// Classifies a text.
#[inline]
pub(crate) fn classify(text: &str) -> Class {
    if any(text.as_bytes(), is_special) { classify_special(text) } else { Class::Plain }
}

fn classify_special(text: &str) -> Class {
    // Characters that XML cannot carry are rarer than those that must be escaped.
    if !any(text.as_bytes(), |byte| (byte < 0x20 && !is_blank(byte)) || byte == 0xEF) {
        return Class::Special;
    }
    match text.char_indices().find(|(_, c)| !is_writable(*c)) {
        Some((at, c)) => Class::Unwritable(at, c),
        None => Class::Special,
    }
}

/// [`classify`] for the compiler: whether the text is plain, or nothing if XML cannot carry it.
pub(crate) const fn classify_const(text: &str) -> Option<bool> {
    let bytes = text.as_bytes();
    let (mut at, mut plain) = (0, true);
    while at < bytes.len() {
        let byte = bytes[at];
        if byte < 0x20 && !is_blank(byte) {
            return None;
        }
        if byte == 0xEF && bytes[at + 1] == 0xBF && bytes[at + 2] >= 0xBE {
            return None;
        }
        plain &= !is_special(byte);
        at += 1;
    }
    Some(plain)
}

/// Bytes that need a second look: control characters, what is escaped somewhere, and 0xEF, with
/// which U+FFFE and U+FFFF begin.
#[expect(clippy::needless_bitwise_bool, reason = "without short cuts: for vector instructions")]
const fn is_special(byte: u8) -> bool {
    (byte < 0x20)
        | (byte == b'&')
        | (byte == b'<')
        | (byte == b'>')
        | (byte == b'"')
        | (byte == 0xEF)
}

/// Everything but letters, digits and underscores.
#[expect(clippy::needless_bitwise_bool, reason = "without short cuts: for vector instructions")]
pub(crate) const fn is_wrong_in_plain_name(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    !(letter | (byte.wrapping_sub(b'0') < 10) | (byte == b'_'))
}

/// The offset of the first byte that passes the test.
#[inline]
pub(crate) fn position(bytes: &[u8], test: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    let (groups, rest) = bytes.as_chunks::<16>();
    let (mut start, mut last) = (0, rest);
    for bytes in groups {
        if group(bytes, test) {
            last = bytes;
            break;
        }
        start += bytes.len();
    }
    last.iter().position(|byte| test(*byte)).map(|at| start + at)
}

/// Whether a byte of the group passes the test. Alone, it becomes vector instructions; inside of
/// another loop it does not.
#[inline(never)]
fn group<const N: usize>(bytes: &[u8; N], test: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |hit, byte| hit | test(*byte))
}

/// Whether any byte passes the test.
///
/// Groups of bytes are tested before the answer is looked at, so that the compiler uses vector
/// instructions; the last group may overlap the one before.
#[inline]
pub(crate) fn any(bytes: &[u8], test: impl Fn(u8) -> bool + Copy) -> bool {
    if let Some(last) = bytes.last_chunk::<16>() {
        let (groups, _) = bytes.as_chunks::<16>();
        groups.iter().any(|bytes| group(bytes, test)) || group(last, test)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        group(first, test) || group(last, test)
    } else {
        bytes.iter().any(|byte| test(*byte))
    }
}

/// The byte offset of the first character that is not allowed in a name of XML 1.0 (2.3, `Name`).
pub(crate) fn wrong_in_name(name: &str) -> Option<usize> {
    let mut start = true;
    for (at, c) in name.char_indices() {
        if !(is_name_start(c) || (!start && is_name_more(c))) {
            return Some(at);
        }
        start = false;
    }
    None
}

pub(crate) const fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_' | ':'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

pub(crate) const fn is_name_more(c: char) -> bool {
    matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
