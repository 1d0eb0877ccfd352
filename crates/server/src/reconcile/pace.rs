//! Pauses between tries.

use std::pin::Pin;
use std::time::Duration;

use identity::Timestamp;
use twilio_rest::Pause;
use uuid::Uuid;

/// Waits for a random time.
pub(crate) struct Jitter;

impl Pause for Jitter {
    fn pause(&self, most: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        // The first four bytes of a version 4 UUID are random.
        let (random, ..) = Uuid::new_v4().as_fields();
        Box::pin(tokio::time::sleep(most.mul_f64(f64::from(random) / f64::from(u32::MAX))))
    }
}

/// Failures in a row, and when to try again.
pub(super) struct BackOff {
    failures: u32,
    /// A workspace that was compared after this moment need not be compared again.
    pub(super) since: Timestamp,
    pub(super) again_at: Timestamp,
}

impl BackOff {
    /// No failure yet: the next try may come at once.
    pub(super) const fn new(now: Timestamp) -> Self {
        Self { failures: 0, since: now, again_at: now }
    }

    /// Counts a failure. The pause is half a minute, doubled each time, at most a quarter of an hour.
    pub(super) fn again(&mut self, now: Timestamp) {
        let factor = 2_u32.saturating_pow(self.failures);
        self.since = now;
        self.again_at = now + FIRST.saturating_mul(factor).min(LAST);
        self.failures = self.failures.saturating_add(1);
    }
}

const FIRST: Duration = Duration::from_secs(30);
const LAST: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_quarter_of_an_hour() {
        let now = Timestamp::from_unix_seconds(1_767_225_600);
        let mut failed = BackOff::new(now);
        assert_eq!(failed.again_at, now);
        let pauses: Vec<u64> = (0..40)
            .map(|_| {
                failed.again(now);
                failed.again_at.since(now).as_secs()
            })
            .collect();
        assert_eq!(pauses[..7], [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(pauses[39], 900);
    }
}
