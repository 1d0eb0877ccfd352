//! The `url` of a `<Client>` or `<Number>`: what the party called hears before the bridge.

use identity::CallSid;

use super::World;
use super::device::{SIP_CANCELED, SIP_OK};
use crate::state::call::Doing;
use crate::state::params::Params;
use crate::{CallStatus, Kind, WhisperRace};

impl World {
    /// A leg of a `<Dial>` was answered: it is bridged, once its party has heard its document.
    pub(super) fn leg_picked_up(&mut self, parent: CallSid, leg: CallSid) {
        self.press_for(leg);
        let Some(call) = self.calls.get_mut(&leg) else { return };
        let Some(part) = call.leg.as_mut() else { return };
        let Some(target) = part.whisper.take() else {
            self.bridge(parent, leg);
            return;
        };
        part.in_whisper = true;
        call.script.begun = true;
        if self.config.unknowns.whisper_race == WhisperRace::FirstToAnswer {
            if let Some(parent) = self.calls.get_mut(&parent) {
                // The plan to stop ringing is void.
                parent.script.generation += 1;
            }
            self.lose_others(parent, leg);
        }
        self.fetch(leg, Kind::Whisper, target, Params::new());
    }

    /// The party called has heard its document to the end.
    pub(super) fn whisper_over(&mut self, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&leg) else { return };
        call.script.turn_to(Doing::Nothing);
        if let Some(part) = &mut call.leg {
            part.in_whisper = false;
            let parent = part.parent;
            self.bridge(parent, leg);
        }
    }

    /// The document for a called party is of no use: the leg ends. What Twilio does is not known.
    pub(super) fn whisper_failed(&mut self, leg: CallSid) {
        self.end_leg(leg, CallStatus::Completed, SIP_OK);
    }

    /// All other legs of a `<Dial>` end, and no other noun is dialled.
    pub(super) fn lose_others(&mut self, parent: CallSid, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&parent) else { return };
        let Some(dialling) = call.script.dialling_mut() else { return };
        dialling.queue.clear();
        let others: Vec<CallSid> =
            dialling.legs.iter().copied().filter(|other| *other != leg).collect();
        let losing = self.config.unknowns.losing_leg.status();
        for other in others {
            let answered = self.calls.get(&other).is_some_and(|it| it.is_answered());
            let (status, sip) =
                if answered { (CallStatus::Completed, SIP_OK) } else { (losing, SIP_CANCELED) };
            self.end_leg(other, status, sip);
        }
    }
}
