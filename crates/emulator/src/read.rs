//! Reads TwiML into steps. All that this crate knows of the crate `twiml` is here.

use std::time::Duration;

use identity::ClientAddress;
use twiml::{Attribute, CallEvent, ClientNoun, DialNoun, GatherPrompt, Node, Response, Text, Verb};

use crate::http::url;
use crate::problem::{CLIENT_NAME, PARSE_FAILURE, Problem, SCHEMA_WARNING, URL_FORMAT};
use crate::step::{
    Dial, Document, Gather, Length, Noun, Record, Speech, Step, Subscription, Target,
};
use crate::timeline::Heard;
use crate::{Address, Method, Progress};

/// Reads a document.
///
/// What TwiML does not know is a warning (12200) and left out. Errors are those with which
/// nothing can be run: no XML, no `<Response>` (12100), a client identity that cannot exist
/// (31105), a callback host with an underscore (11100).
pub(crate) fn document(text: &str) -> Result<Document, Problem> {
    let response =
        Response::parse(text).map_err(|error| Problem::error(PARSE_FAILURE, error.to_string()))?;
    let mut reader = Reader::default();
    reader.attributes("Response", response.other_attributes());
    let mut steps = Vec::new();
    for verb in response.verbs() {
        steps.extend(reader.verb(verb)?);
    }
    Ok(Document { steps, warnings: reader.warnings })
}

/// Collects the warnings on its way.
#[derive(Default)]
struct Reader {
    warnings: Vec<Problem>,
}

impl Reader {
    fn verb(&mut self, verb: &Verb<'_>) -> Result<Option<Step>, Problem> {
        let step = match verb {
            Verb::Say(say) => {
                self.attributes("Say", say.other_attributes());
                Step::Speak(said(say))
            }
            Verb::Play(play) => {
                self.attributes("Play", play.other_attributes());
                Step::Speak(played(play))
            }
            Verb::Pause(pause) => {
                self.attributes("Pause", pause.other_attributes());
                Step::Speak(paused(pause))
            }
            Verb::Gather(gather) => Step::Gather(self.gather(gather)),
            Verb::Record(record) => Step::Record(self.record(record)),
            Verb::Dial(dial) => Step::Dial(self.dial(dial)?),
            Verb::Redirect(redirect) => {
                self.attributes("Redirect", redirect.other_attributes());
                let method = method(redirect.method);
                Step::Redirect(Target { url: redirect.url().to_owned(), method })
            }
            Verb::Reject(reject) => {
                self.attributes("Reject", reject.other_attributes());
                Step::Reject { busy: reject.reason == Some(twiml::RejectReason::Busy) }
            }
            Verb::Hangup(hangup) => {
                self.attributes("Hangup", hangup.other_attributes());
                Step::Hangup
            }
            Verb::Other(node) => {
                self.stray("Response", node);
                return Ok(None);
            }
            other => Step::NotEmulated(format!("<{}>", name_of(other))),
        };
        Ok(Some(step))
    }

    fn gather(&mut self, gather: &twiml::Gather<'_>) -> Gather {
        self.attributes("Gather", gather.other_attributes());
        let mut prompts = Vec::new();
        for prompt in gather.prompts() {
            match prompt {
                GatherPrompt::Say(say) => prompts.push(said(say)),
                GatherPrompt::Play(play) => prompts.push(played(play)),
                GatherPrompt::Pause(pause) => prompts.push(paused(pause)),
                GatherPrompt::Other(node) => self.stray("Gather", node),
                _ => {}
            }
        }
        Gather {
            action: target(gather.action.as_ref(), gather.method),
            prompts,
            timeout: gather.timeout.unwrap_or(GATHER_TIMEOUT),
            on_empty: gather.action_on_empty_result.unwrap_or(false),
        }
    }

