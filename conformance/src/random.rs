//! Reproducible randomness: the same seed gives the same cases on every machine.

/// A generator of random numbers (`SplitMix64`).
pub(crate) struct Random(u64);

impl Random {
    /// The generator of one kind of case, so that kinds do not disturb each other.
    pub(crate) fn new(seed: u64, kind: &str) -> Self {
        let mixed = kind.bytes().fold(seed, |mixed, byte| mixed.rotate_left(7) ^ u64::from(byte));
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        // The remainder is below a `usize`.
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// True in so many cases of a hundred.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items, of which there must be one.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Up to `most` pieces, joined.
    pub(crate) fn text(&mut self, pieces: &[&str], most: usize) -> String {
        let count = self.below(most + 1);
        (0..count).map(|_| self.pick(pieces)).collect()
    }

    /// Two letters and 32 digits.
    pub(crate) fn sid(&mut self, prefix: &str) -> String {
        let digits = (0..32).map(|_| char::from(self.pick(b"0123456789abcdef")));
        prefix.chars().chain(digits).collect()
    }

    /// So many letters and digits.
    pub(crate) fn secret(&mut self, length: usize) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(self.pick(letters))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides() {
        let draw = |seed, kind| Random::new(seed, kind).secret(20);
        assert_eq!(draw(1, "tokens"), draw(1, "tokens"));
        assert_ne!(draw(1, "tokens"), draw(2, "tokens"));
        assert_ne!(draw(1, "tokens"), draw(1, "signatures"));
    }

    #[test]
    fn numbers_stay_below_their_limit_and_reach_it() {
        let mut random = Random::new(7, "");
        let drawn: std::collections::BTreeSet<usize> = (0..200).map(|_| random.below(5)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(random.below(0), 0);
        assert!(!random.percent(0));
        assert!(random.percent(100));
    }
}
