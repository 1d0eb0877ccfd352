//! Percent-decoding of a form in one pass, eight bytes at a time.

/// A decoded body.
pub(crate) struct Decoded {
    /// All names and values, one after the other.
    pub(crate) bytes: Vec<u8>,
    /// Where each name and each value ends in `bytes`.
    pub(crate) ends: Vec<(usize, usize)>,
    /// Whether the pairs are sorted by bytes and all differ.
    pub(crate) in_order: bool,
}

pub(crate) fn decode(body: &[u8]) -> Decoded {
    let mut decoder = Decoder {
        body,
        at: 0,
        out: vec![0; body.len() + WORD],
        filled: 0,
        ends: Vec::with_capacity(EXPECTED_FIELDS),
        in_order: true,
        last_start: 0,
        last_key: 0,
    };
    while decoder.field() {}
    decoder.out.truncate(decoder.filled);
    Decoded { bytes: decoder.out, ends: decoder.ends, in_order: decoder.in_order }
}

struct Decoder<'a> {
    body: &'a [u8],
    at: usize,
    /// Longer than the body by a word, so that a whole one can always be written and read.
    out: Vec<u8>,
    filled: usize,
    ends: Vec<(usize, usize)>,
    in_order: bool,
    last_start: usize,
    last_key: u64,
}

impl Decoder<'_> {
    /// Decodes one field; whether there was one.
    fn field(&mut self) -> bool {
        while self.body.get(self.at) == Some(&b'&') {
            self.at += 1;
        }
        if self.at == self.body.len() {
            return false;
        }
        let start = self.filled;
        let mut name_end = None;
        while let Some(separator) = self.text() {
            match separator {
                b'=' if name_end.is_none() => name_end = Some(self.filled),
                b'=' => self.push(b'='),
                _ => break,
            }
        }
        self.close(start, name_end.unwrap_or(self.filled));
        true
    }

    /// Decodes up to the next `=` or `&`, which is passed over and returned.
    fn text(&mut self) -> Option<u8> {
        loop {
            self.plain();
            let byte = *self.body.get(self.at)?;
            self.at += 1;
            match byte {
                b'=' | b'&' => return Some(byte),
                b'+' => self.push(b' '),
                b'%' => {
                    let byte = self.escaped().unwrap_or(b'%');
                    self.push(byte);
                }
                _ => self.push(byte),
            }
        }
    }

    /// Copies whole words up to the next special byte.
    fn plain(&mut self) {
        while let Some(word) = self.body.get(self.at..).and_then(<[u8]>::first_chunk::<WORD>) {
            self.out[self.filled..self.filled + WORD].copy_from_slice(word);
            let special = special_bytes(u64::from_le_bytes(*word));
            if special != 0 {
                let plain = usize::try_from(special.trailing_zeros() / 8).unwrap_or(0);
                self.at += plain;
                self.filled += plain;
                return;
            }
            self.at += WORD;
            self.filled += WORD;
        }
    }

    /// The byte that two digits stand for, which are passed over then.
    fn escaped(&mut self) -> Option<u8> {
        let [high, low] = *self.body.get(self.at..)?.first_chunk()?;
        let byte = hex(high)? << 4 | hex(low)?;
        self.at += 2;
        Some(byte)
    }

    fn push(&mut self, byte: u8) {
        self.out[self.filled] = byte;
        self.filled += 1;
    }

    /// Ends the field that began at `start`.
    fn close(&mut self, start: usize, name_end: usize) {
        let key = self.key(start, name_end);
        let is_after = match self.ends.last() {
            _ if !self.in_order => false,
            None => true,
            Some(_) if self.last_key != key => self.last_key < key,
            Some((last_name_end, last_end)) => {
                let last = (
                    &self.out[self.last_start..*last_name_end],
                    &self.out[*last_name_end..*last_end],
                );
                last < (&self.out[start..name_end], &self.out[name_end..self.filled])
            }
        };
        self.in_order = is_after;
        (self.last_start, self.last_key) = (start, key);
        self.ends.push((name_end, self.filled));
    }

    /// The first bytes of a name as a number, padded with zeros: smaller ones sort first, equal
    /// ones say nothing.
    fn key(&self, start: usize, name_end: usize) -> u64 {
        let word = self.out[start..].first_chunk().copied().unwrap_or_default();
        let length = name_end - start;
        let unused = if length < WORD { u64::MAX >> (8 * length) } else { 0 };
        u64::from_be_bytes(word) & !unused
    }
}

/// The bytes of a `u64`.
const WORD: usize = 8;

/// Twilio's voice webhooks have 20 to 30 fields.
const EXPECTED_FIELDS: usize = 32;

/// A number whose lowest bit that is set stands in the first byte that is one of `%&+=`.
///
/// A byte is zero if subtracting one borrows (Warren, "Hacker's Delight", 6-1); what lies above the
/// first one found may be wrong.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; WORD]);
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let found = zero_bytes(word ^ (ONES * b'%' as u64))
        | zero_bytes(word ^ (ONES * b'&' as u64))
        | zero_bytes(word ^ (ONES * b'+' as u64))
        | zero_bytes(word ^ (ONES * b'=' as u64));
    found & (ONES << 7)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
