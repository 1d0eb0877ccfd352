//! The server's background tasks, by name. One that ends before it should is noticed at once: whatever
//! it did is not done any more, and nobody would find out before something is missing.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// Starts background tasks and watches them.
#[derive(Clone)]
pub(crate) struct Tasks {
    failed: Arc<watch::Sender<Option<TaskFailed>>>,
}

/// A background task that runs, or has run.
pub(crate) struct Task(JoinHandle<()>);

/// A background task ended although nobody had told it to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TaskFailed {
    /// It panicked.
    #[error("the background task `{0}` panicked")]
    Panicked(&'static str),
    /// It returned before the server was told to stop.
    #[error("the background task `{0}` ended by itself")]
    Ended(&'static str),
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { failed: Arc::new(watch::Sender::new(None)) }
    }

    /// Starts a task that must not end before `stop` is cancelled, and must not panic at all.
    pub(crate) fn spawn(
        &self,
        name: &'static str,
        stop: &CancellationToken,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Task {
        let (failed, stop) = (Arc::clone(&self.failed), stop.clone());
        Task(tokio::spawn(async move {
            let failure = match AssertUnwindSafe(work).catch_unwind().await {
                Ok(()) if stop.is_cancelled() => return,
                Ok(()) => TaskFailed::Ended(name),
                Err(_) => TaskFailed::Panicked(name),
            };
            error!(task = name, "{failure}");
            // The first failure is the reason; others may follow from it.
            failed.send_if_modified(|first| first.is_none() && first.replace(failure).is_none());
        }))
    }

    /// Returns when a task has failed: the first one that did.
    pub(crate) async fn failed(&self) -> TaskFailed {
        let mut failed = self.failed.subscribe();
        match failed.wait_for(Option::is_some).await.map(|failure| *failure) {
            Ok(Some(failure)) => failure,
            // The sender lives as long as this.
            _ => std::future::pending().await,
        }
    }
}

impl Task {
    /// Waits until it has ended; its failure has been reported.
    pub(crate) async fn ended(self) {
        let _ = self.0.await;
    }

    /// Ends it wherever it is.
    pub(crate) async fn abort(self) {
        self.0.abort();
        self.ended().await;
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_task_that_fails_is_named() {
        let (tasks, stop) = (Tasks::new(), CancellationToken::new());
        let good = tasks.spawn("good", &stop, stop.clone().cancelled_owned());
        let aborted = tasks.spawn("aborted", &stop, std::future::pending());
        aborted.abort().await;
        let none = tokio::time::timeout(Duration::from_secs(60), tasks.failed()).await;
        assert!(none.is_err(), "{none:?}");

        let panics = tasks.spawn("bad", &stop, async { panic!("as the test wants it") });
        panics.ended().await;
        tasks.spawn("late", &stop, async {}).ended().await;
        assert_eq!(tasks.failed().await, TaskFailed::Panicked("bad"));
        stop.cancel();
        good.ended().await;
    }

    #[tokio::test]
    async fn a_task_may_end_once_it_is_told_to_and_not_before() {
        for (is_told, want) in [(false, Some(TaskFailed::Ended("short"))), (true, None)] {
            let (tasks, stop) = (Tasks::new(), CancellationToken::new());
            if is_told {
                stop.cancel();
            }
            tasks.spawn("short", &stop, async {}).ended().await;
            assert_eq!(tasks.failed().now_or_never(), want);
        }
    }
}
