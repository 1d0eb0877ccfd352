//! Reads TwiML into steps. Only this module parses with the crate `twiml`.

mod dial;
mod place;
mod sound;

use twiml::{
    Attribute, ConnectNoun, Level, Lint, MediaTrack, Node, Response, StartNoun, StopNoun, Text,
    Verb,
};

use crate::Method;
use crate::problem::{
    BAD_GATHER_VERB, BAD_NOUN, PARSE_FAILURE, Problem, SCHEMA_WARNING, URL_FORMAT,
};
use crate::step::{Document, Side, Step, Target, Transcribe};
use crate::url;

/// Reads a document.
///
/// Unknown elements and attributes are left out with a warning: 12200, or Twilio's number for that
/// attribute. An error means that nothing can be run: no XML, no `<Response>` (12100), an invalid
/// client identity (31105), a callback host with an underscore (11100), a queue without a name or
/// with a name that is too long (14204, 14205), an invalid label (16023).
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

/// The reader of one document. It collects the warnings.
#[derive(Default)]
struct Reader {
    warnings: Vec<Problem>,
}

impl Reader {
    fn verb(&mut self, verb: &Verb<'_>) -> Result<Option<Step>, Problem> {
        let step = match verb {
            Verb::Say(say) => Step::Speak(self.said(say)),
            Verb::Play(play) => Step::Speak(self.played(play)),
            Verb::Pause(pause) => Step::Speak(self.paused(pause)),
            Verb::Gather(gather) => Step::Gather(self.gather(gather)),
            Verb::Record(record) => Step::Record(self.record(record)),
            Verb::Dial(dial) => Step::Dial(Box::new(self.dial(dial)?)),
            Verb::Enqueue(enqueue) => self.enqueue(enqueue)?,
            Verb::Leave(leave) => {
                self.attributes("Leave", leave.other_attributes());
                Step::Leave
            }
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
            Verb::Refer(refer) => {
                self.attributes("Refer", refer.other_attributes());
                Step::Refer
            }
            Verb::Start(start) => return Ok(Some(self.start(start))),
            Verb::Stop(stop) => {
                let name = |noun: &StopNoun<'_>| match noun {
                    StopNoun::Transcription(it) => {
                        Some(it.name.as_ref().map(|it| it.as_str().to_owned()))
                    }
                    _ => None,
                };
                let names: Option<Vec<_>> = stop.nouns().iter().map(name).collect();
                let names = names.filter(|names| !names.is_empty());
                names.map_or_else(|| Step::NotEmulated("<Stop>".to_owned()), Step::Stop)
            }
            Verb::Other(node) => {
                self.stray("Response", node);
                return Ok(None);
            }
            other => Step::NotEmulated(described(other)),
        };
        Ok(Some(step))
    }

    /// `<Start>`. If it starts anything but transcriptions, it is left out.
    fn start(&mut self, start: &twiml::Start<'_>) -> Step {
        let mut all = Vec::new();
        for noun in start.nouns() {
            match noun {
                StartNoun::Transcription(it) => all.push(self.transcription(it)),
                _ => return Step::NotEmulated(described(&Verb::Start(start.clone()))),
            }
        }
        Step::Start(all)
    }

    fn transcription(&mut self, it: &twiml::Transcription<'_>) -> Transcribe {
        self.attributes("Transcription", it.other_attributes());
        let text = |text: &Option<Text<'_>>| text.as_ref().map(|it| it.as_str().to_owned());
        let report = it.status_callback_url.as_ref();
        Transcribe {
            name: text(&it.name),
            report: report.map(|url| target(Some(url), it.status_callback_method)),
            track: match it.track {
                Some(MediaTrack::InboundTrack) => Some(Side::Inbound),
                Some(MediaTrack::OutboundTrack) => Some(Side::Outbound),
                _ => None,
            },
            labels: [text(&it.inbound_track_label), text(&it.outbound_track_label)]
                .map(Option::unwrap_or_default),
            language: text(&it.language_code).unwrap_or_else(|| "en-US".to_owned()),
            engine: text(&it.transcription_engine).unwrap_or_else(|| "google".to_owned()),
            partials: it.partial_results.unwrap_or(false),
        }
    }

    /// Reports the attributes that are unknown or have a value that is not allowed.
    fn attributes(&mut self, element: &str, unknown: &[Attribute<'_>]) {
        for attribute in unknown {
            let name = attribute.name();
            // Twilio ignores a namespace and the location of a schema.
            if name.starts_with("xmlns") || name.starts_with("xsi:") {
                continue;
            }
            if Lint::of_attribute(element, name).is_some() || name == "statusCallbackEvent" {
                self.unfit(element, name);
            } else {
                let text = format!("<{element}> has no attribute `{name}`");
                self.warnings.push(Problem::warning(SCHEMA_WARNING, text));
            }
        }
    }

    /// Reports an attribute whose value is not allowed. It counts as absent.
    fn unfit(&mut self, element: &str, name: &str) {
        let text = format!("the attribute `{name}` of <{element}> has a value that is not allowed");
        self.warnings.push(match Lint::of_attribute(element, name) {
            Some((code, Level::Error)) => Problem::error(code, text),
            Some((code, _)) => Problem::warning(code, text),
            None => Problem::warning(SCHEMA_WARNING, text),
        });
    }

    fn stray(&mut self, element: &str, node: &Node<'_>) {
        let (code, text) = match node {
            Node::Element(stray) => {
                let code = match element {
                    "Dial" => BAD_NOUN,
                    "Gather" => BAD_GATHER_VERB,
                    _ => SCHEMA_WARNING,
                };
                (code, format!("<{}> does not belong in <{element}>", stray.name()))
            }
            Node::Text(_) => (SCHEMA_WARNING, format!("text does not belong in <{element}>")),
            Node::Comment(_) => return,
        };
        self.warnings.push(Problem::warning(code, text));
    }
}

