#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

#[macro_use]
mod macros;
#[macro_use]
mod text;

mod attribute;
mod client;
mod conference;
mod connect;
mod content;
mod dial;
mod enqueue;
mod error;
mod escape;
mod gather;
mod languages;
mod limits;
mod lint;
pub mod messaging;
mod nouns;
mod pay;
mod play;
mod pretty;
mod reader;
mod record;
mod relay;
mod response;
mod say;
mod scan;
mod sip;
pub mod ssml;
mod stream;
mod tree;
mod value;
mod values;
mod verbs;
mod voices;
mod write;

#[cfg(test)]
mod grammar;

pub use attribute::Attribute;
pub use client::{
    Application, ApplicationNoun, ApplicationSid, Client, ClientNoun, Identity, MachineDetection,
    Number, Parameter, Sim, WhatsApp,
};
pub use conference::{Conference, ParticipantLabel};
pub use connect::{
    AiSession, Autopilot, Connect, ConnectNoun, Conversation, Room, VirtualAgent, VirtualAgentNoun,
};
pub use dial::{CallReason, Dial, DialNoun};
pub use enqueue::{Enqueue, EnqueueNoun, Queue, Task};
pub use error::{BuildError, ParseError, ParseErrorKind};
pub use gather::{Gather, GatherPrompt, SpeechTimeout};
pub use languages::{GatherLanguage, PayLanguage, SayLanguage};
pub use lint::{Level, Lint};
pub use nouns::{Config, Header, Headers, HeadersNoun};
pub use pay::{Pay, PayNoun, Prompt};
pub use play::{Pause, Play};
pub use record::Record;
pub use relay::{ConversationRelay, ConversationRelayNoun, ConversationRelaySession, Language};
pub use response::{Response, Verb};
pub use say::Say;
pub use sip::{Refer, ReferNoun, ReferSip, Sip, SipNoun, SipUri};
pub use stream::{
    Recording, Siprec, SiprecNoun, Start, StartNoun, Stop, StopNoun, Stream, StreamNoun,
    Transcription, TranscriptionNoun,
};
pub use text::{Comment, Text};
pub use tree::{Element, Node, Unknown};
pub use value::{Commas, Unlisted};
pub use values::*;
pub use verbs::{Echo, Hangup, HangupNoun, Leave, Redirect, Reject, RejectNoun, Sms};
pub use voices::Voice;
