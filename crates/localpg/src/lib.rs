#![doc = include_str!("../README.md")]
#![expect(
    clippy::disallowed_methods,
    reason = "it waits for Postgres, a program of the machine, with time limits"
)]

#[cfg(not(unix))]
compile_error!("localpg needs Unix domain sockets and process groups");

mod account;
mod binaries;
mod error;
mod fetch;
mod layout;
mod notice;
mod options;
mod postmaster;
mod server;
#[cfg(feature = "testing")]
pub mod testing;
mod watchdog;
mod wire;

pub use binaries::{Binaries, Search};
pub use error::Error;
pub use layout::SUPERUSER;
pub use notice::Notice;
pub use options::Options;
pub use server::{Server, start};
