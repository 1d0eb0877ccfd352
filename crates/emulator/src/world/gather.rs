//! `<Gather>`: prompts, then keys.

use std::time::Duration;

use identity::CallSid;

use super::World;
use super::run::Goes;
use crate::Kind;
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Doing, Gathering};
use crate::state::params::{Params, add};
use crate::step::{Gather, Length};
use crate::timeline::What;

impl World {
    pub(super) fn gather(&mut self, sid: CallSid, mut gather: Gather) -> Goes {
        self.answer_call(sid);
        for what in std::mem::take(&mut gather.left_out) {
            self.note(Some(sid), What::NotEmulated(what));
        }
        let Some(call) = self.calls.get_mut(&sid) else { return Goes::Later };
        let script = if gather.keys { call.end.caller.digits.pop_front() } else { None };
        let prompts = std::mem::take(&mut gather.prompts).into();
        let script = script.unwrap_or_default().chars().collect();
        let keys = String::new();
        self.gathering_goes_on(sid, Gathering { gather, prompts, listens: false, keys, script });
        Goes::Later
    }

    /// The next prompt begins, or the time for the next key; or that time is up.
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
        let length = self.begin_speech(sid, prompt);
        self.wait(sid, Doing::Gathering(Box::new(gathering)), length);
        if will_press {
            self.plan_key(sid);
        }
    }

    /// The time for the next key begins.
    fn await_key(&mut self, sid: CallSid, mut gathering: Gathering) {
        self.audio.set(sid, Hears::Silence);
        gathering.listens = true;
        let (timeout, will_press) = (gathering.gather.timeout, !gathering.script.is_empty());
        self.wait(sid, Doing::Gathering(Box::new(gathering)), timeout);
        if will_press {
            self.plan_key(sid);
        }
    }

    fn plan_key(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let generation = call.script.generation;
        self.time.schedule(KEY_TIME, Due::Presses { call: sid, generation });
    }

    /// The caller presses the next key that they mean to.
    pub(super) fn presses_key(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let Doing::Gathering(gathering) = &mut call.script.doing else { return };
        if let Some(key) = gathering.script.pop_front() {
            self.digit(sid, key);
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
        if gathering.keys.is_empty() && !gathering.gather.on_empty {
            self.run(sid);
            return;
        }
        let mut more = Params::new();
        add(&mut more, "Digits", gathering.keys);
        let target = self.resolve(sid, gathering.gather.action);
        self.fetch(sid, Kind::Action, target, more);
    }
}

/// From one key to the next.
const KEY_TIME: Duration = Duration::from_millis(250);
