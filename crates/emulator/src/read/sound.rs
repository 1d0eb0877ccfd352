//! `<Say>`, `<Play>`, `<Pause>`, `<Gather>` and `<Record>`.

use std::time::Duration;

use twiml::ssml::SayPart;
use twiml::{GatherInput, GatherPrompt, RecordingEvent, SpeechTimeout, Text};

use super::{Reader, target};
use crate::address::is_key;
use crate::problem::{Problem, SAY_TEXT};
use crate::step::{Gather, Length, Listening, Record, RecordingReport, Speech, WORD};
use crate::timeline::Heard;

impl Reader {
    pub(super) fn said(&mut self, say: &twiml::Say<'_>) -> Speech {
        self.attributes("Say", say.other_attributes());
        let text = say.spoken();
        self.silent(say);
        let words = u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX);
        let length = match say.loops {
            Some(0) => Length::Endless,
            times => Length::Exactly(WORD.saturating_mul(words).saturating_mul(times.unwrap_or(1))),
        };
        Speech { heard: Heard::Said(text), length, answers: true }
    }

    /// Reports a `<Say>` that says nothing. Twilio puts `<speak>` around its content itself and leaves out one inside.
    fn silent(&mut self, say: &twiml::Say<'_>) {
        let says = |part: &SayPart<'_>| match part {
            SayPart::Text(text) => !text.as_str().trim().is_empty(),
            SayPart::Other(_) => false,
            _ => true,
        };
        if say.parts().iter().any(says) {
            return;
        }
        let is_speak = |part: &SayPart<'_>| matches!(part, SayPart::Other(twiml::Node::Element(inside)) if inside.name() == "speak");
        let text = if say.parts().iter().any(is_speak) {
            "<Say> says nothing: <speak> does not belong in it; write the text and its markup directly in <Say>"
        } else {
            "<Say> has no text"
        };
        self.warnings.push(Problem::warning(SAY_TEXT, text));
    }

    pub(super) fn played(&mut self, play: &twiml::Play<'_>) -> Speech {
        self.attributes("Play", play.other_attributes());
        if play.digits.as_ref().is_some_and(|keys| !keys.as_str().chars().all(is_sent)) {
            self.unfit("Play", "digits");
        }
        let what = play.digits.as_ref().map_or(play.url(), Text::as_str).to_owned();
        let length = match play.loops {
            Some(0) => Length::Endless,
            times => Length::Files(times.unwrap_or(1)),
        };
        Speech { heard: Heard::Played(what), length, answers: true }
    }

    pub(super) fn paused(&mut self, pause: &twiml::Pause<'_>) -> Speech {
        self.attributes("Pause", pause.other_attributes());
        let length = Length::Exactly(pause.length.unwrap_or(PAUSE_LENGTH));
        Speech { heard: Heard::Silence, length, answers: false }
    }

    pub(super) fn gather(&mut self, gather: &twiml::Gather<'_>) -> Gather {
        self.attributes("Gather", gather.other_attributes());
        let mut prompts = Vec::new();
        for prompt in gather.prompts() {
            match prompt {
                GatherPrompt::Say(say) => prompts.push(self.said(say)),
                GatherPrompt::Play(play) => prompts.push(self.played(play)),
                GatherPrompt::Pause(pause) => prompts.push(self.paused(pause)),
                GatherPrompt::Other(node) => self.stray("Gather", node),
                _ => {}
            }
        }
        let input = gather.input.as_deref().unwrap_or(&[GatherInput::Dtmf]);
        let timeout = gather.timeout.unwrap_or(GATHER_TIMEOUT);
        let speech = input.contains(&GatherInput::Speech).then(|| Listening {
            silence: match gather.speech_timeout {
                Some(SpeechTimeout::After(silence)) => silence,
                Some(SpeechTimeout::Auto) => AUTO_SILENCE,
                None => timeout,
            },
            partials: gather
                .partial_result_callback
                .as_ref()
                .map(|url| target(Some(url), gather.partial_result_callback_method)),
        });
        let finish_on = match gather.finish_on_key.as_ref().map(Text::as_str) {
            None => Some('#'),
            Some(keys) if keys.chars().count() > 1 || !keys.chars().all(is_key) => {
                self.unfit("Gather", "finishOnKey");
                Some('#')
            }
            Some(key) => key.chars().next(),
        };
        Gather {
            action: target(gather.action.as_ref(), gather.method),
            prompts,
            timeout,
            on_empty: gather.action_on_empty_result.unwrap_or(false),
            digits: gather.num_digits.and_then(|most| usize::try_from(most).ok()),
            finish_on,
            barge_in: gather.barge_in.unwrap_or(true),
            keys: input.contains(&GatherInput::Dtmf),
            speech,
        }
    }

    pub(super) fn record(&mut self, record: &twiml::Record<'_>) -> Record {
        self.attributes("Record", record.other_attributes());
        let callback = record.recording_status_callback.as_ref();
        let mut finish_on = record.finish_on_key.as_ref().map_or(RECORD_KEYS, Text::as_str);
        if !finish_on.chars().all(is_key) {
            self.unfit("Record", "finishOnKey");
            finish_on = RECORD_KEYS;
        }
        Record {
            action: target(record.action.as_ref(), record.method),
            longest: record.max_length.unwrap_or(RECORD_LENGTH),
            silence: record.timeout.unwrap_or(RECORD_SILENCE),
            finish_on: finish_on.to_owned(),
            beeps: record.play_beep.unwrap_or(true),
            trims: record.trim != Some(twiml::Trim::DoNotTrim),
            report: recording_report(
                callback,
                record.recording_status_callback_method,
                record.recording_status_callback_event.as_deref(),
            ),
            transcript: record.transcribe_callback.as_ref().map(|url| target(Some(url), None)),
        }
    }
}

/// Where a recording is reported. Without a list of events it is only `completed`.
pub(super) fn recording_report(
    url: Option<&Text<'_>>,
    method: Option<twiml::Method>,
    events: Option<&[RecordingEvent]>,
) -> Option<RecordingReport> {
    let events = events.unwrap_or(&[RecordingEvent::Completed]);
    Some(RecordingReport {
        target: target(Some(url?), method),
        begun: events.contains(&RecordingEvent::InProgress),
        completed: events.contains(&RecordingEvent::Completed),
    })
}

/// Whether it is a key, or a pause between keys.
pub(super) fn is_sent(key: char) -> bool {
    is_key(key) || matches!(key, 'w' | 'W')
}

/// The silence that ends speech with `speechTimeout="auto"`. Twilio's is not known.
const AUTO_SILENCE: Duration = Duration::from_secs(1);
/// `<Pause>` without a length (documentation of `<Pause>`).
const PAUSE_LENGTH: Duration = Duration::from_secs(1);
/// `<Gather>` without a timeout (documentation of `<Gather>`).
const GATHER_TIMEOUT: Duration = Duration::from_secs(5);
/// `<Record>` without a length, without a timeout and without keys (documentation of `<Record>`).
const RECORD_LENGTH: Duration = Duration::from_secs(3600);
const RECORD_SILENCE: Duration = Duration::from_secs(5);
const RECORD_KEYS: &str = "1234567890*#";
