//! What a document is for: which verbs may stand in it, and what its end means.

use identity::CallSid;

use super::World;
use super::queue::Turn;
use super::stay::Place;
use crate::problem::{BAD_WAIT_VERB, DIAL_IN_WHISPER, Problem, SCHEMA_WARNING};
use crate::step::Step;

/// What the document that a call runs is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scope {
    /// The call itself: its end hangs up.
    Own,
    /// A called party before the bridge: its end bridges.
    Whisper,
    /// A caller who waits in a queue: it is asked again.
    Queue,
    /// The same, just before the bridge: its end bridges.
    QueueWhisper,
    /// A participant who waits, is on hold, or hears an announcement.
    Conference,
}

/// Whether a verb is carried out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Allowed,
    /// It is left out.
    Skipped(Problem),
    /// The leg ends.
    Fatal(Problem),
}

impl Scope {
    /// Whether a verb may stand in the document (documentation of `<Number>`, `<Enqueue>`,
    /// `<Queue>`, `<Conference>`; errors 13201 and 13238).
    pub(super) fn allows(self, step: &Step) -> Verdict {
        let is_heard = matches!(step, Step::Speak(_) | Step::Redirect(_));
        let allowed = match self {
            Self::Own => !matches!(step, Step::Leave),
            Self::Whisper => !matches!(step, Step::Dial(_) | Step::Enqueue(_) | Step::Leave),
            Self::Queue => is_heard || matches!(step, Step::Hangup | Step::Leave | Step::Gather(_)),
            Self::QueueWhisper | Self::Conference => is_heard,
        };
        if allowed {
            return Verdict::Allowed;
        }
        let name = step.name();
        match self {
            Self::Whisper if matches!(step, Step::Dial(_)) => Verdict::Fatal(Problem::error(
                DIAL_IN_WHISPER,
                "the document of a called party must not dial",
            )),
            Self::Conference => Verdict::Skipped(Problem::error(
                BAD_WAIT_VERB,
                format!("{name} may not stand behind `waitUrl`, `holdUrl` or `announceUrl`"),
            )),
            _ => Verdict::Skipped(Problem::warning(
                SCHEMA_WARNING,
                format!("{name} may not stand {}", self.place()),
            )),
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Own => "outside of a queue",
            Self::Whisper => "in the document of a called party",
            Self::Queue => "behind `waitUrl` of <Enqueue>",
            Self::QueueWhisper => "behind `url` of <Queue>",
            Self::Conference => "behind `waitUrl` of <Conference>",
        }
    }
}

impl World {
    pub(super) fn scope(&self, sid: CallSid) -> Scope {
        let Some(call) = self.calls.get(&sid) else { return Scope::Own };
        match call.stay.as_ref().map(|stay| &stay.place) {
            Some(Place::Conference(_)) => Scope::Conference,
            Some(Place::Queue(queued)) if queued.turn == Turn::Waits => Scope::Queue,
            Some(Place::Queue(_)) => Scope::QueueWhisper,
            None if call.in_whisper => Scope::Whisper,
            None => Scope::Own,
        }
    }

    /// The document has no more verbs.
    pub(super) fn document_over(&mut self, sid: CallSid) {
        // After Twilio's own error message nothing else follows, wherever it was.
        if self.calls.get(&sid).is_some_and(|call| call.application_error) {
            self.hang_up_by_document(sid);
            return;
        }
        match self.scope(sid) {
            Scope::Own => self.hang_up_by_document(sid),
            Scope::Whisper => self.whisper_over(sid),
            Scope::Queue => self.wait_in_queue_again(sid),
            Scope::QueueWhisper => self.queue_whisper_over(sid),
            Scope::Conference => self.conference_document_over(sid),
        }
    }
}
