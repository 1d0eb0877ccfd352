//! Ctrl-C and SIGTERM.

use harness::Failure;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Does the work on a runtime of its own; `None` if Ctrl-C or SIGTERM came first. Everything that
/// the work holds is dropped then, and with it every process that it started.
///
/// # Errors
///
/// If the system gives no runtime.
pub fn until_told_to_stop<T>(work: impl Future<Output = T>) -> Result<Option<T>, Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(format!("no asynchronous runtime: {error}"), "free some memory or processes")
    })?;
    Ok(runtime.block_on(async {
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
    }))
}
