//! The store on a real Postgres, one database a test.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod apply;
mod events;
mod lookup;
mod recovery;
mod support;
mod trips;
