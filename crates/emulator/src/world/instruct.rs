//! The REST API changes a call that is going on.

use identity::CallSid;

use super::{World, device};
use crate::state::audio::Hears;
use crate::state::call::Away;
use crate::state::call::First;
use crate::step::Subscription;
use crate::{CallStatus, Kind};

/// What a call is told.
#[derive(Clone, Debug)]
pub(crate) enum Instruction {
    /// To go on with another document.
    GoOn(Box<First>),
    /// To end, also in the middle.
    Complete,
    /// To end, if it has not been answered yet.
    Cancel,
}

/// Why a call does not do what it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// It is over, or not yet where it could do that.
    State,
}

impl World {
    /// Tells a call what to do.
    pub(crate) fn instruct(&mut self, sid: CallSid, what: Instruction) -> Result<(), Refused> {
        let Some(call) = self.calls.get(&sid) else { return Err(Refused::State) };
        match what {
            Instruction::GoOn(first) if call.life.status == CallStatus::InProgress => {
                self.go_on_with(sid, *first);
                Ok(())
            }
            Instruction::Complete if !call.has_ended() => {
                self.end_by_api(sid);
                Ok(())
            }
            Instruction::Cancel
                if matches!(call.life.status, CallStatus::Queued | CallStatus::Ringing) =>
            {
                self.end_by_api(sid);
                Ok(())
            }
            _ => Err(Refused::State),
        }
    }

    /// Tells somebody else of the end of a call.
    pub(crate) fn report_to(&mut self, sid: CallSid, subscription: Subscription) {
        if let Some(call) = self.calls.get_mut(&sid) {
            call.webhooks.subscription = Some(subscription);
        }
    }

    /// Takes the call out of what it does and runs another document.
    ///
    /// The `action` of a `<Dial>` is asked first, and what it answers has no effect.
    fn go_on_with(&mut self, sid: CallSid, first: First) {
        self.interrupt(sid);
        if let Some(call) = self.calls.get_mut(&sid) {
            let callback = call.webhooks.voice.take().and_then(|voice| voice.status_callback);
            let voice = crate::Voice { status_callback: callback, ..first.voice.clone() };
            call.webhooks.voice = Some(voice);
        }
        self.begin_with(sid, Kind::Redirect, first);
    }

    /// Ends what a call does; nothing is planned for it afterwards.
    fn interrupt(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let doing = call.script.stop();
        if let Some(leg) = call.leg.as_mut().filter(|leg| !leg.is_independent) {
            // The leg leaves its `<Dial>`, which is over.
            leg.is_independent = true;
            let parent = leg.parent;
            self.leg_ended(parent, sid);
        }
        self.doing_cut_short(sid, doing, Away::Redirected);
        self.audio.set(sid, Hears::Silence);
        // What the `<Dial>` or the stay would have gone on with is void.
        if let Some(call) = self.calls.get_mut(&sid) {
            call.script.steps.clear();
            if let Some(leg) = &mut call.leg {
                leg.in_whisper = false;
            }
        }
    }

    fn end_by_api(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        if call.life.status == CallStatus::InProgress {
            self.end_leg(sid, CallStatus::Completed, device::SIP_OK);
        } else {
            self.end_leg(sid, CallStatus::Canceled, device::SIP_CANCELED);
        }
    }
}

#[cfg(test)]
mod tests;
