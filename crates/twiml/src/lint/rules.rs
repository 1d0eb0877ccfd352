//! What is wrong with an element whose attributes have values of the right types.

use alloc::format;
use alloc::string::String;
use core::ops::RangeInclusive;

use super::table;
use super::walk::Seen;
use crate::limits::MAX_NOUNS;
use crate::{Enqueue, scan};

/// The number of an attribute; of a `<Say>` in a `<Gather>`, Twilio has others.
pub(super) fn code(seen: &Seen<'_>, attribute: &str) -> Option<u32> {
    match (seen.parent, seen.name, attribute) {
        ("Gather", "Say", "voice") => Some(13_321),
        ("Gather", "Say", "loop") => Some(13_322),
        (_, element, attribute) => table::code(element, attribute),
    }
}

/// Passes on the number and the text of each mistake.
pub(super) fn check(seen: &Seen<'_>, report: &mut dyn FnMut(u32, String)) {
    ranges(seen, report);
    keys(seen, report);
    hosts(seen, report);
    let name = seen.name;
    let text = seen.text.trim();
    match name {
        "Dial" => dial(seen, report),
        "Say" if text.is_empty() => report(13_520, "<Say> says nothing".into()),
        "Say" if text.chars().count() > SAY_CHARS => {
            report(13_521, format!("<Say> has more than {SAY_CHARS} characters"));
        }
        "Client" if text.is_empty() => report(31_105, "<Client> has no identity".into()),
        "Conference" => {
            if text.is_empty() {
                report(13_237, "<Conference> has no name".into());
            }
            let label = seen.value("participantLabel").unwrap_or_default();
            if label.contains('/') || label.starts_with("CA") {
                report(16_023, "`participantLabel` has a `/` or reads like a call Sid".into());
            }
        }
        // A reservation and a workflow name their queue by themselves.
        "Queue" if seen.value("reservationSid").is_some() => {}
        "Enqueue" if seen.value("workflowSid").is_some() => {}
        "Queue" | "Enqueue" if text.is_empty() => {
            report(14_204, format!("the queue of <{name}> has no name"));
        }
        "Queue" | "Enqueue" if text.chars().count() > Enqueue::MAX_NAME => {
            let most = Enqueue::MAX_NAME;
            report(14_205, format!("the name of the queue has more than {most} characters"));
        }
        "Number" if !has_digit(text) => {
            report(13_223, "<Number> has no phone number".into());
        }
        "Sip" if seen.parent == "Dial" && !is_sip(text) => {
            report(13_243, "<Sip> has no SIP URI".into());
        }
        "Record" if seen.value("transcribe") == Some("true") => {
            let longest = seen.value("maxLength").and_then(|length| length.parse::<u64>().ok());
            if longest.is_some_and(|longest| longest > TRANSCRIBED_SECONDS) {
                report(13_615, format!("more than {TRANSCRIBED_SECONDS} s cannot be transcribed"));
            }
        }
        _ => {}
    }
}

/// What is deprecated about an element; Twilio's dictionary has no numbers for it.
pub(super) fn deprecated(seen: &Seen<'_>) -> Option<String> {
    let use_instead =
        |what: &str, instead: &str| Some(format!("{what} is deprecated: use {instead}"));
    match seen.name {
        "Sms" => use_instead("<Sms>", "a messaging document, or the REST API"),
        "Autopilot" => use_instead("<Autopilot>", "<ConversationRelay>"),
        "Conference" if seen.value("eventCallbackUrl").is_some() => {
            use_instead("`eventCallbackUrl` of <Conference>", "`statusCallback`")
        }
        _ => None,
    }
}

/// The number of nouns, and which of them go together.
fn dial(seen: &Seen<'_>, report: &mut dyn FnMut(u32, String)) {
    let places = seen.count(&["Conference", "Queue"]);
    let nouns = places + seen.count(&["Application", "Client", "Number", "Sim", "Sip", "WhatsApp"]);
    if places > 1 || (places == 1 && nouns > 1) {
        report(13_000, "a conference or queue is in a <Dial> with other nouns".into());
    }
    if nouns > MAX_NOUNS {
        report(13_250, format!("<Dial> has {nouns} nouns, allowed are {MAX_NOUNS}"));
    }
    if seen.children.is_empty() && !has_digit(&seen.text) {
        report(13_223, "<Dial> has neither a number nor a noun".into());
    }
}

