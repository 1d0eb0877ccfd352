#![doc = include_str!("../README.md")]

mod api;
mod app;
mod budget;
mod carrier;
mod clock;
mod config;
mod dispatch;
mod endpoint;
mod error;
mod feed;
mod http;
mod journal;
mod keeper;
mod metrics;
mod policy;
mod premium;
mod reconcile;
mod roster;
mod seal;
mod serve;
mod sessions;
mod slots;
mod vault;
mod watch;
mod wire;
mod workspace;

pub mod command;
pub mod log;

pub use clock::Clock;
pub use config::{Config, ConfigFaults, ReconcileConfig, Secret, SecretsKey, SessionConfig};
pub use http::networks::Networks;
pub use policy::Policy;
pub use reconcile::Reconciled;
pub use seal::{Credentials, NONCE, SealError, open, seal};
pub use serve::{ServeError, Server};
