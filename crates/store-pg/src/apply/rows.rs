//! Events and rows of the live chat's log as JSON, which the statements take apart again.
//!
//! They are written as text straight from the records: a tree of JSON values in between would cost
//! the server much of the time that it spends on a call.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use calls::{Call, Event, Fact, LegEvent, LogEntry, log_entry};
use identity::{CallSid, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Json};

use crate::error::StoreError;
use crate::sql;

/// The rows of events, new or with other parameters, by call and key.
pub(super) type EventRows<'a> = BTreeMap<(CallSid, String), EventRow<'a>>;

/// An event as it is written.
#[derive(Debug, Serialize)]
pub(super) struct EventRow<'a> {
    call_sid: CallSid,
    key: String,
    at: Timestamp,
    fact: KeptFact,
    pub(super) params: Cow<'a, Value>,
}

impl<'a> EventRow<'a> {
    pub(super) fn new(
        call_sid: CallSid,
        key: String,
        event: &Event,
        params: Cow<'a, Value>,
    ) -> Self {
        Self { call_sid, key, at: event.at, fact: KeptFact::of(&event.fact), params }
    }
}

/// A fact without what the row says beside it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum KeptFact {
    Leg(KeptLeg),
    Whole(Fact),
}

/// What the key of a leg's callback does not say.
#[derive(Debug, Deserialize, Serialize)]
struct KeptLeg {
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<UserId>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sip_response: Option<u16>,
}

impl KeptFact {
    fn of(fact: &Fact) -> Self {
        match fact {
            Fact::Leg(LegEvent {
                sid: _,
                agent,
                status: _,
                sequence: _,
                duration,
                sip_response,
            }) => Self::Leg(KeptLeg {
                agent: *agent,
                duration: duration.map(|length| length.as_secs()),
                sip_response: *sip_response,
            }),
            other => Self::Whole(other.clone()),
        }
    }
}

/// Reads the columns `key`, `at` and `fact` of an event.
pub(crate) fn kept_event(row: &Row) -> Result<Event, StoreError> {
    let at = sql::moment(row, "at")
        .ok_or_else(|| StoreError::Corrupt("voice_events.at: no moment".to_owned()))?;
    let fact = match row.get::<_, &str>("key").strip_prefix("leg:") {
        Some(key) => {
            let kept: KeptLeg = fact(row)?;
            leg(key, &kept).ok_or_else(|| {
                StoreError::Corrupt("voice_events.key: no callback of a leg".to_owned())
            })?
        }
        None => fact(row)?,
    };
    Ok(Event { at, fact })
}

fn fact<'a, T: Deserialize<'a>>(row: &'a Row) -> Result<T, StoreError>
where
    Json<T>: FromSql<'a>,
{
    let fact = row.try_get("fact").map(|Json(fact)| fact);
    fact.map_err(|error| StoreError::Corrupt(format!("voice_events.fact: {error}")))
}

/// The callback of a leg, of [`Event::key`] after `leg:` and of the rest.
fn leg(key: &str, kept: &KeptLeg) -> Option<Fact> {
    let mut parts = key.splitn(3, ':');
    let (sid, sequence, status) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Fact::Leg(LegEvent {
        sid: sid.parse().ok()?,
        agent: kept.agent,
        status: status.parse().ok()?,
        sequence: if sequence == "-" { None } else { Some(sequence.parse().ok()?) },
        duration: kept.duration.map(Duration::from_secs),
        sip_response: kept.sip_response,
    }))
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
