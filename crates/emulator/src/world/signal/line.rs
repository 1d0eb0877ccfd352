//! The lines between calls and browsers: invites, answers, hang-ups.

use identity::CallSid;

use super::super::World;
use crate::CallStatus;
use crate::frame::{Fault, Frame, LineId, Sdp};
use crate::problem::{CONNECTION_LOST, Problem};
use crate::state::call::{API_VERSION, Call};
use crate::state::party::PartyId;
use crate::state::signal::Line;

impl World {
    /// Invites a browser to a leg.
    pub(in crate::world) fn invite(&mut self, party: PartyId, leg: CallSid) {
        let Some(call) = self.calls.get(&leg) else { return };
        let mut parameters = vec![
            ("AccountSid", call.account.to_string()),
            ("ApiVersion", API_VERSION.to_owned()),
            ("CallSid", leg.to_string()),
            ("From", call.from.to_string()),
            ("To", call.to.to_string()),
        ];
        if !call.end.parameters.is_empty() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&call.end.parameters);
            parameters.push(("Params", query.finish()));
        }
        let reconnect = call.reconnect_token();
        let id = self.signal.lines.add(Line::ringing(leg, party));
        self.push(party, Frame::Invite { call: leg, reconnect, parameters }, Sdp::Offer(id));
    }

    /// A leg was answered somewhere: it stops ringing everywhere else.
    pub(in crate::world) fn cancel_elsewhere(&mut self, leg: CallSid) {
        for id in self.signal.lines.of_leg(leg) {
            if self.signal.lines.get(id).is_some_and(|line| line.is_open) {
                continue;
            }
            if let Some(line) = self.signal.lines.remove(id) {
                self.push(line.party, Frame::Cancel { call: leg }, Sdp::None);
            }
        }
    }

    /// A call that a browser has placed is answered.
    pub(in crate::world) fn open_line(&mut self, call: CallSid) {
        for id in self.signal.lines.of_leg(call) {
            let Some(line) = self.signal.lines.get_mut(id).filter(|line| !line.is_open) else {
                continue;
            };
            let Some(placed) = &line.placed else { continue };
            let offer = placed.offer.clone();
            line.is_open = true;
            let party = line.party;
            self.push_answer(party, call, Sdp::Answer(id, offer));
        }
    }

    pub(super) fn push_answer(&mut self, party: PartyId, call: CallSid, sdp: Sdp) {
        let Some(reconnect) = self.calls.get(&call).map(Call::reconnect_token) else {
            return;
        };
        self.push(party, Frame::Answer { call, reconnect }, sdp);
    }

    /// A call or leg has ended: its browsers are notified.
    ///
    /// Only `cancel` stops a device that rings. A device that talks needs `hangup`: only then does
    /// its page learn that the call has ended.
    pub(in crate::world) fn close_lines(&mut self, leg: CallSid) {
        self.signal.orphans.remove(&leg);
        let status = self.calls.get(&leg).map(|call| call.life.status);
        for id in self.signal.lines.of_leg(leg) {
            let Some(line) = self.signal.lines.remove(id) else { continue };
            let frame = if line.is_taken() {
                let fault = status.filter(|_| !line.is_open).and_then(fault_of);
                Frame::Hangup { call: leg.to_string(), fault }
            } else {
                Frame::Cancel { call: leg }
            };
            self.push(line.party, frame, Sdp::None);
        }
    }

    /// Moves a line to another device of the same person.
    pub(super) fn move_line(&mut self, id: LineId, to: PartyId) {
        let Some(line) = self.signal.lines.get_mut(id) else { return };
        let (leg, from) = (line.leg, std::mem::replace(&mut line.party, to));
        let is_taken = line.is_taken();
        if let Some(old) = self.parties.get_mut(from).filter(|old| old.on_call == Some(leg)) {
            old.on_call = None;
        }
        if !is_taken {
            return;
        }
        if let Some(new) = self.parties.get_mut(to) {
            new.on_call = Some(leg);
        }
        if let Some(call) = self.calls.get_mut(&leg) {
            call.end.party = Some(to);
        }
    }

    /// The browser of a line has not come back in time.
    pub(in crate::world) fn line_lost(&mut self, id: LineId) {
        if let Some(line) = self.signal.lines.get(id) {
            let leg = line.leg;
            self.note_problem(leg, connection_lost());
            self.hang_up(leg);
        }
    }
}

/// The error for a call that nobody has answered. These codes are ours: Twilio's are not known.
fn fault_of(status: CallStatus) -> Option<Fault> {
    match status {
        CallStatus::Busy => Some(Fault::new(31_486, "Busy here")),
        CallStatus::NoAnswer => Some(Fault::new(31_480, "Temporarily unavailable")),
        CallStatus::Failed => Some(Fault::new(31_404, "Not found")),
        _ => None,
    }
}

pub(super) fn connection_lost() -> Problem {
    Problem::error(CONNECTION_LOST, "the browser lost its socket and did not come back in time")
}
