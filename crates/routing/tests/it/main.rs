//! Rules, simulated calls, laws and forms, against the public API.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

#[cfg(feature = "serde")]
mod json;
mod laws;
mod rules;
mod sequences;
mod support;
