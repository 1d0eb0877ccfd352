//! People say something, in words: `<Gather input="speech">`, `<Record transcribe>` and
//! `<Transcription>` understand it.

use std::time::Duration;

use identity::CallSid;
use serde_json::json;

use super::World;
use super::mail::Mail;
use crate::post::Purpose;
use crate::state::call::{Doing, Message, Transcribing, Utterance};
use crate::state::params::{Params, add};
use crate::step::{Side, Target, Transcribe, WORD};
use crate::timeline::What;
use crate::{Kind, Partials, SilentTranscript, url};

impl World {
    /// The person at a call says something. If nothing listens and nobody is on the line with them,
    /// they say it to the next `<Gather>` of speech, or to the next `<Record>`.
    pub(crate) fn says(&mut self, sid: CallSid, utterance: Utterance) {
        let is_heard = !self.audio.listeners(sid).is_empty();
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let is_understood = match &call.script.doing {
            Doing::Gathering(gathering) => gathering.gather.speech.is_some(),
            Doing::Recording(_) => true,
            _ => is_heard,
        };
        if !is_understood && call.script.transcribing.is_empty() {
            call.end.caller.speech.push_back(utterance);
            return;
        }
        self.speaks(sid, utterance);
    }

    /// The person at a call speaks now.
    pub(super) fn speaks(&mut self, sid: CallSid, utterance: Utterance) {
        let Some(call) = self.calls.get(&sid) else { return };
        let by = call.person().clone();
        self.note(Some(sid), What::Spoken { by, text: utterance.text.clone() });
        self.transcribe(sid, Side::Inbound, &utterance);
        for listener in self.audio.listeners(sid) {
            self.transcribe(listener, Side::Outbound, &utterance);
        }
        let Some(call) = self.calls.get_mut(&sid) else { return };
        match &mut call.script.doing {
            Doing::Gathering(_) => self.gather_speech(sid, utterance),
            Doing::Recording(message) => message.said.push(utterance.text),
            _ => {}
        }
    }

    /// The person at a call says the next words of their plan.
    pub(super) fn speaks_next(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if !matches!(call.script.doing, Doing::Gathering(_) | Doing::Recording(_)) {
            return;
        }
        if let Some(utterance) = call.end.caller.speech.pop_front() {
            self.speaks(sid, utterance);
        }
    }

