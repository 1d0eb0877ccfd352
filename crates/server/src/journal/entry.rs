//! The record of one request in the spool.

use calls::Event;
use identity::{CallSid, WorkspaceId};
use serde::{Deserialize, Serialize};
use store_pg::StoredEvent;

use crate::known::Said;

/// One request, and the decisions about it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    pub(crate) workspace: WorkspaceId,
    pub(crate) call: CallSid,
    /// The first is the request; the others are our decisions.
    pub(crate) events: Vec<Event>,
    /// The request, parameter by parameter.
    pub(crate) params: Vec<(String, String)>,
}

/// A record that holds no entry.
#[derive(Debug, thiserror::Error)]
#[error("unreadable: {0}")]
pub(crate) struct Unreadable(#[from] serde_json::Error);

impl Entry {
    /// Reads a record of the spool.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        Ok(serde_json::from_slice(payload)?)
    }

    /// What it says of the call.
    pub(super) fn said(&self) -> Said<'_> {
        Said { workspace: &self.workspace, call: self.call, events: &self.events }
    }

    /// Its events as the database takes them. The request belongs to the first.
    pub(super) fn stored(&self) -> impl Iterator<Item = StoredEvent> {
        self.events.iter().enumerate().map(|(index, event)| StoredEvent {
            call: self.call,
            event: event.clone(),
            params: if index == 0 {
                serde_json::to_value(&self.params).unwrap_or_default()
            } else {
                serde_json::Value::Null
            },
        })
    }
}
