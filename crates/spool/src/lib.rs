#![doc = include_str!("../README.md")]

mod catalogue;
mod config;
mod consumer;
mod cursor;
mod error;
mod file;
mod record;
mod recovery;
mod spare;
mod spool;
mod storage;
mod syncer;
mod ticket;
mod writer;

#[cfg(test)]
mod campaign;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod simulated;

pub use config::Config;
pub use error::{AppendError, ConsumeError, Fault, OpenError};
pub use record::{Record, Sequence};
pub use recovery::{Damage, Recovery};
pub use spool::{Ready, Spool, Stats};
pub use ticket::{Append, Written};
