//! Short ways to say what happened in a call.

use std::collections::BTreeMap;
use std::time::Duration;

use calls::{
    Arrived, Closed, ClosedBy, DialStatus, Dialled, Direction, Ended, Event, Fact, LegEvent,
    LegStatus, Party, Placed, Routed, Verdict,
};
use identity::{AgentIdentity, ClientAddress, ContactId, WorkspaceId};
use serde_json::json;
use store_pg::StoredEvent;

use crate::support::*;

/// The call of every story.
pub(crate) const CALL: u8 = 0xca;

/// Events of one workspace alone.
pub(crate) fn of(
    workspace: &WorkspaceId,
    events: &[StoredEvent],
) -> BTreeMap<WorkspaceId, Vec<StoredEvent>> {
    BTreeMap::from([(workspace.clone(), events.to_vec())])
}

/// An event of the call, with a request.
pub(crate) fn stored(event: Event) -> StoredEvent {
    let params = json!({"CallSid": sid(CALL).as_str(), "Key": event.key()});
    StoredEvent { call: sid(CALL), event, params }
}

pub(crate) fn arrived(seconds: i64) -> Event {
    let (from, to) = (Party::read("+15005550001"), Party::read("+15005550006"));
    let fact = Arrived::new(Direction::Inbound, from, to);
    Event { at: at(seconds), fact: Fact::Arrived(fact) }
}

pub(crate) fn routed(seconds: i64, contact: ContactId, ringing: &[u8]) -> Event {
    let rings = |id: &u8| Verdict { user: agent(*id), reason: "assigned".into(), rings: true };
    let verdicts = ringing.iter().map(rings).collect();
    let fact = Routed { wave: 1, contact: Some(contact), scope: "assigned".into(), verdicts };
    Event { at: at(seconds), fact: Fact::Routed(fact) }
}

/// A callback of the leg of agent `id`, whose Sid is made of the same number.
pub(crate) fn leg(seconds: i64, id: u8, sequence: u32, status: LegStatus) -> Event {
    let sequence = Some(sequence);
    let fact = LegEvent { agent: Some(agent(id)), sequence, ..LegEvent::new(sid(id), status) };
    Event { at: at(seconds), fact: Fact::Leg(fact) }
}

/// A Dial that connected the leg made of `child` for this many seconds.
pub(crate) fn bridged(seconds: i64, child: u8, length: u64) -> Event {
    let fact = Dialled {
        wave: 1,
        status: DialStatus::Completed,
        child: Some(sid(child)),
        duration: Some(Duration::from_secs(length)),
        bridged: Some(true),
        caller_gone: false,
    };
    Event { at: at(seconds), fact: Fact::Dialled(fact) }
}

pub(crate) fn ended(seconds: i64, status: LegStatus) -> Event {
    Event { at: at(seconds), fact: Fact::Ended(Ended { status, duration: None }) }
}

pub(crate) fn closed(seconds: i64) -> Event {
    let fact = Closed { by: ClosedBy::Deadline, leg: None, status: LegStatus::Completed };
    Event { at: at(seconds), fact: Fact::Closed(fact) }
}

/// Three agents ring, the second answers after six seconds and talks for a minute. A deadline
/// ended the call before its own callbacks came, and two servers decided on the same wave.
pub(crate) fn three_agents(contact: ContactId) -> Vec<StoredEvent> {
    let events = [
        arrived(0),
        routed(0, contact, &[1, 2, 3]),
        routed(1, contact, &[1, 2]),
        leg(1, 1, 0, LegStatus::Initiated),
        leg(2, 1, 1, LegStatus::Ringing),
        leg(6, 1, 2, LegStatus::Canceled),
        leg(1, 2, 0, LegStatus::Initiated),
        leg(2, 2, 1, LegStatus::Ringing),
        leg(6, 2, 2, LegStatus::InProgress),
        leg(66, 2, 3, LegStatus::Completed),
        leg(1, 3, 0, LegStatus::Initiated),
        leg(4, 3, 1, LegStatus::Busy),
        bridged(66, 2, 60),
        ended(67, LegStatus::Completed),
        closed(90),
    ];
    events.into_iter().map(stored).collect()
}

/// Agent 1 calls a contact and talks to it for a minute.
pub(crate) fn outbound(contact: ContactId) -> Vec<StoredEvent> {
    let from = Party::Client(ClientAddress::from(AgentIdentity::new(agent(1))));
    let arrived = Arrived::new(Direction::Outbound, from, Party::unknown());
    let placed = Placed { agent: agent(1), to: number("+15005550001"), contact: Some(contact) };
    let leg = |seconds, sequence, status| {
        let fact = LegEvent { sequence: Some(sequence), ..LegEvent::new(sid(0xdd), status) };
        Event { at: at(seconds), fact: Fact::Leg(fact) }
    };
    let events = [
        Event { at: at(0), fact: Fact::Arrived(arrived) },
        Event { at: at(0), fact: Fact::Placed(placed) },
        leg(1, 0, LegStatus::Initiated),
        leg(3, 1, LegStatus::Ringing),
        leg(8, 2, LegStatus::InProgress),
        leg(68, 3, LegStatus::Completed),
        bridged(68, 0xdd, 60),
        ended(69, LegStatus::Completed),
    ];
    events.into_iter().map(stored).collect()
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit` (`SplitMix64`).
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).expect("a small number");
        usize::try_from((z ^ (z >> 31)) % limit).expect("a small number")
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
