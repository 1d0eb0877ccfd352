//! The REST API changes conferences and participants.

use identity::{AccountSid, CallSid, ConferenceSid};

use super::super::World;
use super::leave::BY_API;
use super::report::Event;
use crate::problem::Problem;
use crate::state::call::{Away, Ear, Place};
use crate::state::conference::{Participant, ParticipantChange};
use crate::state::params::Params;
use crate::step::{Dialled, Step, Target, Wait};
use crate::{Kind, read};

impl World {
    /// The conference that a call will join once it is answered and runs this document. It is
    /// opened if it does not exist yet.
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
        let known = self.conferences.named(account, &noun.name);
        Some(known.unwrap_or_else(|| self.open_conference(call, account, &noun)))
    }

    /// Changes a participant.
    ///
    /// # Errors
    ///
    /// 16027 if the participant to be coached is on hold, 16028 if they are not in the conference.
    /// Nothing has changed then.
    pub(crate) fn change_participant(
        &mut self,
        id: ConferenceSid,
        call: CallSid,
        change: ParticipantChange,
    ) -> Result<(), Problem> {
        let now = self.time.now;
        let Some(conference) = self.conferences.get_mut(&id) else { return Ok(()) };
        let Some((before, after)) = conference.change(call, &change, now)? else { return Ok(()) };
        if let Some(wait) = change.wait {
            self.change_wait(call, &wait);
        }
        if change.hold.is_some() {
            self.set_hold(call, after.hold, change.hold_wait);
        }
        self.report_changes(id, &before, &after);
        self.remix(id);
        if let Some(target) = change.announce {
            self.announce(call, target);
        }
        Ok(())
    }

    fn report_changes(&mut self, id: ConferenceSid, before: &Participant, after: &Participant) {
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

    fn set_hold(&mut self, call: CallSid, on: bool, wait: Option<Wait>) {
        if on {
            let wait = wait.unwrap_or(Wait::Music);
            self.set_ear(call, Ear::Held(wait.clone()));
            self.hear_wait(call, &wait, Params::new());
        } else if self.conferring(call).is_some_and(|it| matches!(it.ear, Ear::Held(_))) {
            self.open_ear(call);
        }
    }

    fn change_wait(&mut self, call: CallSid, wait: &Wait) {
        let stay = self.calls.get_mut(&call).and_then(|call| call.script.stay.as_mut());
        let Some(Place::Conference(conferring)) = stay.map(|stay| &mut stay.place) else { return };
        conferring.wait = wait.clone();
        if conferring.ear == Ear::Waiting {
            self.hear_wait(call, wait, Params::new());
        }
    }

    /// Plays an announcement to a participant.
    fn announce(&mut self, call: CallSid, target: Target) {
        if self.conferring(call).is_some() {
            self.set_ear(call, Ear::Announced);
            self.fetch(call, Kind::Wait, target, Params::new());
        }
    }

    /// An announcement is over, or has failed.
    pub(super) fn announced(&mut self, call: CallSid, heard: bool) {
        let Some(id) = self.conference_of(call) else { return };
        let Some(it) = self.conferences.get(&id).and_then(|it| it.participant(call)).cloned()
        else {
            return;
        };
        self.report_conference(id, Event::Announcement { heard }, &it, Params::new());
        if it.hold { self.set_hold(call, true, None) } else { self.open_ear(call) }
    }

    /// Plays an announcement to every participant.
    pub(crate) fn announce_to_all(&mut self, id: ConferenceSid, target: &Target) {
        let Some(conference) = self.conferences.get(&id) else { return };
        let all: Vec<CallSid> = conference.participants.iter().map(|it| it.call).collect();
        for call in all {
            self.announce(call, target.clone());
        }
    }

    /// Removes a participant. Their call continues with the `action` of its `<Dial>` or its next
    /// verb, and ends without either. False if no participant has that call.
    pub(crate) fn remove_participant(&mut self, id: ConferenceSid, call: CallSid) -> bool {
        let is_in = self.conferences.get(&id).is_some_and(|it| it.participant(call).is_some());
        if is_in {
            self.leave_conference(call, Away::Redirected);
        }
        is_in
    }

    /// Ends a conference. False if it has ended already.
    pub(crate) fn end_conference(&mut self, id: ConferenceSid) -> bool {
        let Some(conference) = self.conferences.get(&id) else { return false };
        let Some(any) = conference.participants.first().cloned() else { return false };
        self.close_conference(id, BY_API, &any);
        true
    }
}
