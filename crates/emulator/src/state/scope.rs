//! The purpose of a document: which verbs it may contain, and what happens at its end.

use super::call::{Call, Place, Turn};
use crate::problem::{BAD_WAIT_VERB, DIAL_IN_WHISPER, Problem, SCHEMA_WARNING};
use crate::step::Step;

/// The purpose of a document that a call runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// For the call itself. At its end the call hangs up.
    Own,
    /// For a called party before the bridge. At its end they are bridged.
    Whisper,
    /// For a caller who waits in a queue. At its end it is requested again.
    Queue,
    /// For a caller just before the bridge out of a queue. At its end they are bridged.
    QueueWhisper,
    /// For a participant who waits, is on hold, or hears an announcement.
    Conference,
}

/// Whether a verb is carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Allowed,
    /// It is left out, and the document continues.
    Skipped(Problem),
    /// The leg ends.
    Fatal(Problem),
}

impl Scope {
    /// Whether the document may contain a verb (documentation of `<Number>`, `<Enqueue>`,
    /// `<Queue>`, `<Conference>`; errors 13201 and 13238).
    pub(crate) fn allows(self, step: &Step) -> Verdict {
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
                format!(
                    "{name} is not allowed in a `waitUrl`, `holdUrl` or `announceUrl` document"
                ),
            )),
            _ => Verdict::Skipped(Problem::warning(
                SCHEMA_WARNING,
                format!("{name} is not allowed {}", self.place()),
            )),
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Own => "outside a queue",
            Self::Whisper => "in the document of a called party",
            Self::Queue => "in the `waitUrl` document of <Enqueue>",
            Self::QueueWhisper => "in the `url` document of <Queue>",
            Self::Conference => "in the `waitUrl` document of <Conference>",
        }
    }
}

impl Call {
    /// The purpose of the document that the call runs.
    pub(crate) fn scope(&self) -> Scope {
        match self.script.stay.as_ref().map(|stay| &stay.place) {
            Some(Place::Conference(_)) => Scope::Conference,
            Some(Place::Queue(queued)) if queued.turn == Turn::Waits => Scope::Queue,
            Some(Place::Queue(_)) => Scope::QueueWhisper,
            None if self.leg.as_ref().is_some_and(|leg| leg.in_whisper) => Scope::Whisper,
            None => Scope::Own,
        }
    }
}
