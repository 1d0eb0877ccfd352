//! How a call stands or ended.

use identity::codes;

/// How a call stands or how it ended: the status of its row in the log.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// It rings, or is between two waves.
    Ringing,
    /// The two sides are connected.
    InProgress,
    /// It was answered and is over.
    Completed,
    /// Nobody answered: an inbound call is missed.
    NoAnswer,
    /// The side that placed the call hung up before an answer: an inbound call is abandoned.
    CallerHungUp,
    /// The number that an agent called is busy, or declined.
    Busy,
    /// It could not be put through.
    Failed,
    /// The agent was not allowed to place it.
    Refused,
}

codes!(Outcome, "outcome", {
    Ringing => "ringing",
    InProgress => "in_progress",
    Completed => "completed",
    NoAnswer => "no_answer",
    CallerHungUp => "caller_hung_up",
    Busy => "busy",
    Failed => "failed",
    Refused => "refused",
});

impl Outcome {
    /// Whether the call is still going on.
    pub const fn is_open(self) -> bool {
        matches!(self.group(), Group::Open { .. })
    }

    /// Whether the two sides were connected, or are.
    pub const fn is_answered(self) -> bool {
        matches!(self.group(), Group::Open { answered: true } | Group::Answered)
    }

    /// Whether an inbound call that ended like this is missed: nobody answered, for whatever
    /// reason, the caller's own hang-up included.
    pub const fn is_missed(self) -> bool {
        matches!(self.group(), Group::Missed)
    }

    /// The nearest word for a call whose outcome only a newer version of the program knows.
    pub const fn nearest(is_answered: bool, is_over: bool) -> Self {
        match (is_answered, is_over) {
            (false, false) => Self::Ringing,
            (true, false) => Self::InProgress,
            (true, true) => Self::Completed,
            (false, true) => Self::NoAnswer,
        }
    }

    /// Where every question about an outcome is answered, so that a new outcome answers all of them.
    const fn group(self) -> Group {
        match self {
            Self::Ringing => Group::Open { answered: false },
            Self::InProgress => Group::Open { answered: true },
            Self::Completed => Group::Answered,
            Self::NoAnswer | Self::CallerHungUp | Self::Failed => Group::Missed,
            Self::Busy | Self::Refused => Group::NotPlaced,
        }
    }

    /// The sentences of the log for an inbound and for an outbound call. A completed call has its
    /// length instead.
    pub(crate) const fn sentences(self) -> [&'static str; 2] {
        match self {
            Self::Ringing => ["Incoming call, ringing.", "Outgoing call, ringing."],
            Self::InProgress => ["Incoming call, in progress.", "Outgoing call, in progress."],
            Self::Completed => ["Incoming call.", "Outgoing call."],
            Self::NoAnswer => ["Missed call.", "Outgoing call, no answer."],
            Self::CallerHungUp => {
                ["Missed call, the caller hung up.", "Outgoing call, ended before an answer."]
            }
            Self::Busy => ["Incoming call, failed.", "Outgoing call, busy."],
            Self::Failed => ["Incoming call, failed.", "Outgoing call, failed."],
            Self::Refused => ["Incoming call, failed.", "Outgoing call, refused."],
        }
    }
}

/// What the questions about an outcome have in common.
enum Group {
    /// It goes on.
    Open { answered: bool },
    /// It is over, and was answered.
    Answered,
    /// It is over, and nobody answered.
    Missed,
    /// Only an outbound call ends like this: it did not ring, or was declined.
    NotPlaced,
}
