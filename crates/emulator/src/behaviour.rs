//! The behaviour of the person at a phone or browser.

use std::time::Duration;

/// What a virtual agent or phone does when it rings.
///
/// A browser on a call never sees an invite: the Voice SDK drops it without notice, and that leg
/// keeps ringing. A phone on a call is busy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Behaviour {
    /// Answers.
    Answers {
        /// After ringing for this long.
        after: Duration,
        /// Hangs up after talking for this long; `None` leaves that to the other side.
        talks: Option<Duration>,
    },
    /// Refuses: the leg ends `busy`.
    Declines {
        /// After ringing for this long.
        after: Duration,
    },
    /// Ignores the ringing.
    #[default]
    Ignores,
    /// Is absent: no device is registered, or the number does not exist.
    Absent,
    /// Does only what the test says. Under [`Clock::Auto`](crate::Clock::Auto) the time stands
    /// still while it rings or talks, except for [`Emulator::advance`](crate::Emulator::advance).
    ByHand,
}

/// Who answers a phone, as machine detection finds it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AnsweredBy {
    /// A person.
    #[default]
    Human,
    /// An answering machine, which beeps after its greeting.
    Machine,
    /// A fax.
    Fax,
    /// Somebody who cannot be told from a machine.
    Unknown,
}

impl AnsweredBy {
    /// Twilio's word. `to_the_end` says whether a greeting was heard to its end.
    pub(crate) fn word(self, to_the_end: bool) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Machine if to_the_end => "machine_end_beep",
            Self::Machine => "machine_start",
            Self::Fax => "fax",
            Self::Unknown => "unknown",
        }
    }
}

impl Behaviour {
    /// Answers after ringing for this long, and leaves hanging up to the other side.
    pub const fn answers(after: Duration) -> Self {
        Self::Answers { after, talks: None }
    }

    /// Answers after ringing for this long, and hangs up after talking for this long.
    pub const fn talks(after: Duration, talks: Duration) -> Self {
        Self::Answers { after, talks: Some(talks) }
    }
}
