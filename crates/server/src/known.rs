//! What this server knows of each workspace without asking the database: its account and policy, its
//! members, the contacts that called last, and the calls that ended last.

pub(crate) mod files;
pub(crate) mod refresh;
pub(crate) mod rosters;
pub(crate) mod workspaces;
