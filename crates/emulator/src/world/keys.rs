//! Keys: who hears them, and `<Gather>`.

use std::time::Duration;

use identity::CallSid;

use super::{Goes, World};
use crate::Kind;
use crate::address::is_key;
use crate::frame::LineId;
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Away, Doing, Gathering};
use crate::state::params::{Params, add};
use crate::step::{Gather, Length};

impl World {
    /// The party of a leg presses a key: `0` to `9`, `*` or `#`.
    pub(crate) fn press_key(&mut self, leg: CallSid, key: char) {
        if !is_key(key) {
            return;
        }
        for listener in self.audio.listeners(leg) {
            self.audio.add_keys(listener, key.encode_utf8(&mut [0; 4]));
            // The key is also pressed at the other end of the line.
            let far = self.calls.get(&listener).and_then(|call| call.end.far_side);
            if let Some(far) = far {
                self.press_key(far, key);
            }
        }
        match self.calls.get(&leg).map(|call| &call.script.doing) {
            Some(Doing::Gathering(_)) => self.gather_key(leg, key),
            Some(Doing::Recording(_)) => self.message_key(leg, key),
            Some(Doing::Dialling(_) | Doing::Dequeuing(_)) if key == '*' => self.star(leg),
            Some(_) if key == '*' && self.leaves_on_star(leg) => {
                self.leave_conference(leg, Away::HungUp);
            }
            _ => {}
        }
    }

    /// A browser has sent a key over its media.
    pub(crate) fn key_of_line(&mut self, id: LineId, key: char) {
        if let Some(line) = self.signal.lines.get(id) {
            self.press_key(line.leg, key);
        }
    }

    /// The caller presses the star. With `hangupOnStar` that ends the bridge.
    pub(super) fn star(&mut self, parent: CallSid) {
        let Some(call) = self.calls.get(&parent) else { return };
        let asked_for = match &call.script.doing {
            Doing::Dialling(dialling) => dialling.dial.hangup_on_star,
            Doing::Dequeuing(dequeuing) => dequeuing.bridged && dequeuing.dial.hangup_on_star,
            _ => false,
        };
        if asked_for {
            self.time_limit(parent);
        }
    }

    pub(super) fn gather(&mut self, sid: CallSid, mut gather: Gather) -> Goes {
        self.answer_call(sid);
        let Some(call) = self.calls.get_mut(&sid) else { return Goes::Later };
        let script = if gather.keys { call.end.caller.digits.pop_front() } else { None };
        let prompts = std::mem::take(&mut gather.prompts).into();
        let script = script.unwrap_or_default().chars().collect();
        let keys = String::new();
        let heard = None;
        let gathering = Gathering { gather, prompts, listens: false, keys, script, heard };
        self.gathering_goes_on(sid, gathering);
        Goes::Later
    }

    /// Goes on with a `<Gather>`: the next prompt, the time for the next key, or the end of that
    /// time.
    pub(super) fn gathering_goes_on(&mut self, sid: CallSid, mut gathering: Gathering) {
        if gathering.listens {
            self.gathered(sid, gathering);
            return;
        }
        let Some(prompt) = gathering.prompts.pop_front() else {
            self.await_key(sid, gathering);
            return;
        };
        let is_endless = prompt.length == Length::Endless;
        let will_press = is_endless && !gathering.script.is_empty();
        let will_speak = is_endless && gathering.gather.speech.is_some();
        let length = self.begin_speech(sid, prompt);
        self.wait(sid, Doing::Gathering(Box::new(gathering)), length);
        if will_press {
            self.plan_key(sid);
        } else if will_speak {
            self.plan_speech(sid);
        }
    }

    /// The time for the next key begins.
    fn await_key(&mut self, sid: CallSid, mut gathering: Gathering) {
        self.audio.set(sid, Hears::Silence);
        gathering.listens = true;
        let (timeout, will_press) = (gathering.gather.timeout, !gathering.script.is_empty());
        let will_speak = gathering.gather.speech.is_some() && gathering.keys.is_empty();
        self.wait(sid, Doing::Gathering(Box::new(gathering)), timeout);
        if will_press {
            self.plan_key(sid);
        } else if will_speak {
            self.plan_speech(sid);
        }
    }

    /// Plans that the person says the next words, if there are any.
    pub(super) fn plan_speech(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        if call.end.caller.speech.is_empty() {
            return;
        }
        let generation = call.script.generation;
        self.time.schedule(KEY_TIME, Due::Speaks { call: sid, generation });
    }

    fn plan_key(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let generation = call.script.generation;
        self.time.schedule(KEY_TIME, Due::Presses { call: sid, generation });
    }

    /// The caller presses the next key of their plan.
    pub(super) fn presses_key(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let Doing::Gathering(gathering) = &mut call.script.doing else { return };
        if let Some(key) = gathering.script.pop_front() {
            self.press_key(sid, key);
        }
    }

    /// A key reaches the `<Gather>`.
    pub(super) fn gather_key(&mut self, sid: CallSid, key: char) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let Doing::Gathering(gathering) = &mut call.script.doing else { return };
        let gather = &gathering.gather;
        if !gather.keys || !(gathering.listens || gather.barge_in) {
            return;
        }
        let ends = gather.finish_on == Some(key);
        if !ends {
            gathering.keys.push(key);
        }
        let enough = gather.digits.is_some_and(|most| gathering.keys.len() >= most);
        let Doing::Gathering(mut gathering) = std::mem::take(&mut call.script.doing) else {
            return;
        };
        if ends || enough {
            self.gathered(sid, *gathering);
        } else {
            gathering.prompts.clear();
            self.await_key(sid, *gathering);
        }
    }

    /// Enough keys were pressed, or the time is up.
    fn gathered(&mut self, sid: CallSid, gathering: Gathering) {
        self.audio.set(sid, Hears::Silence);
        let is_empty = gathering.keys.is_empty() && gathering.heard.is_none();
        if is_empty && !gathering.gather.on_empty {
            self.run(sid);
            return;
        }
        let mut more = Params::new();
        // Keys win over words (documentation of `<Gather>`).
        match gathering.heard.filter(|_| gathering.keys.is_empty()) {
            Some(heard) => {
                add(&mut more, "SpeechResult", heard.text);
                add(&mut more, "Confidence", heard.confidence);
            }
            None => add(&mut more, "Digits", gathering.keys),
        }
        let target = self.resolve(sid, gathering.gather.action);
        self.fetch(sid, Kind::Action, target, more);
    }
}

/// The time between two keys.
const KEY_TIME: Duration = Duration::from_millis(250);

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
            world.press_key(a, key);
        }
        world.press_key(b, '*');
        assert_eq!([a, b, c].map(|leg| world.audio.of(leg).keys), ["*", "1#", "*"]);
    }
}
