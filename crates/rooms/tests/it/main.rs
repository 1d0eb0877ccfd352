//! The law over every interleaving of a small model, and stories that a person can read.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]
#![expect(clippy::print_stdout, reason = "the figures of the search are printed")]

mod carrier;
mod model;
mod search;
mod stories;
mod world;
