//! Signalling for real browsers: what the Voice SDK finds at `wss://…/signal`.

mod certificate;
mod device;
mod gateway;
mod http;
mod socket;

pub use device::Device;
pub use gateway::Gateway;
pub(crate) use http::accept;
