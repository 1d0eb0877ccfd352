//! `<ConversationRelay>`: speech in, speech out, text over a WebSocket in between.

use alloc::borrow::Cow;

use crate::text::required;
use crate::{BuildError, Parameter, Text};

element! {
    /// Lets a program talk with the caller through text.
    ///
    /// Four names are spelt as Twilio's documentation and Python library spell them; its other
    /// libraries write them in lower case.
    ConversationRelay = "ConversationRelay": children ConversationRelayNoun {
        /// Whether the application may connect again.
        application_reconnect: text = "applicationReconnect",
        /// Whether recognised text is formatted.
        asr_smart_format: text = "asrSmartFormat",
        /// Whether background noise is reduced.
        background_noise_reduction: text = "backgroundNoiseReduction",
        /// The name of the customer.
        customer_name: text = "customerName",
        /// Which debugging messages are sent.
        debug: text = "debug",
        /// Whether Deepgram formats recognised text.
        deepgram_smart_format: text = "deepgramSmartFormat",
        /// Whether keys are reported.
        dtmf_detection: bool = "dtmfDetection",
        /// How eagerly the end of a turn is assumed.
        eager_eot_threshold: text = "eagerEotThreshold",
        /// Whether the echo of the prompt is filtered out.
        echo_prompt_filtering: text = "echoPromptFiltering",
        /// `ElevenLabs`' text normalization per language.
        elevenlabs_language_text_normalization: text = "elevenlabsLanguageTextNormalization",
        /// `ElevenLabs`' text normalization.
        elevenlabs_text_normalization: text = "elevenlabsTextNormalization",
        /// Which events are sent.
        events: text = "events",
        /// Words that are likely.
        hints: commas = "hints",
        /// Whether short words of agreement are ignored.
        ignore_backchannel: text = "ignoreBackchannel",
        /// What is included in a prompt.
        include_in_prompt: text = "includeInPrompt",
        /// The service of Conversational Intelligence.
        intelligence_service: text = "intelligenceService",
        /// How easily the caller can interrupt.
        interrupt_sensitivity: text = "interruptSensitivity",
        /// What interrupts speech.
        interruptible: text = "interruptible",
        /// The language of both directions.
        language: text = "language",
        /// Whether an unfinished prompt is sent when the caller hangs up.
        partial_prompt_on_hangup: text = "partialPromptOnHangup",
        /// Whether unfinished prompts are sent.
        partial_prompts: bool = "partialPrompts",
        /// Whether the next message interrupts speech.
        preemptible: bool = "preemptible",
        /// Whether profanity is masked.
        profanity_filter: bool = "profanityFilter",
        /// Whether input is reported while the agent speaks.
        report_input_during_agent_speech: bool = "reportInputDuringAgentSpeech",
        /// The speech model.
        speech_model: text = "speechModel",
        /// The silence that ends speech.
        speech_timeout: text = "speechTimeout",
        /// The language that is listened for.
        transcription_language: text = "transcriptionLanguage",
        /// Who recognises speech.
        transcription_provider: text = "transcriptionProvider",
        /// The language that is spoken.
        tts_language: text = "ttsLanguage",
        /// Text normalization of the speaker per language.
        tts_language_text_normalization: text = "ttsLanguageTextNormalization",
        /// Who speaks.
        tts_provider: text = "ttsProvider",
        /// Text normalization of the speaker.
        tts_text_normalization: text = "ttsTextNormalization",
        /// How the end of a turn is detected.
        turn_detection: text = "turnDetection",
        /// The WebSocket (`wss:`) of the application.
        url: text = "url",
        /// The voice that speaks.
        voice: text = "voice",
        /// The greeting.
        welcome_greeting: text = "welcomeGreeting",
        /// What interrupts the greeting.
        welcome_greeting_interruptible: text = "welcomeGreetingInterruptible",
    }
}

children! {
    /// The content of a [`ConversationRelay`].
    ConversationRelayNoun { Language, Parameter }
}

adders! { ConversationRelay { add_language: Language, parameter: Parameter } }

impl<'a> ConversationRelay<'a> {
    /// The program at this WebSocket.
    pub fn new(url: impl Into<Text<'a>>) -> Self {
        Self::BLANK.url(url)
    }

    /// Languages and parameters, in their order.
    pub fn parts(&self) -> &[ConversationRelayNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// How one language of a [`ConversationRelay`] is spoken and understood.
    Language = "Language": nothing {
        /// Whether recognised text is formatted.
        asr_smart_format: text = "asrSmartFormat",
        /// The language, such as `en-US`.
        code: text = "code",
        /// Words that are likely.
        hints: text = "hints",
        /// The speech model.
        speech_model: text = "speechModel",
        /// Who recognises speech.
        transcription_provider: text = "transcriptionProvider",
        /// Text normalization of the speaker per language.
        tts_language_text_normalization: text = "ttsLanguageTextNormalization",
        /// Who speaks.
        tts_provider: text = "ttsProvider",
        /// Text normalization of the speaker.
        tts_text_normalization: text = "ttsTextNormalization",
        /// The voice that speaks.
        voice: text = "voice",
    }
}

impl<'a> Language<'a> {
    /// The language `code`, such as `en-US`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without a code, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(code: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        Ok(Self::BLANK.code(required(code, "language code")?))
    }
}

element! {
    /// A prepared session of a [`ConversationRelay`].
    ConversationRelaySession = "ConversationRelaySession": nothing {
        /// The connector.
        connector: text = "connector",
        /// The configuration of the session.
        session_configuration: text = "sessionConfiguration",
    }
}

blank! { ConversationRelaySession }
