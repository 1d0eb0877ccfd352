#![doc = include_str!("../README.md")]

mod api;
mod app;
mod assets;
mod browser;
mod carrier;
mod clock;
mod config;
mod database;
mod dispatch;
mod endpoint;
mod error;
mod feed;
mod http;
mod journal;
mod known;
mod metrics;
mod nobody;
mod operations;
mod place;
mod policy;
mod reconcile;
mod retention;
mod secrets;
mod serve;
mod sessions;
mod strangers;
mod tasks;
mod wire;

pub mod command;
pub mod log;

pub use clock::Clock;
pub use config::{Config, ConfigFaults, ReconcileConfig, SessionConfig};
pub use database::embedded::EmbeddedError;
pub use http::networks::{Networks, NotANetwork};
pub use place::{Edge, PlaceError, Region};
pub use policy::Policy;
pub use reconcile::Reconciled;
pub use secrets::fit::WrongKey;
pub use secrets::seal::{Credentials, NONCE, SealError, seal};
pub use secrets::{Secret, SecretsKey, SecretsKeyError, SecretsKeys};
pub use serve::{Control, ServeError, Server};
pub use tasks::TaskFailed;
