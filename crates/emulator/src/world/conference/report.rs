//! The events of a conference, in the timeline and for its status callback.

use identity::{CallSid, ConferenceSid};

use super::super::World;
use super::super::mail::Mail;
use crate::Kind;
use crate::state::conference::Participant;
use crate::state::params::{Params, add};
use crate::timeline::What;

/// An event of a conference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Event {
    Start,
    End,
    Join,
    Leave,
    Mute(bool),
    Hold(bool),
    Modify,
    Announcement { heard: bool },
}

impl Event {
    /// The word in the webhook.
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "conference-start",
            Self::End => "conference-end",
            Self::Join => "participant-join",
            Self::Leave => "participant-leave",
            Self::Mute(true) => "participant-mute",
            Self::Mute(false) => "participant-unmute",
            Self::Hold(true) => "participant-hold",
            Self::Hold(false) => "participant-unhold",
            Self::Modify => "participant-modify",
            Self::Announcement { heard: true } => "announcement-end",
            Self::Announcement { heard: false } => "announcement-fail",
        }
    }

    /// The word in `statusCallbackEvent`.
    fn subscription(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Join => "join",
            Self::Leave => "leave",
            Self::Mute(_) => "mute",
            Self::Hold(_) => "hold",
            Self::Modify => "modify",
            Self::Announcement { .. } => "announcement",
        }
    }

    /// Whether it is about the participant, not about the conference.
    fn is_of_participant(self) -> bool {
        !matches!(self, Self::Start | Self::End)
    }
}

impl World {
    /// Notes an event, and reports it if it is subscribed to.
    pub(super) fn report_conference(
        &mut self,
        id: ConferenceSid,
        event: Event,
        about: &Participant,
        more: Params,
    ) {
        let Some(conference) = self.conferences.get(&id) else { return };
        let (name, what) = (conference.name.clone(), event.as_str());
        self.note(Some(about.call), What::Conference { name, what });
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let Some(callback) = &conference.callback else { return };
        if !callback.events.contains(&event.subscription()) {
            return;
        }
        let target = callback.target.clone();
        let sequence = conference.next_sequence();
        let mut params = Params::new();
        add(&mut params, "AccountSid", conference.account);
        add(&mut params, "ConferenceSid", id);
        add(&mut params, "FriendlyName", &conference.name);
        add(&mut params, "SequenceNumber", sequence);
        add(&mut params, "Timestamp", self.time.now.to_rfc2822());
        add(&mut params, "StatusCallbackEvent", event.as_str());
        if event.is_of_participant() {
            add(&mut params, "CallSid", about.call);
            add(&mut params, "Muted", about.muted);
            add(&mut params, "Hold", about.hold);
            add(&mut params, "Coaching", about.coaching.is_some());
            add(&mut params, "EndConferenceOnExit", about.ends);
            add(&mut params, "StartConferenceOnEnter", about.starts);
            if let Some(label) = &about.label {
                add(&mut params, "ParticipantLabel", label);
            }
        }
        params.extend(more);
        let mail = Mail { kind: Kind::Conference, target, params };
        self.send_of_conference(id, about.call, mail);
    }

    /// Notes that everybody heard a beep.
    pub(super) fn note_beep(&mut self, id: ConferenceSid, about: CallSid) {
        let Some(conference) = self.conferences.get(&id) else { return };
        if conference.participants.len() > 1 {
            let name = conference.name.clone();
            self.note(Some(about), What::Conference { name, what: "beep" });
        }
    }
}
