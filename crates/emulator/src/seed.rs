//! Pseudorandom numbers from a seed.

use std::fmt::Write as _;

/// A source of ids: the same path from the same seed gives the same bytes.
///
/// Ids are derived from *what* they name (the third leg of the second call), not from the order in
/// which answers happened to arrive, so runs can be compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5d1c_95a6_3b1f_0e27))
    }

    /// The seed of something within this one.
    pub(crate) fn derive(self, what: &str, number: u64) -> Self {
        let named = what.bytes().fold(self.0, |state, byte| mix(state ^ u64::from(byte)));
        Self(mix(named.wrapping_add(number)))
    }

    /// Sixteen bytes, for a Sid or a UUID.
    pub(crate) fn bytes(self) -> [u8; 16] {
        let low = mix(self.0 ^ 1);
        let high = mix(self.0 ^ 2);
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(self) -> String {
        let mut bytes = self.bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            // A `String` takes everything.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// 32 hexadecimal digits, for a secret.
    pub(crate) fn hex(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.bytes()))
    }

    /// An order of `0..length` (Fisher and Yates).
    pub(crate) fn order(self, length: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..length).collect();
        for last in (1..length).rev() {
            let pick = self.derive("order", last as u64).0 % (last as u64 + 1);
            order.swap(last, usize::try_from(pick).unwrap_or(0));
        }
        order
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn the_same_path_gives_the_same_bytes() {
        let path = |seed, call, leg| Seed::new(seed).derive("call", call).derive("leg", leg).hex();
        assert_eq!(path(1, 2, 3), path(1, 2, 3));
        let all = [path(1, 2, 3), path(2, 2, 3), path(1, 3, 3), path(1, 2, 4), path(1, 3, 2)];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(one), "{one}");
        }
    }

    #[test]
    fn an_order_holds_each_index_once() {
        for seed in 0..50 {
            let mut order = Seed::new(seed).order(7);
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
        }
        assert_ne!(Seed::new(1).order(7), Seed::new(2).order(7));
    }

    #[test]
    fn a_uuid_has_its_version() {
        let uuid = Seed::new(9).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
