//! The status of a call, and when it changed.

use identity::Timestamp;

use crate::CallStatus;

/// The status of a call or leg, and its times.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) status: CallStatus,
    /// The SIP code of its answer or end.
    pub(crate) sip: Option<u16>,
    pub(crate) created_at: Timestamp,
    /// When it was dialled or came in. Absent while a call of the REST API is queued.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    /// Whether its person has ever talked with anybody.
    pub(crate) was_bridged: bool,
    /// Whether its last webhook has been answered.
    pub(crate) over: bool,
}

impl Life {
    pub(super) fn new(status: CallStatus) -> Self {
        Self {
            status,
            sip: None,
            created_at: Timestamp::from_unix_seconds(0),
            started_at: None,
            answered_at: None,
            ended_at: None,
            was_bridged: false,
            over: false,
        }
    }

    /// Whole seconds from the answer to the end.
    pub(crate) fn talked_seconds(&self) -> u64 {
        match (self.answered_at, self.ended_at) {
            (Some(answered), Some(ended)) => ended.since(answered).as_secs(),
            _ => 0,
        }
    }
}
