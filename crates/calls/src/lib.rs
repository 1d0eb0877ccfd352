#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod call;
mod error;
mod event;
mod fold;
mod form;
mod limits;
mod log;
mod news;
mod outcome;
mod params;
mod party;
mod status;

#[cfg(feature = "serde")]
pub use call::KeptWave;
pub use call::{Call, Leg, Wave};
pub use error::ParamError;
pub use event::{
    Arrived, Closed, Dialled, Ended, Event, Fact, Found, LegEvent, Placed, Refused, Routed, Verdict,
};
pub use fold::fold;
pub use identity::UnknownCode;
pub use limits::{LONGEST_CALL, LONGEST_RING, MOST_AHEAD};
pub use log::{LogEntry, Sender, log_entry};
pub use news::{News, RingEnd, news};
pub use outcome::Outcome;
pub use params::{Parsed, Source, parse};
pub use party::Party;
pub use status::{
    CallResult, ClosedBy, DialStatus, Direction, EndReason, LegEnd, LegStatus, Refusal,
};
