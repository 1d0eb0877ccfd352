//! The lines between calls and browsers: one for each device that a leg rings at or talks through.

use std::collections::BTreeMap;

use identity::CallSid;

use crate::frame::LineId;
use crate::state::party::PartyId;

/// One device's end of a call or leg.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) leg: CallSid,
    pub(crate) party: PartyId,
    /// Whether the call is answered here. Until then it rings, here or at the far end.
    pub(crate) is_open: bool,
    /// Present if the browser has placed the call.
    pub(crate) placed: Option<Placed>,
    /// The DTLS fingerprint of the browser's side of the media session.
    pub(crate) fingerprint: Option<String>,
}

impl Line {
    /// A line on which a leg rings.
    pub(crate) fn ringing(leg: CallSid, party: PartyId) -> Self {
        Self { leg, party, is_open: false, placed: None, fingerprint: None }
    }

    /// Whether the browser is on the call: it has answered it or placed it.
    pub(crate) fn is_taken(&self) -> bool {
        self.is_open || self.placed.is_some()
    }
}

/// A call that a browser has placed.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The SDK's own id of the call, `TJS…`.
    pub(crate) temporary: String,
    /// The browser's offer.
    pub(crate) offer: String,
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: BTreeMap<LineId, Line>,
    made: u64,
}

impl Lines {
    pub(crate) fn add(&mut self, line: Line) -> LineId {
        self.made += 1;
        let id = LineId(self.made);
        self.lines.insert(id, line);
        id
    }

    pub(crate) fn get(&self, id: LineId) -> Option<&Line> {
        self.lines.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: LineId) -> Option<&mut Line> {
        self.lines.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: LineId) -> Option<Line> {
        self.lines.remove(&id)
    }

    /// The open line of a leg, and the device at it.
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
    pub(crate) fn of_leg(&self, leg: CallSid) -> Vec<LineId> {
        self.iter().filter(|(_, line)| line.leg == leg).map(|(id, _)| id).collect()
    }

    /// The lines of a device.
    pub(crate) fn of_party(&self, party: PartyId) -> Vec<LineId> {
        self.iter().filter(|(_, line)| line.party == party).map(|(id, _)| id).collect()
    }

    /// The line of a device with this Sid, or with the SDK's own id of the call.
    pub(crate) fn named(&self, party: PartyId, call: &str) -> Option<LineId> {
        let is_named = |line: &Line| {
            let placed = line.placed.as_ref().is_some_and(|placed| placed.temporary == call);
            line.party == party && (placed || line.leg.as_str() == call)
        };
        self.iter().find(|(_, line)| is_named(line)).map(|(id, _)| id)
    }
}
