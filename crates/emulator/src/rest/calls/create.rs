//! The parameters of a new call.

use std::time::Duration;

use identity::{CallSid, PhoneNumber};

use super::super::Request;
use super::super::error::{
    APPLICATION, ApiError, FROM, FROM_NOT_VERIFIED, NO_FROM, NO_TO, TO, TWIML_TOO_LONG, URL,
};
use super::super::form::Form;
use super::super::recordings;
use crate::address::{dialled, is_identity};
use crate::problem::{Problem, STATUS_EVENTS};
use crate::state::call::{CallOut, Detection, First, Outbound};
use crate::step::{DialRecord, Subscription};
use crate::timeline::What;
use crate::{Address, Progress};

/// A call to be placed, and what to note in the timeline.
pub(in crate::rest) struct Plan {
    call: CallOut,
    /// Whether the request names an event that does not exist. Then no callback is sent (warning
    /// 21626).
    bad_events: bool,
    left_out: Vec<String>,
}

impl Plan {
    pub(super) fn read(request: &Request<'_>, form: &Form) -> Result<Self, ApiError> {
        let (first, app) = documents(request, form)?;
        let (subscription, bad_events) = subscription(form)?;
        // A TwiML App brings its own callbacks.
        let subscription = subscription.filter(|_| app.is_none());
        Self::new(request, form, first, app, (subscription, bad_events))
    }

    /// A plan whose documents are given.
    pub(in crate::rest) fn new(
        request: &Request<'_>,
        form: &Form,
        first: First,
        app: Option<identity::AppSid>,
        (subscription, bad_events): (Option<Subscription>, bool),
    ) -> Result<Self, ApiError> {
        let (to, parameters) = address_to(form)?;
        let from = address_from(request, form, &to)?;
        let left_out = NOT_EMULATED.iter().filter(|name| form.get(name).is_some());
        Ok(Self {
            call: CallOut {
                account: request.account,
                from,
                to,
                app,
                subscription,
                parameters,
                plan: Outbound {
                    first,
                    timeout: form.seconds("Timeout", [0, MAX_TIMEOUT])?.unwrap_or(TIMEOUT),
                    time_limit: form.seconds("TimeLimit", [1, MAX_LIMIT])?.unwrap_or(TIME_LIMIT),
                    record: record(form)?,
                    detection: detection(form)?,
                },
            },
            bad_events,
            left_out: left_out.map(|name| format!("the parameter {name} of a call")).collect(),
        })
    }

    pub(in crate::rest) fn carry_out(self, request: &Request<'_>) -> CallSid {
        request.shared.write(|world| {
            let sid = world.call_out(self.call);
            for what in self.left_out {
                world.note(Some(sid), What::NotEmulated(what));
            }
            if self.bad_events {
                let text = "StatusCallbackEvent has a word that is not an event; repeat the parameter \
                            for each";
                world.note_problem(sid, Problem::warning(STATUS_EVENTS, text));
            }
            sid
        })
    }
}

/// The address to call, and the parameters that a browser gets.
fn address_to(form: &Form) -> Result<(Address, Vec<(String, String)>), ApiError> {
    let to = form.get("To").ok_or_else(|| ApiError::bad(NO_TO, "No 'To' number is specified"))?;
    let bad = || {
        ApiError::bad(
            TO,
            format!("The phone number you are attempting to call, {to}, is not valid."),
        )
    };
    if let Some(client) = to.strip_prefix("client:") {
        let (identity, query) = client.split_once('?').unwrap_or((client, ""));
        if !is_identity(identity) {
            return Err(bad());
        }
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        return Ok((Address::Client(identity.to_owned()), parameters));
    }
    let number = dialled(to, form.get("From").unwrap_or_default()).ok_or_else(bad)?;
    Ok((Address::from(&number), Vec::new()))
}

/// The caller id. To a phone it must be a number of the account, or a verified one.
fn address_from(request: &Request<'_>, form: &Form, to: &Address) -> Result<Address, ApiError> {
    let from = form.get("From");
    let from = from.ok_or_else(|| ApiError::bad(NO_FROM, "A 'From' phone number is required"))?;
    if to.identity().is_some() {
        return Ok(Address::from(from));
    }
    if from.parse::<PhoneNumber>().is_err() {
        return Err(ApiError::bad(FROM, format!("Invalid From Number (caller ID): {from}")));
    }
    if !request.shared.read(|world| world.tables.may_show(request.account, from)) {
        let message = format!(
            "The source phone number provided, {from}, is not yet verified for your account. You \
             may only make calls from phone numbers that you've verified or purchased from Twilio."
        );
        return Err(ApiError::bad(FROM_NOT_VERIFIED, message));
    }
    Ok(Address::from(from))
}

