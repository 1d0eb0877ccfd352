#![doc = include_str!("../README.md")]
#![expect(clippy::disallowed_methods, reason = "it plays Twilio, whose clock is its own")]

mod account;
mod address;
mod agent;
mod behaviour;
mod call;
mod clock;
mod conference;
mod config;
mod control;
mod driver;
mod emulator;
mod error;
mod exchange;
mod fault;
mod frame;
mod front;
mod http;
mod media;
mod page;
mod pcmu;
mod phone;
mod post;
mod problem;
mod read;
mod rest;
mod seed;
mod shared;
mod sign;
mod signal;
mod sound;
mod state;
mod step;
mod story;
mod timeline;
mod url;
mod voice;
mod wave;
mod webhook;
mod world;

pub use account::{Account, ApiKey};
pub use address::{Address, CallStatus, Direction, Progress};
pub use agent::{Agent, Ringing};
pub use behaviour::{AnsweredBy, Behaviour};
pub use call::{Call, Stall};
pub use clock::{Clock, ClockError};
pub use conference::{Conference, ConferenceStatus, Participant};
pub use config::{
    Config, Delivery, EleventhNoun, LosingLeg, NamedLeg, Partials, Recorded, SequentialTimeout,
    SilentTranscript, Unknowns, WhisperRace,
};
pub use control::SetupError;
pub use emulator::{Emulator, Hold};
pub use error::{HandError, RegisterError};
pub use fault::{ApiFault, ApiMishap, Fault, Mishap, Route, Select, Until};
pub use front::Http;
pub use media::Ear;
pub use phone::Phone;
pub use problem::{Problem, Severity};
pub use signal::{Device, Gateway};
pub use sound::Sound;
pub use story::{Leg, Story};
pub use timeline::{Entry, Heard, What};
pub use voice::Voice;
pub use webhook::{Answer, Kind, Method, Outcome, Webhook};
