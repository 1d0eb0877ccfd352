//! A conference, as a test sees and controls it.

use std::sync::Arc;

use identity::{CallSid, ConferenceSid};

use crate::HandError;
use crate::shared::Shared;
use crate::state::conference::{self as state, ParticipantChange};

/// One conference. Clones are the same conference.
#[derive(Clone, Debug)]
pub struct Conference {
    shared: Arc<Shared>,
    sid: ConferenceSid,
}

/// A participant of a [`Conference`], as they are now.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Participant {
    /// The call that takes part.
    pub call: CallSid,
    /// The label.
    pub label: Option<String>,
    /// Whether nobody hears them.
    pub muted: bool,
    /// Whether they hear the hold document, and nobody hears them.
    pub hold: bool,
    /// The only participant who hears them.
    pub coaching: Option<CallSid>,
    /// Whether the conference starts with them (`startConferenceOnEnter`).
    pub starts: bool,
    /// Whether the conference ends with them (`endConferenceOnExit`).
    pub ends: bool,
}

/// The status of a [`Conference`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConferenceStatus {
    /// Nobody who starts it has come, or only one participant is there.
    Init,
    /// It goes on.
    InProgress,
    /// It is over.
    Completed,
}

impl Conference {
    /// All conferences, the newest last.
    pub(crate) fn all(shared: &Arc<Shared>) -> Vec<Self> {
        let mut all: Vec<_> = shared
            .read(|world| world.conferences.values().map(|it| (it.created_at, it.sid)).collect());
        all.sort();
        all.into_iter().map(|(_, sid)| Self { shared: Arc::clone(shared), sid }).collect()
    }

    /// `CF…`.
    pub fn sid(&self) -> ConferenceSid {
        self.sid
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.of(|it| it.name.clone()).unwrap_or_default()
    }

    /// Its status; `Completed` if it was dropped, because only so many are kept.
    pub fn status(&self) -> ConferenceStatus {
        let status = self.of(|it| match it.status {
            state::ConferenceStatus::Init => ConferenceStatus::Init,
            state::ConferenceStatus::InProgress => ConferenceStatus::InProgress,
            state::ConferenceStatus::Completed => ConferenceStatus::Completed,
        });
        status.unwrap_or(ConferenceStatus::Completed)
    }

    /// The participants, in the order in which they joined.
    pub fn participants(&self) -> Vec<Participant> {
        let shown = |it: &state::Participant| Participant {
            call: it.call,
            label: it.label.clone(),
            muted: it.muted,
            hold: it.hold,
            coaching: it.coaching,
            starts: it.starts,
            ends: it.ends,
        };
        self.of(|it| it.participants.iter().map(shown).collect()).unwrap_or_default()
    }

    /// Mutes a participant, or not, as the REST API does.
    ///
    /// # Errors
    ///
    /// [`HandError::NoCall`] if the call does not take part.
    pub fn mute(&self, call: CallSid, muted: bool) -> Result<(), HandError> {
        self.change(call, ParticipantChange { muted: Some(muted), ..ParticipantChange::default() })
    }

    /// Puts a participant on hold, with Twilio's music, or takes them back.
    ///
    /// # Errors
    ///
    /// As [`Conference::mute`].
    pub fn hold(&self, call: CallSid, hold: bool) -> Result<(), HandError> {
        self.change(call, ParticipantChange { hold: Some(hold), ..ParticipantChange::default() })
    }

    /// Lets only one participant hear another; `None` lets everybody hear them again.
    ///
    /// # Errors
    ///
    /// As [`Conference::mute`]; [`HandError::NoCoaching`] if the one to be coached is on hold or not
    /// there (16027, 16028).
    pub fn coach(&self, call: CallSid, coached: Option<CallSid>) -> Result<(), HandError> {
        let coaching = match coached {
            Some(coached) => state::Coaching::Participant(coached),
            None => state::Coaching::Nobody,
        };
        let change = ParticipantChange { coaching: Some(coaching), ..ParticipantChange::default() };
        self.change(call, change)
    }

    fn change(&self, call: CallSid, change: ParticipantChange) -> Result<(), HandError> {
        self.shared.write(|world| {
            let takes_part =
                world.conferences.get(&self.sid).is_some_and(|it| it.participant(call).is_some());
            if !takes_part {
                return Err(HandError::NoCall);
            }
            let changed = world.change_participant(self.sid, call, change);
            changed.map_err(|_| HandError::NoCoaching)
        })
    }

    fn of<T>(&self, look: impl FnOnce(&state::Conference) -> T) -> Option<T> {
        self.shared.read(|world| world.conferences.get(&self.sid).map(look))
    }
}
