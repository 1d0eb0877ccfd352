//! Conferences: rooms in which every participant hears the others.

use std::collections::{BTreeMap, VecDeque};

use identity::{AccountSid, CallSid, ConferenceSid, RecordingSid, Timestamp};

use crate::problem::{
    BAD_COACH, COACHED_IS_ABSENT, COACHED_IS_HELD, CONFERENCE_FULL, LABEL_IN_USE, Problem,
};
use crate::seed::Seed;
use crate::step::{Beeps, ConferenceNoun, ConferenceSubscription, Target, Wait};

/// A conference, also after its end.
#[derive(Debug)]
pub(crate) struct Conference {
    pub(crate) sid: ConferenceSid,
    pub(crate) account: AccountSid,
    pub(crate) name: String,
    pub(crate) status: ConferenceStatus,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// The participants, in the order in which they joined.
    pub(crate) participants: Vec<Participant>,
    /// Why it ended, as `ReasonConferenceEnded` writes it.
    pub(crate) ended: Option<&'static str>,
    /// The call whose leaving ended it.
    pub(crate) ended_by: Option<CallSid>,
    pub(crate) recording: Option<RecordingSid>,
    /// Where its events are reported. The first participant decides.
    pub(crate) callback: Option<ConferenceSubscription>,
    /// How many participants there may be. The first participant decides.
    most: usize,
    /// The `SequenceNumber` of its last event.
    sequence: u64,
    /// How many webhooks were sent for it.
    sent: u64,
    seed: Seed,
}

/// The status of a conference, as the API writes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ConferenceStatus {
    /// It has not started.
    Init,
    InProgress,
    Completed,
}

impl ConferenceStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
        }
    }
}

/// A participant of a conference.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Participant {
    pub(crate) call: CallSid,
    pub(crate) label: Option<String>,
    pub(crate) muted: bool,
    pub(crate) hold: bool,
    /// The only participant who hears this one.
    pub(crate) coaching: Option<CallSid>,
    pub(crate) starts: bool,
    pub(crate) ends: bool,
    pub(crate) beeps: Beeps,
    pub(crate) joined_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// The participant that a participant coaches from now on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coaching {
    Nobody,
    Participant(CallSid),
}

/// A change of a participant; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ParticipantChange {
    pub(crate) muted: Option<bool>,
    pub(crate) hold: Option<bool>,
    /// The hold document; Twilio's music if absent.
    pub(crate) hold_wait: Option<Wait>,
    pub(crate) coaching: Option<Coaching>,
    pub(crate) ends: Option<bool>,
    pub(crate) beep_on_exit: Option<bool>,
    /// The wait document until the conference starts.
    pub(crate) wait: Option<Wait>,
    /// A document that they hear now. They go on hearing the others afterwards.
    pub(crate) announce: Option<Target>,
}

impl Conference {
    pub(crate) fn participant(&self, call: CallSid) -> Option<&Participant> {
        self.participants.iter().find(|it| it.call == call)
    }

