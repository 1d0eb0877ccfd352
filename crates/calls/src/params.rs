//! Reads the form parameters of Twilio's webhooks as events.

use core::time::Duration;

use identity::{CallSid, Timestamp, UserId};

use crate::form::Form;
use crate::limits::MOST_AHEAD;
use crate::{Arrived, Dialled, Ended, Event, Fact, LegEvent, ParamError};

/// Which of our URLs was called.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Source {
    /// The voice URL of a number or of the TwiML App.
    Voice,
    /// The status callback of a noun in a Dial.
    Leg {
        /// The agent that the noun rings, if the URL says so; otherwise `To` says it.
        agent: Option<UserId>,
    },
    /// The `action` of a Dial.
    Dial {
        /// Which wave the Dial was, from 1; 1 for an outbound call.
        wave: u16,
    },
    /// The status callback of the call. With a `ParentCallSid` it is read as the callback of a leg,
    /// so that one URL can serve both.
    Status,
}

/// What one webhook says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parsed {
    /// The call that it is about: the parent, never a leg.
    pub call: CallSid,
    /// What happened, and when.
    pub event: Event,
    /// Twilio's `Timestamp` if it is too far from the receipt to be believed: the event is dated by
    /// its receipt instead, so a length of time that is counted from it may be wrong.
    pub disbelieved: Option<Timestamp>,
}

/// Reads one webhook.
///
/// `params` are the decoded form fields, in any order; unknown ones are ignored, and an empty one
/// counts as absent. `received` is used if Twilio sends no `Timestamp`. A measure that cannot
/// be read (`Timestamp`, `SequenceNumber`, `CallDuration`, `DialCallDuration`, `SipResponseCode`,
/// `DialBridged`) counts as absent too: the event is worth more than its measure. A `Timestamp` more than
/// a day before `received` is not believed, because no delivery is that late, nor is one more than
/// [`MOST_AHEAD`] after it: see [`Parsed::disbelieved`].
///
/// # Errors
///
/// [`ParamError`] names the parameter: `CallSid` and `From` ([`Source::Voice`]); `CallSid`,
/// `ParentCallSid` and `CallStatus` ([`Source::Leg`]); `CallSid` and `DialCallStatus`
/// ([`Source::Dial`]; `DialCallSid` if it is no Sid); `CallSid` and a final `CallStatus`
/// ([`Source::Status`]).
///
/// # Examples
///
/// ```
/// use calls::{Fact, ParamError, Source, parse};
/// use identity::Timestamp;
///
/// let params = [
///     ("CallSid", "CA02020202020202020202020202020202"),
///     ("ParentCallSid", "CA01010101010101010101010101010101"),
///     ("To", "client:agent_7f3c2d1e00004000800000000000000a"),
///     ("CallStatus", "in-progress"),
///     ("SequenceNumber", "2"),
///     ("Timestamp", "Thu, 01 Jan 2026 00:00:05 +0000"),
/// ];
/// let received = Timestamp::from_unix_seconds(1_767_225_607);
/// let parsed = parse(&Source::Leg { agent: None }, params, received)?;
/// assert_eq!(parsed.call.as_str(), "CA01010101010101010101010101010101");
/// assert_eq!(parsed.event.at.to_string(), "2026-01-01T00:00:05Z");
/// assert!(matches!(parsed.event.fact, Fact::Leg(leg) if leg.agent.is_some()));
///
/// // A week later, the moment is not believed, and that is said.
/// let late = received + std::time::Duration::from_secs(7 * 86_400);
/// let parsed = parse(&Source::Leg { agent: None }, params, late)?;
/// assert_eq!(parsed.event.at, late);
/// assert_eq!(parsed.disbelieved.map(|at| at.to_string()).as_deref(), Some("2026-01-01T00:00:05Z"));
///
/// let without_sid = params.into_iter().skip(1);
/// let error = parse(&Source::Leg { agent: None }, without_sid, received).unwrap_err();
/// assert_eq!(error, ParamError::Missing { name: "CallSid" });
/// # Ok::<(), ParamError>(())
/// ```
pub fn parse<'a, P>(source: &Source, params: P, received: Timestamp) -> Result<Parsed, ParamError>
where
    P: IntoIterator<Item = (&'a str, &'a str)>,
    P::IntoIter: Clone,
{
    let form = Form { params: params.into_iter() };
    let sid = form.sid("CallSid")?;
    let (call, fact) = match *source {
        Source::Voice => (sid, Fact::Arrived(Arrived::read(&form)?)),
        Source::Leg { agent } => {
            (form.sid("ParentCallSid")?, Fact::Leg(LegEvent::read(&form, sid, agent)?))
        }
        Source::Dial { wave } => (sid, Fact::Dialled(Dialled::read(&form, wave)?)),
        Source::Status if form.value("ParentCallSid")?.is_some() => {
            (form.sid("ParentCallSid")?, Fact::Leg(LegEvent::read(&form, sid, None)?))
        }
        Source::Status => (sid, Fact::Ended(Ended::read(&form)?)),
    };
    let told = form.timestamp();
    let is_believed =
        |at: &Timestamp| received.since(*at) <= MAX_AGE && at.since(received) <= MOST_AHEAD;
    let at = told.filter(is_believed).unwrap_or(received);
    let disbelieved = told.filter(|at| !is_believed(at));
    Ok(Parsed { call, event: Event { at, fact }, disbelieved })
}

/// The longest that Twilio repeats a webhook.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
