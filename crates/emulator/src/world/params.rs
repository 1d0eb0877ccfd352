//! The parameters of every webhook.

use identity::CallSid;

use super::World;
use crate::{Address, CallStatus, Progress};

/// Parameters in the order in which they are sent.
pub(super) type Params = Vec<(String, String)>;

/// Adds one parameter.
#[expect(clippy::needless_pass_by_value, reason = "values are made where they are added")]
pub(super) fn add(params: &mut Params, name: &str, value: impl ToString) {
    params.push((name.to_owned(), value.to_string()));
}

impl World {
    /// What every webhook of a call or leg carries.
    pub(super) fn base_params(&self, sid: CallSid) -> Params {
        let mut params = Params::new();
        let Some(call) = self.calls.get(&sid) else { return params };
        add(&mut params, "AccountSid", call.account);
        add(&mut params, "ApiVersion", API_VERSION);
        add(&mut params, "CallSid", call.sid);
        add(&mut params, "CallStatus", call.status);
        add(&mut params, "Direction", call.direction);
        for (name, value) in
            [("From", &call.from), ("Caller", &call.from), ("To", &call.to), ("Called", &call.to)]
        {
            add(&mut params, name, value);
        }
        if let Some(parent) = call.parent {
            add(&mut params, "ParentCallSid", parent);
        }
        if let Some(app) = call.app {
            add(&mut params, "ApplicationSid", app);
        } else {
            add_places(&mut params, ["From", "Caller"], &call.from);
            add_places(&mut params, ["To", "Called"], &call.to);
        }
        params.extend(call.extra.iter().cloned());
        params
    }

    /// What a status callback carries.
    ///
    /// `progress` is the step of a leg; a call reports its end only. `initiated` is reported
    /// under that word, which no call has as its state otherwise.
    pub(super) fn status_params(&self, sid: CallSid, progress: Progress, sequence: u32) -> Params {
        let mut params = self.base_params(sid);
        let Some(call) = self.calls.get(&sid) else { return params };
        if progress == Progress::Initiated
            && let Some(status) = params.iter_mut().find(|(name, _)| name == "CallStatus")
        {
            status.1 = progress.to_string();
        }
        add(&mut params, "Timestamp", self.now.to_rfc2822());
        add(&mut params, "CallbackSource", "call-progress-events");
        add(&mut params, "SequenceNumber", sequence);
        if progress == Progress::Completed {
            let seconds = call.talked_seconds();
            add(&mut params, "CallDuration", seconds);
            add(&mut params, "Duration", seconds.div_ceil(60));
            if let Some(sip) = call.sip {
                add(&mut params, "SipResponseCode", sip);
            }
            if let Some(recording) = call.recording {
                params.extend(self.recording_params(recording));
            }
        }
        params
    }
}

/// The geographic fields of a phone number: the country is known, the rest is present and empty.
fn add_places(params: &mut Params, prefixes: [&str; 2], address: &Address) {
    let Address::Number(number) = address else { return };
    if !number.starts_with('+') {
        return;
    }
    for prefix in prefixes {
        for field in ["City", "State", "Zip"] {
            add(params, &format!("{prefix}{field}"), "");
        }
        add(params, &format!("{prefix}Country"), country(number));
    }
}

/// The country of a number, for the commonest codes; empty where it is not one of them.
fn country(number: &str) -> &'static str {
    let known = [
        ("+1", "US"),
        ("+33", "FR"),
        ("+34", "ES"),
        ("+39", "IT"),
        ("+43", "AT"),
        ("+44", "GB"),
        ("+49", "DE"),
        ("+52", "MX"),
        ("+55", "BR"),
        ("+61", "AU"),
        ("+81", "JP"),
        ("+91", "IN"),
    ];
    known.iter().find(|(code, _)| number.starts_with(code)).map_or("", |(_, country)| country)
}

/// Whether a leg that ended so has ended without an answer.
pub(super) fn unanswered(status: CallStatus) -> bool {
    status.is_final() && status != CallStatus::Completed
}

pub(super) const API_VERSION: &str = "2010-04-01";
