//! The whole server, on a real Postgres, with Twilio on loopback.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod http;
mod inbound;
mod world;
