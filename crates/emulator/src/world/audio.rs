//! Keys that are pressed, and who hears them.

use identity::CallSid;

use super::World;
use crate::state::call::{Away, Doing};

impl World {
    /// The party of a leg presses a key: `0` to `9`, `*` or `#`.
    pub(crate) fn digit(&mut self, leg: CallSid, key: char) {
        if !is_key(key) {
            return;
        }
        for listener in self.audio.listeners(leg) {
            self.audio.add_keys(listener, key.encode_utf8(&mut [0; 4]));
            // At the other end of the line it is pressed too.
            let far = self.calls.get(&listener).and_then(|call| call.end.far_side);
            if let Some(far) = far {
                self.digit(far, key);
            }
        }
        match self.calls.get(&leg).map(|call| &call.script.doing) {
            Some(Doing::Gathering(_)) => self.gather_key(leg, key),
            Some(Doing::Recording(_)) => self.message_key(leg, key),
            Some(Doing::Dialling(_) | Doing::Dequeuing(_)) if key == '*' => self.star(leg),
            Some(_) if key == '*' && self.leaves_on_star(leg) => self.walks_out(leg, Away::HungUp),
            _ => {}
        }
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
    use crate::state::audio::Hears;

    #[test]
    fn keys_are_heard_by_those_who_hear_the_leg() {
        let mut world = World::new(Config::default(), identity::Timestamp::from_unix_seconds(0));
        let [a, b, c] = [1, 2, 3].map(|n| CallSid::from_bytes([n; 16]));
        world.audio.bridge(a, b);
        world.audio.set(c, Hears::Mix(vec![b]));
        for key in ['1', 'x', '#'] {
            world.digit(a, key);
        }
        world.digit(b, '*');
        assert_eq!([a, b, c].map(|leg| world.audio.of(leg).keys), ["*", "1#", "*"]);
    }
}
