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

/// Reads one webhook: which call it is about (the parent, never a leg), and what it says.
///
/// `params` are the decoded form fields, in any order; unknown ones are ignored, and an empty one
/// counts as absent. `received` is used if Twilio sends no `Timestamp`. A measure that cannot
/// be read (`Timestamp`, `SequenceNumber`, `CallDuration`, `DialCallDuration`, `SipResponseCode`,
/// `DialBridged`) counts as absent too: the event is worth more than its measure. So does a
/// `Timestamp` more than a day before `received`, because no delivery is that late, and one more than
/// [`MOST_AHEAD`] after it.
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
/// let (call, event) = parse(&Source::Leg { agent: None }, &params, received)?;
/// assert_eq!(call.as_str(), "CA01010101010101010101010101010101");
/// assert_eq!(event.at.to_string(), "2026-01-01T00:00:05Z");
/// assert!(matches!(event.fact, Fact::Leg(leg) if leg.agent.is_some()));
///
/// let error = parse(&Source::Leg { agent: None }, &params[1..], received).unwrap_err();
/// assert_eq!(error, ParamError::Missing { name: "CallSid" });
/// # Ok::<(), ParamError>(())
/// ```
pub fn parse(
    source: &Source,
    params: &[(impl AsRef<str>, impl AsRef<str>)],
    received: Timestamp,
) -> Result<(CallSid, Event), ParamError> {
    let form = Form { params };
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
    let at = form.timestamp();
    let at = at.filter(|at| received.since(*at) <= MAX_AGE).unwrap_or(received);
    Ok((call, Event { at, fact }.received(received)))
}

/// How far the `Timestamp` of a webhook lies after its receipt, if that is too far to be believed:
/// [`parse`] dates the event by its receipt.
pub fn ahead(
    params: &[(impl AsRef<str>, impl AsRef<str>)],
    received: Timestamp,
) -> Option<Duration> {
    let at = Form { params }.timestamp()?;
    Some(at.since(received)).filter(|ahead| *ahead > MOST_AHEAD)
}

/// The longest that Twilio repeats a webhook.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
