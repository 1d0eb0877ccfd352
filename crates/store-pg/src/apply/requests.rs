//! The parameters of requests as they are kept: each once for a call.
//!
//! Every request about a call repeats nearly all parameters of the first. So that one is kept as it
//! came, and of the others what neither it nor their own fact says. What is kept is a function of the two
//! requests alone: if the first one comes last, or another takes its place, the others are read back and
//! written anew.

use std::borrow::Cow;
use std::collections::BTreeMap;

use calls::{Event, Fact, LegEvent};
use identity::{AgentIdentity, CallSid, Timestamp};
use serde_json::{Map, Value};

/// The key of the event whose request is the call's first.
pub(super) const FIRST: &str = "arrived";

/// What is kept of the parameters of a later request.
///
/// With a `first` request an object: what differs from that, by name, and null for what is missing.
/// Without, the list of pairs. Neither has what the fact says. Parameters that come twice stay as they are.
pub(super) fn kept<'a>(
    call: CallSid,
    event: &Event,
    params: &'a Value,
    first: Option<&Value>,
) -> Cow<'a, Value> {
    let Some(all) = pairs(params) else { return Cow::Borrowed(params) };
    let is_new = |name: &str, value: &str| said(call, event, name, value) != Some(true);
    let Some(first) = first.and_then(pairs) else {
        let mut rest = params.clone();
        if let Value::Array(list) = &mut rest {
            list.retain(|one| pair(one).is_none_or(|(name, value)| is_new(name, value)));
        }
        return Cow::Owned(rest);
    };
    let is_said = |name: &str| said(call, event, name, "").is_some();
    let missing = first.keys().filter(|name| !all.contains_key(*name) && !is_said(name));
    let mut kept: Map<String, Value> =
        missing.map(|name| ((*name).to_owned(), Value::Null)).collect();
    for (name, value) in all {
        let differs = is_said(name) || first.get(name) != Some(&value);
        if differs && is_new(name, value) {
            kept.insert(name.to_owned(), value.into());
        }
    }
    Cow::Owned(Value::Object(kept))
}

/// The parameters again, but for those that the fact says, of what is kept beside a `first` request.
pub(super) fn whole(call: CallSid, event: &Event, kept: &Value, first: Option<&Value>) -> Value {
    let (Value::Object(differs), Some(first)) = (kept, first.and_then(pairs)) else {
        return kept.clone();
    };
    let same = first
        .into_iter()
        .filter(|(name, _)| !differs.contains_key(*name) && said(call, event, name, "").is_none());
    let same = same.map(|(name, value)| (name, Value::from(value)));
    let others = differs.iter().filter(|(_, value)| !value.is_null());
    let others = others.map(|(name, value)| (name.as_str(), value.clone()));
    same.chain(others).map(|(name, value)| Value::Array(vec![name.into(), value])).collect()
}

/// The parameters by name; `None` for what is no list of them, or has two of one name.
fn pairs(params: &Value) -> Option<BTreeMap<&str, &str>> {
    let list = params.as_array()?;
    let pairs: BTreeMap<&str, &str> = list.iter().map(pair).collect::<Option<_>>()?;
    Some(pairs).filter(|pairs| pairs.len() == list.len())
}

fn pair(one: &Value) -> Option<(&str, &str)> {
    let [name, value] = one.as_array()?.as_slice() else { return None };
    Some((name.as_str()?, value.as_str()?))
}

/// Whether a fact says this of a parameter; `None` if such a fact says nothing of it.
fn said(call: CallSid, event: &Event, name: &str, value: &str) -> Option<bool> {
    let is_moment = || Timestamp::parse_rfc2822(value) == Ok(event.at);
    let is_call = |sid: Option<CallSid>| sid.is_some_and(|sid| value == sid.as_str());
    match &event.fact {
        Fact::Leg(LegEvent { sid, agent, status, sequence, duration, sip_response }) => {
            match name {
                "CallSid" => Some(is_call(Some(*sid))),
                "ParentCallSid" => Some(is_call(Some(call))),
                "To" | "Called" => Some(agent.is_some_and(|agent| {
                    value.strip_prefix("client:") == Some(&AgentIdentity::new(agent).to_string())
                })),
                "CallStatus" => Some(value == status.code()),
                "SequenceNumber" => Some(is_number(value, *sequence)),
                "CallDuration" => Some(is_number(value, duration.map(|length| length.as_secs()))),
                "SipResponseCode" => Some(is_number(value, *sip_response)),
                "Timestamp" => Some(is_moment()),
                "Direction" => Some(value == "outbound-dial"),
                "CallbackSource" => Some(value == "call-progress-events"),
                _ => None,
            }
        }
        Fact::Dialled(dialled) => match name {
            "DialCallSid" => Some(is_call(dialled.child)),
            "DialCallStatus" => Some(value == dialled.status.code()),
            "DialCallDuration" => {
                Some(is_number(value, dialled.duration.map(|length| length.as_secs())))
            }
            "DialBridged" => Some(is_number(value, dialled.bridged)),
            _ => None,
        },
        Fact::Ended(ended) => match name {
            "CallStatus" => Some(value == ended.status.code()),
            "CallDuration" => Some(is_number(value, ended.duration.map(|length| length.as_secs()))),
            "Timestamp" => Some(is_moment()),
            "CallbackSource" => Some(value == "call-progress-events"),
            _ => None,
        },
        _ => None,
    }
}

fn is_number(value: &str, number: Option<impl ToString>) -> bool {
    number.is_some_and(|number| value == number.to_string())
}