fn target(url: Option<&Text<'_>>, by: Option<twiml::Method>) -> Target {
    Target { url: url.map(|url| url.as_str().to_owned()).unwrap_or_default(), method: method(by) }
}

/// The target of a callback, whose host must not have an underscore (documentation of `<Client>`).
fn callback(url: &Text<'_>, by: Option<twiml::Method>) -> Result<Target, Problem> {
    if url::is_absolute(url.as_str()) && url::authority(url.as_str()).contains('_') {
        return Err(Problem::error(URL_FORMAT, "the host of a callback has an underscore"));
    }
    Ok(target(Some(url), by))
}

fn method(method: Option<twiml::Method>) -> Method {
    match method {
        Some(twiml::Method::Get) => Method::Get,
        _ => Method::Post,
    }
}

/// A verb that is not emulated, with the names of what is in it.
fn described(verb: &Verb<'_>) -> String {
    let nouns: Vec<&str> = match verb {
        Verb::Connect(connect) => connect.nouns().iter().map(connected).collect(),
        Verb::Start(start) => start.nouns().iter().map(started).collect(),
        _ => Vec::new(),
    };
    [&[name_of(verb)], &*nouns]
        .concat()
        .iter()
        .fold(String::new(), |all, name| all + "<" + name + ">")
}

fn connected(noun: &ConnectNoun<'_>) -> &'static str {
    match noun {
        ConnectNoun::AiSession(_) => "AiSession",
        ConnectNoun::Autopilot(_) => "Autopilot",
        ConnectNoun::Conversation(_) => "Conversation",
        ConnectNoun::ConversationRelay(_) => "ConversationRelay",
        ConnectNoun::ConversationRelaySession(_) => "ConversationRelaySession",
        ConnectNoun::Room(_) => "Room",
        ConnectNoun::Stream(_) => "Stream",
        ConnectNoun::VirtualAgent(_) => "VirtualAgent",
        _ => "another noun",
    }
}

fn started(noun: &StartNoun<'_>) -> &'static str {
    match noun {
        StartNoun::Recording(_) => "Recording",
        StartNoun::Siprec(_) => "Siprec",
        StartNoun::Stream(_) => "Stream",
        StartNoun::Transcription(_) => "Transcription",
        _ => "another noun",
    }
}

fn name_of(verb: &Verb<'_>) -> &'static str {
    match verb {
        Verb::Connect(_) => "Connect",
        Verb::Echo(_) => "Echo",
        Verb::Pay(_) => "Pay",
        Verb::Prompt(_) => "Prompt",
        Verb::Queue(_) => "Queue",
        Verb::Sms(_) => "Sms",
        Verb::Start(_) => "Start",
        Verb::Stop(_) => "Stop",
        _ => "another verb",
    }
}
