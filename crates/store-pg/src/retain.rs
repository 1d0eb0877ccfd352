//! What the policy of a workspace does not want kept.

use identity::WorkspaceId;

use crate::Store;
use crate::error::StoreError;
use crate::scope::Scope;

/// What one batch removed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Retained {
    /// Calls that were deleted with everything that was kept of them.
    pub calls: i64,
    /// Events whose request was removed.
    pub requests: i64,
    /// Whether there is more of it.
    pub has_more: bool,
}

impl Store {
    /// Removes one batch of what is older than the policy of a workspace wants it: calls after
    /// `retention_days`, requests after `params_days`. Does nothing while another server does it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn retain(&self, workspace: &WorkspaceId) -> Result<Retained, StoreError> {
        let rows = Scope::Webhook(workspace).run(&self.apply, RETAIN, &[&BATCH]).await?;
        let row = rows.first().ok_or_else(StoreError::missing_answer)?;
        Ok(Retained {
            calls: row.get("calls"),
            requests: row.get("requests"),
            has_more: row.get("has_more"),
        })
    }
}

/// Calls of one batch, about a thousand rows.
const BATCH: i32 = 100;

const RETAIN: &str = "select r.* from voice.retain($1) r";
