//! `<Connect>`: the call goes to a program.

use crate::{
    Config, ConversationEvent, ConversationRecord, ConversationRelay, ConversationRelaySession,
    Method, Parameter, RecordingEvent, Stream, Trim,
};

element! {
    /// Connects the call to a stream, a room or an assistant, and waits for its end.
    Connect = "Connect": children ConnectNoun {
        /// The URL that Twilio requests when the connection is over.
        action: text = "action",
        /// The HTTP method for `action`.
        method: one Method = "method",
    }
}

children! {
    /// What a call is connected to.
    ConnectNoun {
        AiSession, Autopilot, Conversation in Box, ConversationRelay in Box,
        ConversationRelaySession, Room, Stream, VirtualAgent,
    }
}

adders! {
    Connect {
        ai_session: AiSession, autopilot: Autopilot, conversation: Conversation,
        conversation_relay: ConversationRelay,
        conversation_relay_session: ConversationRelaySession, room: Room, stream: Stream,
        virtual_agent: VirtualAgent,
    }
}

blank! { Connect, AiSession, Conversation, VirtualAgent }

impl<'a> Connect<'a> {
    /// What the call is connected to.
    pub fn nouns(&self) -> &[ConnectNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// A session of an artificial assistant.
    AiSession = "AiSession": nothing {
        /// The connector.
        ai_connector: text = "aiConnector",
        /// The configuration of the session.
        ai_session_configuration: text = "aiSessionConfiguration",
    }
}

element! {
    /// An assistant of Autopilot.
    Autopilot = "Autopilot": leaf {}
}

leaf! { Autopilot, sid, "assistant Sid", "The Sid of the assistant." }

element! {
    /// A conversation.
    Conversation = "Conversation": nothing {
        /// Whether a conversation is created for an inbound call.
        inbound_autocreation: bool = "inboundAutocreation",
        /// How long an inbound call waits, in whole seconds.
        inbound_timeout: seconds = "inboundTimeout",
        /// The HTTP method for `url`.
        method: one Method = "method",
        /// Whether, and from when on, the call is recorded.
        record: one ConversationRecord = "record",
        /// The URL notified of the recording.
        recording_status_callback: text = "recordingStatusCallback",
        /// What is reported about the recording.
        recording_status_callback_event: list RecordingEvent = "recordingStatusCallbackEvent",
        /// The HTTP method for `recording_status_callback`.
        recording_status_callback_method: one Method = "recordingStatusCallbackMethod",
        /// How long the assignment may take, in whole seconds.
        routing_assignment_timeout: seconds = "routingAssignmentTimeout",
        /// The service.
        service_instance_sid: text = "serviceInstanceSid",
        /// The URL notified of the call.
        status_callback: text = "statusCallback",
        /// What is reported about the call.
        status_callback_event: list ConversationEvent = "statusCallbackEvent",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// Whether silence is trimmed from the recording.
        trim: one Trim = "trim",
        /// The document for the call.
        url: text = "url",
    }
}

element! {
    /// A video room.
    Room = "Room": leaf {
        /// The caller's identity in the room.
        participant_identity: text = "participantIdentity",
    }
}

leaf! { Room, name, "room name", "The room's name." }

element! {
    /// A virtual agent of another service.
    VirtualAgent = "VirtualAgent": children VirtualAgentNoun {
        /// The connector.
        connector_name: text = "connectorName",
        /// The language of the conversation.
        language: text = "language",
        /// Whether sentiment is detected.
        sentiment_analysis: bool = "sentimentAnalysis",
        /// The URL notified of the conversation.
        status_callback: text = "statusCallback",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
    }
}

children! {
    /// The content of a [`VirtualAgent`].
    VirtualAgentNoun { Config, Parameter }
}

adders! { VirtualAgent { config: Config, parameter: Parameter } }

impl<'a> VirtualAgent<'a> {
    /// Settings and parameters, in their order.
    pub fn parts(&self) -> &[VirtualAgentNoun<'a>] {
        &self.content.0
    }
}
