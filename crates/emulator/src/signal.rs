//! Signalling for real browsers: the sockets of the Voice SDK at `wss://…/signal`.

mod certificate;
mod device;
mod gateway;
mod http;
mod socket;

pub use device::Device;
pub use gateway::Gateway;
pub(crate) use http::accept;
