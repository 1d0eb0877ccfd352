//! A webhook has a budget for the database, not a dependency on it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use identity::WorkspaceId;
use store_pg::StoreError;
use tokio::time::Instant;
use tracing::warn;

use crate::clock::Clock;

/// How long a caller waits for the database, and circuit breakers in front of it. After some failures in
/// a row no request waits at all, except for one now and then that tries.
///
/// Each workspace has a breaker: what is slow or locked in its own rows opens this one and no other. The
/// server has one too, for failures that are not about any rows: no connection, or none that is trusted.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: Duration,
    clock: Clock,
    breakers: Mutex<Breakers>,
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
struct Breakers {
    server: Breaker,
    /// Those of the workspaces that failed lately.
    workspaces: HashMap<WorkspaceId, Breaker>,
}

#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// When the next request may try, while it is open.
    retry_at: Option<Instant>,
}

/// What an answer of the database says about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lesson {
    Good,
    /// The workspace's rows are slow or locked, or its share is taken.
    WorkspaceFailed,
    /// The database cannot be used at all.
    ServerFailed,
}

impl Lesson {
    fn of<T>(result: &Result<T, StoreError>) -> Self {
        match result {
            Err(error) if error.is_everybodys() => Self::ServerFailed,
            Err(error) if error.is_transient() => Self::WorkspaceFailed,
            _ => Self::Good,
        }
    }
}

impl Budget {
    /// `limit` is how long a caller waits.
    pub(crate) fn new(limit: Duration, clock: Clock) -> Self {
        Self { limit, clock, breakers: Mutex::default() }
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
    /// The database's own, or [`StoreError::Late`] if the budget is spent, [`StoreError::Busy`] if a breaker is open.
    pub(crate) async fn spend<T>(
        &self,
        workspace: &WorkspaceId,
        allowance: Allowance,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.wait(workspace, allowance.until, work).await
    }

    /// Waits for the database for longer, where only the database can answer.
    ///
    /// # Errors
    ///
    /// As [`Budget::spend`].
    pub(crate) async fn spend_all<T>(
        &self,
        workspace: &WorkspaceId,
        allowance: Allowance,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.wait(workspace, allowance.at_last, work).await
    }

    async fn wait<T>(
        &self,
        workspace: &WorkspaceId,
        until: Instant,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if !self.breakers().may_try(workspace, self.clock.instant()) {
            return Err(StoreError::Busy("it failed for this workspace a moment ago".into()));
        }
        let result = tokio::time::timeout(self.clock.left(until), work)
            .await
            .unwrap_or(Err(StoreError::Late));
        self.breakers().learn(workspace, Lesson::of(&result), self.clock.instant());
        result
    }

    fn breakers(&self) -> std::sync::MutexGuard<'_, Breakers> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Breakers {
    fn may_try(&mut self, workspace: &WorkspaceId, now: Instant) -> bool {
        self.server.may_try(now)
            && self.workspaces.get_mut(workspace).is_none_or(|breaker| breaker.may_try(now))
    }

    fn learn(&mut self, workspace: &WorkspaceId, lesson: Lesson, now: Instant) {
        match lesson {
            Lesson::ServerFailed => {
                if self.server.fail(now) {
                    warn!("the database cannot be used: calls are answered from memory");
                }
            }
            Lesson::WorkspaceFailed => {
                // It was reached, whatever came of it.
                self.server_answers();
                if !self.workspaces.contains_key(workspace) {
                    self.workspaces.insert(workspace.clone(), Breaker::default());
                    self.forget(now);
                }
                let breaker = self.workspaces.get_mut(workspace);
                if breaker.is_some_and(|breaker| breaker.fail(now)) {
                    warn!(workspace.id = %workspace, "the database does not answer in time for workspace {workspace}: its calls are answered from memory");
                }
            }
            Lesson::Good => {
                self.server_answers();
                if self.workspaces.remove(workspace).is_some_and(|breaker| breaker.is_open()) {
                    warn!(workspace.id = %workspace, "the database answers workspace {workspace} again");
                }
            }
        }
    }

    fn server_answers(&mut self) {
        if std::mem::take(&mut self.server).is_open() {
            warn!("the database can be used again");
        }
    }

    /// Forgets the workspaces that have not failed for longest, if there are too many.
    fn forget(&mut self, now: Instant) {
        if self.workspaces.len() > MOST_BREAKERS {
            self.workspaces.retain(|_, breaker| breaker.retry_at.is_some_and(|at| now < at));
        }
    }
}

impl Breaker {
    fn is_open(&self) -> bool {
        self.retry_at.is_some()
    }

