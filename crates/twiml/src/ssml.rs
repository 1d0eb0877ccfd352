//! The markup inside `<Say>`: pauses, stress, pronunciation.
//!
//! Each element only takes the content that Twilio's grammar allows.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::text::required;
use crate::{
    BreakStrength, BuildError, EmphasisLevel, InterpretAs, PhonemeAlphabet, SayAsFormat, Text,
};

pub use crate::languages::SsmlLanguage;

element! {
    /// A pause.
    Break = "break": nothing {
        /// How long, in words.
        strength: one BreakStrength = "strength",
        /// How long, in whole milliseconds.
        time: time = "time",
    }
}

blank! { Break }

element! {
    /// Stressed words.
    Emphasis = "emphasis": mixed SentencePart {
        /// How strongly.
        level: one EmphasisLevel = "level",
    }
}

element! {
    /// Words of another language.
    Lang = "lang": mixed SayPart {
        /// The language.
        language: open SsmlLanguage = "xml:lang",
    }
}

element! {
    /// A paragraph.
    Paragraph = "p": mixed ParagraphPart {}
}

element! {
    /// Words in a pronunciation that is spelt out.
    Phoneme = "phoneme": leaf {
        /// The alphabet of `ph`.
        alphabet: one PhonemeAlphabet = "alphabet",
        /// The pronunciation.
        ph: text = "ph",
    }
}

element! {
    /// Words spoken louder, slower or higher.
    Prosody = "prosody": mixed SayPart {
        /// How high, such as `high` or `+10%`.
        pitch: text = "pitch",
        /// How fast, such as `slow` or `85%`.
        rate: text = "rate",
        /// How loud, such as `loud` or `+6dB`.
        volume: text = "volume",
    }
}

element! {
    /// A sentence.
    Sentence = "s": mixed SentencePart {}
}

element! {
    /// Text read as what it means: a date, a telephone number, digits.
    SayAs = "say-as": leaf {
        /// The order of a date's parts.
        format: one SayAsFormat = "format",
        /// What the text means.
        interpret_as: one InterpretAs = "interpret-as",
    }
}

element! {
    /// Text that is spoken as something else: an abbreviation.
    Sub = "sub": leaf {
        /// What is spoken.
        alias: text = "alias",
    }
}

element! {
    /// A word whose part of speech matters.
    Word = "w": mixed WordPart {
        /// The part of speech, such as `amazon:VB`.
        role: text = "role",
    }
}

children! {
    /// The content of [`Say`](crate::Say), [`Lang`] and [`Prosody`].
    SayPart + Text {
        Break, Emphasis, Lang, Paragraph, Phoneme, Prosody, Sentence, SayAs, Sub, Word,
    }
}

children! {
    /// The content of a [`Paragraph`].
    ParagraphPart + Text {
        Break, Emphasis, Lang, Phoneme, Prosody, Sentence, SayAs, Sub, Word,
    }
}

children! {
    /// The content of [`Emphasis`] and [`Sentence`].
    SentencePart + Text { Break, Emphasis, Lang, Phoneme, Prosody, SayAs, Sub, Word }
}

children! {
    /// The content of a [`Word`].
    WordPart + Text { Break, Emphasis, Phoneme, Prosody, SayAs, Sub }
}

/// The constructor, the content and the methods of an element that holds words and markup.
macro_rules! mixed {
    ($name:ident: $part:ident, $($method:ident: $child:ident),+ $(,)?) => {
        adders! { $name { $($method: $child),+ } }

        impl<'a> $name<'a> {
            /// Appends words.
            #[must_use]
            pub fn text(mut self, text: impl Into<Text<'a>>) -> Self {
                crate::content::push(&mut self.content.0, $part::Text(text.into()));
                self
            }

            /// Words and markup, in their order.
            pub fn parts(&self) -> &[$part<'a>] {
                &self.content.0
            }
        }
    };
}

pub(crate) use mixed;

mixed! {
    Lang: SayPart, pause: Break, emphasis: Emphasis, lang: Lang, paragraph: Paragraph,
    phoneme: Phoneme, prosody: Prosody, sentence: Sentence, say_as: SayAs, substitute: Sub, word: Word,
}

mixed! {
    Prosody: SayPart, pause: Break, emphasis: Emphasis, lang: Lang, paragraph: Paragraph,
    phoneme: Phoneme, prosody: Prosody, sentence: Sentence, say_as: SayAs, substitute: Sub, word: Word,
}

mixed! {
    Paragraph: ParagraphPart, pause: Break, emphasis: Emphasis, lang: Lang, phoneme: Phoneme,
    prosody: Prosody, sentence: Sentence, say_as: SayAs, substitute: Sub, word: Word,
}

