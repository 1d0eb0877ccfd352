//! Everything that is acknowledged is on disk first and in the database afterwards: one path in good and
//! bad weather.

mod adopt;
mod applier;
mod entry;
mod slots;

pub(crate) use adopt::adopt;
pub(crate) use applier::Applier;
pub(crate) use entry::Entry;
pub(crate) use slots::Slots;

use std::sync::Arc;

use spool::{AppendError, Spool};
use tracing::error;

use crate::metrics::Metrics;

/// The durable record of callbacks and decisions that the database does not have yet.
#[derive(Clone)]
pub(crate) struct Journal {
    spool: Spool,
    metrics: Arc<Metrics>,
}

impl Journal {
    pub(crate) fn new(spool: Spool, metrics: Arc<Metrics>) -> Self {
        Self { spool, metrics }
    }

    pub(crate) const fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Returns when the entry is on disk.
    pub(crate) async fn record(&self, entry: &Entry) -> Result<(), AppendError> {
        let payload = match serde_json::to_vec(entry) {
            Ok(payload) => payload,
            Err(error) => {
                // Every part of an entry has a JSON form, so this is a fault of ours.
                error!(%error, call.sid = %entry.call, "call {}: an event cannot be written as JSON", entry.call);
                return Err(AppendError::Damaged);
            }
        };
        match self.spool.append(payload).await {
            Ok(_) => {
                self.metrics.journal("written", 1);
                Ok(())
            }
            Err(error) => {
                self.metrics.journal("refused", 1);
                error!(%error, call.sid = %entry.call, "call {}: an event was not stored", entry.call);
                Err(error)
            }
        }
    }
}
