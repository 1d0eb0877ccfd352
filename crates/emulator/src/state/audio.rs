//! What every leg hears. This is a record only: the media engine renders the sound from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::CallSid;

use crate::frame::LineId;
use crate::{Address, Sound};

/// What the party of a leg hears.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Hears {
    #[default]
    Silence,
    /// Ringback: the other end is ringing.
    Ringback,
    /// A tone that stands for a sound: speech, a file, hold music, a beep.
    Tone { hz: u16 },
    /// A sound in PCMU, 8000 bytes a second; silence after its end.
    Wave(Arc<[u8]>),
    /// The party of this leg.
    Leg(CallSid),
    /// The parties of all these legs.
    Mix(Vec<CallSid>),
}

/// What one leg hears, and since which change.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Hearing {
    pub(crate) what: Hears,
    /// A new number for each change of any leg, so that a wave starts at its beginning.
    pub(crate) turn: u64,
    /// The keys that the other side has pressed while it was heard.
    pub(crate) keys: String,
}

/// One leg on which somebody talks.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) leg: CallSid,
    /// Its position among all calls and legs.
    pub(crate) order: u64,
    pub(crate) person: Person,
    pub(crate) hearing: Hearing,
}

/// The person at a leg.
#[derive(Clone, Debug)]
pub(crate) enum Person {
    /// A person at a real browser. `is_deaf` says that its packets are lost.
    Browser { line: LineId, is_deaf: bool },
    /// A virtual phone or agent.
    Virtual { address: Address, says: Sound },
}

/// What virtual people say, by their address.
pub(crate) type Sounds = BTreeMap<Address, Sound>;

/// The files that `<Play>` has fetched, as PCMU, by URL. `None` if a file cannot be played.
pub(crate) type Waves = BTreeMap<String, Option<Arc<[u8]>>>;

/// What all legs hear. A leg without an entry hears nothing.
#[derive(Debug, Default)]
pub(crate) struct Audio {
    legs: BTreeMap<CallSid, Hearing>,
    turns: u64,
}

impl Audio {
    /// What a leg hears now.
    pub(crate) fn of(&self, leg: CallSid) -> Hearing {
        self.legs.get(&leg).cloned().unwrap_or_default()
    }

    /// Changes what a leg hears. Setting the same sound again has no effect, so that a wave does
    /// not restart.
    pub(crate) fn set(&mut self, leg: CallSid, what: Hears) {
        let hearing = self.legs.entry(leg).or_default();
        if hearing.what != what {
            self.turns += 1;
            hearing.turn = self.turns;
            hearing.what = what;
        }
    }

    /// Two legs hear each other.
    pub(crate) fn bridge(&mut self, one: CallSid, other: CallSid) {
        self.set(one, Hears::Leg(other));
        self.set(other, Hears::Leg(one));
    }

    /// A leg has ended: nobody hears it any more, and it hears nothing.
    pub(crate) fn end(&mut self, leg: CallSid) {
        self.set(leg, Hears::Silence);
        let others: Vec<(CallSid, Hears)> = self
            .legs
            .iter()
            .filter_map(|(other, hearing)| Some((*other, without(&hearing.what, leg)?)))
            .collect();
        for (other, what) in others {
            self.set(other, what);
        }
    }

    /// A leg hears keys.
    pub(crate) fn add_keys(&mut self, leg: CallSid, keys: &str) {
        self.legs.entry(leg).or_default().keys.push_str(keys);
    }

    /// The legs that hear the party of a leg.
    pub(crate) fn listeners(&self, leg: CallSid) -> Vec<CallSid> {
        let hears = |what: &Hears| match what {
            Hears::Leg(other) => *other == leg,
            Hears::Mix(others) => others.contains(&leg),
            _ => false,
        };
        let all = self.legs.iter();
        all.filter(|(_, hearing)| hears(&hearing.what)).map(|(listener, _)| *listener).collect()
    }

    /// Drops the entries of these legs.
    pub(crate) fn forget(&mut self, legs: &[CallSid]) {
        for leg in legs {
            self.legs.remove(leg);
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.legs.len()
    }
}

/// What a leg still hears once another leg is gone; `None` if it did not hear that one.
fn without(what: &Hears, leg: CallSid) -> Option<Hears> {
    match what {
        Hears::Leg(other) if *other == leg => Some(Hears::Silence),
        Hears::Mix(others) if others.contains(&leg) => {
            Some(Hears::Mix(others.iter().copied().filter(|other| *other != leg).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn legs() -> [CallSid; 3] {
        [1, 2, 3].map(|n| CallSid::from_bytes([n; 16]))
    }

    #[test]
    fn nobody_hears_a_leg_that_has_ended() {
        let (mut audio, [a, b, c]) = (Audio::default(), legs());
        audio.bridge(a, b);
        audio.set(c, Hears::Mix(vec![a, b]));
        audio.end(b);
        assert_eq!(audio.of(a).what, Hears::Silence);
        assert_eq!(audio.of(b).what, Hears::Silence);
        assert_eq!(audio.of(c).what, Hears::Mix(vec![a]));
    }

    #[test]
    fn the_same_sound_does_not_restart() {
        let (mut audio, [a, ..]) = (Audio::default(), legs());
        let wave = Hears::Wave(vec![0xff; 3].into());
        audio.set(a, wave.clone());
        let first = audio.of(a).turn;
        audio.set(a, wave);
        assert_eq!(audio.of(a).turn, first);
        audio.set(a, Hears::Ringback);
        assert_ne!(audio.of(a).turn, first);
    }
}
