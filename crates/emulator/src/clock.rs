//! The clock of the emulated time, and the clock of the machine.

use std::time::{SystemTime, UNIX_EPOCH};

use identity::Timestamp;

/// How emulated time passes. It can be changed at any time: see
/// [`Emulator::set_clock`](crate::Emulator::set_clock).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clock {
    /// Time jumps to the next event as soon as no webhook is in progress, nothing controlled by
    /// hand waits for the test, and no [`Hold`](crate::Hold) is alive.
    Auto,
    /// Only [`Emulator::advance`](crate::Emulator::advance) moves time.
    Stepped,
    /// Time follows the wall clock, for people who watch and for real browsers.
    Real,
    /// This many emulated seconds pass in a second of real time, also while webhooks are in
    /// progress. Zero stops time.
    Scaled(u32),
}

impl Clock {
    /// How many emulated seconds pass in a second of real time, if the clock follows the wall
    /// clock.
    pub(crate) fn scale(self) -> Option<u32> {
        match self {
            Self::Auto | Self::Stepped => None,
            Self::Real => Some(1),
            Self::Scaled(factor) => Some(factor),
        }
    }
}

/// The machine's clock.
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_seconds(0) + since
}
