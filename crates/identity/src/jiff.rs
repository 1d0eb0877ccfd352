//! The moments of the crate `jiff`.

use crate::Timestamp;

impl From<jiff::Timestamp> for Timestamp {
    /// The same moment; parts of a microsecond are dropped, and years before 0000 become the beginning
    /// of the range.
    fn from(moment: jiff::Timestamp) -> Self {
        let micros = moment.as_nanosecond().div_euclid(1000);
        Self::from_unix_micros(i64::try_from(micros).unwrap_or(i64::MIN))
    }
}

impl From<Timestamp> for jiff::Timestamp {
    /// The same moment; the last 26 hours of the year 9999, which `jiff` does not have, become its last
    /// moment.
    fn from(moment: Timestamp) -> Self {
        Self::from_microsecond(moment.unix_micros()).unwrap_or(Self::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn both_write_the_same_moments() {
        for moment in ["2026-01-01T00:00:00.25Z", "1969-12-31T23:59:59.999999Z"] {
            let ours: Timestamp = moment.parse().unwrap();
            let theirs = jiff::Timestamp::from(ours);
            assert_eq!(theirs.to_string(), moment);
            assert_eq!(Timestamp::from(theirs), ours);
        }
        assert_eq!(Timestamp::from(jiff::Timestamp::from(Timestamp::MIN)), Timestamp::MIN);
        assert_eq!(jiff::Timestamp::from(Timestamp::MAX), jiff::Timestamp::MAX);
        assert_eq!(Timestamp::from(jiff::Timestamp::MIN), Timestamp::MIN);
    }
}