/// Numbers that are too small or too large.
fn ranges(seen: &Seen<'_>, report: &mut dyn FnMut(u32, String)) {
    for (element, attribute, range) in RANGES {
        if *element != seen.name {
            continue;
        }
        // What is not a number was reported.
        let value = seen.value(attribute).and_then(|value| value.parse::<u64>().ok());
        if let (Some(value), Some(code)) = (value, code(seen, attribute))
            && !range.contains(&value)
        {
            let (least, most) = (range.start(), range.end());
            let allowed = if *most == u64::MAX {
                format!("is {least} or more")
            } else {
                format!("are {least} to {most}")
            };
            report(code, format!("`{attribute}` of <{element}> is {value}, allowed {allowed}"));
        }
    }
}

/// Texts of keys with anything else in them.
fn keys(seen: &Seen<'_>, report: &mut dyn FnMut(u32, String)) {
    let is_key = |key: char| key.is_ascii_digit() || matches!(key, '*' | '#');
    let is_sent = |key: char| is_key(key) || matches!(key, 'w' | 'W');
    let (attribute, wrong) = match seen.name {
        "Gather" => ("finishOnKey", "is not one key"),
        "Record" => ("finishOnKey", "is not keys"),
        "Play" => ("digits", "is not keys"),
        "Number" => ("sendDigits", "is not keys"),
        _ => return,
    };
    let Some(value) = seen.value(attribute) else { return };
    let fits = match seen.name {
        "Gather" => value.len() <= 1 && value.chars().all(is_key),
        "Record" => value.chars().all(is_key),
        _ => value.chars().all(is_sent),
    };
    if let (false, Some(code)) = (fits, code(seen, attribute)) {
        report(code, format!("`{attribute}` of <{}> {wrong}", seen.name));
    }
}

/// Callbacks that Twilio does not request: the host of a URL must not have an underscore.
fn hosts(seen: &Seen<'_>, report: &mut dyn FnMut(u32, String)) {
    let is_url = |name: &str| {
        let name = name.to_ascii_lowercase();
        name == "action" || name.ends_with("url") || name.ends_with("callback")
    };
    for attribute in seen.attributes.iter().filter(|attribute| is_url(attribute.name())) {
        if has_underscore(attribute.value()) {
            let (name, element) = (attribute.name(), seen.name);
            report(11_100, format!("the host of `{name}` of <{element}> has an underscore"));
        }
    }
    if matches!(seen.name, "Redirect" | "Play") && has_underscore(seen.text.trim()) {
        report(11_100, format!("the host of the URL in <{}> has an underscore", seen.name));
    }
}

/// Whether a URL is absolute and its host has an underscore.
fn has_underscore(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    is_scheme && host.contains('_')
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) || text.chars().any(char::is_numeric)
}

fn is_sip(text: &str) -> bool {
    let text = text.as_bytes();
    let begins = |scheme: &str| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    (begins("sip:") || begins("sips:")) && !text.iter().copied().any(scan::is_blank)
}

/// Element, attribute, allowed numbers (Twilio's pages of the elements).
const RANGES: &[(&str, &str, RangeInclusive<u64>)] = &[
    ("Conference", "maxParticipants", 2..=250),
    ("Dial", "timeLimit", 1..=86_400),
    ("Dial", "timeout", 1..=600),
    ("Gather", "maxSpeechTime", 1..=60),
    ("Gather", "numDigits", 1..=u64::MAX),
    ("Gather", "speechTimeout", 1..=u64::MAX),
    ("Gather", "timeout", 1..=u64::MAX),
    ("Pause", "length", 1..=u64::MAX),
    ("Record", "maxLength", 1..=14_400),
];

/// The most characters that a `<Say>` speaks (warning 13521).
const SAY_CHARS: usize = 4096;

/// The longest recording that is transcribed (warning 13615).
const TRANSCRIBED_SECONDS: u64 = 120;
