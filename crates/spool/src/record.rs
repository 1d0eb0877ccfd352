//! A record, and its bytes in a segment.
//!
//! ```text
//! length   u32  bytes of the payload
//! checksum u32  CRC-32 (IEEE 802.3) of length, sequence and payload
//! sequence u64
//! payload
//! ```
//!
//! Numbers are little-endian. A header of zeroes is the end: no sequence is zero.

use std::fmt;

/// The place of a record in the order of appends.
///
/// It grows by at least one from record to record and over restarts. A failed append or a damaged file
/// leaves gaps. It is unique only within one directory: recognise a repeated event by its content, not by its
/// sequence.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Sequence(pub(crate) u64);

impl Sequence {
    /// The number, 1 or more.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One record as it was appended.
#[derive(Clone, Eq, PartialEq)]
pub struct Record {
    /// Its place in the order.
    pub sequence: Sequence,
    /// What was appended, byte for byte.
    pub payload: Vec<u8>,
}

impl fmt::Debug for Record {
    /// Leaves out the payload, which may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}, {} bytes)", self.sequence, self.payload.len())
    }
}

/// The header in front of a payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    length: u32,
    checksum: u32,
    sequence: u64,
}

impl Header {
    /// Reads a header; `None` if it is the end.
    pub(crate) fn parse(bytes: [u8; HEADER]) -> Option<Self> {
        if bytes.iter().all(|byte| *byte == 0) {
            return None;
        }
        let [l0, l1, l2, l3, c0, c1, c2, c3, s0, s1, s2, s3, s4, s5, s6, s7] = bytes;
        Some(Self {
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
            sequence: u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
        })
    }

    /// The bytes of header and payload together.
    pub(crate) fn record_bytes(&self) -> u64 {
        HEADER_BYTES + u64::from(self.length)
    }

    /// Whether this is the header of that payload, at that place in the order.
    pub(crate) fn fits(&self, sequence: u64, payload: &[u8]) -> bool {
        self.sequence == sequence && self.checksum == checksum(self.length, sequence, payload)
    }
}

/// Appends the bytes of one record to `buffer`.
///
/// The payload's length was checked when it was appended to the spool: segments are at most
/// 1 GiB.
pub(crate) fn encode(sequence: u64, payload: &[u8], buffer: &mut Vec<u8>) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&checksum(length, sequence, payload).to_le_bytes());
    buffer.extend_from_slice(&sequence.to_le_bytes());
    buffer.extend_from_slice(payload);
}

/// The bytes that a payload takes in a segment.
pub(crate) fn encoded_bytes(payload: &[u8]) -> u64 {
    HEADER_BYTES + payload.len() as u64
}

fn checksum(length: u32, sequence: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&sequence.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

pub(crate) const HEADER: usize = 16;
pub(crate) const HEADER_BYTES: u64 = HEADER as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_as_written_down() {
        let mut bytes = Vec::new();
        encode(258, b"hello", &mut bytes);
        assert_eq!(bytes[..4], [5, 0, 0, 0]);
        assert_eq!(bytes[8..16], [2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&bytes[16..], b"hello");
        // By Python: zlib.crc32(struct.pack("<IQ", 5, 258) + b"hello")
        assert_eq!(bytes[4..8], 0x368a_b58e_u32.to_le_bytes());
    }

    #[test]
    fn a_header_fits_its_own_payload_only() {
        let mut bytes = Vec::new();
        encode(7, b"payload", &mut bytes);
        let header = bytes.first_chunk().copied().and_then(Header::parse).expect("not the end");
        assert_eq!(header.record_bytes(), encoded_bytes(b"payload"));
        assert!(header.fits(7, b"payload"));
        assert!(!header.fits(8, b"payload"));
        assert!(!header.fits(7, b"paylaod"));
        assert_eq!(Header::parse([0; 16]), None);
    }

    #[test]
    fn debug_leaves_the_payload_out() {
        let record = Record { sequence: Sequence(3), payload: b"+15005550006".to_vec() };
        assert_eq!(format!("{record:?}"), "Record(3, 12 bytes)");
    }
}
