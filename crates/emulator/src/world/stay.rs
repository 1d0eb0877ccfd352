//! A call stays somewhere, in a queue or a conference, while other documents run for it.

use std::collections::VecDeque;
use std::time::Duration;

use identity::CallSid;

use super::call::Doing;
use super::conference::Conferring;
use super::params::Params;
use super::queue::Queued;
use super::{Due, Hears, World, speak};
use crate::Kind;
use crate::step::{Step, Wait};
use crate::timeline::{Heard, What};

/// A stay, and what the call goes on with after it.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) place: Place,
    steps: VecDeque<Step>,
    base: String,
    base_kind: Kind,
}

/// Where a call stays.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Queue(Queued),
    Conference(Conferring),
}

/// Why a call leaves the place where it stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Away {
    /// Its party hung up, or its time was up.
    HungUp,
    /// The API leads it elsewhere.
    Redirected,
}

impl World {
    /// The call begins to stay somewhere, at most for so long.
    pub(super) fn enter_stay(&mut self, sid: CallSid, place: Place, longest: Duration) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let steps = std::mem::take(&mut call.steps);
        let (base, base_kind) = (call.base.clone(), call.base_kind);
        call.stay = Some(Box::new(Stay { place, steps, base, base_kind }));
        call.stays += 1;
        call.turn_to(Doing::Nothing);
        let stay = call.stays;
        self.schedule(longest, Due::StayLimit { call: sid, stay });
    }

    /// The call stays there no longer: its own document is where it was before.
    pub(super) fn end_stay(&mut self, sid: CallSid) -> Option<Place> {
        let call = self.calls.get_mut(&sid)?;
        let stay = *call.stay.take()?;
        call.steps = stay.steps;
        call.base = stay.base;
        call.base_kind = stay.base_kind;
        call.turn_to(Doing::Nothing);
        self.hears(sid, Hears::Silence);
        Some(stay.place)
    }

    /// The longest time of a stay is up.
    pub(super) fn stay_limit(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        match call.stay.as_ref().map(|stay| &stay.place) {
            Some(Place::Conference(_)) => self.walks_out(sid, Away::HungUp),
            Some(Place::Queue(_)) => {
                self.hang_up(sid);
            }
            None => {}
        }
    }

    /// The call is over, or goes elsewhere, in the middle of a stay.
    pub(super) fn stay_cut_short(&mut self, sid: CallSid, away: Away) {
        match self.end_stay(sid) {
            Some(Place::Queue(queued)) => self.queue_cut_short(sid, &queued, away),
            Some(Place::Conference(conferring)) => {
                self.conference_cut_short(sid, &conferring, away);
            }
            None => {}
        }
    }

    /// Lets the call hear what there is to hear while it waits.
    pub(super) fn hear_wait(&mut self, sid: CallSid, wait: &Wait, more: Params) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.steps.clear();
        call.took_time = false;
        call.turn_to(Doing::Nothing);
        match wait {
            Wait::Music => {
                self.hears(sid, Hears::Tone { hz: speak::MUSIC_HZ });
                self.note(Some(sid), What::Heard(Heard::Played("hold music".to_owned())));
            }
            Wait::Silence => self.hears(sid, Hears::Silence),
            Wait::Url(target) => self.fetch(sid, Kind::Wait, target.clone(), more),
        }
    }

    /// Whether the document that is over took any time. If not, the call hears nothing for a
    /// second before it is asked again: what Twilio does then is not known.
    pub(super) fn took_time(&mut self, sid: CallSid) -> bool {
        if self.calls.get(&sid).is_some_and(|call| call.took_time) {
            return true;
        }
        self.hears(sid, Hears::Silence);
        self.wait(sid, Doing::Speaking, Duration::from_secs(1));
        false
    }

    /// The URL of a wait, resolved against the document that gives it.
    pub(super) fn resolve_wait(&self, sid: CallSid, wait: Wait) -> Wait {
        match wait {
            Wait::Url(target) => Wait::Url(self.resolve(sid, target)),
            other => other,
        }
    }
}
