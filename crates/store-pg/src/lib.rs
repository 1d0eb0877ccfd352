#![doc = include_str!("../README.md")]

mod admission;
mod agents;
mod apply;
mod changes;
mod claim;
mod erase;
mod error;
mod explain;
mod fault;
mod guard;
mod listen;
mod livechat;
mod log;
mod marks;
mod migrate;
mod news;
mod notices;
mod pages;
mod plans;
mod pool;
#[doc(hidden)]
pub mod recipe;
mod reconcile;
mod record;
mod retain;
mod roster;
mod schema;
mod scope;
mod share;
mod silence;
mod sql;
mod stats;
mod store;
mod tables;
mod text;
mod url;
mod words;
mod workspaces;

pub use agents::AgentRow;
pub use apply::StoredEvent;
pub use changes::{Change, Changes, Snapshot, Subject};
pub use claim::{CLAIM_CALL, Claim, Dialling};
pub use erase::{Deleted, Erased, Person, Removed};
pub use error::{Class, StoreError};
pub use fault::Fault;
pub use listen::{Listener, Notice};
pub use livechat::{Line, LineKind, Look};
pub use log::{
    Before, CALLS, CALLS_IN, CALLS_MISSED, CALLS_OF_AGENT, CALLS_OUT, Filter, MOST_LIVE_CALLS,
};
pub use marks::Traces;
pub use migrate::{NewWorkspace, Owner, WorkspaceLine};
pub use pages::OpenPage;
pub use plans::StoreOptions;
pub use reconcile::{After, KnownCall, Lease, OpenCall, OpenLeg};
pub use record::{Logged, LoggedCall};
pub use retain::Retained;
pub use roster::{CALLER, Caller, FoundContact, KnownContact, MOST_MEMBERS, Roster};
pub use schema::{OLDEST_SCHEMA, SCHEMA, SCHEMA_VERSION, schema_stamp, template_key};
pub use scope::Limit;
pub use silence::{LiveChat, MemberRole};
pub use stats::{AgentStats, HourStats, STATS, Stats, Waits};
pub use store::{PoolUse, Store};
pub use tables::{LIVE_CHAT, OURS, QUESTIONS};
pub use workspaces::{WorkspaceChange, WorkspaceRow};
