//! What the person at a phone or browser does when it rings.

use std::time::Duration;

/// What a virtual agent or phone does when it rings.
///
/// A browser on a call never sees an invite: the Voice SDK drops it in silence, and that leg rings
/// on. A phone on a call is busy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Behaviour {
    /// Picks up.
    Answers {
        /// After so much ringing.
        after: Duration,
        /// And hangs up after so much talking; `None` leaves that to the other side.
        talks: Option<Duration>,
    },
    /// Refuses: the leg ends `busy`.
    Declines {
        /// After so much ringing.
        after: Duration,
    },
    /// Lets it ring.
    #[default]
    Ignores,
    /// Is not there: no device is registered, or the number does not exist.
    Absent,
    /// Does what the test says. Under [`Clock::Auto`](crate::Clock::Auto) the time stands still
    /// while it rings or talks, except for [`Emulator::advance`](crate::Emulator::advance).
    ByHand,
}

impl Behaviour {
    /// Picks up after so much ringing and leaves the end to the other side.
    pub const fn answers(after: Duration) -> Self {
        Self::Answers { after, talks: None }
    }

    /// Picks up after so much ringing and hangs up after so much talking.
    pub const fn talks(after: Duration, talks: Duration) -> Self {
        Self::Answers { after, talks: Some(talks) }
    }
}
