//! The clock of the emulated time, and the clock of the machine.

use std::fmt;
use std::str::FromStr;
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

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Stepped => f.write_str("stepped"),
            Self::Real => f.write_str("real"),
            Self::Scaled(factor) => write!(f, "scaled:{factor}"),
        }
    }
}

/// A text that is not a [`Clock`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockError;

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a clock is real, auto, stepped or scaled:N")
    }
}

impl std::error::Error for ClockError {}

impl FromStr for Clock {
    type Err = ClockError;

    /// Reads `real`, `auto`, `stepped` or `scaled:20`.
    fn from_str(text: &str) -> Result<Self, ClockError> {
        match text {
            "real" => Ok(Self::Real),
            "auto" => Ok(Self::Auto),
            "stepped" => Ok(Self::Stepped),
            _ => {
                let factor = text.strip_prefix("scaled:").and_then(|factor| factor.parse().ok());
                factor.map(Self::Scaled).ok_or(ClockError)
            }
        }
    }
}

/// The machine's clock.
pub(crate) fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_seconds(0) + since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_read_as_it_is_written() {
        for clock in [Clock::Auto, Clock::Stepped, Clock::Real, Clock::Scaled(20)] {
            assert_eq!(clock.to_string().parse(), Ok(clock));
        }
        for text in ["", "Auto", "scaled", "scaled:-1", "scaled:x"] {
            assert_eq!(text.parse::<Clock>(), Err(ClockError), "{text}");
        }
    }
}
