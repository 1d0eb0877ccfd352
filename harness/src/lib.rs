#![doc = include_str!("../README.md")]
#![expect(
    clippy::missing_errors_doc,
    reason = "every error is for the person who runs a test or a command"
)]
#![expect(clippy::print_stdout, reason = "commands report on standard output")]
#![cfg_attr(
    feature = "server",
    expect(clippy::disallowed_methods, reason = "a harness measures real time")
)]
#![cfg_attr(
    feature = "server",
    expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")
)]

pub mod directory;
mod failure;
mod group;
#[cfg(feature = "server")]
pub mod http;
pub mod livechats;
pub mod random;
pub mod run;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod session;
#[cfg(feature = "server")]
pub mod wait;

pub use failure::Failure;
pub use group::Group;
