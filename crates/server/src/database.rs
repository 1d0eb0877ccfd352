//! How the server stands to its database: how long a caller waits for it, whether it is safe to use,
//! and the embedded one.

pub(crate) mod budget;
pub(crate) mod damaged;
pub(crate) mod embedded;
pub(crate) mod guard;
