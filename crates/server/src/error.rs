//! Statuses and sentences of errors, for agents' pages and for Twilio.

use hyper::StatusCode;
use identity::ParseError;
use serde::Serialize;
use session::SessionError;
use store_pg::StoreError;
use tracing::{error, warn};

use crate::http::body::BodyError;
use crate::http::reply::{self, Reply};

/// An error for an agent's page: a sentence, what to do, and a code that does not change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    body: ErrorBody,
    retry_after: bool,
}

/// A sentence, what to do, and a code that does not change.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Error"))]
pub(crate) struct ErrorBody {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    code: ErrorCode,
}

/// What went wrong, in words that never change: pages match on them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ErrorCode {
    IdentityRequired,
    IdentityPrefix,
    IdentityUserId,
    IdentityNotYours,
    SessionMissing,
    SessionExpired,
    SessionNotYetValid,
    SessionClaim,
    SessionInvalid,
    WorkspaceNotFound,
    CallNotFound,
    VoiceSdkAbsent,
    NotFound,
    MethodNotAllowed,
    FieldInvalid,
    FieldUnknown,
    BodyBroken,
    BodyTooLarge,
    TooManyStreams,
    Unavailable,
    Internal,
}

identity::codes!(ErrorCode, "error code", {
    IdentityRequired => "identity_required",
    IdentityPrefix => "identity_prefix",
    IdentityUserId => "identity_user_id",
    IdentityNotYours => "identity_not_yours",
    SessionMissing => "session_missing",
    SessionExpired => "session_expired",
    SessionNotYetValid => "session_not_yet_valid",
    SessionClaim => "session_claim",
    SessionInvalid => "session_invalid",
    WorkspaceNotFound => "workspace_not_found",
    CallNotFound => "call_not_found",
    VoiceSdkAbsent => "voice_sdk_absent",
    NotFound => "not_found",
    MethodNotAllowed => "method_not_allowed",
    FieldInvalid => "field_invalid",
    FieldUnknown => "field_unknown",
    BodyBroken => "body_broken",
    BodyTooLarge => "body_too_large",
    TooManyStreams => "too_many_streams",
    Unavailable => "unavailable",
    Internal => "internal",
});

impl ErrorCode {
    /// The code of a session that is refused: `session` names it, this list has it.
    fn of(error: SessionError) -> Self {
        error.code().parse().unwrap_or(Self::SessionInvalid)
    }
}

impl ApiError {
    fn new(status: StatusCode, code: ErrorCode, error: impl Into<String>) -> Self {
        let body = ErrorBody { error: error.into(), hint: None, code };
        Self { status, body, retry_after: false }
    }

    fn hint(mut self, hint: &'static str) -> Self {
        self.body.hint = Some(hint);
        self
    }

    pub(crate) fn reply(&self) -> Reply {
        let mut reply = reply::json(self.status, &self.body);
        if self.retry_after {
            reply::set(&mut reply, hyper::header::RETRY_AFTER, "1");
        }
        if self.status == StatusCode::UNAUTHORIZED {
            reply::set(&mut reply, hyper::header::WWW_AUTHENTICATE, "Bearer");
        }
        reply
    }

