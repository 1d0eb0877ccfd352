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

/// The events of calls by their keys.
pub(crate) type KeptEvents = BTreeMap<CallSid, BTreeMap<String, Event>>;

/// Reads the columns `call_sid`, `key`, `at` and `fact` of events. Of two with one key the smaller counts: one
/// may stand beside an earlier one that is packed.
pub(crate) fn kept_events(rows: &[Row]) -> Result<KeptEvents, StoreError> {
    let mut kept = KeptEvents::new();
    for row in rows {
        let of_call = kept.entry(sql::call_sid(row, "call_sid")?).or_default();
        for (key, event) in of_row(row)? {
            if of_call.get(&key).is_none_or(|other| event < *other) {
                of_call.insert(key, event);
            }
        }
    }
    Ok(kept)
}

/// One event, or all of an old call, with their keys.
fn of_row(row: &Row) -> Result<Vec<(String, Event)>, StoreError> {
    let key: &str = row.get("key");
    if key == PACKED {
        let lines: String = fact(row)?;
        let line = |line: &str| {
            packed(line)
                .ok_or_else(|| StoreError::Corrupt("voice_events.fact: no packed event".to_owned()))
        };
        return lines.trim_end_matches(' ').lines().map(line).collect();
    }
    let at = sql::moment(row, "at")
        .ok_or_else(|| StoreError::Corrupt("voice_events.at: no moment".to_owned()))?;
    let fact = match key.strip_prefix(LEG) {
        Some(rest) => leg(rest, &fact(row)?).ok_or_else(|| {
            StoreError::Corrupt("voice_events.key: no callback of a leg".to_owned())
        })?,
        None => fact(row)?,
    };
    Ok(vec![(key.to_owned(), Event { at, fact })])
}

/// The key of the row into which `voice.pack_calls` packs the others.
const PACKED: &str = "packed";

/// How the keys of callbacks of legs begin.
const LEG: &str = "leg:";

/// An event of a packed row: its key, its moment in microseconds, and its fact.
fn packed(line: &str) -> Option<(String, Event)> {
    let mut parts = line.splitn(3, ' ');
    let (key, micros, text) = (parts.next()?, parts.next()?, parts.next()?);
    let fact = match key.strip_prefix(LEG) {
        Some(rest) => leg(rest, &serde_json::from_str(text).ok()?)?,
        None => serde_json::from_str(text).ok()?,
    };
    let at = Timestamp::from_unix_micros(micros.parse().ok()?);
    Some((key.to_owned(), Event { at, fact }))
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
