//! Recordings: what was said, kept in memory as PCMU.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::{AccountSid, CallSid, ConferenceSid, RecordingSid, Timestamp};

use crate::step::RecordingReport;
use crate::{pcmu, wave};

/// A recording, finished or not.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) sid: RecordingSid,
    pub(crate) account: AccountSid,
    /// The call that it belongs to; of a `<Dial>`, the parent.
    pub(crate) call: CallSid,
    pub(crate) conference: Option<ConferenceSid>,
    pub(crate) source: Source,
    pub(crate) status: RecordingStatus,
    pub(crate) dual: bool,
    pub(crate) started_at: Timestamp,
    /// Zero while it is in progress.
    pub(crate) length: Duration,
    /// The sound of each leg's party, from the beginning on.
    pub(crate) tracks: Vec<(CallSid, Vec<u8>)>,
    pub(crate) report: Option<RecordingReport>,
}

/// The origin of a recording, as `RecordingSource` writes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    DialVerb,
    RecordVerb,
    Conference,
    Api,
    /// `Record` of a call that the REST API placed.
    OutboundApi,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::DialVerb => "DialVerb",
            Self::RecordVerb => "RecordVerb",
            Self::Conference => "Conference",
            Self::Api => "StartCallRecordingAPI",
            Self::OutboundApi => "OutboundAPI",
        }
    }
}

/// The status of a recording, as `RecordingStatus` writes it.
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
    /// The legs whose parties are recorded, the parent first.
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

    pub(crate) fn goes_on(&self) -> bool {
        self.status == RecordingStatus::InProgress
    }

    /// Ends it. It is not longer than `limit`. False if it had ended before.
    pub(crate) fn end(&mut self, limit: Option<Duration>, now: Timestamp) -> bool {
        if !self.goes_on() {
            return false;
        }
        self.status = RecordingStatus::Completed;
        let lasted = now.since(self.started_at);
        self.length = limit.map_or(lasted, |limit| lasted.min(limit));
        let most = bytes(self.length);
        self.tracks.iter_mut().for_each(|(_, track)| track.truncate(most));
        true
    }
}

/// All recordings.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    by_sid: BTreeMap<RecordingSid, Recording>,
}

impl Recordings {
    pub(crate) fn get(&self, sid: &RecordingSid) -> Option<&Recording> {
        self.by_sid.get(sid)
    }

    pub(crate) fn get_mut(&mut self, sid: &RecordingSid) -> Option<&mut Recording> {
        self.by_sid.get_mut(sid)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Recording> {
        self.by_sid.values()
    }

    pub(crate) fn add(&mut self, recording: Recording) {
        self.by_sid.insert(recording.sid, recording);
    }

    pub(crate) fn remove(&mut self, sid: &RecordingSid) -> Option<Recording> {
        self.by_sid.remove(sid)
    }

    /// How many recordings belong to a call.
    pub(crate) fn count_of(&self, call: CallSid) -> u64 {
        self.values().filter(|it| it.call == call).count() as u64
    }

    /// The recordings in progress that end with their call.
    pub(crate) fn ending_with(&self, call: CallSid) -> Vec<RecordingSid> {
        let is_one = |it: &&Recording| {
            it.call == call
                && it.goes_on()
                && matches!(it.source, Source::Api | Source::OutboundApi)
        };
        self.values().filter(is_one).map(|it| it.sid).collect()
    }

    /// Drops the recordings of these calls.
    pub(crate) fn forget(&mut self, calls: &[CallSid]) {
        self.by_sid.retain(|_, recording| !calls.contains(&recording.call));
    }

    /// Records one more leg.
    pub(crate) fn add_leg(&mut self, sid: RecordingSid, leg: CallSid) {
        if let Some(recording) = self.get_mut(&sid) {
            recording.tracks.push((leg, Vec::new()));
        }
    }

    /// Whether anything is recorded now.
    pub(crate) fn any_goes_on(&self) -> bool {
        self.values().any(Recording::goes_on)
    }

    /// The party of a leg says something, in PCMU. `conference` is where the leg is. Every
    /// recording of the leg or of the conference keeps it.
    pub(crate) fn spoke(
        &mut self,
        leg: CallSid,
        conference: Option<ConferenceSid>,
        sound: &[u8],
        now: Timestamp,
    ) {
        for recording in self.by_sid.values_mut().filter(|recording| recording.goes_on()) {
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

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_sid.len()
    }
}

/// The size of PCMU of this length.
fn bytes(length: Duration) -> usize {
    usize::try_from(length.as_millis()).unwrap_or(usize::MAX / 8) * (pcmu::RATE / 1000)
}

/// 100 ms.
const JITTER: usize = pcmu::RATE / 10;