    fn record(&mut self, record: &twiml::Record<'_>) -> Record {
        self.attributes("Record", record.other_attributes());
        let callback = record.recording_status_callback.as_ref();
        Record {
            action: target(record.action.as_ref(), record.method),
            longest: record.max_length.unwrap_or(RECORD_LENGTH),
            callback: callback
                .map(|url| target(Some(url), record.recording_status_callback_method)),
        }
    }

    fn dial(&mut self, dial: &twiml::Dial<'_>) -> Result<Dial, Problem> {
        self.attributes("Dial", dial.other_attributes());
        let mut left_out = Vec::new();
        if dial.record.is_some() {
            left_out.push("the attribute `record` of <Dial>: nothing is recorded".to_owned());
        }
        let mut nouns = Vec::new();
        let mut others = 0;
        if let Some(number) = dial.number_text() {
            nouns.push(plain_number(number));
        }
        for noun in dial.nouns() {
            match noun {
                DialNoun::Client(client) => nouns.push(self.client(client)?),
                DialNoun::Number(number) => nouns.push(self.number(number)?),
                DialNoun::Other(node) => self.stray("Dial", node),
                other => {
                    others += 1;
                    left_out.push(format!("<{}> in <Dial>", noun_name(other)));
                }
            }
        }
        let timeout = dial.timeout.unwrap_or(DIAL_TIMEOUT);
        Ok(Dial {
            action: dial.action.as_ref().map(|url| target(Some(url), dial.method)),
            timeout: timeout.clamp(DIAL_SHORTEST, DIAL_LONGEST),
            time_limit: dial.time_limit,
            answer_on_bridge: dial.answer_on_bridge.unwrap_or(false),
            sequential: dial.sequential.unwrap_or(false),
            caller_id: dial.caller_id.as_ref().map(|id| id.as_str().to_owned()),
            count: nouns.len() + others,
            nouns,
            left_out,
        })
    }

    fn client(&mut self, client: &twiml::Client<'_>) -> Result<Noun, Problem> {
        self.attributes("Client", client.other_attributes());
        for part in client.parts() {
            if let ClientNoun::Other(node) = part {
                self.stray("Client", node);
            }
        }
        let identity = client.identity().unwrap_or_default();
        let address = format!("{}{identity}", ClientAddress::PREFIX);
        let address: ClientAddress = address.parse().map_err(|error: identity::ParseError| {
            Problem::error(CLIENT_NAME, error.to_string())
        })?;
        let parameters = client.parameters();
        Ok(Noun {
            to: Address::Client(address.identity().to_owned()),
            callback: subscription(
                client.status_callback.as_ref(),
                client.status_callback_method,
                client.status_callback_event.as_deref(),
            )?,
            parameters: parameters.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            whispers: client.url.is_some(),
        })
    }

    fn number(&mut self, number: &twiml::Number<'_>) -> Result<Noun, Problem> {
        self.attributes("Number", number.other_attributes());
        Ok(Noun {
            callback: subscription(
                number.status_callback.as_ref(),
                number.status_callback_method,
                number.status_callback_event.as_deref(),
            )?,
            whispers: number.url.is_some(),
            ..plain_number(number.number())
        })
    }

    fn attributes(&mut self, element: &str, unknown: &[Attribute<'_>]) {
        for attribute in unknown {
            // A namespace and the location of a schema say nothing to Twilio.
            if attribute.name().starts_with("xmlns") || attribute.name().starts_with("xsi:") {
                continue;
            }
            let text = format!("<{element}> has no attribute `{}`, or not so", attribute.name());
            self.warnings.push(Problem::warning(SCHEMA_WARNING, text));
        }
    }

    fn stray(&mut self, element: &str, node: &Node<'_>) {
        let text = match node {
            Node::Element(stray) => format!("<{}> does not belong in <{element}>", stray.name()),
            Node::Text(_) => format!("text does not belong in <{element}>"),
            Node::Comment(_) => return,
        };
        self.warnings.push(Problem::warning(SCHEMA_WARNING, text));
    }
}

fn said(say: &twiml::Say<'_>) -> Speech {
    let text = say.spoken();
    let words = u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX);
    let times = say.loops.unwrap_or(1).max(1);
    let length = WORD.saturating_mul(words).saturating_mul(times);
    Speech { heard: Heard::Said(text), length: Length::Exactly(length), answers: true }
}