    fn may_try(&mut self, now: Instant) -> bool {
        match self.retry_at {
            Some(at) if now < at => false,
            Some(_) => {
                // This request tries; the others go on without the database.
                self.retry_at = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    /// Counts a failure. Returns whether it opens now.
    fn fail(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        let opens = self.failures == THRESHOLD;
        if opens {
            self.retry_at = Some(now + PAUSE);
        }
        opens
    }
}

/// The deadline when nothing is cached: longer than any good database needs, and short enough to leave time
/// for the rest of the answer within Twilio's first try.
const PATIENCE: Duration = Duration::from_secs(2);

/// Failures in a row that open the breaker.
const THRESHOLD: u32 = 5;

/// How long the breaker stays open before one request tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Workspaces whose failures are counted at the same time.
const MOST_BREAKERS: usize = 10_000;

#[cfg(test)]
mod tests {
    use identity::Timestamp;

    use super::*;

    fn workspace(id: &str) -> WorkspaceId {
        id.parse().unwrap()
    }

    #[test]
    fn opens_after_failures_and_lets_one_request_try() {
        for failed in [Lesson::WorkspaceFailed, Lesson::ServerFailed] {
            let (mut breakers, acme) = (Breakers::default(), workspace("acme"));
            let start = Clock::system().instant();
            for _ in 0..THRESHOLD {
                assert!(breakers.may_try(&acme, start));
                breakers.learn(&acme, failed, start);
            }
            assert!(!breakers.may_try(&acme, start), "open");
            let later = start + PAUSE;
            assert!(breakers.may_try(&acme, later), "one tries");
            assert!(!breakers.may_try(&acme, later), "the others do not");
            breakers.learn(&acme, Lesson::Good, later);
            assert!(breakers.may_try(&acme, later), "closed again");
        }
    }

    #[test]
    fn one_workspace_keeps_only_itself_from_the_database() {
        let mut breakers = Breakers::default();
        let [acme, bolt] = ["acme", "bolt"].map(workspace);
        let now = Clock::system().instant();
        for _ in 0..THRESHOLD {
            breakers.learn(&acme, Lesson::WorkspaceFailed, now);
        }
        assert!(!breakers.may_try(&acme, now));
        assert!(breakers.may_try(&bolt, now));
        breakers.learn(&bolt, Lesson::Good, now);
        assert!(!breakers.may_try(&acme, now), "another workspace's answer says nothing about it");
        for _ in 0..THRESHOLD {
            breakers.learn(&acme, Lesson::ServerFailed, now);
        }
        assert!(!breakers.may_try(&bolt, now), "no connection is everybody's trouble");
    }

    #[test]
    fn an_error_is_its_workspaces_unless_the_database_cannot_be_used() {
        let lesson = |error| Lesson::of(&Err::<(), _>(error));
        assert_eq!(lesson(StoreError::Untrusted), Lesson::ServerFailed);
        assert_eq!(lesson(StoreError::Exhausted), Lesson::WorkspaceFailed);
        assert_eq!(lesson(StoreError::Late), Lesson::WorkspaceFailed);
        assert_eq!(lesson(StoreError::Corrupt(String::new())), Lesson::Good, "it answered");
    }

    #[test]
    fn workspaces_that_failed_long_ago_are_forgotten() {
        let mut breakers = Breakers::default();
        let now = Clock::system().instant();
        for number in 0..3 * MOST_BREAKERS {
            let id = workspace(&format!("ws_{number}"));
            breakers.learn(&id, Lesson::WorkspaceFailed, now);
        }
        assert!(breakers.workspaces.len() <= MOST_BREAKERS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_once_whatever_it_asks() {
        let budget = Budget::new(Duration::from_millis(250), Clock::system());
        let never = std::future::pending::<Result<(), StoreError>>;
        let began = budget.clock.instant();
        let allowance = Allowance { until: began + budget.limit, at_last: began + PATIENCE };
        budget.spend(&workspace("acme"), allowance, never()).await.unwrap_err();
        assert_eq!(budget.clock.elapsed(began), budget.limit);
        budget.spend(&workspace("acme"), allowance, never()).await.unwrap_err();
        assert_eq!(budget.clock.elapsed(began), budget.limit, "it has waited already");
        budget.spend_all(&workspace("acme"), allowance, never()).await.unwrap_err();
        assert_eq!(budget.clock.elapsed(began), PATIENCE, "nothing can be answered without");
        budget.spend_all(&workspace("acme"), allowance, never()).await.unwrap_err();
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
        budget.spend(&workspace("acme"), budget.allowance(), work).await.unwrap();
    }

    #[test]
    fn a_good_answer_in_between_starts_the_count_anew() {
        for failed in [Lesson::WorkspaceFailed, Lesson::ServerFailed] {
            let (mut breakers, acme) = (Breakers::default(), workspace("acme"));
            let now = Clock::system().instant();
            for _ in 0..3 {
                for _ in 1..THRESHOLD {
                    breakers.learn(&acme, failed, now);
                }
                breakers.learn(&acme, Lesson::Good, now);
            }
            assert!(breakers.may_try(&acme, now));
        }
    }
}
