//! Stories, laws, permutations and forms, against the public API.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod forms;
mod found;
#[cfg(feature = "serde")]
mod json;
mod laws;
mod news;
mod orders;
mod outbound;
mod stories;
mod support;
