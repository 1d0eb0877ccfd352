//! The frames of real browsers. Frames are read one after the other, so that it is always clear
//! which device wins.

mod device;
mod line;

use std::time::Duration;

use identity::{CallSid, Timestamp};

use super::World;
use crate::frame::{
    Fault, Frame, Invite, LineId, OfCall, Outgoing, Received, Sdp, SocketId, WithSdp,
};
use crate::problem::{BAD_FRAME, CONNECTION_DECLINED, NO_SUCH_CALL, Problem, SESSION_DESCRIPTION};
use crate::state::agenda::Due;
use crate::state::call::Caller;
use crate::state::party::{PartyId, Presence};
use crate::state::signal::{Line, Placed, Socket};
use crate::timeline::What;
use crate::{CallStatus, RegisterError};

/// The answer of the browser that won: its session description completes the media session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) line: LineId,
    pub(crate) sdp: String,
}

impl World {
    /// Handles a frame. `wall` is the machine's clock.
    pub(crate) fn receive(
        &mut self,
        socket: SocketId,
        text: &str,
        wall: Timestamp,
    ) -> Option<Accepted> {
        let Some(frame) = Received::parse(text) else {
            let text = "a frame does not fit its type";
            self.note(None, What::Problem(Problem::error(BAD_FRAME, text)));
            self.push_to(socket, Frame::Error(Fault::new(BAD_FRAME, text)), Sdp::None);
            return None;
        };
        if let Received::Listen(listen) = frame {
            self.listen(socket, &listen, wall);
            return None;
        }
        let Some(party) = self.signal.sockets.party(socket) else {
            self.refuse(socket, RegisterError::NoToken);
            return None;
        };
        self.note_signal(party, frame.name(), true);
        match frame {
            Received::Register(register) => {
                self.register_device(socket, party, register.wants_calls());
            }
            Received::Invite(invite) => match invite.reconnect.clone() {
                None => self.placed_by_browser(socket, party, &invite),
                Some(token) => self.comes_back(party, &invite, &token),
            },
            Received::Answer(answer) => return self.answered_by_browser(party, answer),
            Received::Reinvite(offer) => self.restarts_media(party, offer),
            Received::Reject(of) => self.rejected_by_browser(party, &of),
            Received::Hangup(of) => self.hung_up_by_browser(party, &of),
            Received::Dtmf(dtmf) => {
                if let Some(line) = self.line_named(party, &dtmf.callsid) {
                    dtmf.dtmf.chars().for_each(|key| self.press_key(line.leg, key));
                }
            }
            Received::Message(message) => {
                let ack = Frame::Ack { call: message.callsid, event: message.voiceeventsid };
                self.note_message(party, &message.content.to_string());
                self.push(party, ack, Sdp::None);
            }
            Received::Listen(_) | Received::Unknown => {}
        }
        None
    }

    /// The browser's offer could not be read: its call ends.
    pub(crate) fn sdp_refused(&mut self, line: LineId, why: &str) {
        let Some(leg) = self.signal.lines.get(line).map(|line| line.leg) else { return };
        let text = format!("the session description of the browser cannot be used: {why}");
        self.note_problem(leg, Problem::error(SESSION_DESCRIPTION, text));
        self.hang_up(leg);
    }

    /// `device.connect`.
    fn placed_by_browser(&mut self, socket: SocketId, party: PartyId, invite: &Invite) {
        let app = match self.may_call(socket, party) {
            Ok(app) => app,
            Err(fault) => {
                self.note(None, What::Problem(Problem::error(fault.code, fault.message.clone())));
                let hangup = Frame::Hangup { call: invite.callsid.clone(), fault: Some(fault) };
                self.push(party, hangup, Sdp::None);
                return;
            }
        };
        let caller = Caller { by_hand: true, ..Caller::default() };
        let Some((sid, voice)) = self.place_from_browser(party, app, invite.params(), caller)
        else {
            let fault = Fault::new(CONNECTION_DECLINED, "the device is on a call");
            let hangup = Frame::Hangup { call: invite.callsid.clone(), fault: Some(fault) };
            self.push(party, hangup, Sdp::None);
            return;
        };
        self.signal.lines.add(Line {
            leg: sid,
            party,
            is_open: false,
            placed: Some(Placed { temporary: invite.callsid.clone(), offer: invite.sdp.clone() }),
            fingerprint: fingerprint(&invite.sdp),
        });
        // `ringing` is sent at once, because the SDK gives its Sid to any call that is pending.
        self.push(party, Frame::Ringing { call: sid }, Sdp::None);
        self.begin(sid, voice);
    }

