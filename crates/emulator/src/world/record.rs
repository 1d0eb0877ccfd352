//! `<Record>`, and the recordings of calls, `<Dial>`s and conferences.

use std::time::Duration;

use identity::{CallSid, RecordingSid};

use super::mail::Mail;
use super::sound::BEEP_HZ;
use super::{Goes, World};
use crate::post::Purpose;
use crate::state::audio::Hears;
use crate::state::call::{Doing, Message};
use crate::state::params::{Params, add};
use crate::state::recording::{NewRecording, Recording, RecordingStatus, Source};
use crate::step::{DialRecord, Record, RecordingReport};
use crate::timeline::{Heard, What};
use crate::{Kind, Recorded};

impl World {
    pub(super) fn record(&mut self, sid: CallSid, record: Record) -> Goes {
        self.answer_call(sid);
        let beeps = record.beeps;
        let message = Message { record, recording: None, said: Vec::new() };
        if beeps {
            self.audio.set(sid, Hears::Tone { hz: BEEP_HZ });
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
            self.message_over(sid, &message, "");
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
        // A real caller, or one who is controlled by hand, ends it in one of the other ways.
        let speaks = if call.end.caller.by_hand {
            record.longest
        } else {
            record.longest.min(self.config.message_length + record.silence)
        };
        message.recording = Some(self.begin_recording(new));
        self.wait(sid, Doing::Recording(Box::new(message)), speaks);
        self.plan_speech(sid);
    }

    /// A key may end the message.
    pub(super) fn message_key(&mut self, sid: CallSid, key: char) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let Doing::Recording(message) = &call.script.doing else { return };
        if message.recording.is_none() || !message.record.finish_on.contains(key) {
            return;
        }
        if let Doing::Recording(message) = std::mem::take(&mut call.script.doing) {
            self.message_over(sid, &message, key.encode_utf8(&mut [0; 4]));
        }
    }

    /// The message is over. `digits` is the key that ended it, or `hangup`.
    pub(super) fn message_over(&mut self, sid: CallSid, message: &Message, digits: &str) {
        let Some(recording) = message.recording else { return };
        let by_hand = self.calls.get(&sid).is_some_and(|call| call.end.caller.by_hand);
        let longest = message.record.longest;
        let limit = (message.record.trims && !by_hand)
            .then_some(self.config.message_length)
            .map_or(longest, |speech| speech.min(longest));
        let has_ended = self.stop_recording(recording, Some(limit));
        let callback_first = self.config.unknowns.recorded == Recorded::CallbackFirst;
        if has_ended && callback_first {
            self.report_recording(recording);
        }
        let mut more = self.recording_params(recording);
        add(&mut more, "Digits", digits);
        let transcript = message.record.transcript.clone();
        let transcript = transcript.map(|target| self.resolve(sid, target));
        let target = self.resolve(sid, message.record.action.clone());
        self.fetch(sid, Kind::Action, target, more);
        if has_ended && !callback_first {
            self.report_recording(recording);
        }
        if let Some(target) = transcript {
            self.report_transcript(sid, message, &target);
        }
    }

    /// The call is redirected during a message: the recording is kept.
    pub(super) fn message_cut_short(&mut self, message: &Message) {
        if let Some(recording) = message.recording {
            self.end_recording(recording, None);
        }
    }

    /// Begins a recording.
    pub(crate) fn begin_recording(&mut self, new: NewRecording) -> RecordingSid {
        let of_call = self.recordings.count_of(new.call);
        let Some(call) = self.calls.get(&new.call) else {
            return RecordingSid::from_bytes([0; 16]);
        };
        let sid = RecordingSid::from_bytes(call.sid_bytes("recording", of_call));
        let conference = self.conference_of(new.call);
        let report = new.report.map(|report| RecordingReport {
            target: self.resolve(new.call, report.target),
            ..report
        });
        let recording = Recording {
            sid,
            account: call.account,
            call: new.call,
            conference: conference.filter(|_| new.source == Source::Conference),
            source: new.source,
            status: RecordingStatus::InProgress,
            dual: new.dual,
            started_at: self.time.now,
            length: Duration::ZERO,
            tracks: new.legs.into_iter().map(|leg| (leg, Vec::new())).collect(),
            report,
        };
        self.recordings.add(recording);
        self.report_recording(sid);
        sid
    }

