//! The whole server, on a real Postgres, with Twilio on loopback.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod away;
mod callbacks;
mod carrier_http;
mod http;
mod inbound;
mod outbound;
mod parameters;
mod replay;
mod sessions;
mod tables;
mod team;
mod unanswered;
mod waves;
mod world;
