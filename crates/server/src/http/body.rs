//! Request bodies, with a limit of size and of time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};

/// Why a body was not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BodyError {
    /// It is longer than the limit.
    TooLarge,
    /// It was cut off, or did not arrive in time.
    Broken,
}

/// Reads a body of at most [`MAX_BYTES`] within [`DEADLINE`].
pub(crate) async fn read(body: Incoming) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > MAX_BYTES {
        return Err(BodyError::TooLarge);
    }
    let limit = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    let whole = tokio::time::timeout(DEADLINE, Limited::new(body, limit).collect());
    match whole.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) | Err(_) => Err(BodyError::Broken),
    }
}

/// Twilio's webhooks are 1 to 2 kB; 64 kB is what it accepts from us.
pub(crate) const MAX_BYTES: u64 = 64 * 1024;

/// For the whole body.
const DEADLINE: Duration = Duration::from_secs(5);