    /// Begins to record a `<Dial>`, the parent first.
    pub(super) fn begin_dial_recording(
        &mut self,
        parent: CallSid,
        legs: Vec<CallSid>,
        record: DialRecord,
    ) -> RecordingSid {
        let (dual, report) = (record.dual, record.report);
        let source = Source::DialVerb;
        self.begin_recording(NewRecording { call: parent, legs, source, dual, report })
    }

    /// Ends a recording, which is not longer than `limit`. Has no effect the second time.
    pub(crate) fn end_recording(&mut self, sid: RecordingSid, limit: Option<Duration>) {
        if self.stop_recording(sid, limit) {
            self.report_recording(sid);
        }
    }

    /// Ends a recording without a report. False if it had ended before.
    fn stop_recording(&mut self, sid: RecordingSid, limit: Option<Duration>) -> bool {
        let now = self.time.now;
        self.recordings.get_mut(&sid).is_some_and(|recording| recording.end(limit, now))
    }

    /// The party of a leg says something, in PCMU. All recordings of the leg keep it.
    pub(crate) fn spoke(&mut self, leg: CallSid, sound: &[u8]) {
        let conference = self.conference_of(leg);
        self.recordings.spoke(leg, conference, sound, self.time.now);
    }

    /// The parameters about a recording.
    pub(super) fn recording_params(&self, sid: RecordingSid) -> Params {
        let mut params = Params::new();
        let Some(recording) = self.recordings.get(&sid) else { return params };
        let base = self.api.base_url.as_deref().unwrap_or(TWILIO);
        let account = recording.account;
        let url = format!("{base}/2010-04-01/Accounts/{account}/Recordings/{sid}");
        add(&mut params, "RecordingUrl", url);
        add(&mut params, "RecordingSid", sid);
        if !recording.goes_on() {
            add(&mut params, "RecordingDuration", recording.length.as_secs());
        }
        params
    }

    /// Reports the status of a recording, if that is subscribed to.
    fn report_recording(&mut self, sid: RecordingSid) {
        let Some(recording) = self.recordings.get(&sid) else { return };
        let (call, status) = (recording.call, recording.status);
        self.note(Some(call), What::Recording { sid, status: status.as_str() });
        let Some(recording) = self.recordings.get(&sid) else { return };
        let Some(report) = &recording.report else { return };
        let asked_for = match status {
            RecordingStatus::InProgress => report.begun,
            RecordingStatus::Completed => report.completed,
        };
        if !asked_for {
            return;
        }
        let mut params = Params::new();
        add(&mut params, "AccountSid", recording.account);
        match recording.conference {
            Some(conference) => add(&mut params, "ConferenceSid", conference),
            None => add(&mut params, "CallSid", call),
        }
        params.extend(self.recording_params(sid));
        add(&mut params, "RecordingStatus", status.as_str());
        add(&mut params, "RecordingChannels", recording.channels());
        add(&mut params, "RecordingSource", recording.source.as_str());
        add(&mut params, "RecordingTrack", "both");
        add(&mut params, "RecordingStartTime", recording.started_at.to_rfc2822());
        let target = report.target.clone();
        let mail = Mail { kind: Kind::Recording, target, params };
        match recording.conference {
            Some(conference) => self.send_of_conference(conference, call, mail),
            None => self.send(call, Purpose::Notice { call }, None, mail),
        }
    }
}

const BEEP_TIME: Duration = Duration::from_millis(500);

/// The base of recording URLs while the REST API does not listen.
pub(super) const TWILIO: &str = "https://api.twilio.com";

#[cfg(test)]
mod tests;
