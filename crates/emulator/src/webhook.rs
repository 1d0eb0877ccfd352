//! One webhook: the request and the answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::{Problem, Progress};

/// The purpose of a webhook.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// The first document of a call, from the voice URL of a number or TwiML App.
    Voice,
    /// A document that `<Redirect>` requested.
    Redirect,
    /// The `action` of `<Dial>`, `<Enqueue>`, `<Gather>` or `<Record>`.
    Action,
    /// A document from the fallback URL.
    Fallback,
    /// The status callback of a leg (`statusCallback` of `<Client>` and `<Number>`).
    LegStatus,
    /// The status callback of a call (of its number or TwiML App), at its end.
    CallStatus,
    /// The status callback of a recording.
    Recording,
    /// The document for the called party before the bridge (`url` of a noun).
    Whisper,
    /// The document for a call that waits or is on hold, or an announcement.
    Wait,
    /// The status callback of a conference.
    Conference,
    /// The result of machine detection (`AsyncAmdStatusCallback`).
    Detection,
    /// What a `<Gather>` has understood so far (`partialResultCallback`).
    Partial,
    /// What was said: `transcribeCallback` of `<Record>`, or an event of a `<Transcription>`.
    Transcription,
    /// The file of a `<Play>`.
    Sound,
}

impl Kind {
    /// Whether the answer is a document that the call continues with.
    pub fn is_document(self) -> bool {
        matches!(
            self,
            Self::Voice
                | Self::Redirect
                | Self::Action
                | Self::Fallback
                | Self::Whisper
                | Self::Wait
        )
    }

    /// Whether nothing waits for the answer.
    pub(crate) fn is_notice(self) -> bool {
        !self.is_document() && self != Self::Sound
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Voice => "voice",
            Self::Redirect => "redirect",
            Self::Action => "action",
            Self::Fallback => "fallback",
            Self::LegStatus => "leg status",
            Self::CallStatus => "call status",
            Self::Recording => "recording",
            Self::Whisper => "whisper",
            Self::Wait => "wait",
            Self::Conference => "conference",
            Self::Detection => "detection",
            Self::Partial => "partial",
            Self::Transcription => "transcription",
            Self::Sound => "sound",
        })
    }
}

/// `GET` or `POST`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Method {
    /// The parameters are in the query.
    Get,
    /// The parameters are in the body, form-encoded.
    #[default]
    Post,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
        })
    }
}

/// One webhook as it was sent, with the answer once there is one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Webhook {
    /// What it is for.
    pub kind: Kind,
    /// The step that a status callback of a leg reports.
    pub progress: Option<Progress>,
    /// The request's method.
    pub method: Method,
    /// The URL as it was configured: the fragment is neither sent nor signed.
    pub url: String,
    /// The scheme and host that it was sent to instead, if a [`Route`](crate::Route) says so.
    pub sent_to: Option<String>,
    /// The parameters, in the order they were sent.
    pub params: Vec<(String, String)>,
    /// The header `X-Twilio-Signature`.
    pub signature: String,
    /// The header `I-Twilio-Idempotency-Token`.
    pub idempotency_token: String,
    /// The outcome; `None` while the request waits or is in progress.
    pub outcome: Option<Outcome>,
}

/// The outcome of a webhook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// The last answer, or the reason why there was none.
    pub answer: Result<Answer, Problem>,
    /// How many requests were made, retries and redirects included.
    pub attempts: u8,
    /// Real time from the first request to the end of the last answer.
    pub took: Duration,
}

/// An HTTP answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header `Content-Type`, if there was one.
    pub content_type: Option<String>,
    /// The body, as UTF-8 with replacement characters where it was not; empty if it is a sound.
    pub body: String,
    /// The body of a sound.
    pub(crate) bytes: Bytes,
}

impl Webhook {
    /// The value of one parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The status code of the answer, if one came.
    pub fn status(&self) -> Option<u16> {
        self.answer().map(|answer| answer.status)
    }

    /// The answer, if one came.
    pub fn answer(&self) -> Option<&Answer> {
        self.outcome.as_ref().and_then(|outcome| outcome.answer.as_ref().ok())
    }
}

impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)?;
        if let Some(base) = &self.sent_to {
            write!(f, " (at {base})")?;
        }
        write!(f, " [{}", self.kind)?;
        if let Some(progress) = self.progress {
            write!(f, " {progress}")?;
        }
        f.write_str("] ")?;
        match &self.outcome {
            None => f.write_str("…"),
            Some(Outcome { answer: Ok(answer), took, .. }) => {
                write!(f, "{} in {:.1} ms", answer.status, took.as_secs_f64() * 1000.0)
            }
            Some(Outcome { answer: Err(problem), .. }) => write!(f, "{problem}"),
        }
    }
}
