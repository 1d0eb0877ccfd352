//! Tokens that are accepted, and the many that are refused.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod bad;
mod good;
mod jwks;
mod laws;
mod signer;
mod vectors;