    /// `call.accept`: the device whose answer is read first gets the leg.
    fn answered_by_browser(&mut self, party: PartyId, answer: WithSdp) -> Option<Accepted> {
        // Without a line the answer is too late. The device knows that already.
        let id = self.signal.lines.named(party, &answer.callsid)?;
        let line = self.signal.lines.get_mut(id)?;
        if line.is_taken() {
            return None;
        }
        line.is_open = true;
        line.fingerprint = fingerprint(&answer.sdp);
        let leg = line.leg;
        if self.party_answers(party, leg) {
            return Some(Accepted { line: id, sdp: answer.sdp });
        }
        if self.signal.lines.remove(id).is_some() {
            self.push(party, Frame::Cancel { call: leg }, Sdp::None);
        }
        None
    }

    fn rejected_by_browser(&mut self, party: PartyId, of: &OfCall) {
        let Some(id) = self.signal.lines.named(party, &of.callsid) else { return };
        if let Some(line) = self.signal.lines.remove(id) {
            self.party_declines(party, line.leg);
        }
    }

    fn hung_up_by_browser(&mut self, party: PartyId, of: &OfCall) {
        let Some(id) = self.signal.lines.named(party, &of.callsid) else { return };
        // The device that hung up gets no `hangup`.
        let Some(line) = self.signal.lines.remove(id) else { return };
        if line.is_taken() {
            self.hang_up(line.leg);
        } else {
            self.party_declines(party, line.leg);
        }
    }

    /// A reconnect `invite`: the device resumes a call after it has lost its socket or got a
    /// new token, or another device or a reloaded page takes it over.
    fn comes_back(&mut self, party: PartyId, invite: &Invite, token: &str) {
        let line = self.line_to_resume(party, &invite.callsid, token);
        let Some(id) = line.or_else(|| self.adopt_orphan(party, &invite.callsid, token)) else {
            let message = "the call is over";
            let fault = Some(Fault::new(NO_SUCH_CALL, message));
            self.push(party, Frame::Hangup { call: invite.callsid.clone(), fault }, Sdp::None);
            return;
        };
        let Some(line) = self.signal.lines.get(id).cloned() else { return };
        let theirs = fingerprint(&invite.sdp);
        if line.fingerprint.is_some() && line.fingerprint == theirs {
            self.move_line(id, party);
            self.push_answer(party, line.leg, Sdp::None);
            return;
        }
        self.take_over(party, id, &line, invite);
    }

    /// Handles a new offer for a call that has a line already.
    fn take_over(&mut self, party: PartyId, old: LineId, line: &Line, invite: &Invite) {
        self.signal.lines.remove(old);
        let new = Line {
            party: line.party,
            is_open: true,
            fingerprint: fingerprint(&invite.sdp),
            ..line.clone()
        };
        let id = self.signal.lines.add(new);
        if line.is_taken() {
            if line.party != party {
                let hangup = Frame::Hangup { call: line.leg.to_string(), fault: None };
                self.push(line.party, hangup, Sdp::None);
            }
            self.move_line(id, party);
        } else {
            if line.party != party {
                self.push(line.party, Frame::Cancel { call: line.leg }, Sdp::None);
            }
            if let Some(line) = self.signal.lines.get_mut(id) {
                line.party = party;
            }
            if let Some(device) = self.parties.get_mut(party)
                && !device.pending.contains(&line.leg)
            {
                device.pending.push(line.leg);
            }
            if !self.party_answers(party, line.leg) {
                self.signal.lines.remove(id);
                self.push(party, Frame::Cancel { call: line.leg }, Sdp::None);
                return;
            }
        }
        self.push_answer(party, line.leg, Sdp::Answer(id, invite.sdp.clone()));
    }

    /// The line that a device may resume: it belongs to the same person, and the device knows the
    /// secret.
    fn line_to_resume(&self, party: PartyId, call: &str, token: &str) -> Option<LineId> {
        let device = self.parties.get(party)?;
        let known = self.calls.get(&call.parse().ok()?).filter(|call| !call.has_ended())?;
        if known.reconnect_token() != token || known.account != device.account? {
            return None;
        }
        let mut lines: Vec<(LineId, &Line)> = self
            .signal
            .lines
            .iter()
            .filter(|(_, line)| {
                line.leg == known.sid
                    && (line.is_open || line.placed.is_none())
                    && self
                        .parties
                        .get(line.party)
                        .is_some_and(|owner| owner.address == device.address)
            })
            .collect();
        lines.sort_by_key(|(_, line)| (!line.is_open, line.party != party));
        lines.first().map(|(id, _)| *id)
    }

    /// A new line for a leg that rang at a lost socket, if this device knows its secret.
    fn adopt_orphan(&mut self, party: PartyId, call: &str, token: &str) -> Option<LineId> {
        let leg = call.parse().ok().filter(|leg| self.signal.orphans.contains(leg))?;
        let device = self.parties.get(party)?;
        let known = self.calls.get(&leg).filter(|call| call.life.status == CallStatus::Ringing)?;
        let is_theirs = known.to == device.address && Some(known.account) == device.account;
        if !is_theirs || known.reconnect_token() != token {
            return None;
        }
        self.signal.orphans.remove(&leg);
        self.parties.get_mut(party)?.pending.push(leg);
        Some(self.signal.lines.add(Line::ringing(leg, party)))
    }

