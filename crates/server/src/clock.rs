//! The one place that reads a clock. Everything else is handed a [`Clock`]: `clippy.toml` refuses the
//! methods that read one.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::Timestamp;
use tokio::time::Instant;

/// Wall time, for moments that are written down or compared with those of others, and steady time,
/// for ages, pauses and deadlines: it never leaps.
///
/// Pauses themselves are tokio's timers, which follow tokio's clock.
#[derive(Clone)]
pub struct Clock {
    wall: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    steady: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl Clock {
    /// The system's clocks. Steady time is tokio's, which a test can pause.
    pub fn system() -> Self {
        Self { wall: Arc::new(wall), steady: Arc::new(steady) }
    }

    /// A clock that a test moves: wall time is what `now` says, and steady time moves with it.
    pub fn of(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let now = Arc::new(now);
        let (begun, began) = (now(), steady());
        let wall = Arc::clone(&now);
        Self { wall, steady: Arc::new(move || began + now().since(begun)) }
    }

    /// This moment, in wall time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.wall)()
    }

    /// This moment, in steady time.
    pub(crate) fn instant(&self) -> Instant {
        (self.steady)()
    }

    /// How much steady time has passed since a moment.
    pub(crate) fn elapsed(&self, since: Instant) -> Duration {
        self.instant().saturating_duration_since(since)
    }

    /// How much steady time is left until a moment.
    ///
    /// Timers take this and not the moment itself: tokio's clock may show another time than this one.
    pub(crate) fn left(&self, until: Instant) -> Duration {
        until.saturating_duration_since(self.instant())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the steady clock")]
fn steady() -> Instant {
    Instant::now()
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[test]
    fn a_clock_of_a_test_moves_both_times() {
        let seconds = Arc::new(AtomicI64::new(5));
        let hand = Arc::clone(&seconds);
        let clock = Clock::of(move || Timestamp::from_unix_seconds(hand.load(Ordering::SeqCst)));
        let began = clock.instant();
        seconds.store(65, Ordering::SeqCst);
        assert_eq!(clock.now(), Timestamp::from_unix_seconds(65));
        assert_eq!(clock.elapsed(began), Duration::from_secs(60));
    }
}
