//! Recordings: what was said, kept in memory as PCMU.

use std::time::Duration;

use identity::{AccountSid, CallSid, ConferenceSid, RecordingSid, Timestamp};

use super::params::{Params, add};
use super::{Mail, World};
use crate::post::Purpose;
use crate::step::{DialRecord, RecordingReport};
use crate::timeline::What;
use crate::{Kind, pcmu, wave};

/// A recording, finished or not.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) sid: RecordingSid,
    pub(crate) account: AccountSid,
    /// The call that it belongs to: the parent, of a `<Dial>`.
    pub(crate) call: CallSid,
    pub(crate) conference: Option<ConferenceSid>,
    pub(crate) source: Source,
    pub(crate) status: RecordingStatus,
    pub(crate) dual: bool,
    pub(crate) started_at: Timestamp,
    /// From its beginning to its end; so far nothing while it goes on.
    pub(crate) length: Duration,
    /// What the party of each leg has said, from the beginning on.
    tracks: Vec<(CallSid, Vec<u8>)>,
    report: Option<RecordingReport>,
}

/// What made a recording, as `RecordingSource` writes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    DialVerb,
    RecordVerb,
    Conference,
    Api,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::DialVerb => "DialVerb",
            Self::RecordVerb => "RecordVerb",
            Self::Conference => "Conference",
            Self::Api => "StartCallRecordingAPI",
        }
    }
}

/// How a recording stands, as `RecordingStatus` writes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RecordingStatus {
    InProgress,
    Completed,
}

impl RecordingStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
        }
    }
}

/// A recording to begin.
#[derive(Clone, Debug)]
pub(crate) struct NewRecording {
    /// The call that it belongs to.
    pub(crate) call: CallSid,
    /// Whose words are recorded: the parent first.
    pub(crate) legs: Vec<CallSid>,
    pub(crate) source: Source,
    pub(crate) dual: bool,
    pub(crate) report: Option<RecordingReport>,
}

impl Recording {
    /// The file.
    pub(crate) fn wav(&self) -> Vec<u8> {
        let samples = bytes(self.length);
        let of = |index: usize| {
            let mut track = self.tracks.get(index).map(|(_, it)| it.clone()).unwrap_or_default();
            track.resize(samples, pcmu::SILENCE);
            track
        };
        if self.dual {
            return wave::write(&[of(0), of(1)]);
        }
        let mut sum = of(0);
        for index in 1..self.tracks.len() {
            let other = of(index);
            sum.iter_mut().zip(other).for_each(|(sum, other)| *sum = pcmu::mix(*sum, other));
        }
        wave::write(&[sum])
    }

    pub(crate) fn channels(&self) -> u8 {
        if self.dual { 2 } else { 1 }
    }

    fn goes_on(&self) -> bool {
        self.status == RecordingStatus::InProgress
    }
}

impl World {
    /// Begins to record.
    pub(crate) fn begin_recording(&mut self, new: NewRecording) -> RecordingSid {
        let of_call = self.recordings.values().filter(|it| it.call == new.call).count() as u64;
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
            started_at: self.now,
            length: Duration::ZERO,
            tracks: new.legs.into_iter().map(|leg| (leg, Vec::new())).collect(),
            report,
        };
        self.recordings.insert(sid, recording);
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

    /// Records one more leg.
    pub(super) fn add_to_recording(&mut self, sid: RecordingSid, leg: CallSid) {
        if let Some(recording) = self.recordings.get_mut(&sid) {
            recording.tracks.push((leg, Vec::new()));
        }
    }

    /// Ends a recording, which is not longer than `limit`. Once is enough.
    pub(crate) fn end_recording(&mut self, sid: RecordingSid, limit: Option<Duration>) {
        let now = self.now;
        let Some(recording) = self.recordings.get_mut(&sid).filter(|it| it.goes_on()) else {
            return;
        };
        recording.status = RecordingStatus::Completed;
        let lasted = now.since(recording.started_at);
        recording.length = limit.map_or(lasted, |limit| lasted.min(limit));
        let most = bytes(recording.length);
        recording.tracks.iter_mut().for_each(|(_, track)| track.truncate(most));
        self.report_recording(sid);
    }

    /// Whether anything is recorded now.
    pub(crate) fn records(&self) -> bool {
        self.recordings.values().any(Recording::goes_on)
    }

    /// The party of a leg says something, in PCMU: whatever records it keeps it.
    pub(crate) fn spoke(&mut self, leg: CallSid, sound: &[u8]) {
        let now = self.now;
        let conference = self.conference_of(leg);
        for recording in self.recordings.values_mut().filter(|recording| recording.goes_on()) {
            let joins = conference.is_some() && recording.conference == conference;
            if joins && recording.tracks.iter().all(|(other, _)| *other != leg) {
                recording.tracks.push((leg, Vec::new()));
            }
            let track = recording.tracks.iter_mut().find(|(other, _)| *other == leg);
            let Some((_, track)) = track else { continue };
            let due = bytes(now.since(recording.started_at));
            // Small jitter is not worth a gap.
            if due > track.len() + JITTER + sound.len() {
                track.resize(due - sound.len(), pcmu::SILENCE);
            }
            track.extend_from_slice(sound);
        }
    }

    /// What webhooks say of a recording.
    pub(super) fn recording_params(&self, sid: RecordingSid) -> Params {
        let mut params = Params::new();
        let Some(recording) = self.recordings.get(&sid) else { return params };
        let base = self.base_url.as_deref().unwrap_or(TWILIO);
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

/// PCMU of so long a time.
fn bytes(length: Duration) -> usize {
    usize::try_from(length.as_millis()).unwrap_or(usize::MAX / 8) * (pcmu::RATE / 1000)
}

/// 100 ms.
const JITTER: usize = pcmu::RATE / 10;

/// Where recordings would be found if this emulator listened nowhere.
const TWILIO: &str = "https://api.twilio.com";

#[cfg(test)]
mod tests;
