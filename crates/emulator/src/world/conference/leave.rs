//! Participants leave, and the conference ends.

use identity::{CallSid, ConferenceSid};

use super::super::World;
use super::report::Event;
use crate::Kind;
use crate::state::call::{Away, Conferring, Place};
use crate::state::conference::{ConferenceStatus, Participant};
use crate::state::params::{Params, add};

/// Why a participant leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Left {
    HungUp,
    /// The API redirected the call, or removed the participant.
    ByApi,
    /// A participant left whose leaving ends the conference.
    Moderator,
    /// The API ended the conference.
    Ended,
}

impl Left {
    /// As `ReasonParticipantLeft` writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::HungUp => "participant_hung_up",
            Self::ByApi => "participant_updated_via_api",
            Self::Moderator => "moderator_ended_conference",
            Self::Ended => "conference_ended_via_api",
        }
    }
}

impl From<Away> for Left {
    fn from(away: Away) -> Self {
        match away {
            Away::HungUp => Self::HungUp,
            Away::Redirected => Self::ByApi,
        }
    }
}

impl World {
    /// A participant leaves, and continues with the document that joined the conference.
    pub(in crate::world) fn leave_conference(&mut self, sid: CallSid, away: Away) {
        if self.conferring(sid).is_none() {
            return;
        }
        let Some(Place::Conference(conferring)) = self.end_stay(sid) else { return };
        self.remove_from_conference(sid, conferring.conference, Left::from(away));
        self.after_conference(sid, &conferring);
    }

    /// The call ends or is redirected: the `action` is requested, but has no effect.
    pub(in crate::world) fn conference_cut_short(
        &mut self,
        sid: CallSid,
        conferring: &Conferring,
        away: Away,
    ) {
        self.remove_from_conference(sid, conferring.conference, Left::from(away));
        self.ask_after_conference(sid, conferring);
    }

    /// Removes a participant, and ends the conference if it cannot go on without them.
    pub(super) fn remove_from_conference(&mut self, sid: CallSid, id: ConferenceSid, left: Left) {
        let now = self.time.now;
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let Some(gone) = conference.remove(sid, now) else { return };
        let is_empty = conference.participants.is_empty();
        self.report_left(id, &gone, left);
        if gone.beeps.on_exit {
            self.note_beep(id, sid);
        }
        let by_api = left == Left::ByApi;
        match (gone.ends, is_empty, by_api) {
            (true, _, false) => {
                self.close_conference(id, "participant-with-end-conference-on-exit-left", &gone);
            }
            (true, _, true) => {
                self.close_conference(id, "participant-with-end-conference-on-exit-kicked", &gone);
            }
            (false, true, false) => self.close_conference(id, "last-participant-left", &gone),
            (false, true, true) => self.close_conference(id, "last-participant-kicked", &gone),
            (false, false, _) => self.remix(id),
        }
    }

    /// Ends a conference.
    pub(super) fn close_conference(
        &mut self,
        id: ConferenceSid,
        reason: &'static str,
        last: &Participant,
    ) {
        let now = self.time.now;
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let by_api = reason == BY_API;
        conference.status = ConferenceStatus::Completed;
        conference.updated_at = now;
        conference.ended = Some(reason);
        conference.ended_by = (!by_api).then_some(last.call);
        let (recording, lane) = (conference.recording, conference.lane());
        let others = std::mem::take(&mut conference.participants);
        let left = if by_api { Left::Ended } else { Left::Moderator };
        let mut released = Vec::new();
        for other in &others {
            if let Some(Place::Conference(conferring)) = self.end_stay(other.call) {
                released.push((other.call, conferring));
            }
            self.report_left(id, other, left);
        }
        if let Some(recording) = recording {
            self.end_recording(recording, None);
        }
        let mut more = Params::new();
        add(&mut more, "ReasonConferenceEnded", reason);
        add(&mut more, "Reason", "Conference ended");
        if !by_api {
            add(&mut more, "CallSidEndingConference", last.call);
            if let Some(label) = &last.label {
                add(&mut more, "ParticipantLabelEndingConference", label);
            }
        }
        self.report_conference(id, Event::End, last, more);
        self.calls.closing.insert(lane);
        self.conferences.keep_over(id, self.config.keep_calls);
        for (call, conferring) in released {
            self.after_conference(call, &conferring);
        }
    }

    fn report_left(&mut self, id: ConferenceSid, gone: &Participant, left: Left) {
        let mut more = Params::new();
        if let Some(call) = self.calls.get(&gone.call) {
            add(&mut more, "ParticipantCallStatus", call.life.status);
        }
        add(&mut more, "ReasonParticipantLeft", left.as_str());
        self.report_conference(id, Event::Leave, gone, more);
    }

    /// The `<Dial>` is over: its `action` is requested, or the next verb is carried out.
    fn after_conference(&mut self, sid: CallSid, conferring: &Conferring) {
        if !self.ask_after_conference(sid, conferring) {
            self.run(sid);
        }
    }

    fn ask_after_conference(&mut self, sid: CallSid, conferring: &Conferring) -> bool {
        let Some(action) = conferring.action.clone() else { return false };
        let mut more = Params::new();
        // After a conference there is neither a child leg nor its duration.
        add(&mut more, "DialCallStatus", "answered");
        self.fetch(sid, Kind::Action, action, more);
        true
    }
}

/// `ReasonConferenceEnded` when the API did it.
pub(super) const BY_API: &str = "conference-ended-via-api";
