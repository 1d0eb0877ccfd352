//! The lines between calls and browsers: one for each device that a leg rings at, or that has it.

use std::collections::BTreeMap;

use identity::CallSid;

use super::signal::connection_lost;
use super::{LineId, PartyId, World};
use crate::CallStatus;
use crate::frame::{Fault, Frame, Sdp};

/// One device's end of a call or leg.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) leg: CallSid,
    pub(crate) party: PartyId,
    /// Whether the call is answered here. Until then it rings, here or at the far end.
    pub(crate) is_open: bool,
    /// Of a call that the browser has placed: how it began.
    pub(super) placed: Option<Placed>,
    /// By which the browser's side of the media session is known.
    pub(super) fingerprint: Option<String>,
}

/// A call that a browser has placed.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// The SDK's own id of the call, `TJS…`.
    pub(super) temporary: String,
    /// The browser's offer.
    pub(super) offer: String,
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: BTreeMap<LineId, Line>,
    made: u64,
}

impl Lines {
    pub(super) fn add(&mut self, line: Line) -> LineId {
        self.made += 1;
        let id = LineId(self.made);
        self.lines.insert(id, line);
        id
    }

    pub(crate) fn get(&self, id: LineId) -> Option<&Line> {
        self.lines.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: LineId) -> Option<&mut Line> {
        self.lines.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: LineId) -> Option<Line> {
        self.lines.remove(&id)
    }

    /// The line on which the party of a leg talks, and its device.
    pub(crate) fn talking(&self, leg: CallSid) -> Option<(LineId, PartyId)> {
        let is_it = |line: &Line| line.leg == leg && line.is_open;
        self.iter().find(|(_, line)| is_it(line)).map(|(id, line)| (id, line.party))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (LineId, &Line)> {
        self.lines.iter().map(|(id, line)| (*id, line))
    }

    /// The lines of a leg.
    pub(super) fn of_leg(&self, leg: CallSid) -> Vec<LineId> {
        self.iter().filter(|(_, line)| line.leg == leg).map(|(id, _)| id).collect()
    }

    /// The lines of a device.
    pub(super) fn of_party(&self, party: PartyId) -> Vec<LineId> {
        self.iter().filter(|(_, line)| line.party == party).map(|(id, _)| id).collect()
    }

    /// The line that a device means by a Sid, or by an id of its own.
    pub(super) fn named(&self, party: PartyId, call: &str) -> Option<LineId> {
        let is_named = |line: &Line| {
            let placed = line.placed.as_ref().is_some_and(|placed| placed.temporary == call);
            line.party == party && (placed || line.leg.as_str() == call)
        };
        self.iter().find(|(_, line)| is_named(line)).map(|(id, _)| id)
    }
}

impl World {
    /// Lets a leg ring at a browser.
    pub(super) fn invite(&mut self, party: PartyId, leg: CallSid) {
        let Some(call) = self.calls.get(&leg) else { return };
        let mut parameters = vec![
            ("AccountSid", call.account.to_string()),
            ("ApiVersion", super::params::API_VERSION.to_owned()),
            ("CallSid", leg.to_string()),
            ("From", call.from.to_string()),
            ("To", call.to.to_string()),
        ];
        if !call.parameters.is_empty() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&call.parameters);
            parameters.push(("Params", query.finish()));
        }
        let reconnect = call.reconnect_token();
        let line = Line { leg, party, is_open: false, placed: None, fingerprint: None };
        let id = self.signal.lines.add(line);
        self.push(party, Frame::Invite { call: leg, reconnect, parameters }, Sdp::Offer(id));
    }

    /// A leg was answered somewhere: it stops ringing everywhere else.
    pub(super) fn cancel_elsewhere(&mut self, leg: CallSid) {
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
    pub(super) fn open_line(&mut self, call: CallSid) {
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
        let Some(reconnect) = self.calls.get(&call).map(super::Call::reconnect_token) else {
            return;
        };
        self.push(party, Frame::Answer { call, reconnect }, sdp);
    }

    /// A call or leg is over: its browsers are told.
    ///
    /// A device that rings stops by `cancel` only, and one that talks says that it has been cut
    /// off by `hangup` only.
    pub(super) fn close_lines(&mut self, leg: CallSid) {
        self.signal.orphans.remove(&leg);
        let status = self.calls.get(&leg).map(|call| call.status);
        for id in self.signal.lines.of_leg(leg) {
            let Some(line) = self.signal.lines.remove(id) else { continue };
            let frame = if line.is_open || line.placed.is_some() {
                let fault = status.filter(|_| !line.is_open).and_then(fault_of);
                Frame::Hangup { call: leg.to_string(), fault }
            } else {
                Frame::Cancel { call: leg }
            };
            self.push(line.party, frame, Sdp::None);
        }
    }

    /// A line passes to another device of the same person.
    pub(super) fn move_line(&mut self, id: LineId, to: PartyId) {
        let Some(line) = self.signal.lines.get_mut(id) else { return };
        let (leg, from) = (line.leg, std::mem::replace(&mut line.party, to));
        let is_taken = line.is_open || line.placed.is_some();
        if let Some(old) = self.party_mut(from).filter(|old| old.on_call == Some(leg)) {
            old.on_call = None;
        }
        if !is_taken {
            return;
        }
        if let Some(new) = self.party_mut(to) {
            new.on_call = Some(leg);
        }
        if let Some(call) = self.calls.get_mut(&leg) {
            call.party = Some(to);
        }
    }

    /// A key was heard on a line.
    pub(crate) fn key_of_line(&mut self, id: LineId, key: char) {
        if let Some(line) = self.signal.lines.get(id) {
            self.digit(line.leg, key);
        }
    }

    /// The browser of a line has not come back in time.
    pub(super) fn line_lost(&mut self, id: LineId) {
        if let Some(line) = self.signal.lines.get(id) {
            let leg = line.leg;
            self.note_problem(leg, connection_lost());
            self.hang_up(leg);
        }
    }
}

/// What the SDK is told of a call that nobody has answered. Ours: Twilio's choice is not known.
fn fault_of(status: CallStatus) -> Option<Fault> {
    match status {
        CallStatus::Busy => Some(Fault::new(31_486, "Busy here")),
        CallStatus::NoAnswer => Some(Fault::new(31_480, "Temporarily unavailable")),
        CallStatus::Failed => Some(Fault::new(31_404, "Not found")),
        _ => None,
    }
}
