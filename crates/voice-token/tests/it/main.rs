//! The public behaviour of the crate.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod judge;
mod vectors;
