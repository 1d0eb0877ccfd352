#![doc = include_str!("../README.md")]

mod admission;
mod agents;
mod apply;
mod error;
mod guard;
mod log;
mod lookup;
mod migrate;
mod pool;
mod reconcile;
mod scope;
mod sql;
mod store;
mod workspaces;

pub use agents::AgentRow;
pub use apply::StoredEvent;
pub use error::StoreError;
pub use guard::Fault;
pub use log::{Before, CallRow, LegRow};
pub use lookup::{CLAIM_CALL, Claim, Dialling, KnownContact, ROSTER, Roster};
pub use migrate::{NewWorkspace, Owner, SCHEMA, WorkspaceLine, checksum};
pub use reconcile::{KnownCall, Lease, OpenCall, OpenLeg};
pub use store::{PoolUse, Store, StoreOptions};
pub use workspaces::WorkspaceRow;
