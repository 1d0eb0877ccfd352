//! The HTTP that all requests share: connections, bodies, answers.

mod addresses;
pub(crate) mod body;
pub(crate) mod cors;
mod heads;
pub(crate) mod listener;
pub(crate) mod networks;
pub(crate) mod paced;
pub(crate) mod panic;
pub(crate) mod reply;
