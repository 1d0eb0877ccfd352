//! The public behaviour of the crate.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod issue;
mod laws;
mod tables;
