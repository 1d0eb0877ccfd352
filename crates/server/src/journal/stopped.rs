//! What stops applying for a while, or for good.

use spool::ConsumeError;
use tokio::task::JoinError;
use tracing::error;

/// Why applying paused.
pub(super) enum Stopped {
    /// The spool is closed.
    Closed,
    /// It may go on later.
    Later,
}

/// What work on the files of a spool gave.
pub(super) fn of_disk<T>(done: Result<Result<T, ConsumeError>, JoinError>) -> Result<T, Stopped> {
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(ConsumeError::Closed)) | Err(_) => Err(Stopped::Closed),
        Ok(Err(error)) => {
            error!(%error, "the spool cannot be read or written");
            Err(Stopped::Later)
        }
    }
}
