//! `<Play>` and `<Pause>`.

use alloc::borrow::Cow;

use crate::text::required;
use crate::{BuildError, Text};

element! {
    /// Plays a file or presses keys.
    Play = "Play": leaf {
        /// Keys to press instead of a file; `w` waits half a second.
        digits: text = "digits",
        /// How often; 0 is until the caller hangs up, 1 if absent.
        loops: int = "loop",
    }
}

impl<'a> Play<'a> {
    /// Plays the file at this URL.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without a URL, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(url: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut play = Self::BLANK;
        play.content.0 = required(url, "URL of a file to play")?;
        Ok(play)
    }

    /// Presses these keys and plays no file.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without keys, [`BuildError::Unwritable`] if XML cannot carry them.
    pub fn keys(digits: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        Ok(Self::BLANK.digits(required(digits, "keys to press")?))
    }

    /// The URL, without blanks around it; empty if keys are pressed.
    pub fn url(&self) -> &str {
        self.content.0.as_str().trim()
    }
}

impl<'a> From<Text<'a>> for Play<'a> {
    /// Plays the file at this URL.
    fn from(url: Text<'a>) -> Self {
        let mut play = Self::BLANK;
        play.content.0 = url;
        play
    }
}

element! {
    /// Waits in silence.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use twiml::{Pause, Response};
    ///
    /// let pause = Pause::new().length(Duration::from_millis(1500));
    /// assert_eq!(pause.length, Some(Duration::from_secs(2)), "whole seconds, rounded up");
    /// # let _ = Response::new().pause(pause);
    /// ```
    Pause = "Pause": nothing {
        /// How long, in whole seconds; one if absent.
        length: seconds = "length",
    }
}

blank! { Pause }
