//! Conferences: rooms in which every participant hears the others.

mod control;
mod join;
mod leave;
mod report;

use identity::{CallSid, ConferenceSid};

use super::World;
use crate::state::audio::Hears;
use crate::state::call::{Conferring, Doing, Ear, Place};
use crate::state::conference::ConferenceStatus;

impl World {
    /// The conference that a call is in.
    pub(crate) fn conference_of(&self, sid: CallSid) -> Option<ConferenceSid> {
        self.conferring(sid).map(|conferring| conferring.conference)
    }

    fn conferring(&self, sid: CallSid) -> Option<&Conferring> {
        match &self.calls.get(&sid)?.script.stay.as_ref()?.place {
            Place::Conference(conferring) => Some(conferring),
            Place::Queue(_) => None,
        }
    }

    /// Whether the star takes a participant out.
    pub(super) fn leaves_on_star(&self, sid: CallSid) -> bool {
        self.conferring(sid).is_some_and(|conferring| conferring.hangup_on_star)
    }

    fn set_ear(&mut self, sid: CallSid, ear: Ear) {
        let stay = self.calls.get_mut(&sid).and_then(|call| call.script.stay.as_mut());
        if let Some(Place::Conference(conferring)) = stay.map(|stay| &mut stay.place) {
            conferring.ear = ear;
        }
    }

    /// Lets everybody hear whom they are to hear.
    fn remix(&mut self, sid: ConferenceSid) {
        let Some(conference) = self.conferences.get(&sid) else { return };
        let open = |call: CallSid| self.conferring(call).is_some_and(|it| it.ear == Ear::Open);
        let mixes: Vec<(CallSid, Hears)> = conference
            .participants
            .iter()
            .filter(|it| open(it.call))
            .map(|it| (it.call, Hears::Mix(conference.audible_to(it.call))))
            .collect();
        for (call, mix) in mixes {
            self.audio.set(call, mix);
        }
    }

    /// Lets one participant hear what their state says.
    fn open_ear(&mut self, sid: CallSid) {
        let Some(conferring) = self.conferring(sid) else { return };
        let (id, wait) = (conferring.conference, conferring.wait.clone());
        let Some(conference) = self.conferences.get(&id) else { return };
        if conference.status == ConferenceStatus::InProgress {
            self.set_ear(sid, Ear::Open);
            if let Some(call) = self.calls.get_mut(&sid) {
                call.script.steps.clear();
                call.script.turn_to(Doing::Nothing);
            }
            self.remix(id);
        } else {
            self.set_ear(sid, Ear::Waiting);
            self.hear_wait(sid, &wait, Vec::new());
        }
    }

    /// A document for a participant is over.
    pub(super) fn conference_document_over(&mut self, sid: CallSid) {
        let Some(conferring) = self.conferring(sid).cloned() else { return };
        match conferring.ear {
            Ear::Announced => {
                self.announced(sid, true);
            }
            Ear::Waiting if self.took_time(sid) => {
                self.hear_wait(sid, &conferring.wait, Vec::new());
            }
            Ear::Held(wait) if self.took_time(sid) => self.hear_wait(sid, &wait, Vec::new()),
            Ear::Open | Ear::Waiting | Ear::Held(_) => {}
        }
    }

    /// A document for a participant is of no use. Whoever waits, waits in silence then.
    pub(super) fn conference_document_failed(&mut self, sid: CallSid) {
        let ear = self.conferring(sid).map(|conferring| conferring.ear.clone());
        if ear == Some(Ear::Announced) {
            self.announced(sid, false);
        }
    }
}

#[cfg(test)]
mod tests;
