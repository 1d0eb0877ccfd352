//! The clock of the emulated time, and the clock of the machine.

use std::time::{SystemTime, UNIX_EPOCH};

use identity::Timestamp;

/// What makes the emulated time pass. It can be changed at any time: see
/// [`Emulator::set_clock`](crate::Emulator::set_clock).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clock {
    /// Time jumps to the next thing that happens as soon as no webhook is under way, nothing
    /// driven by hand waits for the test, and no [`Hold`](crate::Hold) is alive.
    Auto,
    /// Only [`Emulator::advance`](crate::Emulator::advance) moves it.
    Stepped,
    /// Time passes as on the wall, for people who watch and for real browsers.
    Real,
    /// So many emulated seconds pass in a second on the wall, also while webhooks are under way.
    /// Zero stops the time.
    Scaled(u32),
}

impl Clock {
    /// How many emulated seconds pass in a second on the wall, if the wall moves it.
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