    /// The sentences of the token endpoint are fixed: front ends match on them.
    pub(crate) fn identity_required() -> Self {
        let sentence = "Identity parameter is required. Each agent must have a unique identity.";
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::IdentityRequired, sentence)
            .hint(IDENTITY_FORMAT)
    }

    /// See [`ApiError::identity_required`] for its sentences.
    pub(crate) fn identity(broken: ParseError) -> Self {
        match broken {
            ParseError::Prefix { .. } => {
                let sentence = "Identity must start with \"agent_\" prefix for security";
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::IdentityPrefix, sentence)
            }
            ParseError::Empty { what: "agent identity" } => return Self::identity_required(),
            _ => Self::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::IdentityUserId,
                format!("Identity must be \"agent_\" and a user id, which is a UUID: {broken}."),
            ),
        }
        .hint(IDENTITY_FORMAT)
    }

    pub(crate) fn identity_not_yours() -> Self {
        let sentence = "Identity belongs to another user.";
        Self::new(StatusCode::FORBIDDEN, ErrorCode::IdentityNotYours, sentence)
            .hint("Ask for the token of the user who is signed in")
    }

    /// The same answer for a workspace that does not exist and for one of somebody else.
    pub(crate) fn workspace_not_found() -> Self {
        let sentence = "There is no such workspace, or you do not take calls in it.";
        Self::new(StatusCode::NOT_FOUND, ErrorCode::WorkspaceNotFound, sentence)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, "There is nothing at this address.")
    }

    pub(crate) fn call_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::CallNotFound, "There is no such call.")
    }

    pub(crate) fn voice_sdk_absent() -> Self {
        let sentence = "The Voice SDK is not installed on the server.";
        Self::new(StatusCode::NOT_FOUND, ErrorCode::VoiceSdkAbsent, sentence)
            .hint("Run `switchroom console fetch-sdk` where the server runs")
    }

    pub(crate) fn method_not_allowed() -> Self {
        let sentence = "This address does not answer to that method.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, sentence)
    }

    /// A field of the request breaks a rule; the sentence names both.
    pub(crate) fn field(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::FieldInvalid, sentence)
    }

    pub(crate) fn field_unknown(name: &str) -> Self {
        let sentence = format!("There is no parameter `{name}`.");
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::FieldUnknown, sentence)
    }

    pub(crate) fn session_missing() -> Self {
        let sentence = "A session is required.";
        Self::new(StatusCode::UNAUTHORIZED, ErrorCode::SessionMissing, sentence)
            .hint("Send `Authorization: Bearer <session token>`")
    }

    pub(crate) fn session(error: SessionError) -> Self {
        let sentence = format!("The session is not valid: {error}.");
        Self::new(StatusCode::UNAUTHORIZED, ErrorCode::of(error), sentence).hint("Sign in again")
    }

    pub(crate) fn too_many_streams() -> Self {
        let sentence = "You have too many streams of events.";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyStreams, sentence);
        Self { retry_after: true, ..error }.hint("Close some pages, or share one stream among them")
    }

    pub(crate) fn unavailable() -> Self {
        let sentence = "The server cannot answer this right now.";
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable, sentence);
        Self { retry_after: true, ..error }.hint("Try again in a second")
    }

    pub(crate) fn internal() -> Self {
        let sentence = "Something went wrong on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, sentence)
            .hint("Report the id in the header X-Request-Id")
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            warn!("a request is not answered: {error}");
            return Self::unavailable();
        }
        error!("the database refused a request: {error}");
        Self::internal()
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::BodyTooLarge,
                "The body has more than 65,536 bytes.",
            ),
            BodyError::Broken => Self::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::BodyBroken,
                "The body did not arrive whole within 5 seconds.",
            ),
        }
    }
}

const IDENTITY_FORMAT: &str = "Use format: agent_{userId}";

/// Why a request that should be Twilio's is refused. The answer does not say it: it is empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CarrierRefusal {
    /// Not signed by this workspace's account; the class is for the metrics.
    NotSigned(&'static str),
    /// Not a form.
    NotAForm,
    /// Larger than a webhook can be.
    TooLarge,
    /// The signature cannot be checked now. Twilio should try again or use the fallback.
    CannotCheck,
    /// The event could not be made durable. Twilio should send it again.
    NotDurable,
}

impl CarrierRefusal {
    pub(crate) fn reply(self) -> Reply {
        reply::empty(match self {
            Self::NotSigned(_) => StatusCode::FORBIDDEN,
            Self::NotAForm => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::CannotCheck | Self::NotDurable => StatusCode::SERVICE_UNAVAILABLE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_session_keeps_the_code_that_session_gives_it() {
        for error in [
            SessionError::Missing,
            SessionError::Malformed,
            SessionError::NoKeyId,
            SessionError::Algorithm,
            SessionError::UnknownKey,
            SessionError::Signature,
            SessionError::Expired,
            SessionError::NotYetValid,
            SessionError::Claim { name: "aud" },
            SessionError::Shape,
        ] {
            assert_eq!(ErrorCode::of(error).code(), error.code());
        }
    }
}
