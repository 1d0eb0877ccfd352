//! What is known about calls: their kept events, and the new ones.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use calls::{Call, fold};
use identity::CallSid;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::StoredEvent;
use super::kind::Kind;
use super::requests::{self, FIRST};
use super::rows::{EventRow, EventRows, KeptEvents, kept_events};
use crate::error::StoreError;
use crate::sql;

/// What the database has of some calls.
#[derive(Default)]
pub(super) struct Known {
    /// By call and key.
    events: KeptEvents,
    /// What is kept of the requests, by call and key: of the first one of each call, and of all where
    /// the first may be among the new ones.
    requests: BTreeMap<CallSid, BTreeMap<String, Value>>,
    /// The agents whose idle time may change when calls are folded again.
    pub(super) settled: BTreeSet<Uuid>,
    /// How many events were not kept.
    pub(super) left_out: usize,
}

impl Known {
    /// Takes rows of [`READ_EVENTS`](super::statements::READ_EVENTS).
    pub(super) fn read(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.events = kept_events(rows)?;
        for row in rows {
            let (call, key) = (sql::call_sid(row, "call_sid")?, row.get::<_, &str>("key"));
            if let Some(params) = row.get::<_, Option<Value>>("params") {
                self.requests.entry(call).or_default().insert(key.to_owned(), params);
            }
        }
        Ok(())
    }

    /// Adds events, of two with one key the smaller. Returns the new ones as rows.
    pub(super) fn add<'a>(&mut self, events: &'a [StoredEvent]) -> EventRows<'a> {
        let mut new = EventRows::new();
        let mut counts: BTreeMap<(CallSid, Kind), usize> = BTreeMap::new();
        for StoredEvent { call, event, params } in events {
            let key = event.key();
            let known = self.events.entry(*call).or_default();
            if !known.contains_key(&key) {
                let kind = Kind::of(&event.fact);
                let count = counts.entry((*call, kind)).or_insert_with(|| {
                    known.values().filter(|known| Kind::of(&known.fact) == kind).count()
                });
                if *count >= kind.most() {
                    self.left_out += 1;
                    continue;
                }
                *count += 1;
            }
            if known.get(&key).is_none_or(|old| event < old) {
                known.insert(key.clone(), event.clone());
                let row = EventRow::new(*call, key.clone(), event, Cow::Borrowed(params));
                new.insert((*call, key), row);
            }
        }
        self.keep_requests_once(&mut new);
        new
    }

    /// Leaves of the parameters of requests what the first of their call does not say. Where that one is
    /// new, those that are kept already are among the rows too.
    fn keep_requests_once(&self, new: &mut EventRows<'_>) {
        let calls: BTreeSet<CallSid> = new.keys().map(|(call, _)| *call).collect();
        for call in calls {
            let Some(events) = self.events.get(&call) else { continue };
            let none = BTreeMap::new();
            let requests = self.requests.get(&call).unwrap_or(&none);
            let before = requests.get(FIRST);
            let now = new.get(&(call, FIRST.to_owned())).map(|row| row.params.as_ref().clone());
            let is_other = now.is_some();
            let now = now.or_else(|| before.cloned());
            for ((_, key), row) in new.iter_mut().filter(|((of, _), _)| *of == call) {
                if let Some(event) = events.get(key).filter(|_| key != FIRST) {
                    let kept = requests::kept(call, event, &row.params, now.as_ref()).into_owned();
                    row.params = Cow::Owned(kept);
                }
            }
            if !is_other {
                continue;
            }
            for (key, old) in requests.iter().filter(|(key, _)| *key != FIRST) {
                let (place, Some(event)) = ((call, key.clone()), events.get(key)) else { continue };
                if let Entry::Vacant(place) = new.entry(place) {
                    let whole = requests::whole(call, event, old, before);
                    let kept = requests::kept(call, event, &whole, now.as_ref()).into_owned();
                    if kept != *old {
                        place.insert(EventRow::new(call, key.clone(), event, Cow::Owned(kept)));
                    }
                }
            }
        }
    }

    pub(super) fn fold(&self) -> Vec<Call> {
        self.events.iter().map(|(sid, events)| fold(*sid, events.values())).collect()
    }
}
