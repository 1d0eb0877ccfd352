//! The one place that reads a clock. Everything else is handed a [`Clock`]: `clippy.toml` refuses the
//! methods that read one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::Timestamp;
use tokio::time::Instant;
use tracing::{info, warn};

/// Wall time, for moments that are written down or compared with those of others, and steady time,
/// for ages, pauses and deadlines: it never leaps.
///
/// Wall time is this machine's as long as it agrees with the database's. If not, it is the database's,
/// which all servers share: one machine whose clock leaps must not date calls, or judge the moments of
/// others, by itself. Between two looks at the database steady time carries it on.
///
/// Pauses themselves are tokio's timers, which follow tokio's clock.
#[derive(Clone)]
pub struct Clock {
    wall: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    steady: Arc<dyn Fn() -> Instant + Send + Sync>,
    shared: Arc<Mutex<Option<Shared>>>,
}

/// The moment that the database named last.
#[derive(Clone, Copy)]
struct Shared {
    theirs: Timestamp,
    at: Instant,
}

impl Clock {
    /// The system's clocks. Steady time is tokio's, which a test can pause.
    pub fn system() -> Self {
        Self { wall: Arc::new(wall), steady: Arc::new(steady), shared: Arc::default() }
    }

    /// A clock that a test moves: wall time is what `now` says, and steady time moves with it.
    pub fn of(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let now = Arc::new(now);
        let (begun, began) = (now(), steady());
        let wall = Arc::clone(&now);
        let steady = Arc::new(move || began + now().since(begun));
        Self { wall, steady, shared: Arc::default() }
    }

    /// This moment, in wall time.
    pub(crate) fn now(&self) -> Timestamp {
        let own = (self.wall)();
        self.theirs().filter(|theirs| apart(own, *theirs) > TOLERANCE).unwrap_or(own)
    }

    /// How far this machine's clock is from the database's; zero as long as nothing is known.
    pub(crate) fn skew(&self) -> Duration {
        self.theirs().map_or(Duration::ZERO, |theirs| apart((self.wall)(), theirs))
    }

    /// This moment by the database's clock.
    fn theirs(&self) -> Option<Timestamp> {
        let shared = *self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.map(|shared| shared.theirs.after(self.elapsed(shared.at)))
    }

    /// Asks for the database's time, and takes it over.
    ///
    /// # Errors
    ///
    /// That of the question.
    pub(crate) async fn compare<E>(
        &self,
        question: impl Future<Output = Result<Timestamp, E>>,
    ) -> Result<(), E> {
        let asked = self.instant();
        let theirs = question.await?;
        let half = self.elapsed(asked) / 2;
        let is_first = self.theirs().is_none();
        // A slow answer says little; any answer is better than none.
        if half > TOLERANCE / 2 && !is_first {
            return Ok(());
        }
        let was_apart = self.skew() > TOLERANCE;
        let shared = Shared { theirs, at: asked + half };
        *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(shared);
        let skew = self.skew();
        if skew > TOLERANCE && !was_apart {
            warn!(
                "this machine's clock is {} s from the database's, which is used: let both follow a time server",
                skew.as_secs()
            );
        } else if skew <= TOLERANCE && was_apart {
            info!("this machine's clock agrees with the database's again");
        }
        Ok(())
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

/// How far two moments are apart.
pub(crate) fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}

/// Clocks that follow a time server agree better than that, and so does a moment that the database
/// names within a second.
const TOLERANCE: Duration = Duration::from_secs(2);

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

    /// A machine whose clock shows what a test says, and a database whose clock is right.
    struct Machine {
        wall: Arc<AtomicI64>,
        steady: Arc<AtomicI64>,
        clock: Clock,
    }

    impl Machine {
        fn new() -> Self {
            let (wall, steady) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
            let began = super::steady();
            let (hand, age) = (Arc::clone(&wall), Arc::clone(&steady));
            let clock = Clock {
                wall: Arc::new(move || Timestamp::from_unix_seconds(hand.load(Ordering::SeqCst))),
                steady: Arc::new(move || began + length(age.load(Ordering::SeqCst))),
                shared: Arc::default(),
            };
            Self { wall, steady, clock }
        }

        /// So long after the start, with a wall clock that is off by so much.
        fn at(&self, seconds: i64, off: i64) {
            self.steady.store(seconds, Ordering::SeqCst);
            self.wall.store(seconds + off, Ordering::SeqCst);
        }

        async fn compares(&self) {
            let theirs = Timestamp::from_unix_seconds(self.steady.load(Ordering::SeqCst));
            self.clock.compare(async { Ok::<_, ()>(theirs) }).await.unwrap();
        }

        fn shows(&self) -> i64 {
            self.clock.now().unix_seconds()
        }
    }

    fn length(seconds: i64) -> Duration {
        Duration::from_secs(u64::try_from(seconds).unwrap())
    }

    #[tokio::test]
    async fn a_clock_that_leaps_is_not_followed() {
        const DAYS: i64 = 3 * 86_400;
        let machine = Machine::new();
        machine.at(10, DAYS);
        assert_eq!(machine.shows(), 10 + DAYS, "nothing else is known");
        machine.compares().await;
        for (at, off) in [(10, DAYS), (20, 0), (4_000, -300), (4_001, 2), (4_002, -DAYS)] {
            machine.at(at, off);
            // With and without another look at the database.
            for _ in 0..2 {
                let right = if off.abs() <= 2 { at + off } else { at };
                assert_eq!(machine.shows(), right, "off by {off}");
                assert_eq!(machine.clock.skew(), Duration::from_secs(off.unsigned_abs()));
                machine.compares().await;
            }
        }
    }

    #[tokio::test]
    async fn a_slow_answer_about_the_time_is_only_better_than_none() {
        let machine = Machine::new();
        let slow = async |theirs| {
            let question = async {
                machine.at(machine.steady.load(Ordering::SeqCst) + 10, 0);
                Ok::<_, ()>(Timestamp::from_unix_seconds(theirs))
            };
            machine.clock.compare(question).await.unwrap();
        };
        slow(500).await;
        assert_eq!(machine.shows(), 505);
        slow(900).await;
        assert_eq!(machine.shows(), 515, "it could be off by the time that the answer took");
        assert_eq!(machine.clock.compare(async { Err("away") }).await, Err("away"));
    }
}
