//! `<Dial>` and what it calls.

use crate::content;
use crate::limits;
use crate::text::required;
use crate::{
    Application, BuildError, Client, Conference, DialEvents, DialRecord, Method, Node, Number,
    Queue, RecordingEvent, RecordingTrack, RingTone, Sim, Sip, Trim, WhatsApp,
};
use alloc::borrow::Cow;

element! {
    /// Connects the caller with someone else.
    ///
    /// All nouns ring at once and the first to answer gets the call, unless `sequential`. At most
    /// ten; to ring more people, answer the `action` with another `<Dial>`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::time::Duration;
    /// use twiml::{CallEvent, Client, Dial, text};
    ///
    /// let callback = text!("/voice/status");
    /// let wave = ["agent_7f3c", "agent_81d0"];
    /// let clients = wave.iter().map(|agent| {
    ///     Ok(Client::new(*agent)?.status_callback(&callback).status_callback_event(CallEvent::ALL))
    /// });
    /// let dial = Dial::new()
    ///     .action(text!("/voice/dial/1"))
    ///     .timeout(Duration::from_secs(20))
    ///     .ring(clients.collect::<Result<Vec<_>, _>>()?)?;
    /// assert_eq!(dial.nouns().len(), 2);
    /// # Ok::<(), twiml::BuildError>(())
    /// ```
    Dial = "Dial": text_or DialNoun {
        /// The URL that Twilio requests when the dial is over; the answer replaces the rest of the document.
        action: text = "action",
        /// Whether the caller's leg stays unanswered until someone answers; only as the first verb.
        answer_on_bridge: bool = "answerOnBridge",
        /// The number, or `client:name`, that the called parties see.
        caller_id: text = "callerId",
        /// Why this call is made, for branded calls.
        call_reason: bounded CallReason = "callReason",
        /// Not documented by Twilio.
        events: one DialEvents = "events",
        /// Whether the caller may end the dial with the star key.
        hangup_on_star: bool = "hangupOnStar",
        /// The HTTP method for `action`.
        method: one Method = "method",
        /// Identity passports, in base64.
        passports: commas = "passports",
        /// Whether, and from when on, the call is recorded.
        record: one DialRecord = "record",
        /// The recording configuration to use.
        recording_configuration_id: text = "recordingConfigurationId",
        /// The URL notified of the recording.
        recording_status_callback: text = "recordingStatusCallback",
        /// What is reported about the recording.
        recording_status_callback_event: list RecordingEvent = "recordingStatusCallbackEvent",
        /// The HTTP method for `recording_status_callback`.
        recording_status_callback_method: one Method = "recordingStatusCallbackMethod",
        /// Which side is recorded.
        recording_track: one RecordingTrack = "recordingTrack",
        /// The HTTP method for `refer_url`.
        refer_method: one Method = "referMethod",
        /// The URL that Twilio requests when the other side sends a SIP REFER.
        refer_url: text = "referUrl",
        /// The ring tone that the caller hears.
        ring_tone: one RingTone = "ringTone",
        /// Whether the nouns are tried one after another.
        sequential: bool = "sequential",
        /// The longest call, in whole seconds; 14400 if absent.
        time_limit: seconds = "timeLimit",
        /// How long it rings, 5 to 600 whole seconds, 30 if absent; Twilio adds about five.
        timeout: seconds = "timeout",
        /// Whether silence is trimmed from the recording.
        trim: one Trim = "trim",
    }
}

children! {
    /// Who is called.
    DialNoun {
        Application in Box, Client, Conference in Box, Number in Box, Queue, Sim, Sip in Box,
        WhatsApp,
    }
}

bounded! {
    /// Why a call is made, shown to the person called (branded calls).
    CallReason, "call reason", 50
}

impl<'a> Dial<'a> {
    /// The most nouns in one `<Dial>`, of all kinds together.
    pub const MAX_NOUNS: usize = limits::MAX_NOUNS;

    /// A dial that calls nobody yet.
    pub const fn new() -> Self {
        Self::BLANK
    }

    /// A dial of one number, written as text and not as a noun.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without a number, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn to(number: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut dial = Self::new();
        dial.content.text = Some(required(number, "number of a dial")?);
        Ok(dial)
    }

    /// Adds a noun to call.
    ///
    /// # Errors
    ///
    /// [`BuildError::TooManyNouns`] beyond [`Dial::MAX_NOUNS`], [`BuildError::NounBesideNumber`]
    /// if the dial has a number as its text.
    #[inline]
    pub fn noun(mut self, noun: impl Into<DialNoun<'a>>) -> Result<Self, BuildError> {
        let noun = noun.into();
        self.check(&noun)?;
        content::push(&mut self.content.children.0, noun);
        Ok(self)
    }

    /// Adds all of these nouns.
    ///
    /// # Errors
    ///
    /// As for [`Dial::noun`].
    pub fn ring<N: Into<DialNoun<'a>>>(
        mut self,
        nouns: impl IntoIterator<Item = N>,
    ) -> Result<Self, BuildError> {
        let nouns = nouns.into_iter();
        self.content.children.0.reserve(nouns.size_hint().0.min(Self::MAX_NOUNS));
        for noun in nouns {
            let noun = noun.into();
            self.check(&noun)?;
            content::push(&mut self.content.children.0, noun);
        }
        Ok(self)
    }

    /// Whether there is room for one more.
    #[inline]
    fn check(&self, noun: &DialNoun<'a>) -> Result<(), BuildError> {
        let nouns = &self.content.children.0;
        if let DialNoun::Other(Node::Comment(_)) = noun {
            return Ok(());
        }
        if self.content.text.is_some() {
            return Err(BuildError::NounBesideNumber);
        }
        // A list shorter than the limit needs no counting.
        if nouns.len() >= Self::MAX_NOUNS && count(nouns) >= Self::MAX_NOUNS {
            return Err(BuildError::TooManyNouns);
        }
        Ok(())
    }

    /// The number, if it is written as text and not as a noun; without blanks around it.
    pub fn number_text(&self) -> Option<&str> {
        self.content.text.as_ref().map(|text| text.as_str().trim())
    }

    /// Who is called, in their order; comments and unknown elements among them.
    ///
    /// A parsed dial may have more than [`Dial::MAX_NOUNS`].
    pub fn nouns(&self) -> &[DialNoun<'a>] {
        &self.content.children.0
    }
}

fn count(nouns: &[DialNoun<'_>]) -> usize {
    nouns.iter().filter(|noun| !matches!(noun, DialNoun::Other(Node::Comment(_)))).count()
}

/// Methods for each noun.
macro_rules! nouns {
    ($($method:ident: $noun:ident),+ $(,)?) => {
        impl<'a> Dial<'a> {
            $(
                #[doc = concat!("Calls a [`", stringify!($noun), "`] too.")]
                ///
                /// # Errors
                ///
                /// As for [`Dial::noun`].
                #[inline]
                pub fn $method(self, noun: $noun<'a>) -> Result<Self, BuildError> {
                    self.noun(noun)
                }
            )+
        }
    };
}

nouns! {
    application: Application, client: Client, conference: Conference, number: Number,
    queue: Queue, sim: Sim, sip: Sip, whats_app: WhatsApp,
}

impl Default for Dial<'_> {
    fn default() -> Self {
        Self::new()
    }
}
