//! Looking for bytes: what XML cannot carry, what must be escaped.

/// Whether XML 1.0 can carry the character (2.2, `Char`).
pub(crate) const fn is_writable(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// White space of XML 1.0 (2.3).
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The first character that XML cannot carry, with its byte offset.
pub(crate) fn unwritable(text: &str) -> Option<(usize, char)> {
    // U+FFFE and U+FFFF begin with 0xEF, as do few other characters.
    if !any(text.as_bytes(), |byte| byte < 0x20 || byte == 0xEF) {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_writable(*c))
}

/// [`unwritable`] for the compiler: whether there is none.
pub(crate) const fn is_writable_const(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte < 0x20 && !is_blank(byte) {
            return false;
        }
        if byte == 0xEF && bytes[at + 1] == 0xBF && bytes[at + 2] >= 0xBE {
            return false;
        }
        at += 1;
    }
    true
}

/// Whether any byte passes the test.
///
/// Sixteen bytes are tested before the answer is looked at, so that the compiler uses vector
/// instructions; texts are short, and most need no escaping.
#[inline]
pub(crate) fn any(bytes: &[u8], test: impl Fn(u8) -> bool) -> bool {
    let mut chunks = bytes.chunks_exact(16);
    for chunk in &mut chunks {
        if chunk.iter().fold(false, |hit, byte| hit | test(*byte)) {
            return true;
        }
    }
    chunks.remainder().iter().fold(false, |hit, byte| hit | test(*byte))
}

/// The byte offset of the first character that may not stand in a name of XML 1.0 (2.3, `Name`).
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
