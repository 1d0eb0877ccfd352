//! Future events, ordered by time.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::{CallSid, Timestamp};

use super::party::PartyId;
use crate::frame::LineId;

/// A future event. It is dropped if it no longer applies by then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    /// The call continues with its next step.
    Resume { call: CallSid, generation: u64 },
    /// It is the turn of a queued call of the REST API.
    DialsOut { call: CallSid },
    /// The ring timeout of a call of the REST API is reached.
    RingsOut { call: CallSid },
    /// The time limit of a call of the REST API is reached.
    CallLimit { call: CallSid },
    /// It is known whether a machine has answered a call of the REST API. That has taken this long.
    Detected { call: CallSid, length: Duration },
    /// The caller presses the next key.
    Presses { call: CallSid, generation: u64 },
    /// The person says the next words.
    Speaks { call: CallSid, generation: u64 },
    /// The time limit of a stay is reached.
    StayLimit { call: CallSid, stay: u64 },
    /// The timeout of a `<Dial>` is reached.
    DialTimeout { call: CallSid, generation: u64 },
    /// The time limit of a bridge is reached.
    TimeLimit { call: CallSid, generation: u64 },
    /// The other side of a leg begins to ring.
    Rings { leg: CallSid },
    /// A leg turns out to have no one to ring.
    Unreachable { leg: CallSid },
    /// A party answers.
    Answers { party: PartyId, leg: CallSid },
    /// A party declines.
    Declines { party: PartyId, leg: CallSid },
    /// The party of a leg hangs up.
    Leaves { leg: CallSid },
    /// A browser did not come back after it lost its socket.
    LineLost { line: LineId },
    /// The caller gives up waiting.
    GivesUp { call: CallSid },
    /// The caller hangs up.
    HangsUp { call: CallSid, generation: u64 },
}

/// The agenda: at equal times, in the order of entry.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    due: BTreeMap<(Timestamp, u64), Due>,
    entered: u64,
}

impl Agenda {
    pub(super) fn push(&mut self, at: Timestamp, due: Due) {
        self.entered += 1;
        self.due.insert((at, self.entered), due);
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn peek(&self) -> Option<Due> {
        self.due.first_key_value().map(|(_, due)| *due)
    }

    pub(super) fn pop(&mut self) -> Option<(Timestamp, Due)> {
        self.due.pop_first().map(|((at, _), due)| (at, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_equals_keep_their_order() {
        let mut agenda = Agenda::default();
        let at = Timestamp::from_unix_seconds;
        let leg = |n| Due::Rings { leg: CallSid::from_bytes([n; 16]) };
        for (second, number) in [(2, 1), (1, 2), (1, 3), (0, 4)] {
            agenda.push(at(second), leg(number));
        }
        let order: Vec<Due> = std::iter::from_fn(|| agenda.pop().map(|(_, due)| due)).collect();
        assert_eq!(order, [leg(4), leg(2), leg(3), leg(1)]);
    }
}