fn played(play: &twiml::Play<'_>) -> Speech {
    let what = play.digits.as_ref().map_or(play.url(), Text::as_str).to_owned();
    let times = play.loops.unwrap_or(1).max(1);
    Speech { heard: Heard::Played(what), length: Length::Files(times), answers: true }
}

fn paused(pause: &twiml::Pause<'_>) -> Speech {
    let length = Length::Exactly(pause.length.unwrap_or(PAUSE_LENGTH));
    Speech { heard: Heard::Silence, length, answers: false }
}

fn plain_number(number: &str) -> Noun {
    Noun {
        to: Address::Number(number.to_owned()),
        callback: None,
        parameters: Vec::new(),
        whispers: false,
    }
}

fn subscription(
    url: Option<&Text<'_>>,
    method: Option<twiml::Method>,
    events: Option<&[CallEvent]>,
) -> Result<Option<Subscription>, Problem> {
    let Some(url) = url else { return Ok(None) };
    if url::is_absolute(url.as_str()) && url::authority(url.as_str()).contains('_') {
        return Err(Problem::error(URL_FORMAT, "the host of a callback has an underscore"));
    }
    let events = events.unwrap_or(&[CallEvent::Completed]).iter().filter_map(|event| match event {
        CallEvent::Initiated => Some(Progress::Initiated),
        CallEvent::Ringing => Some(Progress::Ringing),
        CallEvent::Answered => Some(Progress::Answered),
        CallEvent::Completed => Some(Progress::Completed),
        _ => None,
    });
    Ok(Some(Subscription { target: target(Some(url), method), events: events.collect() }))
}

fn target(url: Option<&Text<'_>>, by: Option<twiml::Method>) -> Target {
    Target { url: url.map(|url| url.as_str().to_owned()).unwrap_or_default(), method: method(by) }
}

fn method(method: Option<twiml::Method>) -> Method {
    match method {
        Some(twiml::Method::Get) => Method::Get,
        _ => Method::Post,
    }
}

fn name_of(verb: &Verb<'_>) -> &'static str {
    match verb {
        Verb::Connect(_) => "Connect",
        Verb::Echo(_) => "Echo",
        Verb::Enqueue(_) => "Enqueue",
        Verb::Leave(_) => "Leave",
        Verb::Pay(_) => "Pay",
        Verb::Prompt(_) => "Prompt",
        Verb::Queue(_) => "Queue",
        Verb::Refer(_) => "Refer",
        Verb::Sms(_) => "Sms",
        Verb::Start(_) => "Start",
        Verb::Stop(_) => "Stop",
        _ => "another verb",
    }
}

fn noun_name(noun: &DialNoun<'_>) -> &'static str {
    match noun {
        DialNoun::Application(_) => "Application",
        DialNoun::Conference(_) => "Conference",
        DialNoun::Queue(_) => "Queue",
        DialNoun::Sim(_) => "Sim",
        DialNoun::Sip(_) => "Sip",
        DialNoun::WhatsApp(_) => "WhatsApp",
        _ => "another noun",
    }
}

/// Speech of 150 words a minute.
const WORD: Duration = Duration::from_millis(400);
/// `<Pause>` without a length (documentation of `<Pause>`).
const PAUSE_LENGTH: Duration = Duration::from_secs(1);
/// `<Gather>` without a timeout (documentation of `<Gather>`).
const GATHER_TIMEOUT: Duration = Duration::from_secs(5);
/// `<Record>` without a length (documentation of `<Record>`).
const RECORD_LENGTH: Duration = Duration::from_secs(3600);
/// `<Dial>` without a timeout, and its range (documentation of `<Dial>`).
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
const DIAL_SHORTEST: Duration = Duration::from_secs(5);
const DIAL_LONGEST: Duration = Duration::from_secs(600);
