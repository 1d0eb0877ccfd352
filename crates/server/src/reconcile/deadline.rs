//! How long a state of a call can last.

use std::time::Duration;

use calls::{Closed, ClosedBy, Event, Fact, LONGEST_CALL, LegStatus};
use identity::{CallSid, Timestamp};
use store_pg::OpenCall;

/// The longest times of states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For a leg that rings, and for an unanswered call that is silent.
    ring: Duration,
}

impl Limits {
    /// No deadline is shorter.
    pub(super) const SHORTEST: Duration = Duration::from_secs(60);

    /// `ring_timeout` is the `timeout` of the Dial of an inbound call; an outbound call rings for [`RING`].
    ///
    /// Twilio adds about 5 s (documentation of `<Dial>`, `timeout`). A callback may need retries, five of
    /// 15 s each; a minute of them is waited for.
    pub(super) fn new(ring_timeout: Duration) -> Self {
        Self { ring: ring_timeout.max(RING) + Duration::from_secs(5) + Self::SHORTEST }
    }
}

/// A call about which a callback is overdue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Overdue {
    /// The ends by deadline, for the case that Twilio cannot be asked; empty if it is too early for them.
    pub(super) events: Vec<Event>,
}

/// Whether a call is overdue.
///
/// The moment of a deadline follows from the call, not from the time of the check, so that all servers find
/// the same one.
pub(super) fn overdue(call: &OpenCall, limits: Limits, now: Timestamp) -> Option<Overdue> {
    let mut events = Vec::new();
    let mut expire = |since: Timestamp, limit: Duration, leg: Option<CallSid>, status| {
        let at = since + limit;
        if at <= now {
            let closed = Closed { by: ClosedBy::Deadline, leg, status };
            events.push(Event { at, fact: Fact::Closed(closed) });
        }
    };
    // The agent's own leg of an outbound call is the call.
    for leg in call.legs.iter().filter(|leg| leg.sid != call.sid) {
        match (leg.answered_at, leg.began_at) {
            (Some(at), _) => expire(at, LONGEST_CALL, Some(leg.sid), LegStatus::Completed),
            (None, Some(at)) => expire(at, limits.ring, Some(leg.sid), LegStatus::NoAnswer),
            (None, None) => {}
        }
    }
    if call.ended_at.is_none() {
        let last = call.heard_at.or(call.started_at);
        if let (None, Some(at)) = (call.answered_at, last) {
            expire(at, limits.ring, None, LegStatus::NoAnswer);
        }
        // No call lasts longer, whatever it does.
        if let Some(at) = call.answered_at.or(call.started_at) {
            expire(at, LONGEST_CALL, None, LegStatus::Completed);
        }
        let is_silent = last.is_some_and(|at| now.since(at) >= SILENCE);
        return (is_silent || !events.is_empty()).then_some(Overdue { events });
    }
    (!events.is_empty()).then_some(Overdue { events })
}

/// A Dial without a `timeout` rings for 30 s (documentation of `<Dial>`, `timeout`).
const RING: Duration = Duration::from_secs(30);

/// How long a talk may be silent towards us before Twilio is asked whether it goes on.
const SILENCE: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use store_pg::OpenLeg;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_767_225_600 + seconds)
    }

    fn sid(id: u8) -> CallSid {
        CallSid::from_bytes([id; 16])
    }

    fn call(answered: Option<i64>, heard: i64, legs: Vec<OpenLeg>) -> OpenCall {
        let answered_at = answered.map(at);
        let (started_at, heard_at) = (Some(at(0)), Some(at(heard)));
        OpenCall { sid: sid(1), started_at, answered_at, ended_at: None, heard_at, legs }
    }

    fn leg(id: u8, began: i64, answered: Option<i64>) -> OpenLeg {
        OpenLeg { sid: sid(id), began_at: Some(at(began)), answered_at: answered.map(at) }
    }

    /// Seconds, leg and status of each deadline that has passed.
    fn passed(call: &OpenCall, now: i64) -> Option<Vec<(i64, Option<CallSid>, LegStatus)>> {
        let limits = Limits::new(Duration::from_secs(30));
        let overdue = overdue(call, limits, at(now))?;
        let read = |event: &Event| {
            let Fact::Closed(closed) = &event.fact else { panic!("{event:?}") };
            assert_eq!(closed.by, ClosedBy::Deadline);
            (event.at.unix_seconds() - at(0).unix_seconds(), closed.leg, closed.status)
        };
        Some(overdue.events.iter().map(read).collect())
    }

    #[test]
    fn states_last_as_long_as_twilio_lets_them_and_a_little_longer() {
        use LegStatus::{Completed, NoAnswer};
        let rings = call(None, 2, vec![leg(2, 2, None)]);
        assert_eq!(passed(&rings, 96), None);
        let over = vec![(97, Some(sid(2)), NoAnswer), (97, None, NoAnswer)];
        assert_eq!(passed(&rings, 97), Some(over.clone()));
        assert_eq!(passed(&rings, 5_000), Some(over), "the moment does not depend on who looks");

        let second_wave = call(None, 50, vec![leg(2, 2, None), leg(3, 50, None)]);
        assert_eq!(passed(&second_wave, 100), Some(vec![(97, Some(sid(2)), NoAnswer)]));

        let talks = call(Some(10), 10, vec![leg(2, 2, Some(10))]);
        assert_eq!(passed(&talks, 909), None);
        assert_eq!(passed(&talks, 910), Some(vec![]), "Twilio is asked, but nothing is over");
        assert_eq!(passed(&talks, 14_709), Some(vec![]));
        let over = vec![(14_710, Some(sid(2)), Completed), (14_710, None, Completed)];
        assert_eq!(passed(&talks, 14_710), Some(over));

        let placed = call(None, 3, vec![leg(1, 0, Some(0)), leg(2, 3, None)]);
        let over = vec![(98, Some(sid(2)), NoAnswer), (98, None, NoAnswer)];
        assert_eq!(passed(&placed, 98), Some(over));

        let over = OpenCall { ended_at: Some(at(9)), ..call(None, 9, vec![leg(2, 2, None)]) };
        assert_eq!(passed(&over, 96), None);
        assert_eq!(passed(&over, 97), Some(vec![(97, Some(sid(2)), NoAnswer)]));
    }
}
