//! What the carrier answers.

use alloc::vec::Vec;

use super::{
    Answer, Call, How, News, PartyId, Pending, Place, Plan, Refusal, Role, Sound, Step, StepNumber,
};
use crate::{Cause, Errand, Mode, Seen, SeenAt};

impl Call {
    pub(super) fn answered(&mut self, number: StepNumber, answer: Answer, news: &mut Vec<News>) {
        let is_awaited = |pending: &mut Pending| pending.order.number == number;
        let Some(pending) = self.pending.take_if(is_awaited) else { return };
        let step = pending.order.step;
        match answer {
            Answer::Seen(seen) => self.seen(&seen, pending.is_stale, news),
            Answer::Done | Answer::Called(_) => {
                self.failures = 0;
                if let (Step::Call { party }, Answer::Called(leg)) = (step, &answer) {
                    self.parties[party.index()].leg.get_or_insert(*leg);
                }
                self.done(step, news);
            }
            Answer::Absent | Answer::NotInProgress => match step {
                Step::HangUp { party } => self.left(party, How::Removed, news),
                Step::Call { party } => self.not_called(party, news),
                _ => self.doubted(),
            },
            Answer::TooMany => self.refused(step, news),
            Answer::Refused => {
                // Perhaps the call is not as it is known.
                self.doubt = true;
                self.refused(step, news);
            }
            Answer::CoachedOnHold | Answer::Unsure => self.doubted(),
        }
    }

    /// A step was executed.
    fn done(&mut self, step: Step, news: &mut Vec<News>) {
        if !matches!(step, Step::Convert { .. } | Step::Look)
            && let Some(running) = &mut self.running
        {
            running.is_heard = true;
        }
        match step {
            Step::Convert { .. } => self.turn_into_room(),
            Step::Change { party, sound } => self.changed(party, sound, news),
            Step::HangUp { party } => self.left(party, How::Removed, news),
            Step::Move => {
                let contact = self.contact_mut();
                if contact.is_in() {
                    contact.place = Place::Router;
                }
            }
            Step::Call { .. } | Step::Look => {}
        }
    }

    /// A party hears what was asked for.
    fn changed(&mut self, party: PartyId, sound: Sound, news: &mut Vec<News>) {
        let it = &mut self.parties[party.index()];
        let before = it.sound;
        it.sound = sound;
        if it.who.role() == Role::Supervisor {
            let mode = match sound {
                Sound { coaches: Some(_), .. } => Mode::Whisper,
                Sound { muted: true, .. } => Mode::Listen,
                _ => Mode::Barge,
            };
            news.push(News::Supervises(party, mode));
        } else if before.held != sound.held {
            news.push(if sound.held { News::Held(party) } else { News::Resumed(party) });
        }
    }

    /// A step was certainly not executed. What a wish wanted is taken back; everything else is tried again.
    fn refused(&mut self, step: Step, news: &mut Vec<News>) {
        self.failures = self.failures.saturating_add(1);
        match step {
            Step::Convert { .. } => self.is_converting = false,
            Step::HangUp { party } => self.parties[party.index()].ended = false,
            Step::Call { party } => return self.not_called(party, news),
            Step::Look => {
                self.doubt = true;
                return;
            }
            Step::Change { .. } | Step::Move => {}
        }
        self.revert(Refusal::CarrierUnavailable, news);
    }

    fn not_called(&mut self, party: PartyId, news: &mut Vec<News>) {
        self.left(party, How::NotReached, news);
        self.revert(Refusal::CarrierUnavailable, news);
    }

    /// It is not known whether a step was executed, or the carrier sees the call otherwise.
    fn doubted(&mut self) {
        self.failures = self.failures.saturating_add(1);
        self.doubt = true;
        if let Some(running) = &mut self.running {
            running.failures = running.failures.saturating_add(1);
        }
    }

    /// Every leg, as the carrier has it.
    fn seen(&mut self, all: &[Seen], is_stale: bool, news: &mut Vec<News>) {
        if is_stale {
            return;
        }
        self.doubt = false;
        let was_converting = self.is_converting;
        for ordinal in 0..self.parties.len() {
            let Ok(ordinal) = u8::try_from(ordinal) else { continue };
            let party = PartyId::new(ordinal);
            let at = all.iter().find(|seen| seen.party == party).map(|seen| seen.at);
            self.seen_at(party, at, news);
        }
        self.is_converting = false;
        // Legs that are still in the bridge are not redirected once more: if the first request is executed late, the
        // second one would take a leg out of the room.
        let is_bridged = was_converting && self.contact().place == Place::Bridge;
        let has_failed = |failures: u8| failures >= MOST_FAILURES;
        if is_bridged || self.running.as_ref().is_some_and(|it| has_failed(it.failures)) {
            self.revert(Refusal::CarrierUnavailable, news);
        }
    }

    fn seen_at(&mut self, party: PartyId, at: Option<SeenAt>, news: &mut Vec<News>) {
        let is_away = matches!(self.plan, Plan::Away(_));
        let (is_converting, is_contact) = (self.is_converting, party == PartyId::CONTACT);
        let it = &mut self.parties[party.index()];
        if it.place == Place::Gone {
            // Called after all: a request was executed later than anybody waited for its answer.
            let lives = at.is_some_and(|at| !matches!(at, SeenAt::Gone(_)));
            if it.leg.is_some() || !lives {
                return;
            }
            it.place = Place::Called;
            it.want.leave = true;
        }
        match at {
            Some(SeenAt::Gone(how)) => return self.left(party, how, news),
            None => {
                let calls_in = it.who.role() == Role::Supervisor;
                if it.place == Place::Called && it.leg.is_none() && !calls_in {
                    self.left(party, How::NotReached, news);
                }
                return;
            }
            Some(SeenAt::Ringing) => {}
            Some(SeenAt::Bridge) => {
                if it.place == Place::Turning {
                    it.place = Place::Bridge;
                }
            }
            Some(SeenAt::Room(sound)) => {
                if it.place != Place::Room {
                    news.push(News::Joined(party));
                }
                it.place = Place::Room;
                it.sound = sound;
            }
            Some(SeenAt::Elsewhere) => match it.place {
                Place::Bridge if is_converting => it.place = Place::Turning,
                Place::Bridge | Place::Room if is_contact && is_away => it.place = Place::Router,
                Place::Room if is_contact => {
                    // Nobody wanted that: the router takes them.
                    let errand = Errand::new(Cause::Lost, None, None);
                    self.turn(Plan::Away(errand), news);
                    return;
                }
                _ => {}
            },
        }
        // The leg lives, so whatever was asked has not ended it.
        self.parties[party.index()].ended = false;
    }
}

/// So many of a wish's steps may fail or remain unanswered before it is given up.
const MOST_FAILURES: u8 = 2;
