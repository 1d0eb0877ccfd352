//! The emulator against a small server whose answers are scripted.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod agents;
mod api;
mod calls;
mod control;
mod documents;
mod faults;
mod inbound;
mod media;
mod outbound;
mod page;
mod peer;
mod rest;
mod server;
mod signal;
mod transport;
mod verbs;
