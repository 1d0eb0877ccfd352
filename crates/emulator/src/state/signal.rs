//! Real browsers: their sockets, and the lines between them and the calls.

mod line;
mod socket;

pub(crate) use line::{Line, Lines, Placed};
pub(crate) use socket::{Socket, Sockets};

use std::collections::BTreeSet;

use identity::CallSid;

use super::party::PartyId;

/// Everything about real browsers.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    pub(crate) sockets: Sockets,
    pub(crate) lines: Lines,
    /// Legs that ring, but whose device has lost its socket.
    pub(crate) orphans: BTreeSet<CallSid>,
    /// Devices whose packets are lost, in both directions.
    pub(crate) deaf: BTreeSet<PartyId>,
}
