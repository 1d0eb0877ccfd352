//! `<Record>`.

use crate::{Method, RecordingEvent, Trim};

element! {
    /// Records the caller: a voicemail.
    Record = "Record": nothing {
        /// Where Twilio goes with the recording; this document's URL if absent.
        action: text = "action",
        /// Keys that end the recording; empty for none, all keys if absent.
        finish_on_key: text = "finishOnKey",
        /// The longest recording, in whole seconds; an hour if absent.
        max_length: seconds = "maxLength",
        /// How `action` is asked.
        method: one Method = "method",
        /// Whether a beep tells that the recording begins; it does if absent.
        play_beep: bool = "playBeep",
        /// The recording configuration to use.
        recording_configuration_id: text = "recordingConfigurationId",
        /// Who is told about the recording.
        recording_status_callback: text = "recordingStatusCallback",
        /// What is told about the recording; `completed` if absent.
        recording_status_callback_event: list RecordingEvent = "recordingStatusCallbackEvent",
        /// How `recording_status_callback` is asked.
        recording_status_callback_method: one Method = "recordingStatusCallbackMethod",
        /// Silence that ends the recording, in whole seconds; five if absent.
        timeout: seconds = "timeout",
        /// Whether the recording is written down.
        transcribe: bool = "transcribe",
        /// Who gets the transcription.
        transcribe_callback: text = "transcribeCallback",
        /// Whether silence is cut off; it is if absent.
        trim: one Trim = "trim",
    }
}

blank! { Record }
