//! `<Gather>`.

use core::fmt::Result as Written;
use core::time::Duration;

use crate::{
    GatherInput, GatherLanguage, Method, Pause, Play, Say, value,
    write::{self, Out},
};

element! {
    /// Waits for keys or speech, and sends them to `action`.
    ///
    /// If nothing comes, Twilio continues with the next verb.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use twiml::{Gather, Response, Say, text};
    ///
    /// let menu = Gather::new()
    ///     .action(text!("/menu"))
    ///     .num_digits(1)
    ///     .timeout(Duration::from_secs(6))
    ///     .say(Say::new("For sales, press 1.")?);
    /// let xml = Response::new().gather(menu).render();
    /// assert!(xml.contains("<Gather action=\"/menu\" numDigits=\"1\" timeout=\"6\"><Say>"));
    /// # Ok::<(), twiml::BuildError>(())
    /// ```
    Gather = "Gather": children GatherPrompt {
        /// The URL that gets the input; this document's URL if absent.
        action: text = "action",
        /// Whether `action` is requested even if nothing came.
        action_on_empty_result: bool = "actionOnEmptyResult",
        /// Whether speech interrupts the prompt; it does if absent.
        barge_in: bool = "bargeIn",
        /// Not documented by Twilio.
        debug: bool = "debug",
        /// Whether a better and more expensive speech model listens.
        enhanced: bool = "enhanced",
        /// The key that ends the input; empty for none, `#` if absent.
        finish_on_key: text = "finishOnKey",
        /// Words that are likely.
        hints: commas = "hints",
        /// Keys, speech or both; keys if absent.
        input: list GatherInput = "input",
        /// The language that is listened for.
        language: open GatherLanguage = "language",
        /// The longest speech, in whole seconds.
        max_speech_time: seconds = "maxSpeechTime",
        /// The HTTP method for `action`.
        method: one Method = "method",
        /// How many keys end the input.
        num_digits: int = "numDigits",
        /// The URL notified of speech while it continues.
        partial_result_callback: text = "partialResultCallback",
        /// The HTTP method for `partial_result_callback`.
        partial_result_callback_method: one Method = "partialResultCallbackMethod",
        /// Whether profanity is masked; it is if absent.
        profanity_filter: bool = "profanityFilter",
        /// The speech model.
        speech_model: text = "speechModel",
        /// The silence that ends speech.
        speech_timeout: plain SpeechTimeout = "speechTimeout",
        /// How long Twilio waits for the next key, in whole seconds; five if absent.
        timeout: seconds = "timeout",
    }
}

children! {
    /// What a caller hears while Twilio listens.
    GatherPrompt { Pause, Play, Say }
}

adders! { Gather { pause: Pause, play: Play, say: Say } }
blank! { Gather }

impl<'a> Gather<'a> {
    /// What the caller hears, in its order.
    pub fn prompts(&self) -> &[GatherPrompt<'a>] {
        &self.content.0
    }
}

/// The silence that ends speech.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SpeechTimeout {
    /// `auto`: the recogniser decides.
    Auto,
    /// This many whole seconds.
    After(Duration),
}

impl SpeechTimeout {
    fn from_twiml(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            _ => value::read_seconds(text).map(Self::After),
        }
    }

    fn write<W: Out + ?Sized>(self, out: &mut W) -> Written {
        match self {
            Self::Auto => out.put("auto"),
            Self::After(silence) => write::integer(out, write::seconds(silence)),
        }
    }
}
