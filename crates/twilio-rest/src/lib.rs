#![doc = include_str!("../README.md")]

mod account;
mod base;
mod call;
mod client;
mod conference;
mod credentials;
mod error;
mod instruction;
mod wire;

pub use account::{Account, CallFilter, Listing};
pub use base::BaseUrl;
pub use call::{CallDirection, CallRecord, CallStatus};
pub use client::{Client, Pause, Settings};
pub use conference::{
    Coaches, ConferenceRecord, Invitation, ParticipantChange, ParticipantName, ParticipantRecord,
};
pub use credentials::{ApiSecret, Credentials};
pub use error::{BaseUrlError, Error, ErrorKind, Refusal, TooLong};
pub use instruction::Instruction;
