//! A webhook has a budget for the database, not a dependency on it.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use store_pg::StoreError;
use tracing::warn;

/// How long a caller waits for the database, and a breaker in front of it: after some failures in a
/// row nobody waits at all, but for one request now and then that tries.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: Duration,
    breaker: Mutex<Breaker>,
}

/// What one request may still wait for the database, whatever it asks there: for its workspace and
/// then for its agents, a caller waits once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    until: Instant,
}

impl Allowance {
    fn left(self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// When the next request may try, while it is open.
    retry_at: Option<Instant>,
}

impl Budget {
    /// `limit` is how long a caller waits.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, breaker: Mutex::default() }
    }

    /// What a request that begins now may wait for the database.
    pub(crate) fn allowance(&self) -> Allowance {
        Allowance { until: Instant::now() + self.limit }
    }

    /// Waits for the database for as long as the request may still wait.
    ///
    /// # Errors
    ///
    /// The database's own, or [`StoreError::Away`] if the budget is spent or the breaker is open.
    pub(crate) async fn spend<T>(
        &self,
        allowance: Allowance,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.spend_up_to(allowance.left(Instant::now()), work).await
    }

    /// The same with another limit, for what nothing can be answered without.
    ///
    /// # Errors
    ///
    /// As [`Budget::spend`].
    pub(crate) async fn spend_up_to<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if !self.may_try(Instant::now()) {
            return Err(StoreError::Away("the breaker is open".into()));
        }
        let result = tokio::time::timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(StoreError::Away("the budget is spent".into())));
        self.learn(!matches!(&result, Err(error) if error.is_transient()), Instant::now());
        result
    }

    fn may_try(&self, now: Instant) -> bool {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match breaker.retry_at {
            Some(at) if now < at => false,
            Some(_) => {
                // This request is the one that tries; the others go on without.
                breaker.retry_at = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    fn learn(&self, good: bool, now: Instant) {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        if good {
            if breaker.retry_at.is_some() {
                warn!("the database answers again");
            }
            *breaker = Breaker::default();
            return;
        }
        breaker.failures += 1;
        if breaker.failures == THRESHOLD {
            warn!("the database does not answer: calls are answered from what is known");
            breaker.retry_at = Some(now + PAUSE);
        }
    }
}

/// Failures in a row until nobody waits any more.
const THRESHOLD: u32 = 5;

/// How long nobody waits.
const PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_and_lets_one_request_try() {
        let budget = Budget::new(PAUSE);
        let start = Instant::now();
        for _ in 0..THRESHOLD {
            assert!(budget.may_try(start));
            budget.learn(false, start);
        }
        assert!(!budget.may_try(start), "open");
        let later = start + PAUSE;
        assert!(budget.may_try(later), "one tries");
        assert!(!budget.may_try(later), "the others do not");
        budget.learn(true, later);
        assert!(budget.may_try(later), "closed again");
    }

    #[test]
    fn a_request_waits_once_whatever_it_asks() {
        let budget = Budget::new(PAUSE);
        let now = Instant::now();
        assert!(budget.allowance().left(now) >= PAUSE);
        let allowance = Allowance { until: now + PAUSE };
        let cases = [
            ("at first", now, PAUSE),
            ("what the first question left", now + PAUSE / 4, PAUSE * 3 / 4),
            ("nothing", now + PAUSE, Duration::ZERO),
            ("no more than nothing", now + 2 * PAUSE, Duration::ZERO),
        ];
        for (name, at, want) in cases {
            assert_eq!(allowance.left(at), want, "{name}");
        }
    }

    #[test]
    fn a_good_answer_in_between_starts_the_count_anew() {
        let budget = Budget::new(PAUSE);
        let now = Instant::now();
        for _ in 0..3 {
            for _ in 1..THRESHOLD {
                budget.learn(false, now);
            }
            budget.learn(true, now);
        }
        assert!(budget.may_try(now));
    }
}
