//! `<Conference>`.

use crate::{
    ConferenceBeep, ConferenceEvent, ConferenceRecord, ConferenceRegion, JitterBufferSize, Method,
    RecordingEvent, Trim,
};

element! {
    /// A room in which any number of calls hear each other.
    Conference = "Conference": leaf {
        /// Who hears a beep when somebody joins or leaves; everybody if absent.
        beep: one ConferenceBeep = "beep",
        /// The call that this one coaches.
        coach: text = "coach",
        /// Whether the conference ends when this call leaves.
        end_conference_on_exit: bool = "endConferenceOnExit",
        /// Deprecated by Twilio in favour of `status_callback`.
        event_callback_url: text = "eventCallbackUrl",
        /// How much delay smooths a bad connection.
        jitter_buffer_size: one JitterBufferSize = "jitterBufferSize",
        /// The most participants, 2 to 250; 250 if absent.
        max_participants: int = "maxParticipants",
        /// Whether this call is heard by nobody.
        muted: bool = "muted",
        /// A name for this call in the conference.
        participant_label: bounded ParticipantLabel = "participantLabel",
        /// Whether the conference is recorded.
        record: one ConferenceRecord = "record",
        /// The recording configuration to use.
        recording_configuration_id: text = "recordingConfigurationId",
        /// Who is told about the recording.
        recording_status_callback: text = "recordingStatusCallback",
        /// What is told about the recording; `completed` if absent.
        recording_status_callback_event: list RecordingEvent = "recordingStatusCallbackEvent",
        /// How `recording_status_callback` is asked.
        recording_status_callback_method: one Method = "recordingStatusCallbackMethod",
        /// Where the conference is mixed; the first participant that names one decides.
        region: one ConferenceRegion = "region",
        /// Whether this call starts the conference; it does if absent.
        start_conference_on_enter: bool = "startConferenceOnEnter",
        /// Who is told about the conference; the first participant's counts.
        status_callback: text = "statusCallback",
        /// What is told about the conference; the first participant's list counts.
        status_callback_event: list ConferenceEvent = "statusCallbackEvent",
        /// How `status_callback` is asked.
        status_callback_method: one Method = "statusCallbackMethod",
        /// Whether silence is cut off the recording; it is if absent.
        trim: one Trim = "trim",
        /// How `wait_url` is asked.
        wait_method: one Method = "waitMethod",
        /// What is heard before the conference starts; empty is silence, music if absent.
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
