//! Percent-decoding of a form in one pass, 64 bytes at a time.

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
        out: vec![0; body.len() + RUN],
        filled: 0,
        field: Field::default(),
        ends: Vec::with_capacity(EXPECTED_FIELDS),
        in_order: true,
        last_start: 0,
        last_key: 0,
    };
    let (blocks, rest) = body.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let mut start = 0;
    for block in blocks.iter().chain([&last]) {
        let mut special = special_bytes(block);
        while special != 0 {
            decoder.special(start + special.trailing_zeros() as usize);
            special &= special - 1;
        }
        start += BLOCK;
    }
    decoder.finish()
}

struct Decoder<'a> {
    body: &'a [u8],
    /// Where the bytes begin that are not yet copied.
    at: usize,
    /// Longer than the body by a run, so that a whole one can always be written and read.
    out: Vec<u8>,
    filled: usize,
    field: Field,
    ends: Vec<(usize, usize)>,
    in_order: bool,
    last_start: usize,
    last_key: u64,
}

/// The field that is being read.
#[derive(Clone, Copy, Default)]
struct Field {
    /// Where it begins in the body.
    raw_start: usize,
    /// Where it begins in the output.
    start: usize,
    name_end: Option<usize>,
}

impl Decoder<'_> {
    /// Decodes up to the byte at `at`, which is one of `%&+=`, and that byte.
    #[inline]
    fn special(&mut self, at: usize) {
        self.plain(at);
        self.at = at + 1;
        match self.body[at] {
            b'&' => self.end_field(at),
            b'=' if self.field.name_end.is_none() => self.field.name_end = Some(self.filled),
            b'+' => self.push(b' '),
            b'%' => {
                let byte = self.escaped().unwrap_or(b'%');
                self.push(byte);
            }
            other => self.push(other),
        }
    }

    fn finish(mut self) -> Decoded {
        self.plain(self.body.len());
        self.end_field(self.body.len());
        self.out.truncate(self.filled);
        Decoded { bytes: self.out, ends: self.ends, in_order: self.in_order }
    }

    /// Copies the bytes before `end`. Most runs are short, and a whole run of fixed length is
    /// cheaper than a call.
    #[inline]
    fn plain(&mut self, end: usize) {
        let length = end - self.at;
        match self.body[self.at..].first_chunk::<RUN>() {
            Some(run) if length <= RUN => {
                self.out[self.filled..self.filled + RUN].copy_from_slice(run);
            }
            _ => {
                let run = &self.body[self.at..end];
                self.out[self.filled..self.filled + length].copy_from_slice(run);
            }
        }
        self.filled += length;
    }

    /// The byte that two digits stand for, which are passed over then.
    fn escaped(&mut self) -> Option<u8> {
        let [high, low] = *self.body.get(self.at..)?.first_chunk()?;
        let digits = HEX[usize::from(high)] << 4 | HEX[usize::from(low)];
        let byte = u8::try_from(digits).ok()?;
        self.at += 2;
        Some(byte)
    }

    fn push(&mut self, byte: u8) {
        self.out[self.filled] = byte;
        self.filled += 1;
    }

    /// Ends the field before `raw_end`, and begins the next one behind it. An empty one is none.
    #[inline]
    fn end_field(&mut self, raw_end: usize) {
        let Field { raw_start, start, name_end } = self.field;
        if raw_start < raw_end {
            self.close(start, name_end.unwrap_or(self.filled));
        }
        self.field = Field { raw_start: raw_end + 1, start: self.filled, name_end: None };
    }

    /// Ends the field that began at `start`.
    #[inline]
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

/// The bytes that are searched at once: one for each bit of a `u64`.
const BLOCK: usize = 64;

/// The bytes that are copied at once.
const RUN: usize = 32;

/// Twilio's voice webhooks have 20 to 30 fields.
const EXPECTED_FIELDS: usize = 32;

/// A number with a bit for each byte of the block that is one of `%&+=`, the first one lowest.
#[inline]
fn special_bytes(block: &[u8; BLOCK]) -> u64 {
    // The product gathers the high bits of the bytes in its highest byte.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let (words, _) = block.as_chunks::<WORD>();
    words.iter().rev().fold(0, |bits, word| {
        let word = u64::from_le_bytes(*word);
        let found = equal(word, b'%') | equal(word, b'&') | equal(word, b'+') | equal(word, b'=');
        bits << WORD | found.wrapping_mul(GATHER) >> 56
    })
}

/// Marks the high bit of each byte that is this one (Warren, "Hacker's Delight", 6-1).
const fn equal(word: u64, byte: u8) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7f; WORD]);
    let zero = word ^ u64::from_le_bytes([byte; WORD]);
    !(((zero & LOW) + LOW) | zero | LOW)
}

/// What a hexadecimal digit stands for; more than a byte can hold if it is none.
const HEX: [u16; 256] = {
    let mut values = [0x100; 256];
    let mut digit: u16 = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit as usize] as usize] = digit;
        values[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_byte_has_its_bit() {
        for at in 0..BLOCK {
            for byte in 0..=u8::MAX {
                for around in [0, b'a', 0x7f, 0x80, 0xff] {
                    let mut block = [around; BLOCK];
                    block[at] = byte;
                    let want = if b"%&+=".contains(&byte) { 1 << at } else { 0 };
                    assert_eq!(special_bytes(&block), want, "{byte:#x} at {at} among {around:#x}");
                }
            }
        }
    }
}
