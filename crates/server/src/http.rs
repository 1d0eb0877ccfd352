//! What every request goes through, whoever sends it.

mod addresses;
pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod listener;
pub(crate) mod networks;
pub(crate) mod paced;
pub(crate) mod panic;
pub(crate) mod reply;
