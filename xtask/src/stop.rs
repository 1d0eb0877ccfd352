//! Ctrl-C and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Does the work; `None` if Ctrl-C or SIGTERM came first. What the work holds is dropped then, and
/// with it every process that it started.
pub(crate) async fn until_told_to_stop<T>(work: impl Future<Output = T>) -> Option<T> {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return Some(work.await);
    };
    tokio::select! {
        result = work => Some(result),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
    }
}
