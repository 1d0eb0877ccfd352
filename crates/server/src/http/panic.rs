//! A panic ends one request and nothing else.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tracing::error;
use uuid::Uuid;

use super::reply::Reply;

/// Runs a handler; `None` if it panicked, which is logged here.
pub(crate) async fn caught(
    id: Uuid,
    endpoint: &'static str,
    handler: impl Future<Output = Reply>,
) -> Option<Reply> {
    let answered = AssertUnwindSafe(handler).catch_unwind().await.ok();
    if answered.is_none() {
        error!(request.id = %id, "request {id} to {endpoint} ended in a panic");
    }
    answered
}
