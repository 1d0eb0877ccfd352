//! The record of one request in the spool.

use std::collections::BTreeSet;

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
    /// The request, parameter by parameter, without those that [`Entry::shorten`] left out.
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

    /// Leaves out the longest parameters of a request that has more than [`MOST_PARAMS`]. Returns how
    /// many. The events have what was read of all of them.
    pub(super) fn shorten(&mut self) -> usize {
        let bytes = |(name, value): &(String, String)| in_json(name) + in_json(value) + AROUND;
        let mut sizes: Vec<(usize, usize)> = self.params.iter().map(bytes).zip(0..).collect();
        sizes.sort_unstable();
        let mut sum = 0;
        let fits = sizes.iter().take_while(|(bytes, _)| {
            sum += bytes;
            sum <= MOST_PARAMS
        });
        let kept = fits.count();
        let left_out: BTreeSet<usize> = sizes.drain(kept..).map(|(_, place)| place).collect();
        let mut places = 0..;
        self.params.retain(|_| places.next().is_some_and(|place| !left_out.contains(&place)));
        left_out.len()
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

/// How many bytes a text takes as JSON, at most and without its quotes.
fn in_json(text: &str) -> usize {
    let bytes = |byte: u8| if matches!(byte, b'"' | b'\\') || byte < b' ' { 6 } else { 1 };
    text.bytes().map(bytes).sum()
}

/// The bytes of JSON around a name and a value.
const AROUND: usize = r#"["",""],"#.len();

/// The bytes of a record's parameters. Twilio's are 1 to 2 kB. What a request has beyond them would be
/// everybody's delay: the records of all workspaces go through one spool.
const MOST_PARAMS: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(params: Vec<(String, String)>) -> Entry {
        let text = r#"{"workspace":"w","call":"CA00000000000000000000000000000001","events":[],"params":[]}"#;
        Entry { params, ..Entry::read(text.as_bytes()).expect("an entry") }
    }

    fn bytes(entry: &Entry) -> usize {
        serde_json::to_vec(&entry.params).expect("JSON").len()
    }

    fn param(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_request_of_twilio_is_kept_as_it_is() {
        let params: Vec<_> = (0..27).map(|n| param(&format!("Name{n}"), &"v".repeat(80))).collect();
        let mut kept = entry(params.clone());
        assert_eq!(kept.shorten(), 0);
        assert_eq!(kept.params, params);
    }

    #[test]
    fn the_longest_parameters_are_left_out_and_the_others_keep_their_order() {
        let (long, longer) = ("x".repeat(3_000), "y".repeat(60_000));
        let mut cut = entry(vec![
            param("Note", &longer),
            param("CallStatus", "completed"),
            param("One", &long),
            param("Two", &long),
            param("CallSid", "CA1"),
        ]);
        assert_eq!(cut.shorten(), 2);
        let kept = [("CallStatus", "completed"), ("One", &*long), ("CallSid", "CA1")];
        assert_eq!(cut.params, kept.map(|(name, value)| param(name, value)));
    }

    #[test]
    fn whatever_a_request_holds_its_record_stays_short() {
        let all: [(usize, &str); 5] =
            [(20_000, ""), (1, "\u{1}"), (700, "\"\\"), (9, "\u{fffd}"), (300, "a value")];
        for (count, value) in all {
            for times in [1, 100] {
                let params =
                    (0..count).map(|n| param(&n.to_string(), &value.repeat(times))).collect();
                let mut cut = entry(params);
                let left_out = cut.shorten();
                assert_eq!(cut.params.len() + left_out, count);
                assert!(bytes(&cut) <= MOST_PARAMS + 2, "{count} times {value:?}: {}", bytes(&cut));
            }
        }
    }
}