mixed! {
    Emphasis: SentencePart, pause: Break, emphasis: Emphasis, lang: Lang, phoneme: Phoneme,
    prosody: Prosody, say_as: SayAs, substitute: Sub, word: Word,
}

mixed! {
    Sentence: SentencePart, pause: Break, emphasis: Emphasis, lang: Lang, phoneme: Phoneme,
    prosody: Prosody, say_as: SayAs, substitute: Sub, word: Word,
}

mixed! {
    Word: WordPart, pause: Break, emphasis: Emphasis, phoneme: Phoneme, prosody: Prosody,
    say_as: SayAs, substitute: Sub,
}

/// Constructors from the words inside.
macro_rules! from_words {
    ($($name:ident: $part:ident),+) => {
        $(
            impl<'a> $name<'a> {
                /// These words.
                ///
                /// # Errors
                ///
                /// [`BuildError::Empty`] without words, [`BuildError::Unwritable`] if XML cannot
                /// carry them.
                pub fn new(words: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
                    required(words, WORDS).map(Self::from)
                }
            }

            impl<'a> From<Text<'a>> for $name<'a> {
                fn from(words: Text<'a>) -> Self {
                    Self::BLANK.text(words)
                }
            }
        )+
    };
}

from_words! { Emphasis: SentencePart, Lang: SayPart, Paragraph: ParagraphPart, Prosody: SayPart,
Sentence: SentencePart, Word: WordPart }

impl<'a> Phoneme<'a> {
    /// These words, pronounced as `ph`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without words, [`BuildError::Unwritable`] if XML cannot carry one of
    /// the two.
    pub fn new(
        words: impl Into<Cow<'a, str>>,
        ph: impl Into<Cow<'a, str>>,
    ) -> Result<Self, BuildError> {
        let mut phoneme = Self::BLANK.ph(Text::new(ph)?);
        phoneme.content.0 = required(words, WORDS)?;
        Ok(phoneme)
    }

    /// The words as they are spelt.
    pub fn words(&self) -> &str {
        self.content.0.as_str()
    }
}

impl<'a> SayAs<'a> {
    /// This text, read as what it means.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without text, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(text: impl Into<Cow<'a, str>>, meaning: InterpretAs) -> Result<Self, BuildError> {
        let mut say_as = Self::BLANK.interpret_as(meaning);
        say_as.content.0 = required(text, WORDS)?;
        Ok(say_as)
    }

    /// The text as it is written.
    pub fn words(&self) -> &str {
        self.content.0.as_str()
    }
}

impl<'a> Sub<'a> {
    /// This text, spoken as `alias`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without text, [`BuildError::Unwritable`] if XML cannot carry one of
    /// the two.
    pub fn new(
        text: impl Into<Cow<'a, str>>,
        alias: impl Into<Cow<'a, str>>,
    ) -> Result<Self, BuildError> {
        let mut sub = Self::BLANK.alias(Text::new(alias)?);
        sub.content.0 = required(text, WORDS)?;
        Ok(sub)
    }

    /// The text as it is written.
    pub fn words(&self) -> &str {
        self.content.0.as_str()
    }
}

const WORDS: &str = "text to speak";

/// What is spoken, markup left out.
pub(crate) trait Spoken {
    /// Appends the words.
    fn collect(&self, words: &mut String);
}

macro_rules! spoken {
    ($($name:ident { $($variant:ident),+ })+) => {
        $(
            impl Spoken for $name<'_> {
                fn collect(&self, words: &mut String) {
                    match self {
                        Self::Text(text) => words.push_str(text.as_str()),
                        Self::Phoneme(phoneme) => words.push_str(phoneme.words()),
                        Self::SayAs(say_as) => words.push_str(say_as.words()),
                        Self::Sub(sub) => {
                            let alias = sub.alias.as_ref().map(Text::as_str);
                            words.push_str(alias.unwrap_or(sub.words()));
                        }
                        $( Self::$variant(inner) => inner.parts().collect(words), )+
                        Self::Break(_) | Self::Other(_) => {}
                    }
                }
            }
        )+
    };
}

impl<T: Spoken> Spoken for [T] {
    fn collect(&self, words: &mut String) {
        for part in self {
            part.collect(words);
        }
    }
}

spoken! {
    SayPart { Emphasis, Lang, Paragraph, Prosody, Sentence, Word }
    ParagraphPart { Emphasis, Lang, Prosody, Sentence, Word }
    SentencePart { Emphasis, Lang, Prosody, Word }
    WordPart { Emphasis, Prosody }
}
