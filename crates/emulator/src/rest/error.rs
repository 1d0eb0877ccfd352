//! Twilio's errors.

use hyper::StatusCode;
use serde_json::json;

use crate::exchange::{HttpRequest, Reply, json as reply, text, with_header};

/// An error as Twilio writes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) code: u32,
    pub(super) message: String,
    /// What Twilio has and the emulator does not, if that is the reason.
    pub(super) not_emulated: Option<String>,
}

impl ApiError {
    /// 400 with one of Twilio's numbers.
    pub(super) fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), not_emulated: None }
    }

    /// 501: Twilio has this, and the emulator does not. The number is ours.
    pub(super) fn not_emulated(what: impl Into<String>) -> Self {
        let what = what.into();
        let message = format!("not emulated: {what}");
        let error = Self::new(StatusCode::NOT_IMPLEMENTED, NOT_EMULATED, message);
        Self { not_emulated: Some(what), ..error }
    }

    pub(super) fn authenticate() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, AUTHENTICATE, "Authenticate")
    }

    pub(super) fn not_found(http: &HttpRequest) -> Self {
        let message = format!("The requested resource {} was not found", http.path);
        Self::new(StatusCode::NOT_FOUND, NOT_FOUND, message)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, METHOD_NOT_ALLOWED, "Method not allowed")
    }

    pub(super) fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, TOO_MANY_REQUESTS, "Too Many Requests")
    }

    /// A parameter that cannot be read.
    pub(super) fn parameter(name: &str, rule: &str) -> Self {
        Self::bad(INVALID_PARAMETER, format!("Invalid parameter {name}: {rule}"))
    }

    pub(super) fn reply(&self) -> Reply {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        let reply = reply(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            return with_header(reply, "www-authenticate", "Basic realm=\"Twilio API\"");
        }
        reply
    }
}

/// An answer of a proxy before the API. It is not JSON.
pub(super) fn unavailable(status: StatusCode) -> Reply {
    let mut reply = text("text/html", "<html><body><h1>Service unavailable</h1></body></html>");
    *reply.status_mut() = status;
    reply
}

/// 20001: a parameter is invalid.
pub(super) const INVALID_PARAMETER: u32 = 20_001;
/// 20003: the client is not known, or may not act for the account.
pub(super) const AUTHENTICATE: u32 = 20_003;
/// 20004: the resource does not have this method.
const METHOD_NOT_ALLOWED: u32 = 20_004;
/// 20007: the page is larger than the API allows.
pub(super) const PAGE_SIZE: u32 = 20_007;
/// 20009: a call in progress cannot be deleted.
pub(super) const CANNOT_DELETE: u32 = 20_009;
/// 20404: there is no such resource.
const NOT_FOUND: u32 = 20_404;
/// Ours: Twilio has no number for what an emulator leaves out.
const NOT_EMULATED: u32 = 20_501;
/// 20429: too many requests at a time.
const TOO_MANY_REQUESTS: u32 = 20_429;
/// 21201: `To` is missing.
pub(super) const NO_TO: u32 = 21_201;
/// 21205: the URL is missing, or cannot be requested.
pub(super) const URL: u32 = 21_205;
/// 21210: `From` is not a number of the account.
pub(super) const FROM_NOT_VERIFIED: u32 = 21_210;
/// 21211: `To` is neither a number nor a client.
pub(super) const TO: u32 = 21_211;
/// 21212: `From` is not a number.
pub(super) const FROM: u32 = 21_212;
/// 21213: `From` is missing.
pub(super) const NO_FROM: u32 = 21_213;
/// 21218: not a TwiML App of the account.
pub(super) const APPLICATION: u32 = 21_218;
/// 21220: the status of the call does not allow this.
pub(super) const CALL_STATE: u32 = 21_220;
/// 21422: the number is not available.
pub(super) const NUMBER_TAKEN: u32 = 21_422;
/// 21502: the voice URL of a number or app cannot be requested.
pub(super) const VOICE_URL: u32 = 21_502;
/// 21609: the URL of a status callback cannot be requested.
pub(super) const STATUS_CALLBACK: u32 = 21_609;
/// 32018: the document is longer than 4000 characters.
pub(super) const TWIML_TOO_LONG: u32 = 32_018;
