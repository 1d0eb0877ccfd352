//! The TwiML interpreter: one verb after the other, and stays in a queue or conference.

use std::time::Duration;

use identity::CallSid;

use super::life::SIP_OK;
use super::sound::MUSIC_HZ;
use super::{Goes, World};
use crate::problem::{Problem, REFER_WITHOUT_SIP};
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Away, Call, Doing, Place, Stay};
use crate::state::params::Params;
use crate::state::scope::Verdict;
use crate::step::{Dialled, Step, Wait};
use crate::timeline::{Heard, What};
use crate::{CallStatus, Kind};

impl World {
    /// Carries out verbs until one takes time, or the document is over.
    pub(super) fn run(&mut self, sid: CallSid) {
        loop {
            let Some(call) = self.calls.get_mut(&sid) else { return };
            if call.has_ended() {
                return;
            }
            call.script.turn_to(Doing::Nothing);
            if self.loads_sounds(sid) {
                return;
            }
            let Some(call) = self.calls.get_mut(&sid) else { return };
            let first = !call.script.begun;
            let Some(step) = call.script.steps.pop_front() else {
                self.document_over(sid);
                return;
            };
            match call.scope().allows(&step) {
                Verdict::Allowed => {}
                Verdict::Skipped(problem) => {
                    self.note_problem(sid, problem);
                    continue;
                }
                Verdict::Fatal(problem) => {
                    self.note_problem(sid, problem);
                    self.end_leg(sid, CallStatus::Completed, SIP_OK);
                    return;
                }
            }
            let Some(call) = self.calls.get_mut(&sid) else { return };
            call.script.begun = call.script.begun
                || !matches!(
                    step,
                    Step::Redirect(_) | Step::Start(_) | Step::Stop(_) | Step::NotEmulated(_)
                );
            if self.carry_out(sid, step, first) == Goes::Later {
                return;
            }
        }
    }

    fn carry_out(&mut self, sid: CallSid, step: Step, first: bool) -> Goes {
        match step {
            Step::Speak(speech) => self.speak(sid, speech),
            Step::Gather(gather) => self.gather(sid, gather),
            Step::Record(record) => self.record(sid, record),
            Step::Dial(dial) => {
                let mut dial = *dial;
                for what in std::mem::take(&mut dial.left_out) {
                    self.note(Some(sid), What::NotEmulated(what));
                }
                match dial.to.clone() {
                    Dialled::Parties(parties) => self.dial(sid, dial, parties, first),
                    Dialled::Conference(noun) => self.join_conference(sid, dial, noun),
                    Dialled::Queue(noun) => self.dial_queue(sid, dial, noun, first),
                }
            }
            Step::Enqueue(enqueue) => self.enqueue(sid, enqueue),
            Step::Leave => {
                self.leave_queue(sid, "leave");
                Goes::Later
            }
            Step::Redirect(target) => {
                let target = self.resolve(sid, target);
                self.fetch(sid, Kind::Redirect, target, Params::new());
                Goes::Later
            }
            Step::Reject { busy } => {
                let rejected = if busy { CallStatus::Busy } else { CallStatus::NoAnswer };
                let is_answered = self.calls.get(&sid).is_some_and(Call::is_answered);
                let status = if is_answered { CallStatus::Completed } else { rejected };
                self.end_leg(sid, status, SIP_OK);
                Goes::Later
            }
            Step::Hangup => {
                self.hang_up_by_document(sid);
                Goes::Later
            }
            Step::Refer => {
                // Twilio does this on calls that are not SIP calls, and here no call is one.
                let text = "<Refer> is for SIP calls, and this is not one";
                self.note_problem(sid, Problem::error(REFER_WITHOUT_SIP, text));
                Goes::On
            }
            Step::Start(all) => {
                for transcribe in all {
                    self.start_transcription(sid, transcribe);
                }
                Goes::On
            }
            Step::Stop(names) => {
                for name in names {
                    self.stop_transcription(sid, name.as_deref());
                }
                Goes::On
            }
            Step::NotEmulated(what) => {
                self.note(Some(sid), What::NotEmulated(what));
                Goes::On
            }
        }
    }

    /// Ends the call at the end of its document. A caller who was never answered, because of
    /// `answerOnBridge`, gets `no-answer`; otherwise even a lone `<Hangup>` answers first.
    pub(super) fn hang_up_by_document(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        if !call.is_answered() && !call.legs.is_empty() {
            self.end_call(sid, CallStatus::NoAnswer);
            return;
        }
        self.answer_call(sid);
        self.end_leg(sid, CallStatus::Completed, SIP_OK);
    }

    /// Plans to go on with the call after this time.
    pub(super) fn wait(&mut self, sid: CallSid, doing: Doing, length: Duration) -> Goes {
        let Some(call) = self.calls.get_mut(&sid) else { return Goes::Later };
        if length > Duration::ZERO {
            call.script.took_time = true;
            if call.script.stay.is_some() {
                call.script.documents = 0;
            }
        }
        let generation = call.script.turn_to(doing);
        self.time.schedule(length, Due::Resume { call: sid, generation });
        Goes::Later
    }

    /// The time of a verb is over: the call continues.
    pub(super) fn resume(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        match std::mem::take(&mut call.script.doing) {
            Doing::Gathering(gathering) => self.gathering_goes_on(sid, *gathering),
            Doing::Recording(message) => self.message_goes_on(sid, *message),
            _ => self.run(sid),
        }
    }

    /// The call begins a stay in a queue or conference, for at most this long.
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

    /// Ends a stay. The call has its own document again, where it was before.
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

    /// The time limit of a stay is reached.
    pub(super) fn stay_limit(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        match call.script.stay.as_ref().map(|stay| &stay.place) {
            Some(Place::Conference(_)) => self.leave_conference(sid, Away::HungUp),
            Some(Place::Queue(_)) => {
                self.hang_up(sid);
            }
            None => {}
        }
    }

    /// The call ends or is redirected during a stay.
    pub(super) fn stay_cut_short(&mut self, sid: CallSid, away: Away) {
        match self.end_stay(sid) {
            Some(Place::Queue(queued)) => self.queue_cut_short(sid, &queued, away),
            Some(Place::Conference(conferring)) => {
                self.conference_cut_short(sid, &conferring, away);
            }
            None => {}
        }
    }

    /// Plays the wait document, music or silence to a call that stays.
    pub(super) fn hear_wait(&mut self, sid: CallSid, wait: &Wait, more: Params) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.script.steps.clear();
        call.script.took_time = false;
        call.script.turn_to(Doing::Nothing);
        match wait {
            Wait::Music => {
                self.audio.set(sid, Hears::Tone { hz: MUSIC_HZ });
                self.note(Some(sid), What::Heard(Heard::Played("hold music".to_owned())));
            }
            Wait::Silence => self.audio.set(sid, Hears::Silence),
            Wait::Url(target) => self.fetch(sid, Kind::Wait, target.clone(), more),
        }
    }

    /// Whether the wait document took any time. If not, the call hears silence for a
    /// second before it is requested again. What Twilio does then is not known.
    pub(super) fn took_time(&mut self, sid: CallSid) -> bool {
        if self.calls.get(&sid).is_some_and(|call| call.script.took_time) {
            return true;
        }
        self.audio.set(sid, Hears::Silence);
        self.wait(sid, Doing::Speaking, Duration::from_secs(1));
        false
    }
}
