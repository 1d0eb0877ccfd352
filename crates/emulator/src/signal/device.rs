//! A real browser, as Twilio sees it.

use std::fmt;
use std::sync::Arc;

use identity::CallSid;

use crate::HandError;
use crate::frame::SocketId;
use crate::shared::Shared;
use crate::state::party::PartyId;

/// A real browser that is connected to the gateway and has sent a good token.
///
/// It is one socket: the same page after a reload, or after it has lost its connection, is another
/// device of the same identity.
#[derive(Clone)]
pub struct Device {
    shared: Arc<Shared>,
    socket: SocketId,
    party: PartyId,
    identity: String,
}

impl Device {
    pub(crate) fn all(shared: &Arc<Shared>) -> Vec<Self> {
        let device = |(socket, party, identity)| Self {
            shared: Arc::clone(shared),
            socket,
            party,
            identity,
        };
        let rows: Vec<(SocketId, PartyId, String)> = shared.read(|world| {
            let devices = world.signal.sockets.devices();
            devices
                .filter_map(|(socket, party)| {
                    let identity = world.parties.get(party)?.address.identity()?;
                    Some((socket, party, identity.to_owned()))
                })
                .collect()
        });
        rows.into_iter().map(device).collect()
    }

    /// A number that no other socket of this emulator has.
    pub fn id(&self) -> u64 {
        self.socket.0
    }

    /// The client identity of its token.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether it takes calls now.
    pub fn is_registered(&self) -> bool {
        self.shared.read(|world| {
            let now = world.time.now;
            world.parties.get(self.party).is_some_and(|party| party.is_registered(now))
        })
    }

    /// The call or leg that it is on.
    pub fn on_call(&self) -> Option<CallSid> {
        self.shared.read(|world| world.parties.get(self.party).and_then(|party| party.on_call))
    }

    /// The legs that ring there.
    pub fn ringing(&self) -> Vec<CallSid> {
        self.shared.read(|world| {
            world.parties.get(self.party).map_or_else(Vec::new, |it| it.pending.clone())
        })
    }

    /// Sends a message of the application's own to the call that it is on: the page's event
    /// `messageReceived`.
    ///
    /// # Errors
    ///
    /// [`HandError::NoCall`].
    pub fn send(&self, content: &serde_json::Value) -> Result<(), HandError> {
        let content = content.to_string();
        let is_sent = self.shared.write(|world| world.message_to_browser(self.party, content));
        if is_sent { Ok(()) } else { Err(HandError::NoCall) }
    }

    /// Cuts its socket like a lost network: the page sees code 1006.
    pub fn tear(&self) {
        self.shared.write(|world| world.signal.sockets.tear(self.socket));
    }

    /// Loses all packets of its media from now on, in both directions; `false` ends that.
    pub fn lose_media(&self, loses: bool) {
        self.shared.write(|world| {
            if loses {
                world.signal.deaf.insert(self.party);
            } else {
                world.signal.deaf.remove(&self.party);
            }
        });
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({}, {})", self.socket.0, self.identity)
    }
}
