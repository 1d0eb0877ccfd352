//! `<Record>`.

use crate::{Method, RecordingEvent, Trim};

element! {
    /// Records the caller, as for a voicemail.
    Record = "Record": nothing {
        /// The URL that gets the recording; this document's URL if absent.
        action: text = "action",
        /// Keys that end the recording; empty for none, all keys if absent.
        finish_on_key: text = "finishOnKey",
        /// The longest recording, in whole seconds; an hour if absent.
        max_length: seconds = "maxLength",
        /// The HTTP method for `action`.
        method: one Method = "method",
        /// Whether a beep marks the start of the recording; it does if absent.
        play_beep: bool = "playBeep",
        /// The recording configuration to use.
        recording_configuration_id: text = "recordingConfigurationId",
        /// The URL notified of the recording.
        recording_status_callback: text = "recordingStatusCallback",
        /// What is reported about the recording; `completed` if absent.
        recording_status_callback_event: list RecordingEvent = "recordingStatusCallbackEvent",
        /// The HTTP method for `recording_status_callback`.
        recording_status_callback_method: one Method = "recordingStatusCallbackMethod",
        /// Silence that ends the recording, in whole seconds; five if absent.
        timeout: seconds = "timeout",
        /// Whether the recording is transcribed.
        transcribe: bool = "transcribe",
        /// The URL that gets the transcription.
        transcribe_callback: text = "transcribeCallback",
        /// Whether silence is trimmed; it is if absent.
        trim: one Trim = "trim",
    }
}

blank! { Record }
