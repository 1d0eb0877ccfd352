//! Devices send their tokens and register.

use std::time::Duration;

use identity::{AppSid, Timestamp};

use super::super::World;
use super::super::party::Claims;
use crate::frame::{Fault, Frame, Listen, Sdp, SocketId};
use crate::problem::{CONNECTION_DECLINED, Problem};
use crate::state::party::{Party, PartyId, Presence};
use crate::timeline::What;
use crate::{Address, Behaviour, RegisterError};

impl World {
    /// The first frame of a socket, or a new token on it.
    pub(super) fn listen(&mut self, id: SocketId, listen: &Listen, wall: Timestamp) {
        let claims = match self.verify_token(&listen.token, wall) {
            Ok(claims) => claims,
            Err(error) => return self.refuse(id, error),
        };
        let address = Address::Client(claims.identity.clone());
        let known = self.signal.sockets.party(id);
        if let Some(party) = known.and_then(|party| self.parties.get(party))
            && (party.address != address || party.account != Some(claims.account))
        {
            return self.refuse(id, RegisterError::OtherIdentity);
        }
        let party = known.unwrap_or_else(|| {
            let mut party =
                Party::new(Some(claims.account), address, Behaviour::ByHand, Presence::Away);
            party.is_page = true;
            party.socket = Some(id);
            self.add_party(party)
        });
        let expires_at = self.time.now + self.time.as_on_the_wall(claims.left);
        let frame = connected(&claims);
        if let Some(device) = self.parties.get_mut(party) {
            (device.app, device.app_params) = claims
                .outgoing
                .map_or_else(|| (None, Vec::new()), |(app, params)| (Some(app), params));
            if matches!(device.presence, Presence::Until(_)) {
                device.presence =
                    if claims.incoming { Presence::Until(expires_at) } else { Presence::Away };
            }
        }
        if let Some(socket) = self.signal.sockets.get_mut(id) {
            socket.party = Some(party);
            socket.reconnect_timeout = Duration::from_secs(listen.reconnect_timeout);
            socket.expires_at = Some(expires_at);
            socket.takes_calls = claims.incoming;
        }
        self.push(party, frame, Sdp::None);
    }

    /// `device.register`, its repetition every 30 s, or `device.unregister`.
    pub(super) fn register_device(&mut self, id: SocketId, party: PartyId, wants_calls: bool) {
        if !wants_calls {
            self.set_presence(party, Presence::Away);
            self.push(party, Frame::Offline, Sdp::None);
            return;
        }
        let Some(socket) = self.signal.sockets.get(id) else { return };
        let (takes_calls, expires_at) = (socket.takes_calls, socket.expires_at);
        let Some(expires_at) = expires_at.filter(|expires_at| self.time.now < *expires_at) else {
            self.set_presence(party, Presence::Away);
            return self.refuse(id, RegisterError::Token(voice_token::VerifyError::Expired));
        };
        if !takes_calls {
            self.refuse(id, RegisterError::NoIncomingGrant);
            if self.parties.get(party).is_some_and(|device| device.on_call.is_none()) {
                self.push_to(id, Frame::Close, Sdp::None);
            }
            return;
        }
        let is_new =
            self.parties.get(party).is_some_and(|device| device.presence == Presence::Away);
        self.set_presence(party, Presence::Until(expires_at));
        self.push(party, Frame::Ready, Sdp::None);
        if is_new {
            let number = self.parties.next_registration();
            let Some(device) = self.parties.get_mut(party) else { return };
            device.registered = number;
            let client = device.address.clone();
            self.note(None, What::Registration { client, refused: None });
            self.ring_orphans(party);
        }
    }

    fn set_presence(&mut self, party: PartyId, presence: Presence) {
        if let Some(device) = self.parties.get_mut(party) {
            device.presence = presence;
        }
    }

    /// Tells a browser what is wrong with its token. A socket that has never sent a good one is
    /// closed by `close`: after an error alone the SDK waits for ever, and after a lost socket it
    /// comes back at once.
    pub(super) fn refuse(&mut self, id: SocketId, error: RegisterError) {
        let text = error.sentence();
        let code = error.code().unwrap_or(error.frame_code());
        self.note(None, What::Problem(Problem::error(code, text.clone())));
        self.push_to(id, Frame::Error(Fault::new(error.frame_code(), text)), Sdp::None);
        if self.signal.sockets.party(id).is_none() {
            self.push_to(id, Frame::Close, Sdp::None);
        }
    }

    /// The TwiML App through which a device may call.
    pub(super) fn may_call(&self, id: SocketId, party: PartyId) -> Result<AppSid, Fault> {
        let expires_at = self.signal.sockets.get(id).and_then(|it| it.expires_at);
        if expires_at.is_none_or(|expires_at| self.time.now >= expires_at) {
            let error = RegisterError::Token(voice_token::VerifyError::Expired);
            return Err(Fault::new(error.frame_code(), error.sentence()));
        }
        let app = self.parties.get(party).and_then(|device| device.app);
        app.ok_or_else(|| {
            Fault::new(CONNECTION_DECLINED, "the token does not allow outgoing calls")
        })
    }
}

fn connected(claims: &Claims) -> Frame {
    Frame::Connected {
        account: claims.account.to_string(),
        identity: claims.identity.clone(),
        ttl_seconds: claims.left.as_secs(),
    }
}
