//! `<Record>`: a caller leaves a message.

use std::time::Duration;

use identity::CallSid;

use super::run::Goes;
use super::{World, speak};
use crate::Kind;
use crate::state::audio::Hears;
use crate::state::call::{Doing, Message};
use crate::state::params::add;
use crate::state::recording::{NewRecording, Source};
use crate::step::Record;
use crate::timeline::{Heard, What};

impl World {
    pub(super) fn record(&mut self, sid: CallSid, record: Record) -> Goes {
        self.answer_call(sid);
        if record.transcribes {
            let what = "the transcription of <Record>".to_owned();
            self.note(Some(sid), What::NotEmulated(what));
        }
        let beeps = record.beeps;
        let message = Message { record, recording: None };
        if beeps {
            self.audio.set(sid, Hears::Tone { hz: speak::BEEP_HZ });
            self.note(Some(sid), What::Heard(Heard::Played("a beep".to_owned())));
            self.wait(sid, Doing::Recording(Box::new(message)), BEEP_TIME);
        } else {
            self.message_goes_on(sid, message);
        }
        Goes::Later
    }

    /// The beep is over and the message begins; or the message is over.
    pub(super) fn message_goes_on(&mut self, sid: CallSid, mut message: Message) {
        if message.recording.is_some() {
            self.message_over(sid, message, "");
            return;
        }
        self.audio.set(sid, Hears::Silence);
        let Some(call) = self.calls.get(&sid) else { return };
        let new = NewRecording {
            call: sid,
            legs: vec![sid],
            source: Source::RecordVerb,
            dual: false,
            report: message.record.report.clone(),
        };
        let record = &message.record;
        // A caller who is moved by hand, or is a real one, ends it in one of the other ways.
        let speaks = if call.end.caller.by_hand {
            record.longest
        } else {
            record.longest.min(self.config.message_length + record.silence)
        };
        message.recording = Some(self.begin_recording(new));
        self.wait(sid, Doing::Recording(Box::new(message)), speaks);
    }

    /// A key may end the message.
    pub(super) fn message_key(&mut self, sid: CallSid, key: char) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let Doing::Recording(message) = &call.script.doing else { return };
        if message.recording.is_none() || !message.record.finish_on.contains(key) {
            return;
        }
        if let Doing::Recording(message) = std::mem::take(&mut call.script.doing) {
            self.message_over(sid, *message, key.encode_utf8(&mut [0; 4]));
        }
    }

    /// The message is over; `digits` says what ended it.
    pub(super) fn message_over(&mut self, sid: CallSid, message: Message, digits: &str) {
        let Some(recording) = message.recording else { return };
        let by_hand = self.calls.get(&sid).is_some_and(|call| call.end.caller.by_hand);
        let longest = message.record.longest;
        let limit = (message.record.trims && !by_hand)
            .then_some(self.config.message_length)
            .map_or(longest, |speech| speech.min(longest));
        self.end_recording(recording, Some(limit));
        let mut more = self.recording_params(recording);
        add(&mut more, "Digits", digits);
        let target = self.resolve(sid, message.record.action);
        self.fetch(sid, Kind::Action, target, more);
    }

    /// The call goes elsewhere in the middle of a message: what was said is kept.
    pub(super) fn message_cut_short(&mut self, message: &Message) {
        if let Some(recording) = message.recording {
            self.end_recording(recording, None);
        }
    }
}

const BEEP_TIME: Duration = Duration::from_millis(500);
