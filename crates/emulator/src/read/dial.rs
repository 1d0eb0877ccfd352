//! `<Dial>` and its nouns.

use std::time::Duration;

use identity::ClientAddress;
use twiml::{Attribute, CallEvent, ClientNoun, DialNoun, Text};

use super::sound::{is_sent, recording_report};
use super::{Reader, callback, target};
use crate::problem::{CLIENT_NAME, MIXED_NOUNS, Problem, SCHEMA_WARNING};
use crate::step::{Dial, DialRecord, Dialled, Noun, Parties, Subscription};
use crate::{Address, Progress};

impl Reader {
    pub(super) fn dial(&mut self, dial: &twiml::Dial<'_>) -> Result<Dial, Problem> {
        let mut found = Found::default();
        let stray: Vec<_> = dial.other_attributes().to_vec();
        // Twilio also takes `true` and `false` (documentation of `<Dial>`).
        let is_bool =
            |name: &str, value: &str| name == "record" && matches!(value, "true" | "false");
        let (recorded, stray): (Vec<_>, Vec<_>) =
            stray.into_iter().partition(|it| is_bool(it.name(), it.value()));
        self.attributes("Dial", &stray);
        if let Some(number) = dial.number_text() {
            found.parties.nouns.push(plain_number(number));
        }
        for noun in dial.nouns() {
            self.noun(noun, &mut found)?;
        }
        found.parties.count += found.parties.nouns.len();
        found.parties.sequential = dial.sequential.unwrap_or(false);
        let timeout = dial.timeout.unwrap_or(DIAL_TIMEOUT);
        Ok(Dial {
            action: dial.action.as_ref().map(|url| target(Some(url), dial.method)),
            timeout: timeout.clamp(DIAL_SHORTEST, DIAL_LONGEST),
            time_limit: dial.time_limit,
            answer_on_bridge: dial.answer_on_bridge.unwrap_or(false),
            hangup_on_star: dial.hangup_on_star.unwrap_or(false),
            caller_id: dial.caller_id.as_ref().map(|id| id.as_str().to_owned()),
            record: record(dial, recorded.iter().any(|it| it.value() == "true")),
            left_out: std::mem::take(&mut found.left_out),
            to: self.one_kind(found),
        })
    }

    fn noun(&mut self, noun: &DialNoun<'_>, found: &mut Found) -> Result<(), Problem> {
        match noun {
            DialNoun::Client(client) => found.parties.nouns.push(self.client(client)?),
            DialNoun::Number(number) => {
                found.parties.nouns.push(self.number(number)?);
                if number.machine_detection.is_some() {
                    found.left_out.push("`machineDetection` of <Number>".to_owned());
                }
            }
            DialNoun::Conference(conference) => {
                found.places.push(Dialled::Conference(self.conference(conference)?));
            }
            DialNoun::Queue(queue) if queue.reservation_sid.is_none() => {
                found.places.push(Dialled::Queue(self.queue(queue)?));
            }
            DialNoun::Other(node) => self.stray("Dial", node),
            other => {
                found.parties.count += 1;
                found.left_out.push(format!("<{}> in <Dial>", noun_name(other)));
            }
        }
        Ok(())
    }

    /// Only one conference or queue may be in a `<Dial>`: the first one counts.
    fn one_kind(&mut self, found: Found) -> Dialled {
        let (parties, places) = (found.parties, found.places.len());
        let Some(place) = found.places.into_iter().next() else {
            return Dialled::Parties(parties);
        };
        if places > 1 || parties.count > 0 {
            let text = "a conference or queue is in a <Dial> with other nouns: they are left out";
            self.warnings.push(Problem::warning(MIXED_NOUNS, text));
        }
        place
    }

    fn client(&mut self, client: &twiml::Client<'_>) -> Result<Noun, Problem> {
        let events = self.events(
            "Client",
            client.status_callback_event.as_deref(),
            client.other_attributes(),
        );
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
                events,
            )?,
            parameters: parameters.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            whisper: client.url.as_ref().map(|url| target(Some(url), client.method)),
            send_digits: String::new(),
        })
    }

    fn number(&mut self, number: &twiml::Number<'_>) -> Result<Noun, Problem> {
        let events = self.events(
            "Number",
            number.status_callback_event.as_deref(),
            number.other_attributes(),
        );
        let mut send_digits = number.send_digits.as_ref().map_or("", Text::as_str);
        if !send_digits.chars().all(is_sent) {
            self.unfit("Number", "sendDigits");
            send_digits = "";
        }
        Ok(Noun {
            callback: subscription(
                number.status_callback.as_ref(),
                number.status_callback_method,
                events,
            )?,
            whisper: number.url.as_ref().map(|url| target(Some(url), number.method)),
            send_digits: send_digits.to_owned(),
            ..plain_number(number.number())
        })
    }
}

