//! The store on a real Postgres, one database a test.
#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod accounts;
mod agents;
mod apply;
mod budgets;
mod changes;
mod erase;
mod errors;
mod events;
mod guard;
mod isolation;
mod limits;
mod livechats;
mod lookup;
mod migrate;
mod plan;
mod pooler;
mod reach;
mod reconcile;
mod recovery;
mod retention;
mod support;
mod tls;
mod together;
mod trips;
mod versions;
