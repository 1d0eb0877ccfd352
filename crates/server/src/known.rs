//! What this server knows of each workspace without asking the database, so that calls are answered
//! while the database is slow or away.
//!
//! [`Workspaces`] has the accounts and policies, [`Rosters`] the members and the contacts that called
//! last, which [`Members`] keeps current, [`EndedCalls`] the calls that are over, [`Acknowledged`] who is on a call by records that are not
//! in the database yet. [`Refresh`] asks the database again where the answer
//! is old, and writes everything to [`Files`], sealed, for a server that starts while its database is
//! away.

mod acknowledged;
mod ended;
mod files;
mod members;
mod refresh;
mod rosters;
mod shared;
mod workspace;
mod workspaces;

pub(crate) use acknowledged::{Acknowledged, Said};
pub(crate) use ended::EndedCalls;
pub(crate) use files::Files;
pub(crate) use members::Members;
pub(crate) use refresh::Refresh;
pub(crate) use rosters::{KnownCaller, Rosters};
pub(crate) use shared::SharedReads;
pub(crate) use workspace::{Workspace, check, open};
pub(crate) use workspaces::{NoWorkspace, Sources, Workspaces};
