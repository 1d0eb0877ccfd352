//! Real servers, started and stopped in every way.
#![expect(clippy::disallowed_methods, reason = "a test measures real time")]
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

#[cfg(feature = "fetch")]
mod fetch;
mod leftover;
mod search;
mod server;
#[cfg(feature = "testing")]
mod shared;
mod support;
