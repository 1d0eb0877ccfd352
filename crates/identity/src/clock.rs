//! The clock of the system, and its moments. Only the feature `std` has this: a program whose
//! decisions are to be repeated hands the time in.

use std::time::{Duration, SystemTime};

use crate::Timestamp;

impl Timestamp {
    /// The moment that the system's clock shows.
    ///
    /// # Examples
    ///
    /// ```
    /// use identity::Timestamp;
    ///
    /// let now = Timestamp::now();
    /// assert_eq!(now.to_string().parse(), Ok(now));
    /// ```
    #[expect(clippy::disallowed_methods, reason = "the one place that is asked to read the clock")]
    pub fn now() -> Self {
        SystemTime::now().into()
    }
}

impl From<SystemTime> for Timestamp {
    /// The same moment; parts of a microsecond are dropped, and moments outside of the range become the
    /// end of the range.
    fn from(time: SystemTime) -> Self {
        let epoch = Self::from_unix_micros(0);
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => epoch.after(after),
            // Up to the next whole microsecond, so that both sides of 1970 are rounded down.
            Err(error) => epoch.before(error.duration() + Duration::from_nanos(999)),
        }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(moment: Timestamp) -> Self {
        let micros = Duration::from_micros(moment.unix_micros().unsigned_abs());
        if moment.unix_micros() < 0 { Self::UNIX_EPOCH - micros } else { Self::UNIX_EPOCH + micros }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_times_are_the_same_moments() {
        for micros in [0, 1, -1, 1_767_225_600_000_001, -1_767_225_600_000_001] {
            let moment = Timestamp::from_unix_micros(micros);
            assert_eq!(Timestamp::from(SystemTime::from(moment)), moment, "{micros}");
        }
        let (nano, micro) = (Duration::from_nanos(1), Timestamp::from_unix_micros(-1));
        assert_eq!(Timestamp::from(SystemTime::UNIX_EPOCH - nano), micro);
        assert_eq!(Timestamp::from(SystemTime::UNIX_EPOCH + nano), Timestamp::from_unix_micros(0));
        for end in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(Timestamp::from(SystemTime::from(end)), end);
        }
    }
}
