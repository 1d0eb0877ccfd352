//! What the API does with conferences.

use identity::{AccountSid, CallSid, ConferenceSid};

use super::super::World;
use super::super::params::Params;
use super::super::stay::{Away, Place};
use super::leave::BY_API;
use super::report::Event;
use super::{Ear, Participant};
use crate::Kind;
use crate::problem::{COACHED_IS_ABSENT, COACHED_IS_HELD, Problem};
use crate::read;
use crate::step::{Dialled, Step, Target, Wait};

/// Whom a participant coaches from now on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coaching {
    Nobody,
    Participant(CallSid),
}

/// What changes of a participant; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ParticipantChange {
    pub(crate) muted: Option<bool>,
    pub(crate) hold: Option<bool>,
    /// What is heard on hold; Twilio's music if absent.
    pub(crate) hold_wait: Option<Wait>,
    pub(crate) coaching: Option<Coaching>,
    pub(crate) ends: Option<bool>,
    pub(crate) beep_on_exit: Option<bool>,
    /// What they hear until the conference starts.
    pub(crate) wait: Option<Wait>,
    /// A document that they hear now. They go on hearing the others afterwards.
    pub(crate) announce: Option<Target>,
}

impl World {
    /// The participant of this call Sid or label.
    pub(crate) fn participant_named(&self, id: ConferenceSid, name: &str) -> Option<CallSid> {
        let all = &self.conferences.get(&id)?.participants;
        let is_it =
            |it: &&Participant| it.call.as_str() == name || it.label.as_deref() == Some(name);
        all.iter().find(is_it).map(|it| it.call)
    }

    /// The conference into which a document leads that a call will run once it is answered. It is
    /// opened if nobody is in it yet.
    pub(crate) fn conference_of_document(
        &mut self,
        call: CallSid,
        account: AccountSid,
        twiml: &str,
    ) -> Option<ConferenceSid> {
        let steps = read::document(twiml).ok()?.steps;
        let noun = steps.into_iter().find_map(|step| match step {
            Step::Dial(dial) => match dial.to {
                Dialled::Conference(noun) => Some(noun),
                _ => None,
            },
            _ => None,
        })?;
        let known = self.conference_named(account, &noun.name);
        Some(known.unwrap_or_else(|| self.open_conference(call, account, &noun)))
    }

    /// Changes a participant.
    ///
    /// # Errors
    ///
    /// 16027 if the one to be coached is on hold, 16028 if they are not in the conference; nothing
    /// has changed then.
    pub(crate) fn change_participant(
        &mut self,
        id: ConferenceSid,
        call: CallSid,
        change: ParticipantChange,
    ) -> Result<(), Problem> {
        let now = self.now;
        let Some(conference) = self.conferences.get_mut(&id) else { return Ok(()) };
        if let Some(Coaching::Participant(coached)) = change.coaching {
            match conference.participant(coached) {
                Some(it) if it.hold => {
                    let text = "the participant to be coached is on hold";
                    return Err(Problem::error(COACHED_IS_HELD, text));
                }
                Some(_) => {}
                None => {
                    let text = "the participant to be coached is not in the conference";
                    return Err(Problem::error(COACHED_IS_ABSENT, text));
                }
            }
        }
        let Some(it) = conference.participant_mut(call) else { return Ok(()) };
        let before = it.clone();
        it.updated_at = now;
        it.muted = change.muted.unwrap_or(it.muted);
        it.hold = change.hold.unwrap_or(it.hold);
        it.coaching = match change.coaching {
            None => it.coaching,
            Some(Coaching::Nobody) => None,
            Some(Coaching::Participant(coached)) => Some(coached),
        };
        it.ends = change.ends.unwrap_or(it.ends);
        it.beeps.on_exit = change.beep_on_exit.unwrap_or(it.beeps.on_exit);
        let after = it.clone();
        if let Some(wait) = change.wait {
            self.change_wait(call, &wait);
        }
        if change.hold.is_some() {
            self.hold(call, after.hold, change.hold_wait);
        }
        self.tell_changes(id, &before, &after);
        self.remix(id);
        if let Some(target) = change.announce {
            self.announce(call, target);
        }
        Ok(())
    }

    fn tell_changes(&mut self, id: ConferenceSid, before: &Participant, after: &Participant) {
        if before.muted != after.muted {
            self.report_conference(id, Event::Mute(after.muted), after, Params::new());
        }
        if before.hold != after.hold {
            self.report_conference(id, Event::Hold(after.hold), after, Params::new());
        }
        if (before.coaching, before.ends, before.beeps) != (after.coaching, after.ends, after.beeps)
        {
            self.report_conference(id, Event::Modify, after, Params::new());
        }
    }

    fn hold(&mut self, call: CallSid, on: bool, wait: Option<Wait>) {
        if on {
            let wait = wait.unwrap_or(Wait::Music);
            self.set_ear(call, Ear::Held(wait.clone()));
            self.hear_wait(call, &wait, Params::new());
        } else if self.conferring(call).is_some_and(|it| matches!(it.ear, Ear::Held(_))) {
            self.open_ear(call);
        }
    }

    fn change_wait(&mut self, call: CallSid, wait: &Wait) {
        let stay = self.calls.get_mut(&call).and_then(|call| call.stay.as_mut());
        let Some(Place::Conference(conferring)) = stay.map(|stay| &mut stay.place) else { return };
        conferring.wait = wait.clone();
        if conferring.ear == Ear::Waiting {
            self.hear_wait(call, wait, Params::new());
        }
    }

    /// Lets a participant hear a document.
    fn announce(&mut self, call: CallSid, target: Target) {
        if self.conferring(call).is_some() {
            self.set_ear(call, Ear::Announced);
            self.fetch(call, Kind::Wait, target, Params::new());
        }
    }

    /// An announcement was heard, or could not be.
    pub(super) fn announced(&mut self, call: CallSid, heard: bool) {
        let Some(id) = self.conference_of(call) else { return };
        let Some(it) = self.conferences.get(&id).and_then(|it| it.participant(call)).cloned()
        else {
            return;
        };
        self.report_conference(id, Event::Announcement { heard }, &it, Params::new());
        if it.hold { self.hold(call, true, None) } else { self.open_ear(call) }
    }

    /// Lets everybody hear a document.
    pub(crate) fn announce_to_all(&mut self, id: ConferenceSid, target: &Target) {
        let Some(conference) = self.conferences.get(&id) else { return };
        let all: Vec<CallSid> = conference.participants.iter().map(|it| it.call).collect();
        for call in all {
            self.announce(call, target.clone());
        }
    }

    /// Takes a participant out: their call goes on with the `action` of its `<Dial>` or its next
    /// verb, and ends without either. False if nobody of that call is in.
    pub(crate) fn remove_participant(&mut self, id: ConferenceSid, call: CallSid) -> bool {
        let is_in = self.conferences.get(&id).is_some_and(|it| it.participant(call).is_some());
        if is_in {
            self.walks_out(call, Away::Redirected);
        }
        is_in
    }

    /// Ends a conference. False if it is over already.
    pub(crate) fn end_conference(&mut self, id: ConferenceSid) -> bool {
        let Some(conference) = self.conferences.get(&id) else { return false };
        let Some(any) = conference.participants.first().cloned() else { return false };
        self.close(id, BY_API, &any);
        true
    }
}