impl Reader {
    /// The steps of a party that are reported, by default its end alone, and the unknown attributes. Twilio's
    /// reference has blanks between the events; some of its pages have commas, which are taken with a warning.
    fn events(
        &mut self,
        element: &str,
        events: Option<&[CallEvent]>,
        stray: &[Attribute<'_>],
    ) -> Vec<Progress> {
        let is_list = |it: &&Attribute<'_>| it.name() == EVENTS;
        let listed = stray.iter().find(is_list).and_then(|it| with_commas(it.value()));
        let rest = stray.iter().filter(|it| listed.is_none() || !is_list(it));
        self.attributes(element, &rest.cloned().collect::<Vec<_>>());
        if let Some(listed) = listed {
            let text = format!(
                "the attribute `{EVENTS}` of <{element}> has commas, which are taken here; Twilio documents blanks"
            );
            self.warnings.push(Problem::warning(SCHEMA_WARNING, text));
            return listed;
        }
        let events = events.unwrap_or(&[CallEvent::Completed]).iter();
        events.filter_map(|event| progress(*event)).collect()
    }
}

const EVENTS: &str = "statusCallbackEvent";

/// The nouns of a `<Dial>`.
#[derive(Default)]
struct Found {
    parties: Parties,
    places: Vec<Dialled>,
    left_out: Vec<String>,
}

fn record(dial: &twiml::Dial<'_>, plainly: bool) -> Option<DialRecord> {
    use twiml::DialRecord as How;
    let how = dial.record.or(plainly.then_some(How::RecordFromAnswer))?;
    let report = recording_report(
        dial.recording_status_callback.as_ref(),
        dial.recording_status_callback_method,
        dial.recording_status_callback_event.as_deref(),
    );
    match how {
        How::RecordFromAnswer => Some(DialRecord { from_ringing: false, dual: false, report }),
        How::RecordFromAnswerDual => Some(DialRecord { from_ringing: false, dual: true, report }),
        How::RecordFromRinging => Some(DialRecord { from_ringing: true, dual: false, report }),
        How::RecordFromRingingDual => Some(DialRecord { from_ringing: true, dual: true, report }),
        _ => None,
    }
}

fn plain_number(number: &str) -> Noun {
    Noun {
        to: Address::Number(number.to_owned()),
        callback: None,
        parameters: Vec::new(),
        whisper: None,
        send_digits: String::new(),
    }
}

fn subscription(
    url: Option<&Text<'_>>,
    method: Option<twiml::Method>,
    events: Vec<Progress>,
) -> Result<Option<Subscription>, Problem> {
    let Some(url) = url else { return Ok(None) };
    Ok(Some(Subscription { target: callback(url, method)?, events }))
}

fn progress(event: CallEvent) -> Option<Progress> {
    match event {
        CallEvent::Initiated => Some(Progress::Initiated),
        CallEvent::Ringing => Some(Progress::Ringing),
        CallEvent::Answered => Some(Progress::Answered),
        CallEvent::Completed => Some(Progress::Completed),
        _ => None,
    }
}

/// The events of a list with commas, if it is one.
fn with_commas(list: &str) -> Option<Vec<Progress>> {
    let words =
        list.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let named = |word: &str| CallEvent::ALL.iter().copied().find(|event| event.as_str() == word);
    if list.contains(',') { words.map(|word| progress(named(word)?)).collect() } else { None }
}

fn noun_name(noun: &DialNoun<'_>) -> &'static str {
    match noun {
        DialNoun::Application(_) => "Application",
        DialNoun::Queue(_) => "Queue reservationSid=…",
        DialNoun::Sim(_) => "Sim",
        DialNoun::Sip(_) => "Sip",
        DialNoun::WhatsApp(_) => "WhatsApp",
        _ => "another noun",
    }
}

/// `<Dial>` without a timeout, and its range (documentation of `<Dial>`).
const DIAL_TIMEOUT: Duration = Duration::from_secs(30);
const DIAL_SHORTEST: Duration = Duration::from_secs(5);
const DIAL_LONGEST: Duration = Duration::from_secs(600);