    fn participant_mut(&mut self, call: CallSid) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|it| it.call == call)
    }

    /// The participant of this call Sid or label.
    pub(crate) fn participant_named(&self, name: &str) -> Option<CallSid> {
        let is_it =
            |it: &&Participant| it.call.as_str() == name || it.label.as_deref() == Some(name);
        self.participants.iter().find(is_it).map(|it| it.call)
    }

    fn is_running(&self) -> bool {
        self.status != ConferenceStatus::Completed
    }

    /// The lane of its webhooks in the post.
    pub(crate) fn lane(&self) -> CallSid {
        CallSid::from_bytes(self.seed.bytes())
    }

    pub(crate) fn seed(&self) -> Seed {
        self.seed
    }

    /// The calls that a participant hears.
    pub(crate) fn audible_to(&self, listener: CallSid) -> Vec<CallSid> {
        let is_heard = |it: &&Participant| {
            it.call != listener
                && !it.muted
                && !it.hold
                && it.coaching.is_none_or(|coached| coached == listener)
        };
        self.participants.iter().filter(is_heard).map(|it| it.call).collect()
    }

    /// Whether a newcomer may join, and whom they coach.
    pub(crate) fn admits(&self, noun: &ConferenceNoun) -> Result<Option<CallSid>, Problem> {
        if self.participants.len() >= self.most {
            let text = format!("the conference has room for {}", self.most);
            return Err(Problem::error(CONFERENCE_FULL, text));
        }
        let taken =
            |label: &String| self.participants.iter().any(|it| it.label.as_ref() == Some(label));
        if noun.label.as_ref().is_some_and(taken) {
            return Err(Problem::error(LABEL_IN_USE, "another participant has this label"));
        }
        let Some(coach) = &noun.coach else { return Ok(None) };
        let coached = coach.parse().ok().filter(|sid| self.participant(*sid).is_some());
        match coached {
            Some(sid) => Ok(Some(sid)),
            None => Err(Problem::error(BAD_COACH, "no participant has this call Sid")),
        }
    }

    /// Whether it starts now: two participants are in, and one of them may start it.
    pub(crate) fn is_ready(&self) -> bool {
        self.status == ConferenceStatus::Init
            && self.participants.len() >= 2
            && self.participants.iter().any(|it| it.starts)
    }

    /// Removes a participant.
    pub(crate) fn remove(&mut self, call: CallSid, now: Timestamp) -> Option<Participant> {
        let at = self.participants.iter().position(|it| it.call == call)?;
        self.updated_at = now;
        Some(self.participants.remove(at))
    }

    /// Changes a participant. Returns the participant before and after; `None` if nobody has this
    /// call.
    ///
    /// # Errors
    ///
    /// 16027 if the participant to be coached is on hold, 16028 if they are not in the conference;
    /// nothing has changed then.
    pub(crate) fn change(
        &mut self,
        call: CallSid,
        change: &ParticipantChange,
        now: Timestamp,
    ) -> Result<Option<(Participant, Participant)>, Problem> {
        if let Some(Coaching::Participant(coached)) = change.coaching {
            match self.participant(coached) {
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
        let Some(it) = self.participant_mut(call) else { return Ok(None) };
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
        Ok(Some((before, it.clone())))
    }

    /// Takes the `SequenceNumber` of one event.
    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Takes the idempotency token of one webhook.
    pub(crate) fn next_token(&mut self) -> String {
        self.sent += 1;
        self.seed.derive("webhook", self.sent).uuid()
    }
}

/// All conferences.
#[derive(Debug, Default)]
pub(crate) struct Conferences {
    by_sid: BTreeMap<ConferenceSid, Conference>,
    made: usize,
    /// The conferences that are over, oldest first.
    over: VecDeque<ConferenceSid>,
}

impl Conferences {
    pub(crate) fn get(&self, sid: &ConferenceSid) -> Option<&Conference> {
        self.by_sid.get(sid)
    }

    pub(crate) fn get_mut(&mut self, sid: &ConferenceSid) -> Option<&mut Conference> {
        self.by_sid.get_mut(sid)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Conference> {
        self.by_sid.values()
    }

    /// The running conference of this name, or of this Sid.
    pub(crate) fn named(&self, account: AccountSid, name: &str) -> Option<ConferenceSid> {
        let is_it = |it: &&Conference| {
            it.account == account && it.is_running() && (it.name == name || it.sid.as_str() == name)
        };
        self.values().find(is_it).map(|it| it.sid)
    }

    /// Opens a conference. Returns it with its ordinal, from 0.
    pub(crate) fn open(
        &mut self,
        seed: Seed,
        account: AccountSid,
        noun: &ConferenceNoun,
        callback: Option<ConferenceSubscription>,
        now: Timestamp,
    ) -> (&Conference, usize) {
        let number = self.made;
        self.made += 1;
        let seed = seed.derive("conference", number as u64);
        let sid = ConferenceSid::from_bytes(seed.bytes());
        let conference = Conference {
            sid,
            account,
            name: noun.name.clone(),
            status: ConferenceStatus::Init,
            created_at: now,
            updated_at: now,
            participants: Vec::new(),
            ended: None,
            ended_by: None,
            recording: None,
            callback,
            most: noun.most,
            sequence: 0,
            sent: 0,
            seed,
        };
        (self.by_sid.entry(sid).or_insert(conference), number)
    }

    /// A conference is over. Only the last `limit` of them are kept.
    pub(crate) fn keep_over(&mut self, sid: ConferenceSid, limit: usize) {
        self.over.push_back(sid);
        while self.over.len() > limit.max(1) {
            let Some(oldest) = self.over.pop_front() else { return };
            self.by_sid.remove(&oldest);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_sid.len()
    }
}
