//! The words for how things stand and how they ended.

use identity::codes;

/// Who placed a call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Direction {
    /// Somebody dialled a number of the workspace.
    Inbound,
    /// An agent's page placed the call.
    Outbound,
}

codes!(Direction, "direction", { Inbound => "inbound", Outbound => "outbound" });

/// Twilio's `CallStatus` of a leg or of a whole call, written as Twilio writes it.
///
/// `queued` is read as [`LegStatus::Initiated`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LegStatus {
    /// Dialling has begun.
    Initiated,
    /// It rings. For a browser this does not prove that a device is there.
    Ringing,
    /// It was answered.
    InProgress,
    /// It ended without an answer.
    NoAnswer,
    /// It was cancelled before an answer.
    Canceled,
    /// It could not be put through.
    Failed,
    /// It was declined, or the line was busy.
    Busy,
    /// It was answered and is over.
    Completed,
}

codes!(LegStatus, "call status", {
    Initiated => "initiated",
    Ringing => "ringing",
    InProgress => "in-progress",
    NoAnswer => "no-answer",
    Canceled => "canceled",
    Failed => "failed",
    Busy => "busy",
    Completed => "completed",
});

impl LegStatus {
    /// How far along it is: a higher rank is never followed by a lower one.
    ///
    /// Initiated 0, ringing 1, in progress 3, completed 5, the other ends 4.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Initiated => 0,
            Self::Ringing => 1,
            Self::InProgress => 3,
            Self::NoAnswer | Self::Canceled | Self::Failed | Self::Busy => 4,
            Self::Completed => 5,
        }
    }

    /// Whether it is over.
    pub const fn is_final(self) -> bool {
        self.rank() >= 4
    }

    /// The nearest word for a leg whose status only a newer version of the program knows.
    pub const fn nearest(is_answered: bool, is_over: bool) -> Self {
        match (is_answered, is_over) {
            (false, false) => Self::Ringing,
            (true, false) => Self::InProgress,
            (true, true) => Self::Completed,
            (false, true) => Self::NoAnswer,
        }
    }
}

/// Twilio's `DialCallStatus`: how a Dial ended, written as Twilio writes it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum DialStatus {
    /// Answered and bridged, now over.
    Completed,
    /// Connected to a conference.
    Answered,
    /// Declined, or the line was busy.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// It could not be put through.
    Failed,
    /// Cancelled before an answer.
    Canceled,
}

codes!(DialStatus, "Dial status", {
    Completed => "completed",
    Answered => "answered",
    Busy => "busy",
    NoAnswer => "no-answer",
    Failed => "failed",
    Canceled => "canceled",
});

/// Who says that something is over although no callback said so.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ClosedBy {
    /// Twilio's own record of the call, asked for later.
    Carrier,
    /// A deadline: there was no event for longer than such a state can last.
    Deadline,
}

codes!(ClosedBy, "source of an end", { Carrier => "carrier", Deadline => "deadline" });

/// What became of a call, in one of two words: a filter of the log.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum CallResult {
    /// Two people talked, or do: [`Outcome::is_answered`](crate::Outcome::is_answered).
    Answered,
    /// It came in, and is over without an answer: [`Call::is_missed`](crate::Call::is_missed).
    Missed,
}

codes!(CallResult, "result of a call", { Answered => "answered", Missed => "missed" });

/// Why a call is over.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EndReason {
    /// It was answered, and one side hung up.
    Completed,
    /// The side that placed the call hung up before an answer.
    CallerHungUp,
    /// All waves have rung, and nobody answered in time.
    TimedOut,
    /// Every agent of the last wave declined, or the number that an agent called is busy.
    Declined,
    /// There was nobody to ring.
    NobodyAvailable,
    /// It could not be put through.
    Failed,
    /// The agent was not allowed to place it.
    Refused,
    /// No callback said so; a deadline has passed.
    Lost,
}

codes!(EndReason, "end reason", {
    Completed => "completed",
    CallerHungUp => "caller_hung_up",
    TimedOut => "timed_out",
    Declined => "declined",
    NobodyAvailable => "nobody_available",
    Failed => "failed",
    Refused => "refused",
    Lost => "lost",
});

/// Why a leg is over, for the page of its agent.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LegEnd {
    /// They talked.
    Completed,
    /// Another leg was answered first; [`Call::handled_by`](crate::Call::handled_by) says whose.
    AnsweredElsewhere,
    /// The caller left.
    CallerLeft,
    /// It rang until the time was up.
    TimedOut,
    /// It was declined, or the line was busy.
    Declined,
    /// There is no device, or it could not be put through.
    Unreachable,
    /// It was answered, but never connected to the caller.
    NotConnected,
    /// It was cancelled, and no callback has said why yet.
    Canceled,
    /// The agent was not allowed to place the call.
    Refused,
    /// No callback said so; a deadline has passed.
    Lost,
}

codes!(LegEnd, "end of a leg", {
    Completed => "completed",
    AnsweredElsewhere => "answered_elsewhere",
    CallerLeft => "caller_left",
    TimedOut => "timed_out",
    Declined => "declined",
    Unreachable => "unreachable",
    NotConnected => "not_connected",
    Canceled => "canceled",
    Refused => "refused",
    Lost => "lost",
});

/// Why an agent's call was not placed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Refusal {
    /// What the page wants to call is no whole phone number.
    NotANumber,
    /// The number calls for help, which must not depend on a browser.
    EmergencyNumber,
    /// The number is a short one of a network, such as directory enquiries.
    ShortNumber,
    /// The caller would pay the called party.
    PremiumNumber,
    /// Caller and called party would share the price.
    SharedCostNumber,
    /// The number follows a person or is a pager, at the price of a premium number.
    PersonalNumber,
    /// The number is a satellite or another network outside of countries.
    SatelliteNumber,
    /// The number is in no range that is in use.
    NumberNotInUse,
    /// The workspace does not allow numbers that begin like this, or of another country.
    PrefixNotAllowed,
    /// The number is one of the workspace's own: the call would come in again.
    OwnNumber,
    /// The agent is on another call.
    OnCall,
    /// The agent has placed too many calls within an hour.
    TooManyCalls,
    /// All agents together have placed too many calls within a day.
    TooManyCallsToday,
    /// The agent does not take calls in this workspace.
    NotAMember,
    /// The browser is no agent's.
    NotAnAgent,
    /// The workspace has no number to call from.
    NoCallerId,
    /// The database could not be asked whether the call is allowed.
    Unavailable,
}

codes!(Refusal, "refusal", {
    NotANumber => "not_a_number",
    EmergencyNumber => "emergency_number",
    ShortNumber => "short_number",
    PremiumNumber => "premium_number",
    SharedCostNumber => "shared_cost_number",
    PersonalNumber => "personal_number",
    SatelliteNumber => "satellite_number",
    NumberNotInUse => "number_not_in_use",
    PrefixNotAllowed => "prefix_not_allowed",
    OwnNumber => "own_number",
    OnCall => "on_call",
    TooManyCalls => "too_many_calls",
    TooManyCallsToday => "too_many_calls_today",
    NotAMember => "not_a_member",
    NotAnAgent => "not_an_agent",
    NoCallerId => "no_caller_id",
    Unavailable => "unavailable",
});
