#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod candidate;
mod decision;
mod policy;
mod resolve;
mod status;

pub use candidate::{Activity, Caller, Candidate, NotReady, Page, Presence, Role};
pub use decision::{Because, Decision, Ending, Reason, ReasonCode, Scope, Verdict, Whom};
pub use identity::UnknownCode;
pub use policy::{AssignedUnanswered, AssignedUnavailable, EveryoneUnanswered, Order, Policy};
pub use resolve::{WAVE_SIZE, resolve};
pub use status::{AgentStatus, Availability};
