//! What an owner may choose.

use crate::record::HEADER_BYTES;

/// The sizes of a spool. All are bytes.
///
/// # Examples
///
/// ```
/// use spool::Config;
///
/// let config = Config { limit_bytes: 256 << 20, ..Config::default() };
/// assert_eq!(config.segment_bytes, 16 << 20);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// The size of one segment file, 4 KiB to 1 GiB. It is filled with zeroes and synced before
    /// use, so that a commit changes no length and needs no journal. A larger record than fits
    /// into one segment is refused.
    pub segment_bytes: u64,
    /// How much all segments together may take, at least one segment. Beyond it appends are
    /// refused; nothing that waits is ever deleted. One prepared segment, `dead/` and `damaged/`
    /// come on top.
    pub limit_bytes: u64,
    /// How much may wait in memory while a group is being committed. Beyond it appends are
    /// refused, so that a disk that hangs costs a known amount of memory: this for what waits and
    /// this for the group.
    pub waiting_bytes: u64,
}

impl Config {
    /// The largest payload that fits into a segment.
    pub const fn payload_limit(&self) -> u64 {
        self.segment_bytes.saturating_sub(HEADER_BYTES)
    }

    /// The first rule that is broken, in words.
    pub(crate) const fn broken_rule(&self) -> Option<&'static str> {
        if self.segment_bytes < SEGMENT_MIN || self.segment_bytes > SEGMENT_MAX {
            Some("segment_bytes must be 4 KiB to 1 GiB")
        } else if self.limit_bytes < self.segment_bytes {
            Some("limit_bytes must hold one segment")
        } else {
            None
        }
    }
}

impl Default for Config {
    /// Segments of 16 MiB, at most 1 GiB of them, and 16 MiB waiting in memory.
    ///
    /// 1 GiB holds about three hours of the callbacks of 100 calls a second.
    fn default() -> Self {
        Self { segment_bytes: 16 << 20, limit_bytes: 1 << 30, waiting_bytes: 16 << 20 }
    }
}

const SEGMENT_MIN: u64 = 4 << 10;
const SEGMENT_MAX: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_broken_rule() {
        let good = Config::default();
        let segment = Some("segment_bytes must be 4 KiB to 1 GiB");
        let cases = [
            ("defaults", good, None),
            ("small", Config { segment_bytes: 4095, ..good }, segment),
            ("smallest", Config { segment_bytes: 4096, ..good }, None),
            (
                "large",
                Config { segment_bytes: (1 << 30) + 1, limit_bytes: 1 << 40, ..good },
                segment,
            ),
            (
                "no room",
                Config { limit_bytes: (16 << 20) - 1, ..good },
                Some("limit_bytes must hold one segment"),
            ),
        ];
        for (name, config, want) in cases {
            assert_eq!(config.broken_rule(), want, "{name}");
        }
        assert_eq!(good.payload_limit(), (16 << 20) - 16);
    }
}
