//! What Twilio's debugger would show.

use std::fmt;

/// An error or warning as Twilio's debugger numbers it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Twilio's number, for example 12100.
    pub code: u32,
    /// Whether it ends the document, or is only worth a look.
    pub severity: Severity,
    /// What was wrong, in one clause.
    pub text: String,
}

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// The document or the request is of no use.
    Error,
    /// Twilio goes on.
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
/// 13214: the caller id may not be used.
pub(crate) const CALLER_ID: u32 = 13_214;
/// 13223: not a phone number.
pub(crate) const NUMBER_FORMAT: u32 = 13_223;
/// 13224: a number that cannot be called.
pub(crate) const NUMBER_INVALID: u32 = 13_224;
/// 13250, the nearest there is: Twilio has no number of its own for an eleventh noun.
pub(crate) const TOO_MANY_NOUNS: u32 = 13_250;
/// 31002: a call of a browser was refused.
pub(crate) const CONNECTION_DECLINED: u32 = 31_002;
/// 31005: the connection of a browser is gone.
pub(crate) const CONNECTION_LOST: u32 = 31_005;
/// 31100: a frame that cannot be read.
pub(crate) const BAD_FRAME: u32 = 31_100;
/// 31209: the call that a browser wants to go on with is over.
pub(crate) const NO_SUCH_CALL: u32 = 31_209;
/// 53400, the nearest there is: a session description that cannot be used.
pub(crate) const SESSION_DESCRIPTION: u32 = 53_400;
/// 21626: a status callback was asked for under a word that is no event.
pub(crate) const STATUS_EVENTS: u32 = 21_626;
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
