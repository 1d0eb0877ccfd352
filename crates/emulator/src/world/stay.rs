//! A call stays somewhere, in a queue or a conference, while other documents run for it.

use std::time::Duration;

use identity::CallSid;

use super::{World, speak};
use crate::Kind;
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Away, Doing, Place, Stay};
use crate::state::params::Params;
use crate::step::Wait;
use crate::timeline::{Heard, What};

impl World {
    /// The call begins to stay somewhere, at most for so long.
    pub(super) fn enter_stay(&mut self, sid: CallSid, place: Place, longest: Duration) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let steps = std::mem::take(&mut call.script.steps);
        let (base, base_kind) = (call.script.base.clone(), call.script.base_kind);
        call.script.stay = Some(Box::new(Stay { place, steps, base, base_kind }));
        call.script.stays += 1;
        call.script.turn_to(Doing::Nothing);
        let stay = call.script.stays;
        self.time.schedule(longest, Due::StayLimit { call: sid, stay });
    }

    /// The call stays there no longer: its own document is where it was before.
    pub(super) fn end_stay(&mut self, sid: CallSid) -> Option<Place> {
        let call = self.calls.get_mut(&sid)?;
        let stay = *call.script.stay.take()?;
        call.script.steps = stay.steps;
        call.script.base = stay.base;
        call.script.base_kind = stay.base_kind;
        call.script.turn_to(Doing::Nothing);
        self.audio.set(sid, Hears::Silence);
        Some(stay.place)
    }

    /// The longest time of a stay is up.
    pub(super) fn stay_limit(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        match call.script.stay.as_ref().map(|stay| &stay.place) {
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
        call.script.steps.clear();
        call.script.took_time = false;
        call.script.turn_to(Doing::Nothing);
        match wait {
            Wait::Music => {
                self.audio.set(sid, Hears::Tone { hz: speak::MUSIC_HZ });
                self.note(Some(sid), What::Heard(Heard::Played("hold music".to_owned())));
            }
            Wait::Silence => self.audio.set(sid, Hears::Silence),
            Wait::Url(target) => self.fetch(sid, Kind::Wait, target.clone(), more),
        }
    }

    /// Whether the document that is over took any time. If not, the call hears nothing for a
    /// second before it is asked again: what Twilio does then is not known.
    pub(super) fn took_time(&mut self, sid: CallSid) -> bool {
        if self.calls.get(&sid).is_some_and(|call| call.script.took_time) {
            return true;
        }
        self.audio.set(sid, Hears::Silence);
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
