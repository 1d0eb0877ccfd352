//! Signalling for real browsers: what the Voice SDK finds at `wss://…/signal`.

mod certificate;
mod device;
mod frame;
mod gateway;
mod http;
mod socket;

pub use device::Device;
pub(crate) use frame::{Fault, Frame, Invite, Listen, OfCall, Outgoing, Received, Sdp, WithSdp};
pub use gateway::Gateway;
pub(crate) use http::accept;
