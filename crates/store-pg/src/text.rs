//! Statements that are put together from parts when the crate is built.
//!
//! Every statement stays a constant, and what it repeats of an enum or of a list of columns comes
//! from there.

/// Joins texts, as `concat!` does, but from any constants.
macro_rules! join {
    ($($part:expr),+ $(,)?) => {{
        const PARTS: &[&str] = &[$($part),+];
        const BYTES: [u8; $crate::text::length(PARTS)] = $crate::text::joined(PARTS);
        $crate::text::utf8(&BYTES)
    }};
}

/// A stored moment, unless it lies further in the future than `calls::MOST_AHEAD`: then a clock was
/// wrong when it was written, and it says nothing.
macro_rules! believed {
    ($moment:literal) => {
        concat!("case when ", $moment, " <= now() + interval '2 minutes' then ", $moment, " end")
    };
}

/// Texts as SQL literals with commas between them: `'a', 'b'`.
macro_rules! quoted {
    ($texts:expr) => {{
        const TEXTS: &[&str] = $texts;
        const PARTS: [&str; 3 * TEXTS.len()] = $crate::text::quotes(TEXTS);
        const BYTES: [u8; $crate::text::length(&PARTS)] = $crate::text::joined(&PARTS);
        $crate::text::utf8(&BYTES)
    }};
}

/// The codes of the values of an enum of which a question is true.
macro_rules! codes_where {
    ($name:ty, $holds:path) => {{
        const ALL: &[$name] = <$name>::ALL;
        const COUNT: usize = {
            let (mut count, mut at) = (0, 0);
            while at < ALL.len() {
                if $holds(ALL[at]) {
                    count += 1;
                }
                at += 1;
            }
            count
        };
        const CODES: [&str; COUNT] = {
            let (mut codes, mut count, mut at) = ([""; COUNT], 0, 0);
            while at < ALL.len() {
                if $holds(ALL[at]) {
                    codes[count] = ALL[at].code();
                    count += 1;
                }
                at += 1;
            }
            codes
        };
        &CODES
    }};
}

pub(crate) use {believed, codes_where, join, quoted};

pub(crate) const fn length(parts: &[&str]) -> usize {
    let (mut length, mut at) = (0, 0);
    while at < parts.len() {
        length += parts[at].len();
        at += 1;
    }
    length
}

/// `N` is the [`length`] of the parts.
pub(crate) const fn joined<const N: usize>(parts: &[&str]) -> [u8; N] {
    let (mut bytes, mut length, mut at) = ([0; N], 0, 0);
    while at < parts.len() {
        let part = parts[at].as_bytes();
        let mut byte = 0;
        while byte < part.len() {
            bytes[length] = part[byte];
            length += 1;
            byte += 1;
        }
        at += 1;
    }
    bytes
}

/// `N` is three times the number of texts.
pub(crate) const fn quotes<'a, const N: usize>(texts: &[&'a str]) -> [&'a str; N] {
    let (mut parts, mut at) = ([""; N], 0);
    while at < texts.len() {
        parts[3 * at] = if at == 0 { "'" } else { ", '" };
        parts[3 * at + 1] = texts[at];
        parts[3 * at + 2] = "'";
        at += 1;
    }
    parts
}

pub(crate) const fn utf8(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use routing::Presence;

    const fn is_set(presence: Presence) -> bool {
        !matches!(presence, Presence::Unknown)
    }

    #[test]
    fn parts_are_joined() {
        const NAMES: &str = quoted!(&["a", "b"]);
        assert_eq!(join!("in (", NAMES, ")"), "in ('a', 'b')");
        assert_eq!(quoted!(&["ä"]), "'ä'");
        assert_eq!(*codes_where!(Presence, is_set), ["available", "away", "offline"]);
    }
}
