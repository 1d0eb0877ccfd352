//! `<Conference>`.

use crate::{
    ConferenceBeep, ConferenceEvent, ConferenceRecord, ConferenceRegion, JitterBufferSize, Method,
    RecordingEvent, Trim,
};

element! {
    /// A room in which any number of calls hear each other.
    Conference = "Conference": leaf {
        /// Who hears a beep when someone joins or leaves; everyone if absent.
        beep: one ConferenceBeep = "beep",
        /// The call that this one coaches.
        coach: text = "coach",
        /// Whether the conference ends when this call leaves.
        end_conference_on_exit: bool = "endConferenceOnExit",
        /// Deprecated by Twilio in favour of `status_callback`.
        event_callback_url: text = "eventCallbackUrl",
        /// The size of the jitter buffer, which smooths a bad connection.
        jitter_buffer_size: one JitterBufferSize = "jitterBufferSize",
        /// The most participants, 2 to 250; 250 if absent.
        max_participants: int = "maxParticipants",
        /// Whether this call is muted.
        muted: bool = "muted",
        /// A name for this call in the conference.
        participant_label: bounded ParticipantLabel = "participantLabel",
        /// Whether the conference is recorded.
        record: one ConferenceRecord = "record",
        /// The recording configuration to use.
        recording_configuration_id: text = "recordingConfigurationId",
        /// The URL notified of the recording.
        recording_status_callback: text = "recordingStatusCallback",
        /// What is reported about the recording; `completed` if absent.
        recording_status_callback_event: list RecordingEvent = "recordingStatusCallbackEvent",
        /// The HTTP method for `recording_status_callback`.
        recording_status_callback_method: one Method = "recordingStatusCallbackMethod",
        /// Where the conference is mixed; the first participant that names one decides.
        region: one ConferenceRegion = "region",
        /// Whether this call starts the conference; it does if absent.
        start_conference_on_enter: bool = "startConferenceOnEnter",
        /// The URL notified of the conference; that of the first participant counts.
        status_callback: text = "statusCallback",
        /// What is reported about the conference; the list of the first participant counts.
        status_callback_event: list ConferenceEvent = "statusCallbackEvent",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// Whether silence is trimmed from the recording; it is if absent.
        trim: one Trim = "trim",
        /// The HTTP method for `wait_url`.
        wait_method: one Method = "waitMethod",
        /// What participants hear before the conference starts; silence if empty, music if absent.
        wait_url: text = "waitUrl",
    }
}

leaf! {
    Conference, name, "conference name",
    "The room's name, without personal data: it shows in logs."
}

bounded! {
    /// A name for a participant, unique in the conference (Twilio error 16025).
    ParticipantLabel, "participant label", 128
}
