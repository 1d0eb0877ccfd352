//! Who says and hears what: the part of the world that the media engine plays.

use std::collections::BTreeMap;

use identity::CallSid;

use super::{Call, Hearing, LineId, World};
use crate::Sound;
use crate::{Address, CallStatus};

/// What virtual people say, by their address.
pub(crate) type Sounds = BTreeMap<Address, Sound>;

/// One leg on which somebody talks.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) leg: CallSid,
    /// Its place among all calls and legs.
    pub(crate) order: u64,
    pub(crate) end: End,
    pub(crate) hearing: Hearing,
}

/// Who is at a leg.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// A real browser. `is_deaf` says that its packets are lost.
    Browser { line: LineId, is_deaf: bool },
    /// A virtual phone or agent.
    Person { address: Address, says: Sound },
}

impl World {
    /// Whether anybody listens to anything.
    pub(crate) fn has_audio(&self) -> bool {
        !self.signal.lines.is_empty() || !self.sounds.is_empty()
    }

    /// Every leg that is answered, and what its party hears.
    pub(crate) fn seats(&self) -> Vec<Seat> {
        let talking = self.calls.values().filter(|call| call.status == CallStatus::InProgress);
        talking
            .map(|call| Seat {
                leg: call.sid,
                order: call.order,
                end: self.end_of(call),
                hearing: Hearing { what: self.heard_on(call.sid), ..self.audio.of(call.sid) },
            })
            .collect()
    }

    fn end_of(&self, call: &Call) -> End {
        if let Some((line, party)) = self.signal.lines.talking(call.sid) {
            return End::Browser { line, is_deaf: self.signal.deaf.contains(&party) };
        }
        let address = call.person().clone();
        let says = self.sounds.get(&address).cloned().unwrap_or_default();
        End::Person { address, says }
    }

    /// The keys that somebody heard on their latest call.
    pub(crate) fn keys_heard_by(&self, person: &Address) -> String {
        let calls = self.calls.values().filter(|call| call.person() == person);
        let latest = calls.max_by_key(|call| (call.answered_at, call.order));
        latest.map(|call| self.audio.of(call.sid).keys).unwrap_or_default()
    }
}
