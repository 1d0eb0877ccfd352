//! Conferences: rooms in which everybody hears everybody else.

mod control;
mod join;
mod leave;
mod report;

use identity::{AccountSid, CallSid, ConferenceSid, RecordingSid, Timestamp};

pub(crate) use control::{Coaching, ParticipantChange};

use super::stay::Place;
use super::{Hears, World};
use crate::seed::Seed;
use crate::step::{Beeps, ConferenceSubscription, Target, Wait};

/// A conference, also after its end.
#[derive(Debug)]
pub(crate) struct Conference {
    pub(crate) sid: ConferenceSid,
    pub(crate) account: AccountSid,
    pub(crate) name: String,
    pub(crate) status: ConferenceStatus,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Who is in, in the order of their coming.
    pub(crate) participants: Vec<Participant>,
    /// Why it ended, as `ReasonConferenceEnded` writes it.
    pub(crate) ended: Option<&'static str>,
    /// Whose leaving ended it.
    pub(crate) ended_by: Option<CallSid>,
    pub(crate) recording: Option<RecordingSid>,
    /// Of the first participant: who is told of everything.
    callback: Option<ConferenceSubscription>,
    /// Of the first participant: how many there may be.
    most: usize,
    /// The `SequenceNumber` of its last event.
    sequence: u64,
    /// How many webhooks were sent for it.
    sent: u64,
    seed: Seed,
}

/// How a conference stands, as the API writes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ConferenceStatus {
    /// Nobody talks yet.
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

/// Somebody who is in a conference.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Participant {
    pub(crate) call: CallSid,
    pub(crate) label: Option<String>,
    pub(crate) muted: bool,
    pub(crate) hold: bool,
    /// The participant who alone hears this one.
    pub(crate) coaching: Option<CallSid>,
    pub(crate) starts: bool,
    pub(crate) ends: bool,
    pub(crate) beeps: Beeps,
    pub(crate) joined_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A call in a conference.
#[derive(Clone, Debug)]
pub(crate) struct Conferring {
    conference: ConferenceSid,
    action: Option<Target>,
    hangup_on_star: bool,
    wait: Wait,
    ear: Ear,
}

/// What a participant hears.
#[derive(Clone, Debug, PartialEq)]
enum Ear {
    /// What is heard until the conference starts.
    Waiting,
    /// The others.
    Open,
    /// What is heard on hold.
    Held(Wait),
    /// An announcement.
    Announced,
}

impl Conference {
    pub(crate) fn participant(&self, call: CallSid) -> Option<&Participant> {
        self.participants.iter().find(|it| it.call == call)
    }

    fn participant_mut(&mut self, call: CallSid) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|it| it.call == call)
    }

    fn is_running(&self) -> bool {
        self.status != ConferenceStatus::Completed
    }

    /// The lane of its webhooks in the post.
    fn lane(&self) -> CallSid {
        CallSid::from_bytes(self.seed.bytes())
    }

    /// Whom a participant hears.
    fn audible_to(&self, listener: CallSid) -> Vec<CallSid> {
        let is_heard = |it: &&Participant| {
            it.call != listener
                && !it.muted
                && !it.hold
                && it.coaching.is_none_or(|coached| coached == listener)
        };
        self.participants.iter().filter(is_heard).map(|it| it.call).collect()
    }
}

impl World {
    /// The running conference of this name, or of this Sid.
    pub(crate) fn conference_named(
        &self,
        account: AccountSid,
        name: &str,
    ) -> Option<ConferenceSid> {
        let mut all = self.conferences.values();
        let is_it = |it: &&Conference| {
            it.account == account && it.is_running() && (it.name == name || it.sid.as_str() == name)
        };
        all.find(is_it).map(|it| it.sid)
    }

    /// The conference that a call is in.
    pub(crate) fn conference_of(&self, sid: CallSid) -> Option<ConferenceSid> {
        self.conferring(sid).map(|conferring| conferring.conference)
    }

    fn conferring(&self, sid: CallSid) -> Option<&Conferring> {
        match &self.calls.get(&sid)?.stay.as_ref()?.place {
            Place::Conference(conferring) => Some(conferring),
            Place::Queue(_) => None,
        }
    }

    /// Whether the star takes a participant out.
    pub(super) fn leaves_on_star(&self, sid: CallSid) -> bool {
        self.conferring(sid).is_some_and(|conferring| conferring.hangup_on_star)
    }

    fn set_ear(&mut self, sid: CallSid, ear: Ear) {
        let stay = self.calls.get_mut(&sid).and_then(|call| call.stay.as_mut());
        if let Some(Place::Conference(conferring)) = stay.map(|stay| &mut stay.place) {
            conferring.ear = ear;
        }
    }

    /// Lets everybody hear whom they are to hear.
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
            self.hears(call, mix);
        }
    }

    /// Lets one participant hear what their state says.
    fn open_ear(&mut self, sid: CallSid) {
        let Some(conferring) = self.conferring(sid) else { return };
        let (id, wait) = (conferring.conference, conferring.wait.clone());
        let Some(conference) = self.conferences.get(&id) else { return };
        if conference.status == ConferenceStatus::InProgress {
            self.set_ear(sid, Ear::Open);
            if let Some(call) = self.calls.get_mut(&sid) {
                call.steps.clear();
                call.turn_to(super::call::Doing::Nothing);
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

    /// A document for a participant is of no use. Whoever waits, waits in silence then.
    pub(super) fn conference_document_failed(&mut self, sid: CallSid) {
        let ear = self.conferring(sid).map(|conferring| conferring.ear.clone());
        if ear == Some(Ear::Announced) {
            self.announced(sid, false);
        }
    }
}

#[cfg(test)]
mod tests;
