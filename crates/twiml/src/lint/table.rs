//! Twilio's numbers for attributes whose value is not allowed.

use super::Level;

/// The number of an attribute, if it has one of its own.
pub(super) fn code(element: &str, attribute: &str) -> Option<u32> {
    let key = (element, attribute);
    let at = TABLE.binary_search_by_key(&key, |(element, name, _)| (*element, *name)).ok()?;
    TABLE.get(at).map(|(_, _, code)| *code)
}

/// What the dictionary calls a number.
pub(super) fn level(code: u32) -> Level {
    if ERRORS.contains(&code) { Level::Error } else { Level::Warning }
}

/// The numbers that the dictionary calls errors.
const ERRORS: &[u32] = &[
    11_100, 13_231, 13_239, 13_338, 13_621, 14_201, 14_204, 14_205, 14_206, 14_210, 16_002, 16_023,
    31_105,
];

/// Element, attribute, number (Twilio's error and warning dictionary).
const TABLE: &[(&str, &str, u32)] = &[
    ("Conference", "beep", 13_235),
    ("Conference", "endConferenceOnExit", 13_231),
    ("Conference", "maxParticipants", 16_002),
    ("Conference", "muted", 13_230),
    ("Conference", "participantLabel", 16_023),
    ("Conference", "recordingStatusCallbackEvent", 13_621),
    ("Conference", "startConferenceOnEnter", 13_232),
    ("Conference", "statusCallbackEvent", 16_002),
    ("Conference", "trim", 13_239),
    ("Conference", "waitMethod", 13_234),
    ("Dial", "answerOnBridge", 13_219),
    ("Dial", "hangupOnStar", 13_213),
    ("Dial", "method", 13_210),
    ("Dial", "record", 13_217),
    ("Dial", "recordingStatusCallbackEvent", 13_621),
    ("Dial", "ringTone", 13_220),
    ("Dial", "sequential", 13_218),
    ("Dial", "timeLimit", 13_216),
    ("Dial", "timeout", 13_212),
    ("Enqueue", "method", 14_201),
    ("Enqueue", "waitUrlMethod", 14_206),
    ("Gather", "actionOnEmptyResult", 13_338),
    ("Gather", "bargeIn", 13_332),
    ("Gather", "finishOnKey", 13_310),
    ("Gather", "input", 13_326),
    ("Gather", "language", 13_331),
    ("Gather", "maxSpeechTime", 13_328),
    ("Gather", "method", 13_312),
    ("Gather", "numDigits", 13_314),
    ("Gather", "partialResultCallbackMethod", 13_329),
    ("Gather", "profanityFilter", 13_333),
    ("Gather", "speechTimeout", 13_327),
    ("Gather", "timeout", 13_313),
    ("Number", "method", 13_221),
    ("Number", "sendDigits", 13_222),
    ("Pause", "length", 13_910),
    ("Play", "digits", 13_430),
    ("Play", "loop", 13_410),
    ("Queue", "method", 14_210),
    ("Record", "finishOnKey", 13_613),
    ("Record", "maxLength", 13_612),
    ("Record", "method", 13_610),
    ("Record", "playBeep", 13_616),
    ("Record", "recordingStatusCallbackEvent", 13_621),
    ("Record", "timeout", 13_611),
    ("Record", "transcribe", 13_614),
    ("Record", "trim", 13_699),
    ("Redirect", "method", 13_710),
    ("Reject", "reason", 13_810),
    ("Say", "language", 13_512),
    ("Say", "loop", 13_510),
    ("Say", "voice", 13_511),
    ("Sip", "method", 13_241),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn each_attribute_is_listed_once_and_in_order() {
        let keys: Vec<_> = TABLE.iter().map(|(element, name, _)| (element, name)).collect();
        assert!(keys.is_sorted());
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
