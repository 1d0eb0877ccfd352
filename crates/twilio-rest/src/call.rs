//! A call as Twilio stores it.

use std::fmt;
use std::time::Duration;

use identity::{CallSid, Timestamp};

/// A call or one leg of it, as Twilio stores it.
///
/// `Debug` shows neither side, because they are phone numbers.
#[derive(Clone, Eq, PartialEq)]
pub struct CallRecord {
    /// The call.
    pub sid: CallSid,
    /// The parent call; `None` for a call that came from outside or was placed by the
    /// API.
    pub parent: Option<CallSid>,
    /// Its status.
    pub status: CallStatus,
    /// Its origin.
    pub direction: CallDirection,
    /// The caller, as Twilio writes it; may be empty.
    pub from: String,
    /// The called party; empty for a call from a browser.
    pub to: String,
    /// When it began, to the second; `None` if it has not been dialled.
    pub started_at: Option<Timestamp>,
    /// When it ended, to the second; `None` while it lasts.
    pub ended_at: Option<Timestamp>,
    /// The time from answer to end, in whole seconds; `None` while it lasts, and usually if it was
    /// never answered.
    pub duration: Option<Duration>,
}

impl fmt::Debug for CallRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRecord")
            .field("sid", &self.sid)
            .field("parent", &self.parent)
            .field("status", &self.status)
            .field("direction", &self.direction)
            .field("started_at", &self.started_at)
            .field("ended_at", &self.ended_at)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}

/// The status of a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallStatus {
    /// It waits to be dialled.
    Queued,
    /// Dialling has begun.
    Initiated,
    /// It rings.
    Ringing,
    /// It was answered and is in progress.
    InProgress,
    /// It was answered and is over.
    Completed,
    /// The line was busy, or it was declined.
    Busy,
    /// It could not be connected.
    Failed,
    /// Nobody answered.
    NoAnswer,
    /// It was cancelled before an answer.
    Canceled,
}

impl CallStatus {
    /// Twilio's name for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    /// Whether it is over.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress)
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let all = [
            Self::Queued,
            Self::Initiated,
            Self::Ringing,
            Self::InProgress,
            Self::Completed,
            Self::Busy,
            Self::Failed,
            Self::NoAnswer,
            Self::Canceled,
        ];
        all.into_iter().find(|status| status.code() == text)
    }
}

/// The origin of a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallDirection {
    /// A caller from outside, or a browser.
    Inbound,
    /// The API.
    OutboundApi,
    /// A `<Dial>`.
    OutboundDial,
    /// A trunk, or an unknown value.
    Other,
}

impl CallDirection {
    pub(crate) fn read(text: &str) -> Self {
        match text {
            "inbound" => Self::Inbound,
            "outbound-api" => Self::OutboundApi,
            "outbound-dial" => Self::OutboundDial,
            _ => Self::Other,
        }
    }
}
