//! Conferences: participants join, and hear the others, a wait document or an announcement.

mod control;
mod leave;
mod report;

use identity::{AccountSid, CallSid, ConferenceSid};
use report::Event;

use super::{Goes, World};
use crate::Kind;
use crate::problem::{LABEL_IN_USE, Problem};
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Conferring, Doing, Ear, Place};
use crate::state::conference::{ConferenceStatus, Participant};
use crate::state::params::{Params, add};
use crate::state::recording::{NewRecording, Source};
use crate::step::{ConferenceNoun, ConferenceSubscription, Dial, DialRecord};
use crate::timeline::What;

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

    /// Whether the star takes a participant out (`hangupOnStar`).
    pub(super) fn leaves_on_star(&self, sid: CallSid) -> bool {
        self.conferring(sid).is_some_and(|conferring| conferring.hangup_on_star)
    }

    /// Carries out a `<Dial>` of a `<Conference>`.
    pub(super) fn join_conference(
        &mut self,
        sid: CallSid,
        dial: Dial,
        noun: ConferenceNoun,
    ) -> Goes {
        self.answer_call(sid);
        let Some(call) = self.calls.get(&sid) else { return Goes::Later };
        let id = match self.conferences.named(call.account, &noun.name) {
            Some(id) => id,
            None => self.open_conference(sid, call.account, &noun),
        };
        let Some(conference) = self.conferences.get(&id) else { return Goes::Later };
        let coaching = match conference.admits(&noun) {
            Ok(coaching) => coaching,
            Err(problem) => return self.refuse_to_join(sid, dial, problem),
        };
        let participant = Participant {
            call: sid,
            label: noun.label,
            muted: noun.muted,
            hold: false,
            coaching,
            starts: noun.starts,
            ends: noun.ends,
            beeps: noun.beeps,
            joined_at: self.time.now,
            updated_at: self.time.now,
        };
        let conferring = Conferring {
            conference: id,
            action: dial.action.map(|action| self.resolve(sid, action)),
            hangup_on_star: dial.hangup_on_star,
            wait: self.resolve_wait(sid, noun.wait),
            ear: Ear::Waiting,
        };
        if let Some(conference) = self.conferences.get_mut(&id) {
            conference.participants.push(participant.clone());
        }
        let longest = dial.time_limit.unwrap_or(self.config.time_limit);
        self.enter_stay(sid, Place::Conference(conferring), longest);
        self.report_conference(id, Event::Join, &participant, Params::new());
        if noun.beeps.on_enter {
            self.note_beep(id, sid);
        }
        self.start_if_ready(id, sid, noun.record);
        Goes::Later
    }

    pub(super) fn open_conference(
        &mut self,
        sid: CallSid,
        account: AccountSid,
        noun: &ConferenceNoun,
    ) -> ConferenceSid {
        let callback = noun.callback.clone().map(|callback| ConferenceSubscription {
            target: self.resolve(sid, callback.target),
            ..callback
        });
        if callback.as_ref().is_some_and(|it| it.events.contains(&"speaker")) {
            let what = "the event `speaker` of <Conference>: speech is not detected".to_owned();
            self.note(Some(sid), What::NotEmulated(what));
        }
        let (seed, now) = (self.seed, self.time.now);
        let (conference, number) = self.conferences.open(seed, account, noun, callback, now);
        self.post.open(conference.lane(), conference.seed(), number);
        conference.sid
    }

    /// The `<Dial>` fails at once. After a label in use the next verb follows, after anything else
    /// the `action` (errors 13240 and 16025).
    fn refuse_to_join(&mut self, sid: CallSid, dial: Dial, problem: Problem) -> Goes {
        let falls_through = problem.code == LABEL_IN_USE;
        self.note_problem(sid, problem);
        match dial.action {
            Some(action) if !falls_through => {
                let mut more = Params::new();
                add(&mut more, "DialCallStatus", "failed");
                add(&mut more, "DialBridged", false);
                let target = self.resolve(sid, action);
                self.fetch(sid, Kind::Action, target, more);
                Goes::Later
            }
            _ => Goes::On,
        }
    }

    /// Starts the conference if it is ready. Otherwise the newcomer hears the others or the wait
    /// document.
    fn start_if_ready(&mut self, id: ConferenceSid, sid: CallSid, record: Option<DialRecord>) {
        let now = self.time.now;
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        if !conference.is_ready() {
            let is_running = conference.status == ConferenceStatus::InProgress;
            self.open_ear(sid);
            if is_running {
                self.takes_part(sid);
            }
            return;
        }
        conference.status = ConferenceStatus::InProgress;
        conference.updated_at = now;
        let all: Vec<CallSid> = conference.participants.iter().map(|it| it.call).collect();
        if let Some(starter) = conference.participant(sid).cloned() {
            self.report_conference(id, Event::Start, &starter, Params::new());
        }
        for call in &all {
            self.takes_part(*call);
            if self.conferring(*call).is_some_and(|it| it.ear == Ear::Waiting) {
                self.open_ear(*call);
            }
        }
        if let Some(record) = record {
            let first = all.first().copied().unwrap_or(sid);
            let recording = self.begin_recording(NewRecording {
                call: first,
                legs: all,
                source: Source::Conference,
                dual: false,
                report: record.report,
            });
            if let Some(conference) = self.conferences.get_mut(&id) {
                conference.recording = Some(recording);
            }
        }
    }

    /// A participant talks with others now: plans when they hang up.
    fn takes_part(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if std::mem::replace(&mut call.life.was_bridged, true) {
            return;
        }
        if !matches!(call.script.doing, Doing::Dialling(_))
            && let Some(talks) = call.end.caller.hangs_up_after
        {
            self.time.schedule(talks, Due::Leaves { leg: sid });
        }
    }

    fn set_ear(&mut self, sid: CallSid, ear: Ear) {
        let stay = self.calls.get_mut(&sid).and_then(|call| call.script.stay.as_mut());
        if let Some(Place::Conference(conferring)) = stay.map(|stay| &mut stay.place) {
            conferring.ear = ear;
        }
    }

    /// Sets what every participant hears.
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

    /// Sets what one participant hears: the others, or the wait document.
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

    /// A document for a participant failed. A participant who waits hears silence then.
    pub(super) fn conference_document_failed(&mut self, sid: CallSid) {
        let ear = self.conferring(sid).map(|conferring| conferring.ear.clone());
        if ear == Some(Ear::Announced) {
            self.announced(sid, false);
        }
    }
}

#[cfg(test)]
mod tests;
