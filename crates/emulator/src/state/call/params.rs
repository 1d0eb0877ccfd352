//! The parameters of the webhooks of a call or leg.

use identity::Timestamp;

use super::Call;
use crate::state::params::{Params, add};
use crate::{Address, Progress};

impl Call {
    /// The parameters of every webhook of this call or leg.
    pub(crate) fn params(&self) -> Params {
        let mut params = Params::new();
        add(&mut params, "AccountSid", self.account);
        add(&mut params, "ApiVersion", API_VERSION);
        add(&mut params, "CallSid", self.sid);
        add(&mut params, "CallStatus", self.life.status);
        add(&mut params, "Direction", self.direction);
        for (name, value) in
            [("From", &self.from), ("Caller", &self.from), ("To", &self.to), ("Called", &self.to)]
        {
            add(&mut params, name, value);
        }
        if let Some(parent) = self.parent() {
            add(&mut params, "ParentCallSid", parent);
        }
        if let Some(app) = self.webhooks.app {
            add(&mut params, "ApplicationSid", app);
        } else {
            add_places(&mut params, ["From", "Caller"], &self.from);
            add_places(&mut params, ["To", "Called"], &self.to);
        }
        params.extend(self.webhooks.extra.iter().cloned());
        params
    }

    /// The parameters of a status callback, apart from those of a recording.
    ///
    /// `progress` is the step of a leg; a call reports its end only. The step `initiated` is
    /// reported under that word, which is not the status of any call.
    pub(crate) fn status_params(
        &self,
        progress: Progress,
        sequence: u32,
        now: Timestamp,
    ) -> Params {
        let mut params = self.params();
        if progress == Progress::Initiated
            && let Some(status) = params.iter_mut().find(|(name, _)| name == "CallStatus")
        {
            status.1 = progress.to_string();
        }
        add(&mut params, "Timestamp", now.to_rfc2822());
        add(&mut params, "CallbackSource", "call-progress-events");
        add(&mut params, "SequenceNumber", sequence);
        if progress == Progress::Completed {
            let seconds = self.life.talked_seconds();
            add(&mut params, "CallDuration", seconds);
            add(&mut params, "Duration", seconds.div_ceil(60));
            if let Some(sip) = self.life.sip {
                add(&mut params, "SipResponseCode", sip);
            }
        }
        params
    }
}

/// The geographic fields of a phone number. The country is known; the others are empty.
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

/// The country of a number, for the commonest codes; empty for others.
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

/// The version of the REST API, in every webhook.
pub(crate) const API_VERSION: &str = "2010-04-01";
