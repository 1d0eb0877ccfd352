//! The sockets, and the devices behind them.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::Timestamp;

use crate::frame::{Outgoing, SocketId};
use crate::state::party::PartyId;

/// A socket of the Voice SDK.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    /// The device, once it has sent a good token.
    pub(crate) party: Option<PartyId>,
    /// How long a call survives the loss of the socket.
    pub(crate) reconnect_timeout: Duration,
    /// When the token ends.
    pub(crate) expires_at: Option<Timestamp>,
    /// Whether the token allows incoming calls.
    pub(crate) takes_calls: bool,
    outbox: Vec<Outgoing>,
    /// Whether the test has torn it.
    is_torn: bool,
}

/// All sockets.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    by_id: BTreeMap<SocketId, Socket>,
    opened: u64,
}

impl Sockets {
    pub(crate) fn open(&mut self) -> SocketId {
        self.opened += 1;
        let id = SocketId(self.opened);
        self.by_id.insert(id, Socket::default());
        id
    }

    pub(crate) fn remove(&mut self, id: SocketId) -> Option<Socket> {
        self.by_id.remove(&id)
    }

    pub(crate) fn get(&self, id: SocketId) -> Option<&Socket> {
        self.by_id.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.by_id.get_mut(&id)
    }

    /// The device behind a socket.
    pub(crate) fn party(&self, id: SocketId) -> Option<PartyId> {
        self.by_id.get(&id)?.party
    }

    pub(crate) fn push(&mut self, id: SocketId, outgoing: Outgoing) {
        if let Some(socket) = self.by_id.get_mut(&id) {
            socket.outbox.push(outgoing);
        }
    }

    /// Takes the frames to send. `None` if the socket is to be torn.
    pub(crate) fn take_outbox(&mut self, id: SocketId) -> Option<Vec<Outgoing>> {
        let socket = self.by_id.get_mut(&id)?;
        if socket.is_torn { None } else { Some(std::mem::take(&mut socket.outbox)) }
    }

    /// Tears a socket without telling the browser.
    pub(crate) fn tear(&mut self, id: SocketId) {
        if let Some(socket) = self.by_id.get_mut(&id) {
            socket.is_torn = true;
        }
    }

    /// The devices that have sent a good token, in the order of their sockets.
    pub(crate) fn devices(&self) -> impl Iterator<Item = (SocketId, PartyId)> {
        self.by_id.iter().filter_map(|(id, socket)| Some((*id, socket.party?)))
    }

    /// Gives a socket to a device, as after a good token.
    #[cfg(test)]
    pub(crate) fn belongs_to(&mut self, id: SocketId, party: PartyId) {
        self.by_id.entry(id).or_default().party = Some(party);
    }
}
