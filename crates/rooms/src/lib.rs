#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod call;
mod news;
mod party;
mod step;
mod transfer;
mod wish;

pub use call::{After, Call, Input, Next};
pub use news::{News, TransferEnd};
pub use party::{How, Mode, Party, PartyId, PartyState, Place, Role, Sound, Want, Who};
pub use step::{Answer, Document, Order, Seen, SeenAt, Step, StepNumber};
pub use transfer::{Cause, Errand, Front, Stage, Transfer};
pub use wish::{Outcome, Peer, Refusal, Target, What, Wish, WishId};
