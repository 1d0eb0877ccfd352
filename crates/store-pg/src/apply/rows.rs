//! Events and rows of the live chat's log as JSON, which the statements take apart again.
//!
//! They are written as text straight from the records: a tree of JSON values in between would cost
//! the server much of the time that it spends on a call.

use std::collections::BTreeMap;

use calls::{Call, Event, LogEntry, log_entry};
use identity::{CallSid, Timestamp};
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::types::Json;

/// The rows of new events by call and key.
pub(super) type EventRows<'a> = BTreeMap<(CallSid, String), EventRow<'a>>;

/// A new event.
#[derive(Debug, Serialize)]
pub(super) struct EventRow<'a> {
    call_sid: CallSid,
    key: String,
    at: Timestamp,
    fact: &'a Event,
    params: &'a Value,
}

impl<'a> EventRow<'a> {
    pub(super) fn new(call_sid: CallSid, key: String, fact: &'a Event, params: &'a Value) -> Self {
        Self { call_sid, key, at: fact.at, fact, params }
    }
}

/// The live chat's row of a call.
#[derive(Debug, Serialize)]
pub(crate) struct MessageRow {
    twilio_sid: CallSid,
    #[serde(flatten)]
    entry: LogEntry,
}

impl MessageRow {
    pub(crate) const fn new(call: CallSid, entry: LogEntry) -> Self {
        Self { twilio_sid: call, entry }
    }
}

/// The rows of the live chat's log.
pub(super) fn of_log(calls: &[&Call]) -> Json<Vec<MessageRow>> {
    let row = |call: &&Call| MessageRow::new(call.sid, log_entry(call));
    Json(calls.iter().map(row).collect())
}