    /// Words reach a `<Gather>`. It ends after the silence that follows them.
    fn gather_speech(&mut self, sid: CallSid, utterance: Utterance) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let Doing::Gathering(gathering) = &mut call.script.doing else { return };
        let Some(speech) = gathering.gather.speech.clone() else { return };
        if !(gathering.listens || gathering.gather.barge_in) {
            return;
        }
        let Doing::Gathering(mut gathering) = std::mem::take(&mut call.script.doing) else {
            return;
        };
        gathering.prompts.clear();
        gathering.listens = true;
        let length = utterance.length() + speech.silence;
        let words = utterance.text.clone();
        match &mut gathering.heard {
            Some(heard) => {
                heard.text.push(' ');
                heard.text.push_str(&utterance.text);
            }
            None => gathering.heard = Some(utterance),
        }
        self.audio.set(sid, crate::state::audio::Hears::Silence);
        if let Some(target) = speech.partials {
            self.report_partials(sid, target, &words);
        }
        self.wait(sid, Doing::Gathering(gathering), length);
    }

    /// Reports what was understood so far.
    fn report_partials(&mut self, sid: CallSid, target: Target, text: &str) {
        let target = self.resolve(sid, target);
        let words: Vec<&str> = text.split_whitespace().collect();
        let first = match self.config.unknowns.partials {
            Partials::EachWord => 1,
            Partials::Once => words.len().max(1),
        };
        for (sequence, count) in (first..=words.len()).enumerate() {
            let Some(call) = self.calls.get(&sid) else { return };
            let mut params = call.params();
            add(&mut params, "SequenceNumber", sequence);
            add(&mut params, "StableSpeechResult", words[..count - 1].join(" "));
            add(&mut params, "UnstableSpeechResult", words[..count].join(" "));
            add(&mut params, "Stability", if count == words.len() { "0.9" } else { "0.5" });
            let mail = Mail { kind: Kind::Partial, target: target.clone(), params };
            self.send(sid, Purpose::Notice { call: sid }, None, mail);
        }
    }

    /// Reports the text of a message (`transcribe` of `<Record>`).
    pub(super) fn report_transcript(&mut self, sid: CallSid, message: &Message, target: &Target) {
        let Some(recording) = message.recording else { return };
        let length = self.recordings.get(&recording).map(|it| it.length).unwrap_or_default();
        let said = message.said.join(" ");
        let silent = self.config.unknowns.silent_transcript;
        let fits = (SHORTEST..=LONGEST).contains(&length);
        let (status, text) = match (fits, said.is_empty(), silent) {
            (false, _, _) | (_, true, SilentTranscript::Failed) => ("failed", String::new()),
            (true, true, SilentTranscript::Blank) => ("completed", "(blank)".to_owned()),
            (true, false, _) => ("completed", said),
        };
        let Some(call) = self.calls.get(&sid) else { return };
        let number = self.recordings.count_of(sid);
        let transcript = format!("TR{}", hex(call.sid_bytes("transcript", number)));
        let mut params = call.params();
        let more = self.recording_params(recording);
        let path = format!("2010-04-01/Accounts/{}/Transcriptions/{transcript}", call.account);
        let base = self.api.base_url.as_deref().unwrap_or(super::record::TWILIO);
        add(&mut params, "TranscriptionUrl", format!("{base}/{path}"));
        add(&mut params, "TranscriptionSid", transcript);
        add(&mut params, "TranscriptionText", text);
        add(&mut params, "TranscriptionStatus", status);
        add(&mut params, "TranscriptionType", "fast");
        params.extend(more.into_iter().filter(|(name, _)| name != "RecordingDuration"));
        let mail = Mail { kind: Kind::Transcription, target: target.clone(), params };
        self.send(sid, Purpose::Notice { call: sid }, None, mail);
    }

    /// `<Start><Transcription>`: from now on what both sides say is reported.
    pub(super) fn start_transcription(&mut self, sid: CallSid, transcribe: Transcribe) {
        let report = transcribe.report.clone().map(|target| self.resolve(sid, target));
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.script.transcriptions += 1;
        let number = call.script.transcriptions;
        let transcript = format!("GT{}", hex(call.sid_bytes("transcription", number)));
        let settings = Transcribe { report, ..transcribe };
        call.script.transcribing.push(Transcribing { sid: transcript, settings, sequence: 0 });
        let index = call.script.transcribing.len() - 1;
        let settings = &call.script.transcribing[index].settings;
        let mut more = Params::new();
        add(&mut more, "TranscriptionEngine", &settings.engine);
        add(&mut more, "Track", settings.track_word());
        add(&mut more, "InboundTrackLabel", &settings.labels[0]);
        add(&mut more, "OutboundTrackLabel", &settings.labels[1]);
        add(&mut more, "PartialResults", settings.partials);
        self.report_transcription(sid, index, "transcription-started", more);
    }

    /// `<Stop><Transcription>`: the one of this name, or the one that was started last.
    pub(super) fn stop_transcription(&mut self, sid: CallSid, name: Option<&str>) {
        let Some(call) = self.calls.get(&sid) else { return };
        let all = &call.script.transcribing;
        let is_meant = |it: &Transcribing| name.is_none() || it.settings.name.as_deref() == name;
        if let Some(index) = all.iter().rposition(is_meant) {
            self.end_transcription(sid, index);
        }
    }

    /// The call ends: so do its transcriptions.
    pub(super) fn end_transcriptions(&mut self, sid: CallSid) {
        while self.calls.get(&sid).is_some_and(|call| !call.script.transcribing.is_empty()) {
            self.end_transcription(sid, 0);
        }
    }

    fn end_transcription(&mut self, sid: CallSid, index: usize) {
        self.report_transcription(sid, index, "transcription-stopped", Params::new());
        if let Some(call) = self.calls.get_mut(&sid) {
            call.script.transcribing.remove(index);
        }
    }

    /// One side of a call has said something.
    pub(super) fn transcribe(&mut self, sid: CallSid, side: Side, utterance: &Utterance) {
        let Some(call) = self.calls.get(&sid) else { return };
        for index in 0..call.script.transcribing.len() {
            let Some(call) = self.calls.get(&sid) else { return };
            let settings = &call.script.transcribing[index].settings;
            if !settings.hears(side) {
                continue;
            }
            let (partials, track) = (settings.partials, side.word());
            let data = |text: &str| {
                json!({ "transcript": text, "confidence": utterance.confidence }).to_string()
            };
            let words: Vec<&str> = utterance.text.split_whitespace().collect();
            let first = match self.config.unknowns.partials {
                _ if !partials => words.len(),
                Partials::EachWord => 1,
                Partials::Once => words.len().saturating_sub(1).max(1),
            };
            for count in first..words.len() {
                let mut more = Params::new();
                let so_far = json!({ "transcript": words[..count].join(" ") }).to_string();
                add(&mut more, "TranscriptionData", so_far);
                add(&mut more, "Track", track);
                add(&mut more, "Final", false);
                add(&mut more, "Stability", "0.5");
                self.report_transcription(sid, index, "transcription-content", more);
            }
            let mut more = Params::new();
            add(&mut more, "TranscriptionData", data(&utterance.text));
            add(&mut more, "Track", track);
            add(&mut more, "Final", true);
            self.report_transcription(sid, index, "transcription-content", more);
        }
    }

    fn report_transcription(&mut self, sid: CallSid, index: usize, event: &str, more: Params) {
        let at = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let account = call.account;
        let Some(it) = call.script.transcribing.get_mut(index) else { return };
        it.sequence += 1;
        let Some(target) = it.settings.report.clone() else { return };
        if !url::is_absolute(&target.url) {
            return;
        }
        let mut params = Params::new();
        add(&mut params, "AccountSid", account);
        add(&mut params, "CallSid", sid);
        add(&mut params, "TranscriptionSid", &it.sid);
        add(&mut params, "TranscriptionEvent", event);
        add(&mut params, "LanguageCode", &it.settings.language);
        if let Some(name) = &it.settings.name {
            add(&mut params, "Name", name);
        }
        add(&mut params, "SequenceId", it.sequence);
        add(&mut params, "Timestamp", at);
        params.extend(more);
        let mail = Mail { kind: Kind::Transcription, target, params };
        self.send(sid, Purpose::Notice { call: sid }, None, mail);
    }
}

impl Utterance {
    /// How long it takes to say.
    pub(super) fn length(&self) -> Duration {
        let words = u32::try_from(self.text.split_whitespace().count()).unwrap_or(u32::MAX);
        WORD.saturating_mul(words)
    }
}

fn hex(bytes: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Messages that are transcribed (documentation of `<Record>`: longer than two seconds, shorter than
/// two minutes).
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(120);
