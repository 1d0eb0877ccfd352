//! The TwiML interpreter: one verb after the other.

use std::time::Duration;

use identity::{CallSid, RecordingSid};

use super::call::Doing;
use super::params::{Params, add};
use super::{Due, Hears, Mail, World};
use crate::http::url;
use crate::post::Purpose;
use crate::step::{Gather, Length, Record, Speech, Step, Target};
use crate::timeline::{Heard, What};
use crate::{CallStatus, Kind};

impl World {
    /// Carries out verbs until one takes time, or the call ends.
    pub(super) fn run(&mut self, sid: CallSid) {
        loop {
            let Some(call) = self.calls.get_mut(&sid) else { return };
            if call.has_ended() {
                return;
            }
            call.turn_to(Doing::Nothing);
            let first = !call.begun;
            let Some(step) = call.steps.pop_front() else {
                self.hang_up_by_document(sid);
                return;
            };
            call.begun = call.begun || !matches!(step, Step::Redirect(_) | Step::NotEmulated(_));
            if self.carry_out(sid, step, first) == Goes::Later {
                return;
            }
        }
    }

    fn carry_out(&mut self, sid: CallSid, step: Step, first: bool) -> Goes {
        match step {
            Step::Speak(speech) => self.speak(sid, speech),
            Step::Gather(gather) => self.gather(sid, gather),
            Step::Record(record) => self.record(sid, record),
            Step::Dial(dial) => self.dial(sid, dial, first),
            Step::Redirect(target) => {
                let target = self.resolve(sid, target);
                self.fetch(sid, Kind::Redirect, target, Params::new());
                Goes::Later
            }
            Step::Reject { busy } => {
                let rejected = if busy { CallStatus::Busy } else { CallStatus::NoAnswer };
                let is_answered =
                    self.calls.get(&sid).is_some_and(|call| call.answered_at.is_some());
                self.end_call(sid, if is_answered { CallStatus::Completed } else { rejected });
                Goes::Later
            }
            Step::Hangup => {
                self.hang_up_by_document(sid);
                Goes::Later
            }
            Step::NotEmulated(what) => {
                self.note(Some(sid), What::NotEmulated(what));
                Goes::On
            }
        }
    }

    /// Ends the call for the document. A caller who was never answered because `answerOnBridge`
    /// waited in vain has got no answer; otherwise even a lone `<Hangup>` answers first.
    fn hang_up_by_document(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        if call.answered_at.is_none() && !call.legs.is_empty() {
            self.end_call(sid, CallStatus::NoAnswer);
            return;
        }
        self.answer_call(sid);
        self.end_call(sid, CallStatus::Completed);
    }

    fn speak(&mut self, sid: CallSid, speech: Speech) -> Goes {
        if speech.answers {
            self.answer_call(sid);
        }
        let length = self.length(&speech);
        self.hears(sid, speech.sound());
        self.note(Some(sid), What::Heard(speech.heard));
        self.wait(sid, Doing::Speaking, length)
    }

    fn gather(&mut self, sid: CallSid, gather: Gather) -> Goes {
        self.answer_call(sid);
        let mut length = gather.timeout;
        for prompt in &gather.prompts {
            length += self.length(prompt);
            self.hears(sid, prompt.sound());
            self.note(Some(sid), What::Heard(prompt.heard.clone()));
        }
        self.wait(sid, Doing::Gathering(gather), length)
    }

    fn record(&mut self, sid: CallSid, record: Record) -> Goes {
        self.answer_call(sid);
        let length = record.longest.min(self.config.message_length);
        self.hears(sid, Hears::Silence);
        self.wait(sid, Doing::Recording(record), length)
    }

    fn wait(&mut self, sid: CallSid, doing: Doing, length: Duration) -> Goes {
        let Some(call) = self.calls.get_mut(&sid) else { return Goes::Later };
        let generation = call.turn_to(doing);
        self.schedule(length, Due::Resume { call: sid, generation });
        Goes::Later
    }

    /// What took time is over.
    pub(super) fn resume(&mut self, sid: CallSid) {
        self.hears(sid, Hears::Silence);
        let Some(call) = self.calls.get_mut(&sid) else { return };
        match std::mem::take(&mut call.doing) {
            Doing::Gathering(gather) => self.gathered(sid, gather),
            Doing::Recording(record) => self.recorded(sid, record),
            _ => self.run(sid),
        }
    }

    /// Digits were pressed, or the time is up.
    fn gathered(&mut self, sid: CallSid, gather: Gather) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let digits = call.caller.digits.pop_front();
        if digits.is_none() && !gather.on_empty {
            self.run(sid);
            return;
        }
        let mut more = Params::new();
        add(&mut more, "Digits", digits.unwrap_or_default());
        let target = self.resolve(sid, gather.action);
        self.fetch(sid, Kind::Action, target, more);
    }

    /// The caller has left a message. Nothing is recorded: the URL leads nowhere.
    fn recorded(&mut self, sid: CallSid, record: Record) {
        let Some(call) = self.calls.get(&sid) else { return };
        let recording = RecordingSid::from_bytes(call.sid_bytes("recording"));
        let url = format!(
            "https://api.twilio.com/2010-04-01/Accounts/{}/Recordings/{recording}",
            call.account
        );
        let seconds = record.longest.min(self.config.message_length).as_secs();
        let mut more = Params::new();
        add(&mut more, "RecordingUrl", &url);
        add(&mut more, "RecordingSid", recording);
        add(&mut more, "RecordingDuration", seconds);
        if let Some(callback) = record.callback {
            self.report_recording(sid, callback, more.clone());
        }
        add(&mut more, "Digits", "");
        let target = self.resolve(sid, record.action);
        self.fetch(sid, Kind::Action, target, more);
    }

    fn report_recording(&mut self, sid: CallSid, callback: Target, recording: Params) {
        let Some(call) = self.calls.get(&sid) else { return };
        let mut params = Params::new();
        add(&mut params, "AccountSid", call.account);
        add(&mut params, "CallSid", sid);
        params.extend(recording);
        add(&mut params, "RecordingStatus", "completed");
        add(&mut params, "RecordingChannels", 1);
        add(&mut params, "RecordingSource", "RecordVerb");
        let started = self.now.before(self.config.message_length);
        add(&mut params, "RecordingStartTime", started.to_rfc2822());
        let target = self.resolve(sid, callback);
        let mail = Mail { kind: Kind::Recording, target, params };
        self.send(sid, Purpose::Notice { call: sid }, None, mail);
    }

    /// Resolves a URL of the document that the call is running.
    pub(super) fn resolve(&self, sid: CallSid, target: Target) -> Target {
        let Some(call) = self.calls.get(&sid) else { return target };
        Target { url: url::resolve(&call.base, &target.url), ..target }
    }

    fn length(&self, speech: &Speech) -> Duration {
        match speech.length {
            Length::Exactly(length) => length,
            Length::Files(files) => self.config.play_length * files,
        }
    }
}

/// Whether the interpreter goes on with the next verb now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Goes {
    On,
    Later,
}

impl Speech {
    /// What stands for it: a tone, as no speech is made here.
    fn sound(&self) -> Hears {
        match self.heard {
            Heard::Said(_) => Hears::Tone { hz: SPEECH_HZ },
            Heard::Played(_) => Hears::Tone { hz: FILE_HZ },
            Heard::Silence => Hears::Silence,
        }
    }
}

/// The tone for `<Say>`.
pub(super) const SPEECH_HZ: u16 = 330;
/// The tone for `<Play>`.
const FILE_HZ: u16 = 523;
