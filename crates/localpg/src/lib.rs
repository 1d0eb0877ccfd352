#![doc = include_str!("../README.md")]
#![expect(
    clippy::disallowed_methods,
    reason = "it waits for Postgres, a program of the machine, for so long and no longer"
)]

#[cfg(not(unix))]
compile_error!("localpg needs Unix domain sockets and process groups");

mod account;
mod binaries;
mod error;
mod fetch;
mod layout;
mod options;
mod postmaster;
mod server;
#[cfg(feature = "testing")]
pub mod testing;
mod watchdog;
mod wire;

pub use binaries::{Binaries, Search};
pub use error::Error;
pub use options::{Notice, Options};
pub use server::{Server, start};

/// The superuser of every cluster that this crate makes.
///
/// It ignores row-level security: create a plain role for the application.
pub const SUPERUSER: &str = "postgres";
