//! The entries of Twilio's debugger.

use std::fmt;

/// An error or warning as Twilio's debugger numbers it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Twilio's number, for example 12100.
    pub code: u32,
    /// Whether it ends the document, or is only a hint.
    pub severity: Severity,
    /// What was wrong, in one clause.
    pub text: String,
}

/// How bad a [`Problem`] is, by Twilio's error dictionary.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// Twilio cannot carry out this part.
    Error,
    /// Twilio continues without it.
    Warning,
}

/// 11200: the answer had a status other than 2xx.
pub(crate) const HTTP_RETRIEVAL: u32 = 11_200;
/// 11205: no connection, or no answer in time.
pub(crate) const HTTP_CONNECTION: u32 = 11_205;
/// 11100: the URL cannot be requested.
pub(crate) const URL_FORMAT: u32 = 11_100;
/// 11215: more than ten redirects.
pub(crate) const TOO_MANY_REDIRECTS: u32 = 11_215;
/// 11750: the document is larger than 64 kB.
pub(crate) const TOO_LARGE: u32 = 11_750;
/// 12100: not a TwiML document.
pub(crate) const PARSE_FAILURE: u32 = 12_100;
/// 12200: an element or attribute that TwiML does not know.
pub(crate) const SCHEMA_WARNING: u32 = 12_200;
/// 12300: a content type that cannot be run.
pub(crate) const CONTENT_TYPE: u32 = 12_300;
/// 13000: a conference or queue together with other nouns.
pub(crate) const MIXED_NOUNS: u32 = 13_000;
/// 13201: the document of a called party dials.
pub(crate) const DIAL_IN_WHISPER: u32 = 13_201;
/// 13214: the caller id may not be used.
pub(crate) const CALLER_ID: u32 = 13_214;
/// 13215: an element in a `<Dial>` that is not a noun.
pub(crate) const BAD_NOUN: u32 = 13_215;
/// 13223: not a phone number.
pub(crate) const NUMBER_FORMAT: u32 = 13_223;
/// 13224: a number that cannot be called.
pub(crate) const NUMBER_INVALID: u32 = 13_224;
/// 13250, the closest match: Twilio has no number of its own for an eleventh noun.
pub(crate) const TOO_MANY_NOUNS: u32 = 13_250;
/// 13237: a conference needs a name.
pub(crate) const NO_CONFERENCE_NAME: u32 = 13_237;
/// 13238: a verb that is not allowed in a `waitUrl`, `holdUrl` or `announceUrl` document.
pub(crate) const BAD_WAIT_VERB: u32 = 13_238;
/// 13240: no participant with this call Sid can be coached.
pub(crate) const BAD_COACH: u32 = 13_240;
/// 13320: an element in a `<Gather>` that cannot be a prompt.
pub(crate) const BAD_GATHER_VERB: u32 = 13_320;
/// 13420: `<Play>` of a file that is not a sound.
pub(crate) const NO_SOUND: u32 = 13_420;
/// 13520: `<Say>` without a text.
pub(crate) const SAY_TEXT: u32 = 13_520;
/// 13801: `<Refer>` of a call that is not a SIP call.
pub(crate) const REFER_WITHOUT_SIP: u32 = 13_801;
/// 14204: a queue needs a name.
pub(crate) const NO_QUEUE_NAME: u32 = 14_204;
/// 14205: the name of a queue is too long.
pub(crate) const LONG_QUEUE_NAME: u32 = 14_205;
/// 14207: the queue is full.
pub(crate) const QUEUE_FULL: u32 = 14_207;
/// 16020: the conference is full.
pub(crate) const CONFERENCE_FULL: u32 = 16_020;
/// 16023: not a label.
pub(crate) const LONG_LABEL: u32 = 16_023;
/// 16025: another participant has the label.
pub(crate) const LABEL_IN_USE: u32 = 16_025;
/// 16027: the participant to be coached is on hold.
pub(crate) const COACHED_IS_HELD: u32 = 16_027;
/// 16028: the participant to be coached is not there.
pub(crate) const COACHED_IS_ABSENT: u32 = 16_028;
/// 31002: a call of a browser was refused.
pub(crate) const CONNECTION_DECLINED: u32 = 31_002;
/// 31005: the connection of a browser is gone.
pub(crate) const CONNECTION_LOST: u32 = 31_005;
/// 31100: a frame that cannot be read.
pub(crate) const BAD_FRAME: u32 = 31_100;
/// 31209: the call that a browser wants to resume is over.
pub(crate) const NO_SUCH_CALL: u32 = 31_209;
/// 53400, the closest match: a session description that cannot be used.
pub(crate) const SESSION_DESCRIPTION: u32 = 53_400;
/// 21626: a status callback was requested for an event that does not exist.
pub(crate) const STATUS_EVENTS: u32 = 21_626;
/// 15003: the answer to a status callback had a status other than 2xx.
pub(crate) const CALLBACK_STATUS: u32 = 15_003;
/// 31105: not a client identity.
pub(crate) const CLIENT_NAME: u32 = 31_105;

impl Problem {
    pub(crate) fn error(code: u32, text: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, text: text.into() }
    }

    pub(crate) fn warning(code: u32, text: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity} {}: {}", self.code, self.text)
    }
}
