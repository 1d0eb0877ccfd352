//! The options of an owner.

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
    /// use, so that a commit changes no length and needs no journal. A record that does not fit
    /// into one segment is refused.
    pub segment_bytes: u64,
    /// The limit for all segments together, at least one segment. Beyond it, appends are
    /// refused; waiting records are never deleted. One prepared segment, `dead/` and `damaged/`
    /// are not included.
    pub limit_bytes: u64,
    /// The limit for records that wait in memory while a group is written, and for those that are written
    /// and not yet synced. Beyond it, appends are refused, so a hanging disk uses a bounded amount of
    /// memory: at most twice this value, for the waiting records and for the group.
    pub waiting_bytes: u64,
}

impl Config {
    /// The largest payload that fits into a segment.
    pub const fn payload_limit(&self) -> u64 {
        self.segment_bytes.saturating_sub(HEADER_BYTES)
    }

    /// The first broken rule, in words.
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
