//! Every document that we answer with.

use std::time::Duration;

use dialling::Caller;
use identity::{AgentIdentity, CallSid, PhoneNumber, UserId, WorkspaceId};
use routing::Scope;
use store_pg::KnownContact;
use tracing::error;
use twilio_sig::PublicUrl;
use twiml::{
    BuildError, CallEvent, Client, Dial, Hangup, Number, Parameter, Record, Response, Say,
    SayLanguage, Text, Trim,
};

use super::rung::Rung;
use crate::endpoint::Carrier;
use crate::known::Workspace;
use crate::policy::{AnswerOnBridge, Messages};

/// One wave: what its agents see, and where Twilio reports.
pub(super) struct Offer<'a> {
    pub(super) base: &'a PublicUrl,
    pub(super) workspace: &'a Workspace,
    pub(super) call: CallSid,
    /// Who calls.
    pub(super) from: &'a Caller,
    pub(super) contact: Option<&'a KnownContact>,
    pub(super) scope: Scope,
    /// The number of the wave, from 1.
    pub(super) number: u16,
    /// Whether no other wave will follow.
    pub(super) is_only: bool,
    /// The agents who have rung when this wave is over.
    pub(super) rung: Rung,
}

/// Rings one wave: a single Dial with one client for each agent.
pub(super) fn ring(offer: &Offer<'_>, wave: &[UserId]) -> String {
    finish(try_ring(offer, wave), &offer.workspace.policy.messages)
}

fn try_ring(offer: &Offer<'_>, wave: &[UserId]) -> Result<String, BuildError> {
    let policy = &offer.workspace.policy;
    let id = &offer.workspace.id;
    let action = Carrier::Dial.callback(id, offer.base, &offer.rung.query());
    let status = Text::new(Carrier::Status.callback(id, offer.base, ""))?;
    let parameters = parameters(offer)?;
    let clients = wave.iter().map(|user| {
        let client = Client::new(AgentIdentity::new(*user).to_string())?
            .status_callback(&status)
            .status_callback_event(CallEvent::ALL);
        Ok(parameters.iter().cloned().fold(client, Client::parameter))
    });
    let on_bridge = match policy.answer_on_bridge {
        AnswerOnBridge::OneWave => offer.is_only && offer.number == 1,
        AnswerOnBridge::Never => false,
        AnswerOnBridge::Always => true,
    };
    let dial = Dial::new()
        .action(Text::new(action)?)
        .timeout(policy.routing.ring_timeout())
        .answer_on_bridge(on_bridge)
        .ring(clients.collect::<Result<Vec<_>, _>>()?)?;
    Response::new().dial(dial).try_render()
}

/// The parameters that the agent's page shows while it rings.
fn parameters<'a>(offer: &Offer<'a>) -> Result<Vec<Parameter<'a>>, BuildError> {
    let mut parameters = vec![
        Parameter::new("call_sid", offer.call.to_string())?,
        Parameter::new("scope", offer.scope.whom().code())?,
        Parameter::new("wave", offer.number.to_string())?,
    ];
    match offer.from {
        Caller::Number(number) => {
            let text = dialling::shown(&number.e164, offer.workspace.home());
            parameters.push(Parameter::new("from", number.e164.to_string())?);
            parameters.push(Parameter::new("from_text", text)?);
        }
        Caller::Withheld => parameters.push(Parameter::new("from", WITHHELD)?),
        Caller::Other => {}
    }
    if let Some(because) = offer.scope.because() {
        parameters.push(Parameter::new("because", because.code())?);
    }
    if let Some(contact) = offer.contact {
        parameters.push(Parameter::new("contact_id", contact.id.to_string())?);
        if let Some(name) = &contact.name {
            parameters.push(Parameter::new("display_name", display_name(name))?);
        }
    }
    Ok(parameters)
}

/// The parameter `from` of a caller whose number is withheld.
const WITHHELD: &str = "withheld";

/// A name as it was entered, without characters that XML cannot carry, and short enough to leave space
/// for the other parameters.
fn display_name(name: &str) -> String {
    Text::lossy(name).as_str().chars().take(MAX_NAME).collect()
}

/// Calls a phone for an agent.
pub(super) fn dial_out(
    base: &PublicUrl,
    workspace: &WorkspaceId,
    to: &PhoneNumber,
    caller_id: &PhoneNumber,
) -> String {
    let build = || {
        let status = Carrier::Status.callback(workspace, base, "");
        let number = Number::new(to.as_str())?
            .status_callback(Text::new(status)?)
            .status_callback_event(CallEvent::ALL);
        let dial = Dial::new()
            .action(Text::new(Carrier::Dial.callback(workspace, base, ""))?)
            .caller_id(Text::new(caller_id.as_str())?)
            .answer_on_bridge(true)
            .number(number)?;
        Response::new().dial(dial).try_render()
    };
    finish(build(), &Messages::default())
}

/// Takes a message and says good-bye.
pub(super) fn voicemail(messages: &Messages, base: &PublicUrl, workspace: &WorkspaceId) -> String {
    let build = || {
        let action = Carrier::Voicemail.callback(workspace, base, "");
        let record = Record::new()
            .action(Text::new(action)?)
            .max_length(LONGEST_MESSAGE)
            .trim(Trim::TrimSilence);
        Response::new()
            .say(say(messages, &messages.voicemail))
            .record(record)
            .hangup(Hangup::new())
            .try_render()
    };
    finish(build(), messages)
}

/// Speaks one sentence and hangs up.
pub(super) fn say_and_hang_up(messages: &Messages, sentence: &str) -> String {
    if sentence.trim().is_empty() {
        return hang_up();
    }
    Response::new().say(say(messages, sentence)).hangup(Hangup::new()).render()
}

/// The document for a caller while we can look nothing up.
pub(super) fn unavailable(messages: &Messages) -> String {
    say_and_hang_up(messages, &messages.unavailable)
}

/// Ends the call.
pub(super) fn hang_up() -> String {
    Response::new().hangup(Hangup::new()).render()
}

fn say<'a>(messages: &'a Messages, sentence: &'a str) -> Say<'a> {
    let language = SayLanguage::from(Text::lossy(messages.language.as_str()));
    Say::from(Text::lossy(sentence)).language(language)
}

/// The document, or a sentence for the caller if it cannot be built, which is a bug of ours.
fn finish(document: Result<String, BuildError>, messages: &Messages) -> String {
    document.unwrap_or_else(|fault| {
        error!("a document cannot be built: {fault}");
        unavailable(messages)
    })
}

/// Twilio limits the sum of all parameters; 800 bytes is safe.
const MAX_NAME: usize = 100;

const LONGEST_MESSAGE: Duration = Duration::from_secs(120);
