//! What will happen, in the order of time.

use std::collections::BTreeMap;

use identity::{CallSid, Timestamp};

use super::party::PartyId;
use crate::frame::LineId;

/// Something that will happen unless it has become pointless by then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Due {
    /// The call goes on with its next step.
    Resume { call: CallSid, generation: u64 },
    /// The turn of a call of the API has come.
    DialsOut { call: CallSid },
    /// A call of the API has rung long enough.
    RingsOut { call: CallSid },
    /// A call of the API has lasted long enough.
    CallLimit { call: CallSid },
    /// The caller presses the next key.
    Presses { call: CallSid, generation: u64 },
    /// A call has stayed somewhere for long enough.
    StayLimit { call: CallSid, stay: u64 },
    /// A `<Dial>` has rung long enough.
    DialTimeout { call: CallSid, generation: u64 },
    /// A bridge has lived long enough.
    TimeLimit { call: CallSid, generation: u64 },
    /// The other side of a leg begins to ring.
    Rings { leg: CallSid },
    /// A leg turns out to lead nowhere.
    Unreachable { leg: CallSid },
    /// A party picks up.
    Answers { party: PartyId, leg: CallSid },
    /// A party refuses.
    Declines { party: PartyId, leg: CallSid },
    /// The party of a leg has talked enough.
    Leaves { leg: CallSid },
    /// The browser of a call has lost its socket for too long.
    LineLost { line: LineId },
    /// The caller has waited enough.
    GivesUp { call: CallSid },
    /// The caller has talked enough.
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
