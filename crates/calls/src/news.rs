//! What is new about a call, for those who watch it.

use alloc::vec;
use alloc::vec::Vec;

use identity::{CallSid, codes};

use crate::{Call, Leg, LegEnd};

/// Why an agent's page stopped ringing.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RingEnd {
    /// The call was answered; [`Call::handled_by`] says by whom, and it may be this very agent.
    Answered,
    /// The caller left.
    CallerHungUp,
    /// It rang until the time was up.
    TimedOut,
    /// The agent declined.
    Declined,
    /// It could not be put through.
    Failed,
}

codes!(RingEnd, "end of a ring", {
    Answered => "answered",
    CallerHungUp => "caller_hung_up",
    TimedOut => "timed_out",
    Declined => "declined",
    Failed => "failed",
});

impl LegEnd {
    /// Why a page stopped ringing, by the end of its leg; `None` while no event says why.
    pub const fn ring_end(self) -> Option<RingEnd> {
        Some(match self {
            Self::Completed | Self::AnsweredElsewhere => RingEnd::Answered,
            Self::CallerLeft => RingEnd::CallerHungUp,
            Self::TimedOut => RingEnd::TimedOut,
            Self::Declined => RingEnd::Declined,
            Self::Unreachable | Self::NotConnected | Self::Refused | Self::Lost => RingEnd::Failed,
            Self::Canceled => return None,
        })
    }
}

impl Call {
    /// Why a page stopped ringing with this leg of the call. `None` if it still rings, if no event
    /// says why, or if it never rang: a phone number, or the page that placed the call.
    pub fn ring_end(&self, leg: &Leg) -> Option<RingEnd> {
        if leg.agent.is_none() || leg.sid == self.sid {
            return None;
        }
        let has_the_call = leg.is_on_call() && leg.agent == self.handled_by;
        if has_the_call { Some(RingEnd::Answered) } else { leg.end?.ring_end() }
    }
}

/// One thing that is new about a call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum News {
    /// The record has changed.
    Call,
    /// The page of this leg stopped ringing, or a better reason for it is known now.
    RingEnded(CallSid),
}

/// What is new about a call between two records of it.
///
/// Whatever the order of events: a watcher who gets all news gets the end of every ring.
///
/// # Examples
///
/// ```
/// use calls::{News, fold, news};
/// use identity::CallSid;
///
/// let call = fold(CallSid::from_bytes([1; 16]), []);
/// assert_eq!(news(None, &call), [News::Call]);
/// assert_eq!(news(Some(&call), &call), []);
/// ```
pub fn news(before: Option<&Call>, after: &Call) -> Vec<News> {
    if before == Some(after) {
        return Vec::new();
    }
    let end_of = |call: &Call, leg: &Leg| {
        let end = call.ring_end(leg)?;
        Some((end, call.handled_by.filter(|_| end == RingEnd::Answered)))
    };
    let known = |leg: &Leg| {
        let before = before?;
        end_of(before, before.legs.iter().find(|one| one.sid == leg.sid)?)
    };
    let mut news = vec![News::Call];
    let ended = after.legs.iter().filter(|leg| {
        let end = end_of(after, leg);
        end.is_some() && end != known(leg)
    });
    news.extend(ended.map(|leg| News::RingEnded(leg.sid)));
    news
}
