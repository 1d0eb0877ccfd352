//! What a new question to the database is made of.
//!
//! It is public only so that the recipe in the README is compiled. Nothing outside of this crate
//! uses it: the server asks by methods of [`Store`](crate::Store).

use deadpool_postgres::Pool;

use crate::Store;

pub use crate::scope::Scope;
pub use crate::sql::moment;

/// The connections for agents and their pages.
pub const fn agents(store: &Store) -> &Pool {
    &store.agent
}
