//! The emulator against a small server whose answers are scripted.
#![expect(clippy::disallowed_methods, reason = "a test measures real time")]
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod accounts;
mod agents;
mod api;
#[cfg(feature = "media")]
mod calls;
mod calls_out;
mod clock;
mod conferences;
mod control;
mod documents;
mod elsewhere;
mod faults;
mod gather;
mod inbound;
#[cfg(feature = "media")]
mod media;
mod mistakes;
mod numbers;
mod outbound;
mod page;
#[cfg(feature = "media")]
mod peer;
#[cfg(all(feature = "cli", unix))]
mod program;
mod queues;
mod recordings;
mod reports;
mod rest;
mod rest_resources;
mod server;
mod signal;
mod sounds;
mod speech;
mod tones;
mod transport;
mod verbs;
mod whisper;
