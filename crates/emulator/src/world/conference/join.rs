//! Somebody joins, and the conference starts.

use identity::{AccountSid, CallSid, ConferenceSid};

use super::super::World;
use super::super::run::Goes;
use super::report::Event;
use crate::Kind;
use crate::problem::{LABEL_IN_USE, Problem};
use crate::state::agenda::Due;
use crate::state::call::{Conferring, Doing, Ear, Place};
use crate::state::conference::{ConferenceStatus, Participant};
use crate::state::params::{Params, add};
use crate::state::recording::{NewRecording, Source};
use crate::step::{ConferenceNoun, ConferenceSubscription, Dial, DialRecord};
use crate::timeline::What;

impl World {
    /// Carries out a `<Dial>` of a `<Conference>`.
    pub(in super::super) fn join_conference(
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
            let what = "the event `speaker` of <Conference>: who talks is not known".to_owned();
            self.note(Some(sid), What::NotEmulated(what));
        }
        let (seed, now) = (self.seed, self.time.now);
        let (conference, number) = self.conferences.open(seed, account, noun, callback, now);
        self.post.open(conference.lane(), conference.seed(), number);
        conference.sid
    }

    /// The `<Dial>` is over before it began. A label in use leads to the next verb, anything else
    /// to the `action` (errors 13240 and 16025).
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

    /// Starts the conference once two are in and one of them may start it; lets the newcomer hear
    /// what there is to hear.
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

    /// Somebody talks with others now: what they mean to do after so much talking is planned.
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
}
