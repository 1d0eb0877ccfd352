//! `<Start>` and `<Stop>`: services that run beside the call.

use crate::{
    Config, MediaTrack, Method, Parameter, RecordingChannels, RecordingEvent, RecordingTrack, Text,
    Trim,
};

element! {
    /// Starts a service beside the call, which continues at once.
    Start = "Start": children StartNoun {
        /// The URL that gets the result.
        action: text = "action",
        /// The HTTP method for `action`.
        method: one Method = "method",
    }
}

children! {
    /// What is started.
    StartNoun { Recording, Siprec, Stream, Transcription }
}

adders! {
    Start { recording: Recording, siprec: Siprec, stream: Stream, transcription: Transcription }
}

element! {
    /// Stops a started service by its name.
    Stop = "Stop": children StopNoun {}
}

children! {
    /// What is stopped.
    StopNoun { Siprec, Stream, Transcription }
}

adders! { Stop { siprec: Siprec, stream: Stream, transcription: Transcription } }

blank! { Start, Stop, Recording, Siprec, Transcription }

impl<'a> Start<'a> {
    /// What is started.
    pub fn nouns(&self) -> &[StartNoun<'a>] {
        &self.content.0
    }
}

impl<'a> Stop<'a> {
    /// What is stopped.
    pub fn nouns(&self) -> &[StopNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// A recording of the call.
    Recording = "Recording": nothing {
        /// Whether both sides share a channel.
        channels: one RecordingChannels = "channels",
        /// The recording configuration to use.
        recording_configuration_id: text = "recordingConfigurationId",
        /// The URL notified of the recording.
        recording_status_callback: text = "recordingStatusCallback",
        /// What is reported about the recording.
        recording_status_callback_event: list RecordingEvent = "recordingStatusCallbackEvent",
        /// The HTTP method for `recording_status_callback`.
        recording_status_callback_method: one Method = "recordingStatusCallbackMethod",
        /// Which side is recorded.
        track: one RecordingTrack = "track",
        /// Whether silence is trimmed.
        trim: one Trim = "trim",
    }
}

element! {
    /// A copy of the call for a recorder that speaks SIPREC.
    Siprec = "Siprec": children SiprecNoun {
        /// The connector.
        connector_name: text = "connectorName",
        /// The name by which it is stopped.
        name: text = "name",
        /// The URL notified of it.
        status_callback: text = "statusCallback",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// Which side is sent.
        track: one MediaTrack = "track",
    }
}

children! {
    /// The content of a [`Siprec`].
    SiprecNoun { Parameter }
}

adders! { Siprec { parameter: Parameter } }

impl<'a> Siprec<'a> {
    /// The parameters in their order.
    pub fn parts(&self) -> &[SiprecNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// The call's audio over a WebSocket.
    Stream = "Stream": children StreamNoun {
        /// The format of the audio.
        audio_format: text = "audioFormat",
        /// The connector.
        connector_name: text = "connectorName",
        /// The name by which it is stopped.
        name: text = "name",
        /// The sample rate of the audio.
        sample_rate: text = "sampleRate",
        /// The URL notified of the stream.
        status_callback: text = "statusCallback",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// Which side is sent.
        track: one MediaTrack = "track",
        /// The WebSocket (`wss:`), without a query: use parameters.
        url: text = "url",
    }
}

children! {
    /// The content of a [`Stream`].
    StreamNoun { Parameter }
}

adders! { Stream { parameter: Parameter } }

impl<'a> Stream<'a> {
    /// To this WebSocket.
    pub fn new(url: impl Into<Text<'a>>) -> Self {
        Self::BLANK.url(url)
    }

    /// The stream of this name, to be stopped.
    pub fn named(name: impl Into<Text<'a>>) -> Self {
        Self::BLANK.name(name)
    }

    /// The parameters in their order.
    pub fn parts(&self) -> &[StreamNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// A live transcription of the call.
    Transcription = "Transcription": children TranscriptionNoun {
        /// Whether full stops and commas are added.
        enable_automatic_punctuation: bool = "enableAutomaticPunctuation",
        /// Words that are likely.
        hints: commas = "hints",
        /// What the inbound side is called.
        inbound_track_label: text = "inboundTrackLabel",
        /// The service of Conversational Intelligence.
        intelligence_service: text = "intelligenceService",
        /// The language, such as `en-US`.
        language_code: text = "languageCode",
        /// The name by which it is stopped.
        name: text = "name",
        /// What the outbound side is called.
        outbound_track_label: text = "outboundTrackLabel",
        /// Whether unfinished sentences are reported.
        partial_results: bool = "partialResults",
        /// Whether profanity is masked.
        profanity_filter: bool = "profanityFilter",
        /// The speech model.
        speech_model: text = "speechModel",
        /// The HTTP method for `status_callback_url`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// The URL that gets the transcription.
        status_callback_url: text = "statusCallbackUrl",
        /// Which side is transcribed.
        track: one MediaTrack = "track",
        /// Who recognises speech.
        transcription_engine: text = "transcriptionEngine",
    }
}

children! {
    /// The content of a [`Transcription`].
    TranscriptionNoun { Config, Parameter }
}

adders! { Transcription { config: Config, parameter: Parameter } }

impl<'a> Transcription<'a> {
    /// Settings and parameters, in their order.
    pub fn parts(&self) -> &[TranscriptionNoun<'a>] {
        &self.content.0
    }
}