    /// An ICE restart: the same session, another path.
    fn restarts_media(&mut self, party: PartyId, offer: WithSdp) {
        let Some(id) = self.signal.lines.named(party, &offer.callsid) else { return };
        let Some(line) = self.signal.lines.get_mut(id).filter(|line| line.is_open) else { return };
        let leg = line.leg;
        self.push_answer(party, leg, Sdp::Answer(id, offer.sdp));
    }

    /// A device has registered: legs that rang for it when its socket was lost ring there again.
    pub(super) fn ring_orphans(&mut self, party: PartyId) {
        let Some(device) = self.parties.get(party) else { return };
        let (account, address) = (device.account, device.address.clone());
        let waits = |leg: &CallSid| {
            self.calls.get(leg).is_some_and(|call| {
                call.life.status == CallStatus::Ringing
                    && call.to == address
                    && Some(call.account) == account
            })
        };
        let legs: Vec<CallSid> = self.signal.orphans.iter().copied().filter(waits).collect();
        for leg in legs {
            self.signal.orphans.remove(&leg);
            self.ring_at(party, leg);
        }
    }

    fn line_named(&self, party: PartyId, call: &str) -> Option<Line> {
        let id = self.signal.lines.named(party, call)?;
        self.signal.lines.get(id).cloned()
    }

    /// Sends a frame to a device, if it has a socket.
    pub(super) fn push(&mut self, party: PartyId, frame: Frame, sdp: Sdp) {
        if let Some(socket) = self.parties.get(party).and_then(|party| party.socket) {
            self.note_signal(party, frame.name(), false);
            self.push_to(socket, frame, sdp);
        }
    }

    pub(super) fn push_to(&mut self, socket: SocketId, frame: Frame, sdp: Sdp) {
        self.signal.sockets.push(socket, Outgoing { frame, sdp });
    }

    /// Writes a frame into the timeline, except the frames of routine registration.
    fn note_signal(&mut self, party: PartyId, frame: &'static str, from_browser: bool) {
        if matches!(frame, "register" | "ready" | "connected") {
            return;
        }
        let Some(client) = self.parties.get(party).map(|party| party.address.clone()) else {
            return;
        };
        self.note(None, What::Signal { client, frame, from_browser });
    }

    fn note_message(&mut self, party: PartyId, content: &str) {
        let Some(client) = self.parties.get(party).map(|party| party.address.clone()) else {
            return;
        };
        let content = content.to_owned();
        self.note(None, What::Message { client, content });
    }

    /// Sends a message of the application. False if the device is not on a call.
    pub(crate) fn message_to_browser(&mut self, party: PartyId, content: String) -> bool {
        let Some(call) = self.parties.get(party).and_then(|device| device.on_call) else {
            return false;
        };
        let event = self.seed.derive("message", self.timeline.count()).hex();
        let frame = Frame::Message { call, event: format!("KX{event}"), content };
        self.push(party, frame, Sdp::None);
        true
    }

    /// Handles the end of a socket.
    pub(crate) fn socket_closed(&mut self, id: SocketId) {
        let Some(Socket { party: Some(party), reconnect_timeout, .. }) =
            self.signal.sockets.remove(id)
        else {
            return;
        };
        let now = self.time.now;
        let Some(device) = self.parties.get_mut(party).filter(|device| device.socket == Some(id))
        else {
            return;
        };
        device.socket = None;
        device.closed_at = Some(now);
        device.presence = Presence::Away;
        let pending = std::mem::take(&mut device.pending);
        let client = device.address.clone();
        self.note(None, What::SocketClosed { client });
        for line in self.signal.lines.of_party(party) {
            let is_taken = self.signal.lines.get(line).is_some_and(Line::is_taken);
            if is_taken {
                let grace = self.time.as_on_the_wall(reconnect_timeout.max(LEAST_GRACE));
                self.time.schedule(grace, Due::LineLost { line });
            } else {
                self.signal.lines.remove(line);
            }
        }
        for leg in pending {
            if !self.parties.rings_anywhere(leg) {
                self.signal.orphans.insert(leg);
            }
        }
    }

    /// Whether the browser of a line is still away.
    pub(super) fn is_lost(&self, line: LineId) -> bool {
        let Some(line) = self.signal.lines.get(line) else { return false };
        self.parties.get(line.party).is_none_or(|party| party.socket.is_none())
    }
}

/// The DTLS fingerprint in the session description of a browser.
fn fingerprint(sdp: &str) -> Option<String> {
    let line = sdp.lines().find_map(|line| line.strip_prefix("a=fingerprint:"))?;
    Some(line.trim().to_owned())
}

/// The least time for which a call survives the loss of its socket. The SDK comes back within about
/// 200 ms, even if it asks for no time at all.
const LEAST_GRACE: Duration = Duration::from_secs(2);
