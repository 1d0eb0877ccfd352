//! What every leg hears. This is a record only: whoever renders sound reads it from here.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::CallSid;

use super::World;
use super::call::Doing;
use super::stay::Away;

/// What the party of a leg hears.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Hears {
    #[default]
    Silence,
    /// That it rings at the other end.
    Ringback,
    /// Something that only stands for a sound: speech, a file, hold music, a beep.
    Tone { hz: u16 },
    /// A sound in PCMU, 8000 bytes a second; silence after its end.
    Wave(Arc<[u8]>),
    /// What the party of this leg says.
    Leg(CallSid),
    /// What the parties of all these legs say.
    Mix(Vec<CallSid>),
}

/// What one leg hears, and from when on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Hearing {
    pub(crate) what: Hears,
    /// Another number for each change of any leg, so that a wave begins at its beginning.
    pub(crate) turn: u64,
    /// The keys that the other side has pressed while it was heard.
    pub(crate) keys: String,
}

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

    /// A leg is not there any more.
    pub(super) fn forget(&mut self, leg: CallSid) {
        self.legs.remove(&leg);
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.legs.len()
    }

    /// Who hears the party of a leg.
    fn listeners(&self, leg: CallSid) -> Vec<CallSid> {
        let hears = |what: &Hears| match what {
            Hears::Leg(other) => *other == leg,
            Hears::Mix(others) => others.contains(&leg),
            _ => false,
        };
        let all = self.legs.iter();
        all.filter(|(_, hearing)| hears(&hearing.what)).map(|(listener, _)| *listener).collect()
    }
}

impl World {
    /// Changes what a leg hears; the same again changes nothing, so that no wave begins anew.
    pub(crate) fn hears(&mut self, leg: CallSid, what: Hears) {
        let hearing = self.audio.legs.entry(leg).or_default();
        if hearing.what != what {
            self.audio.turns += 1;
            hearing.turn = self.audio.turns;
            hearing.what = what;
        }
    }

    /// Two legs hear each other.
    pub(super) fn join(&mut self, one: CallSid, other: CallSid) {
        self.hears(one, Hears::Leg(other));
        self.hears(other, Hears::Leg(one));
    }

    /// A leg is over: nobody hears it any more, and it hears nothing.
    pub(super) fn falls_silent(&mut self, leg: CallSid) {
        self.hears(leg, Hears::Silence);
        let others: Vec<(CallSid, Hears)> = self
            .audio
            .legs
            .iter()
            .filter_map(|(other, hearing)| Some((*other, without(&hearing.what, leg)?)))
            .collect();
        for (other, what) in others {
            self.hears(other, what);
        }
    }

    /// The party of a leg presses a key: `0` to `9`, `*` or `#`.
    pub(crate) fn digit(&mut self, leg: CallSid, key: char) {
        if !is_key(key) {
            return;
        }
        for listener in self.audio.listeners(leg) {
            self.hears_keys(listener, key.encode_utf8(&mut [0; 4]));
            // At the other end of the line it is pressed too.
            let far = self.calls.get(&listener).and_then(|call| call.far_end);
            if let Some(far) = far {
                self.digit(far, key);
            }
        }
        match self.calls.get(&leg).map(|call| &call.doing) {
            Some(Doing::Gathering(_)) => self.gather_key(leg, key),
            Some(Doing::Recording(_)) => self.message_key(leg, key),
            Some(Doing::Dialling(_) | Doing::Dequeuing(_)) if key == '*' => self.star(leg),
            Some(_) if key == '*' && self.leaves_on_star(leg) => self.walks_out(leg, Away::HungUp),
            _ => {}
        }
    }

    /// Keys are heard on a leg.
    pub(super) fn hears_keys(&mut self, leg: CallSid, keys: &str) {
        self.audio.legs.entry(leg).or_default().keys.push_str(keys);
    }
}

/// What is left of it once a leg is gone; `None` if it was not heard.
fn without(what: &Hears, leg: CallSid) -> Option<Hears> {
    match what {
        Hears::Leg(other) if *other == leg => Some(Hears::Silence),
        Hears::Mix(others) if others.contains(&leg) => {
            Some(Hears::Mix(others.iter().copied().filter(|other| *other != leg).collect()))
        }
        _ => None,
    }
}

/// Whether it is a key of a telephone.
pub(super) fn is_key(key: char) -> bool {
    key.is_ascii_digit() || matches!(key, '*' | '#')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn legs() -> [CallSid; 3] {
        [1, 2, 3].map(|n| CallSid::from_bytes([n; 16]))
    }

    fn world() -> World {
        World::new(Config::default(), identity::Timestamp::from_unix_seconds(0))
    }

    #[test]
    fn a_leg_that_is_over_is_heard_by_nobody() {
        let (mut world, [a, b, c]) = (world(), legs());
        world.join(a, b);
        world.hears(c, Hears::Mix(vec![a, b]));
        world.falls_silent(b);
        assert_eq!(world.audio.of(a).what, Hears::Silence);
        assert_eq!(world.audio.of(b).what, Hears::Silence);
        assert_eq!(world.audio.of(c).what, Hears::Mix(vec![a]));
    }

    #[test]
    fn the_same_sound_does_not_begin_anew() {
        let (mut world, [a, ..]) = (world(), legs());
        let wave = Hears::Wave(vec![0xff; 3].into());
        world.hears(a, wave.clone());
        let first = world.audio.of(a).turn;
        world.hears(a, wave);
        assert_eq!(world.audio.of(a).turn, first);
        world.hears(a, Hears::Ringback);
        assert_ne!(world.audio.of(a).turn, first);
    }

    #[test]
    fn keys_are_heard_by_those_who_hear_the_leg() {
        let (mut world, [a, b, c]) = (world(), legs());
        world.join(a, b);
        world.hears(c, Hears::Mix(vec![b]));
        for key in ['1', 'x', '#'] {
            world.digit(a, key);
        }
        world.digit(b, '*');
        assert_eq!([a, b, c].map(|leg| world.audio.of(leg).keys), ["*", "1#", "*"]);
    }
}
