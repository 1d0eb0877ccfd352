//! `<Say>`.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::ssml::{
    Break, Emphasis, Lang, Paragraph, Phoneme, Prosody, SayAs, SayPart, Sentence, Spoken, Sub,
    Word, mixed,
};
use crate::text::required;
use crate::{BuildError, SayLanguage, Text, Voice};

element! {
    /// Speaks.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use twiml::ssml::{Break, SayAs};
    /// use twiml::{InterpretAs, Response, Say, SayLanguage, Voice, text};
    ///
    /// let say = Say::new("Your code is ")?
    ///     .say_as(SayAs::new("1234", InterpretAs::Digits)?)
    ///     .pause(Break::new().time(Duration::from_millis(250)))
    ///     .text(text!("Good-bye."))
    ///     .voice(Voice::PollyAmyNeural)
    ///     .language(SayLanguage::EnGB);
    /// let xml = Response::new().say(say).render();
    /// assert!(xml.ends_with(
    ///     "<Say language=\"en-GB\" voice=\"Polly.Amy-Neural\">Your code is \
    ///      <say-as interpret-as=\"digits\">1234</say-as><break time=\"250ms\"/>\
    ///      Good-bye.</Say></Response>"
    /// ));
    /// # Ok::<(), twiml::BuildError>(())
    /// ```
    Say = "Say": mixed SayPart {
        /// The language of the text; the voice's own if absent.
        language: open SayLanguage = "language",
        /// How often; 0 is until the caller hangs up, 1 if absent.
        loops: int = "loop",
        /// Who speaks.
        voice: open Voice = "voice",
    }
}

mixed! {
    Say: SayPart, pause: Break, emphasis: Emphasis, lang: Lang, paragraph: Paragraph,
    phoneme: Phoneme, prosody: Prosody, sentence: Sentence, say_as: SayAs, substitute: Sub, word: Word,
}

impl<'a> Say<'a> {
    /// Speaks this text.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] if there is nothing to speak, [`BuildError::Unwritable`] if XML
    /// cannot carry the text. `Say::from(Text::lossy(…))` has no error.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        required(text, "text to speak").map(Self::from)
    }

    /// The spoken words without markup; a [`Sub`](crate::ssml::Sub) by its alias.
    pub fn spoken(&self) -> String {
        let mut words = String::new();
        self.parts().collect(&mut words);
        words
    }
}

impl<'a> From<Text<'a>> for Say<'a> {
    /// Speaks this text.
    fn from(text: Text<'a>) -> Self {
        let mut say = Self::BLANK;
        crate::content::push(&mut say.content.0, SayPart::Text(text));
        say
    }
}

impl<'a> From<SayPart<'a>> for Say<'a> {
    /// Speaks a text that begins with markup.
    fn from(part: SayPart<'a>) -> Self {
        let mut say = Self::BLANK;
        crate::content::push(&mut say.content.0, part);
        say
    }
}
