#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod candidate;
mod decision;
mod policy;
mod resolve;

pub use candidate::{Activity, Caller, Candidate, Page, Presence, Role};
pub use decision::{Because, Decision, Ending, Reason, Scope, Verdict};
pub use identity::UnknownCode;
pub use policy::{AssignedUnanswered, AssignedUnavailable, EveryoneUnanswered, Order, Policy};
pub use resolve::{WAVE_SIZE, resolve};
