//! A webhook has a budget for the database, not a dependency on it.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use store_pg::StoreError;
use tokio::time::Instant;
use tracing::warn;

use crate::clock::Clock;

/// How long a caller waits for the database, and a circuit breaker in front of it. After some failures in
/// a row no request waits at all, except for one now and then that tries.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: Duration,
    clock: Clock,
    breaker: Mutex<Breaker>,
}

/// Until when one request may wait for the database, for all its questions together. A caller waits once,
/// not once for the workspace and once more for its agents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// For a question that memory can also answer.
    until: Instant,
    /// For a question that only the database can answer.
    at_last: Instant,
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// When the next request may try, while it is open.
    retry_at: Option<Instant>,
}

impl Budget {
    /// `limit` is how long a caller waits.
    pub(crate) fn new(limit: Duration, clock: Clock) -> Self {
        Self { limit, clock, breaker: Mutex::default() }
    }

    /// How long a request that begins now may wait for the database.
    pub(crate) fn allowance(&self) -> Allowance {
        let now = self.clock.instant();
        Allowance { until: now + self.limit, at_last: now + self.limit.max(PATIENCE) }
    }

    /// Waits for the database for as long as the request may still wait, where memory can also answer.
    ///
    /// # Errors
    ///
    /// The database's own, or [`StoreError::Away`] if the budget is spent or the breaker is open.
    pub(crate) async fn spend<T>(
        &self,
        allowance: Allowance,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.wait(allowance.until, work).await
    }

    /// Waits for the database for longer, where only the database can answer.
    ///
    /// # Errors
    ///
    /// As [`Budget::spend`].
    pub(crate) async fn spend_all<T>(
        &self,
        allowance: Allowance,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.wait(allowance.at_last, work).await
    }

    async fn wait<T>(
        &self,
        until: Instant,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if !self.may_try(self.clock.instant()) {
            return Err(StoreError::Away("the breaker is open".into()));
        }
        let result = tokio::time::timeout(self.clock.left(until), work)
            .await
            .unwrap_or_else(|_| Err(StoreError::Away("the budget is spent".into())));
        self.learn(!matches!(&result, Err(error) if error.is_transient()), self.clock.instant());
        result
    }

    fn may_try(&self, now: Instant) -> bool {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        match breaker.retry_at {
            Some(at) if now < at => false,
            Some(_) => {
                // This request tries; the others go on without the database.
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
            warn!("the database does not answer: calls are answered from memory");
            breaker.retry_at = Some(now + PAUSE);
        }
    }
}

/// The deadline when nothing is cached: longer than any good database needs, and short enough to leave time
/// for the rest of the answer within Twilio's first try.
const PATIENCE: Duration = Duration::from_secs(2);

/// Failures in a row that open the breaker.
const THRESHOLD: u32 = 5;

/// How long the breaker stays open before one request tries.
const PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use identity::Timestamp;

    use super::*;

    #[test]
    fn opens_after_failures_and_lets_one_request_try() {
        let budget = Budget::new(PAUSE, Clock::system());
        let start = budget.clock.instant();
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

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_once_whatever_it_asks() {
        let budget = Budget::new(Duration::from_millis(250), Clock::system());
        let never = std::future::pending::<Result<(), StoreError>>;
        let began = budget.clock.instant();
        let allowance = Allowance { until: began + budget.limit, at_last: began + PATIENCE };
        budget.spend(allowance, never()).await.unwrap_err();
        assert_eq!(budget.clock.elapsed(began), budget.limit);
        budget.spend(allowance, never()).await.unwrap_err();
        assert_eq!(budget.clock.elapsed(began), budget.limit, "it has waited already");
        budget.spend_all(allowance, never()).await.unwrap_err();
        assert_eq!(budget.clock.elapsed(began), PATIENCE, "nothing can be answered without");
        budget.spend_all(allowance, never()).await.unwrap_err();
        assert_eq!(budget.clock.elapsed(began), PATIENCE, "not twice either");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_has_all_its_time_by_a_clock_that_a_test_moves() {
        let clock = Clock::of(|| Timestamp::from_unix_seconds(0));
        let budget = Budget::new(Duration::from_millis(250), clock);
        tokio::time::advance(Duration::from_secs(60)).await;
        let work = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(())
        };
        budget.spend(budget.allowance(), work).await.unwrap();
    }

    #[test]
    fn a_good_answer_in_between_starts_the_count_anew() {
        let budget = Budget::new(PAUSE, Clock::system());
        let now = budget.clock.instant();
        for _ in 0..3 {
            for _ in 1..THRESHOLD {
                budget.learn(false, now);
            }
            budget.learn(true, now);
        }
        assert!(budget.may_try(now));
    }
}
