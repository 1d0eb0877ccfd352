//! Switches faults on and off.

use serde_json::{Value, json};

use super::{Fields, Refusal};
use crate::shared::Shared;
use crate::{ApiFault, ApiMishap, Fault, Kind, Mishap, Progress, Select, Until};

/// The faults that are on.
pub(super) fn list(shared: &Shared) -> Value {
    shared.read(|world| {
        let webhooks = world.post.faults.iter().map(fault);
        let api = world.api.faults.iter().map(api_fault);
        webhooks.chain(api).collect()
    })
}

/// Switches a fault on.
pub(super) fn add(shared: &Shared, mut body: Fields) -> Result<Value, Refusal> {
    if let Some(word) = body.text("api")? {
        let (made, times) = (api(&word)?, body.whole("times")?);
        body.end()?;
        let made = ApiFault { mishap: made, times };
        shared.write(|world| world.api.faults.push(made));
        return Ok(api_fault(&made));
    }
    let on = select(&mut body)?;
    let mishap = mishap(&mut body)?;
    let times = body.whole("times")?;
    body.end()?;
    let made = Fault { on, mishap, times };
    shared.write(|world| world.post.faults.push(made));
    Ok(fault(&made))
}

/// Switches all faults off.
pub(super) fn clear(shared: &Shared) {
    shared.write(|world| {
        world.post.faults.clear();
        world.api.faults.clear();
    });
}

fn select(body: &mut Fields) -> Result<Select, Refusal> {
    let kind = match body.text("kind")? {
        None => None,
        Some(word) => {
            let known = KINDS.iter().find(|kind| kind.to_string() == word);
            Some(*known.ok_or_else(|| Refusal::bad("`kind` is not a kind of webhook"))?)
        }
    };
    let progress = match body.text("progress")? {
        None => None,
        Some(word) => {
            let known = STEPS.iter().find(|step| step.as_str() == word);
            let rule = "`progress` is initiated, ringing, answered or completed";
            Some(*known.ok_or_else(|| Refusal::bad(rule))?)
        }
    };
    let call = body.parsed("call_sid")?;
    let notices_only = match body.take("notices_only") {
        None => false,
        Some(Value::Bool(only)) => only,
        Some(_) => return Err(Refusal::bad("`notices_only` is true or false")),
    };
    Ok(Select { kind, progress, call, notices_only })
}

fn mishap(body: &mut Fields) -> Result<Mishap, Refusal> {
    let word = body.needed("mishap")?;
    Ok(match &*word {
        "late" => Mishap::Late { until: until(body)? },
        "twice" => Mishap::Twice { again: until(body)? },
        "dropped" => Mishap::Dropped,
        "unreachable" => Mishap::Unreachable { attempts: body.whole("attempts")?.unwrap_or(1) },
        "shuffled" => Mishap::Shuffled { window: body.whole("window")?.unwrap_or(4) },
        _ => {
            let rule = "`mishap` is late, twice, dropped, unreachable or shuffled";
            return Err(Refusal::bad(rule));
        }
    })
}

fn api(word: &str) -> Result<ApiMishap, Refusal> {
    let known = API.iter().find(|(name, _)| *name == word).map(|(_, mishap)| *mishap);
    known.ok_or_else(|| Refusal::bad("`api` is too_many_requests, unavailable or lost"))
}

fn api_fault(fault: &ApiFault) -> Value {
    let known = API.iter().find(|(_, mishap)| *mishap == fault.mishap);
    json!({ "api": known.map(|(name, _)| *name), "times": fault.times })
}

fn until(body: &mut Fields) -> Result<Until, Refusal> {
    match body.take("until") {
        None => Ok(Until::End),
        Some(Value::String(word)) if word == "end" => Ok(Until::End),
        Some(Value::String(word)) if word == "at_once" => Ok(Until::AtOnce),
        Some(other) => {
            let after = other.as_u64().and_then(|count| u32::try_from(count).ok());
            let rule = "`until` is a number of later callbacks, \"end\" or \"at_once\"";
            after.map(Until::After).ok_or_else(|| Refusal::bad(rule))
        }
    }
}

fn fault(fault: &Fault) -> Value {
    let until = |until| match until {
        Until::AtOnce => json!("at_once"),
        Until::After(count) => json!(count),
        Until::End => json!("end"),
    };
    let mut value = match fault.mishap {
        Mishap::Late { until: when } => json!({ "mishap": "late", "until": until(when) }),
        Mishap::Twice { again } => json!({ "mishap": "twice", "until": until(again) }),
        Mishap::Dropped => json!({ "mishap": "dropped" }),
        Mishap::Unreachable { attempts } => {
            json!({ "mishap": "unreachable", "attempts": attempts })
        }
        Mishap::Shuffled { window } => json!({ "mishap": "shuffled", "window": window }),
    };
    value["kind"] = fault.on.kind.map(|kind| kind.to_string()).into();
    value["progress"] = fault.on.progress.map(Progress::as_str).into();
    value["call_sid"] = fault.on.call.map(|sid| sid.to_string()).into();
    value["notices_only"] = fault.on.notices_only.into();
    value["times"] = fault.times.into();
    value
}

const API: [(&str, ApiMishap); 3] = [
    ("too_many_requests", ApiMishap::TooManyRequests),
    ("unavailable", ApiMishap::Unavailable),
    ("lost", ApiMishap::Lost),
];

const KINDS: [Kind; 10] = [
    Kind::Voice,
    Kind::Redirect,
    Kind::Action,
    Kind::Fallback,
    Kind::LegStatus,
    Kind::CallStatus,
    Kind::Recording,
    Kind::Detection,
    Kind::Partial,
    Kind::Transcription,
];

const STEPS: [Progress; 4] =
    [Progress::Initiated, Progress::Ringing, Progress::Answered, Progress::Completed];
