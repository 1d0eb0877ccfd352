//! The whole server, on a real Postgres, with Twilio on loopback.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod api;
mod away;
mod callbacks;
mod campaign;
mod carrier_http;
mod check;
mod console;
mod database_away;
mod doubt;
mod events;
mod handover;
mod http;
mod inbound;
mod isolation;
mod known;
mod logs;
mod operations;
mod outbound;
mod parameters;
mod presence;
mod process;
mod reconcile;
mod replay;
mod rest;
mod sessions;
mod shutdown;
mod slow;
mod stats;
mod stream;
mod tables;
mod team;
mod token;
mod unanswered;
mod waves;
mod world;
