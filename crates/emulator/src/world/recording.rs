//! Recordings begin, end and are reported.

use std::time::Duration;

use identity::{CallSid, RecordingSid};

use super::{Mail, World};
use crate::Kind;
use crate::post::Purpose;
use crate::state::params::{Params, add};
use crate::state::recording::{NewRecording, Recording, RecordingStatus, Source};
use crate::step::{DialRecord, RecordingReport};
use crate::timeline::What;

impl World {
    /// Begins to record.
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

    /// Ends a recording, which is not longer than `limit`. Once is enough.
    pub(crate) fn end_recording(&mut self, sid: RecordingSid, limit: Option<Duration>) {
        let now = self.time.now;
        let has_ended =
            self.recordings.get_mut(&sid).is_some_and(|recording| recording.end(limit, now));
        if has_ended {
            self.report_recording(sid);
        }
    }

    /// The party of a leg says something, in PCMU: whatever records it keeps it.
    pub(crate) fn spoke(&mut self, leg: CallSid, sound: &[u8]) {
        let conference = self.conference_of(leg);
        self.recordings.spoke(leg, conference, sound, self.time.now);
    }

    /// What webhooks say of a recording.
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

    /// Tells whoever asked for it how a recording stands.
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

/// Where recordings would be found if this emulator listened nowhere.
const TWILIO: &str = "https://api.twilio.com";

#[cfg(test)]
mod tests;
