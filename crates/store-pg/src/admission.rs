//! Whether the database may be used.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The guard's last decision, for all pools. A new store is admitted: tests and commands check the
/// database themselves.
#[derive(Debug)]
pub(crate) struct Admission {
    is_admitted: AtomicBool,
    connected: Notify,
}

impl Default for Admission {
    fn default() -> Self {
        Self { is_admitted: AtomicBool::new(true), connected: Notify::new() }
    }
}

impl Admission {
    pub(crate) fn set(&self, is_admitted: bool) {
        self.is_admitted.store(is_admitted, Ordering::Release);
    }

    /// Whether a connection may be lent, else the reason.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.is_admitted.load(Ordering::Acquire) { Ok(()) } else { Err(UNTRUSTED) }
    }

    /// A connection was opened.
    pub(crate) fn connected(&self) {
        self.connected.notify_one();
    }

    /// Waits for the next one, or returns at once if there was one since the last time.
    pub(crate) async fn wait(&self) {
        self.connected.notified().await;
    }
}

/// The text of the pool's error, by which it is recognised.
pub(crate) const UNTRUSTED: &str = "the guard has not found the database safe";
