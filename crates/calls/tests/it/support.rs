//! Short ways to say what happened.

use core::time::Duration;

use calls::{
    Arrived, Call, Closed, ClosedBy, DialStatus, Dialled, Direction, EndReason, Ended, Event, Fact,
    Leg, LegEvent, LegStatus, Outcome, Party, Placed, Routed, Verdict, fold,
};
use identity::{AgentIdentity, CallSid, ClientAddress, ContactId, Timestamp, UserId};

/// The call of every story.
pub(crate) const CALL: u8 = 0xca;

pub(crate) fn sid(id: u8) -> CallSid {
    CallSid::from_bytes([id; 16])
}

pub(crate) fn agent(id: u8) -> UserId {
    UserId::from_bytes([id; 16])
}

pub(crate) fn contact() -> ContactId {
    ContactId::from_bytes([0xcc; 16])
}

/// This many seconds into the call.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + seconds)
}

pub(crate) fn arrived(seconds: i64) -> Event {
    let (from, to) = (Party::read("+15005550001"), Party::read("+15005550006"));
    let direction = Direction::Inbound;
    Event { at: at(seconds), fact: Fact::Arrived(Arrived::new(direction, from, to)) }
}

/// An agent's page calls out.
pub(crate) fn called_out(seconds: i64, id: u8) -> Event {
    let from = Party::Client(ClientAddress::from(AgentIdentity::new(agent(id))));
    let fact = Arrived::new(Direction::Outbound, from, Party::unknown());
    Event { at: at(seconds), fact: Fact::Arrived(fact) }
}

pub(crate) fn placed(seconds: i64, id: u8) -> Event {
    let to = "+15005550009".parse().expect("a number");
    let fact = Placed { agent: agent(id), to, contact: Some(contact()) };
    Event { at: at(seconds), fact: Fact::Placed(fact) }
}

pub(crate) fn refused(seconds: i64, id: u8) -> Event {
    let reason = "country_not_allowed".into();
    let fact = calls::Refused { agent: Some(agent(id)), reason };
    Event { at: at(seconds), fact: Fact::Refused(fact) }
}

/// A wave that rings these agents; agent 9 is always on another call.
pub(crate) fn routed(seconds: i64, wave: u16, ringing: &[u8]) -> Event {
    let rings = |id: &u8| Verdict { user: agent(*id), reason: "rings".into(), rings: true };
    let mut verdicts: Vec<Verdict> = ringing.iter().map(rings).collect();
    verdicts.push(Verdict { user: agent(9), reason: "on_call".into(), rings: false });
    let fact = Routed { wave, contact: Some(contact()), scope: "assigned".into(), verdicts };
    Event { at: at(seconds), fact: Fact::Routed(fact) }
}

/// A callback of the leg of agent `id`, whose Sid is made of the same number.
pub(crate) fn leg(seconds: i64, id: u8, sequence: u32, status: LegStatus) -> Event {
    let sequence = Some(sequence);
    let fact = LegEvent { agent: Some(agent(id)), sequence, ..LegEvent::new(sid(id), status) };
    Event { at: at(seconds), fact: Fact::Leg(fact) }
}

/// A callback of the number that an agent called.
pub(crate) fn number(seconds: i64, sequence: u32, status: LegStatus) -> Event {
    let fact = LegEvent { sequence: Some(sequence), ..LegEvent::new(sid(0xdd), status) };
    Event { at: at(seconds), fact: Fact::Leg(fact) }
}

/// A Dial that connected nobody.
pub(crate) fn unanswered(seconds: i64, wave: u16, status: DialStatus, gone: bool) -> Event {
    let (bridged, caller_gone) = (Some(false), gone);
    let fact = Dialled { wave, status, child: None, duration: None, bridged, caller_gone };
    Event { at: at(seconds), fact: Fact::Dialled(fact) }
}

/// A Dial that connected the leg made of `child` for this many seconds.
pub(crate) fn bridged(seconds: i64, wave: u16, child: u8, length: u64) -> Event {
    let fact = Dialled {
        wave,
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

pub(crate) fn closed(seconds: i64, by: ClosedBy, leg: Option<u8>, status: LegStatus) -> Event {
    let fact = Closed { by, leg: leg.map(sid), status };
    Event { at: at(seconds), fact: Fact::Closed(fact) }
}

/// The callbacks of one leg that rings and ends without an answer, three seconds apart.
pub(crate) fn rang(id: u8, from: i64, until: i64, status: LegStatus) -> Vec<Event> {
    vec![
        leg(from, id, 0, LegStatus::Initiated),
        leg(from + 1, id, 1, LegStatus::Ringing),
        leg(until, id, 2, status),
    ]
}

/// The callbacks of one leg that rings, is answered and ends.
pub(crate) fn talked(id: u8, from: i64, answered: i64, until: i64) -> Vec<Event> {
    vec![
        leg(from, id, 0, LegStatus::Initiated),
        leg(from + 1, id, 1, LegStatus::Ringing),
        leg(answered, id, 2, LegStatus::InProgress),
        leg(until, id, 3, LegStatus::Completed),
    ]
}

/// Three agents ring, the second answers after six seconds and talks for a minute; the third had
/// declined.
pub(crate) fn three_agents() -> Vec<Event> {
    let mut events = vec![arrived(0), routed(0, 1, &[1, 2, 3])];
    events.extend(rang(1, 1, 6, LegStatus::Canceled));
    events.extend(talked(2, 1, 6, 66));
    events.extend(rang(3, 1, 4, LegStatus::Busy));
    events.extend([bridged(66, 1, 2, 60), ended(67, LegStatus::Completed)]);
    events
}

/// The record of the call.
pub(crate) fn call(events: &[Event]) -> Call {
    fold(sid(CALL), events)
}

/// The leg of one agent.
pub(crate) fn leg_of(call: &Call, id: u8) -> &Leg {
    call.legs.iter().find(|leg| leg.sid == sid(id)).expect("the leg is known")
}

/// Outcome, end reason, who handled it, when it was answered and over.
pub(crate) type Short = (Outcome, Option<EndReason>, Option<UserId>, Option<i64>, Option<i64>);

/// The record in short.
pub(crate) fn short(call: &Call) -> Short {
    let second = |moment: Timestamp| moment.unix_seconds() - at(0).unix_seconds();
    let (answered, ended) = (call.answered_at.map(second), call.ended_at.map(second));
    (call.outcome, call.end_reason, call.handled_by, answered, ended)
}

/// Compares records with what they should be in short.
pub(crate) fn check(cases: Vec<(&str, Vec<Event>, Short)>) {
    for (name, events, want) in cases {
        assert_eq!(short(&call(&events)), want, "{name}");
    }
}