/// Where the documents come from. `Url` wins over `Twiml`, and an app wins over both.
fn documents(
    request: &Request<'_>,
    form: &Form,
) -> Result<(First, Option<identity::AppSid>), ApiError> {
    if let Some(sid) = form.get("ApplicationSid") {
        let voice = sid.parse::<identity::AppSid>().ok().and_then(|app| {
            let theirs = request.shared.read(|world| world.tables.apps.get(&app).cloned());
            theirs.filter(|row| row.account == request.account).map(|row| (app, row.voice))
        });
        let message = || format!("ApplicationSid {sid} is not valid");
        let (app, voice) = voice.ok_or_else(|| ApiError::bad(APPLICATION, message()))?;
        return Ok((First { voice, twiml: None }, Some(app)));
    }
    let mut form = form.clone();
    if form.get("Url").is_some() {
        form.remove("Twiml");
    }
    let first = super::first(&form)?;
    let first = first.ok_or_else(|| ApiError::bad(URL, "Url parameter is required."))?;
    Ok((first, None))
}

/// `Record`, and where the recording is reported.
fn record(form: &Form) -> Result<Option<DialRecord>, ApiError> {
    let report = recordings::report(form)?;
    let dual = match form.get("RecordingChannels") {
        None | Some("mono") => false,
        Some("dual") => true,
        Some(_) => return Err(ApiError::parameter("RecordingChannels", "must be mono or dual")),
    };
    let is_wanted = form.flag("Record")?.unwrap_or(false);
    Ok(is_wanted.then_some(DialRecord { from_ringing: false, dual, report }))
}

/// `MachineDetection`, and where its result is reported.
fn detection(form: &Form) -> Result<Option<Detection>, ApiError> {
    let is_async = form.flag("AsyncAmd")?.unwrap_or(false);
    let report = form.callback("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")?;
    let to_the_end = match form.get("MachineDetection") {
        None => return Ok(None),
        Some(word) if word.eq_ignore_ascii_case("Enable") => false,
        Some(word) if word.eq_ignore_ascii_case("DetectMessageEnd") => true,
        Some(_) => {
            let rule = "must be Enable or DetectMessageEnd";
            return Err(ApiError::parameter("MachineDetection", rule));
        }
    };
    Ok(Some(Detection { to_the_end, is_async, report }))
}

/// The document in the request itself.
pub(super) fn twiml(form: &Form) -> Result<Option<String>, ApiError> {
    let Some(twiml) = form.get("Twiml") else { return Ok(None) };
    if twiml.chars().count() > MAX_TWIML {
        let message = format!("Twiml must not be longer than {MAX_TWIML} characters");
        return Err(ApiError::bad(TWIML_TOO_LONG, message));
    }
    Ok(Some(twiml.to_owned()))
}

/// The callback and the steps that it reports, and whether the form names a step that does not
/// exist.
pub(in crate::rest) fn subscription(form: &Form) -> Result<(Option<Subscription>, bool), ApiError> {
    let Some(target) = form.callback("StatusCallback", "StatusCallbackMethod")? else {
        return Ok((None, false));
    };
    let named: Vec<&str> = form.all("StatusCallbackEvent").collect();
    if named.is_empty() {
        let events = vec![Progress::Completed];
        return Ok((Some(Subscription { target, events }), false));
    }
    let events: Option<Vec<Progress>> = named.into_iter().map(progress).collect();
    let bad = events.is_none();
    Ok((events.map(|events| Subscription { target, events }), bad))
}

fn progress(word: &str) -> Option<Progress> {
    let all = [Progress::Initiated, Progress::Ringing, Progress::Answered, Progress::Completed];
    all.into_iter().find(|progress| progress.as_str() == word)
}

/// The default ring time, and the longest in seconds (Call resource, `Timeout`).
const TIMEOUT: Duration = Duration::from_secs(60);
const MAX_TIMEOUT: u32 = 600;
/// The default time limit of a call, and the longest in seconds (Call resource, `TimeLimit`).
const TIME_LIMIT: Duration = Duration::from_secs(14_400);
const MAX_LIMIT: u32 = 86_400;
/// Characters of a document (Call resource, `Twiml`).
const MAX_TWIML: usize = 4000;

/// Parameters of a call that are not emulated.
const NOT_EMULATED: [&str; 4] = ["SendDigits", "SipAuthUsername", "Trim", "RecordingTrack"];
