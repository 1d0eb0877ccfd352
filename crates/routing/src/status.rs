//! What an agent does, outside of any one call.

use identity::{Timestamp, codes};

use crate::{Activity, Page, Presence, Reason};

/// What an agent does now, as every page shows it: see [`Availability::status`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AgentStatus {
    /// Ready for calls.
    Available,
    /// Signed in, not taking calls.
    Away,
    /// Signed out, or no page is open that can take a call.
    Offline,
    /// Their page never reported. They ring.
    Unknown,
    /// A call rings at their page.
    Offered,
    /// In a conversation, or placing a call.
    Busy,
    /// Finishing the work of the last call.
    WrapUp,
}

codes!(AgentStatus, "status of an agent", {
    Available => "available",
    Away => "away",
    Offline => "offline",
    Unknown => "unknown",
    Offered => "offered",
    Busy => "busy",
    WrapUp => "wrap_up",
});

/// What is known about an agent, for any caller.
///
/// # Examples
///
/// ```
/// use identity::Timestamp;
/// use routing::{Activity, AgentStatus, Availability, Page, Presence, Reason};
///
/// let agent = Availability {
///     activity: Activity::Idle,
///     presence: Presence::Away,
///     page: Page::Open,
///     is_offered: false,
/// };
/// let now = Timestamp::from_unix_seconds(1_767_225_600);
/// assert_eq!(agent.reason(now), Some(Reason::Away));
/// assert_eq!(agent.status(now), AgentStatus::Away);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Availability {
    /// What calls are doing to them.
    pub activity: Activity,
    /// What they said about themselves.
    pub presence: Presence,
    /// Whether their page is there.
    pub page: Page,
    /// Whether a call rings at their page.
    pub is_offered: bool,
}

impl Availability {
    /// Why the agent takes no call of any caller; `None` if they can.
    pub fn reason(&self, now: Timestamp) -> Option<Reason> {
        match (self.activity, self.presence) {
            (Activity::OnCall, _) => Some(Reason::OnCall),
            (_, Presence::Offline) => Some(Reason::Offline),
            (_, Presence::Away) => Some(Reason::Away),
            _ if self.page == Page::Closed => Some(Reason::PageClosed),
            _ if self.page == Page::NotReady => Some(Reason::PageNotReady),
            (Activity::WrapUp { until }, _) if until > now => Some(Reason::WrapUp { until }),
            (Activity::Idle | Activity::WrapUp { .. }, Presence::Available | Presence::Unknown) => {
                None
            }
        }
    }

    /// What the agent does now: the reason that keeps them from ringing, if there is one, and
    /// before all others but a conversation, that a call rings at their page.
    pub fn status(&self, now: Timestamp) -> AgentStatus {
        match self.reason(now) {
            Some(Reason::OnCall) => AgentStatus::Busy,
            _ if self.is_offered => AgentStatus::Offered,
            Some(Reason::Away) => AgentStatus::Away,
            Some(Reason::Offline | Reason::PageClosed | Reason::PageNotReady) => {
                AgentStatus::Offline
            }
            Some(Reason::WrapUp { .. }) => AgentStatus::WrapUp,
            _ if self.presence == Presence::Available || self.page == Page::Open => {
                AgentStatus::Available
            }
            _ => AgentStatus::Unknown,
        }
    }
}
