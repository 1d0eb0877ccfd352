//! Who says and hears what: the part of the world that the media engine plays.

use super::World;
use crate::state::audio::{Hearing, Person, Seat};
use crate::state::call::Call;
use crate::{Address, CallStatus};

impl World {
    /// Whether anybody listens to anything.
    pub(crate) fn has_audio(&self) -> bool {
        !self.signal.lines.is_empty() || !self.sounds.is_empty()
    }

    /// Every leg that is answered, and what its party hears.
    pub(crate) fn seats(&self) -> Vec<Seat> {
        let talking = self.calls.values().filter(|call| call.life.status == CallStatus::InProgress);
        talking
            .map(|call| Seat {
                leg: call.sid,
                order: call.order,
                person: self.person_at(call),
                hearing: Hearing { what: self.heard_on(call.sid), ..self.audio.of(call.sid) },
            })
            .collect()
    }

    fn person_at(&self, call: &Call) -> Person {
        if let Some((line, party)) = self.signal.lines.talking(call.sid) {
            return Person::Browser { line, is_deaf: self.signal.deaf.contains(&party) };
        }
        let address = call.person().clone();
        let says = self.sounds.get(&address).cloned().unwrap_or_default();
        Person::Virtual { address, says }
    }

    /// The keys that somebody heard on their latest call.
    pub(crate) fn keys_heard_by(&self, person: &Address) -> String {
        let calls = self.calls.values().filter(|call| call.person() == person);
        let latest = calls.max_by_key(|call| (call.life.answered_at, call.order));
        latest.map(|call| self.audio.of(call.sid).keys).unwrap_or_default()
    }
}
