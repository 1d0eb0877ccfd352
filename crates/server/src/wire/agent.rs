//! An agent and what they are doing.

use std::time::Duration;

use identity::{AgentIdentity, CallSid, Timestamp, UserId};
use routing::{AgentStatus, NotReady, Presence, Reason, Role};
use serde::Serialize;
use store_pg::AgentRow;

#[cfg(test)]
use super::generated;

/// One agent, as all pages see them.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Agent {
    user_id: UserId,
    identity: AgentIdentity,
    name: Option<String>,
    role: Role,
    /// What counts now: calls, then what was set by hand, then whether a page is open. `unknown`:
    /// their page never reported, so they ring.
    status: AgentStatus,
    since: Option<Timestamp>,
    /// When `wrap_up` ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// The call that they are on, or that rings.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_sid: Option<CallSid>,
    /// Why their open page cannot take a call; then they are `offline`. Absent: it can, or no page is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_ready: Option<NotReady>,
    /// What was set by hand; it holds again after a call. Null: nothing was ever set.
    #[cfg_attr(test, schemars(schema_with = "generated::set_by_hand"))]
    presence: Option<Presence>,
}

impl Agent {
    /// `wrap_up` is how long agents of the workspace may work after a call.
    pub(crate) fn of(row: &AgentRow, wrap_up: Duration, now: Timestamp) -> Self {
        let standing = Standing::of(row, wrap_up, now);
        let is_not_ready = row.availability(wrap_up).reason(now) == Some(Reason::PageNotReady);
        Self {
            user_id: row.user,
            identity: AgentIdentity::new(row.user),
            name: row.name.clone(),
            role: row.role,
            status: standing.status,
            since: standing.since,
            until: standing.until,
            call_sid: row.call,
            not_ready: is_not_ready.then(|| row.page_lacks.unwrap_or(NotReady::Silent)),
            presence: Some(row.presence).filter(|presence| *presence != Presence::Unknown),
        }
    }
}

/// What counts now, since when, and until when if it is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Standing {
    status: AgentStatus,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Standing {
    fn of(row: &AgentRow, wrap_up: Duration, now: Timestamp) -> Self {
        let agent = row.availability(wrap_up);
        let status = agent.status(now);
        let since = match (status, agent.reason(now)) {
            (AgentStatus::Busy, _) => row.on_call_since,
            (AgentStatus::Offered, _) => row.offered_since,
            (_, Some(Reason::PageClosed)) => row.online_until,
            (_, Some(Reason::PageNotReady)) => row.page_ready_until,
            (AgentStatus::Away | AgentStatus::Offline, _) => row.presence_since,
            (AgentStatus::WrapUp, _) => row.idle_since,
            (AgentStatus::Available, _) => row.presence_since.max(row.free_since(wrap_up)),
            (AgentStatus::Unknown, _) => None,
        };
        let until = row.works_until(wrap_up).filter(|_| status == AgentStatus::WrapUp);
        Self { status, since, until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use routing::Page;

    #[test]
    fn calls_come_before_what_was_set_by_hand_and_that_before_pages() {
        let at = Timestamp::from_unix_seconds;
        let agent = AgentRow {
            user: UserId::from_bytes([1; 16]),
            name: None,
            role: Role::Agent,
            presence: Presence::Available,
            presence_since: Some(at(10)),
            on_call_since: None,
            offered_since: None,
            call: None,
            idle_since: None,
            ready_since: None,
            page: Page::Unknown,
            online_until: None,
            page_ready_until: None,
            page_lacks: None,
        };
        let called = AgentRow { idle_since: Some(at(50)), ..agent.clone() };
        let closed = AgentRow { page: Page::Closed, online_until: Some(at(70)), ..called.clone() };
        let silent =
            AgentRow { presence: Presence::Unknown, presence_since: None, ..agent.clone() };
        let frozen =
            AgentRow { page: Page::NotReady, page_ready_until: Some(at(80)), ..agent.clone() };
        let away = AgentRow { presence: Presence::Away, ..agent.clone() };
        let ringing = AgentRow { offered_since: Some(at(20)), ..agent.clone() };
        let talking = AgentRow { on_call_since: Some(at(15)), ..ringing.clone() };
        let cases = [
            ("by hand", agent, 0, (AgentStatus::Available, Some(10), None)),
            ("after a call", called.clone(), 0, (AgentStatus::Available, Some(50), None)),
            (
                "after a call, by a clock that is ahead",
                AgentRow { idle_since: Some(at(101)), ..called.clone() },
                0,
                (AgentStatus::Available, Some(101), None),
            ),
            ("in wrap-up", called.clone(), 60, (AgentStatus::WrapUp, Some(50), Some(110))),
            ("wrap-up is over", called.clone(), 30, (AgentStatus::Available, Some(80), None)),
            (
                "wrap-up was ended by hand",
                AgentRow { ready_since: Some(at(60)), ..called.clone() },
                60,
                (AgentStatus::Available, Some(60), None),
            ),
            (
                "the same, by a clock that is behind",
                AgentRow {
                    idle_since: Some(at(101)),
                    ready_since: Some(at(101)),
                    ..called.clone()
                },
                60,
                (AgentStatus::Available, Some(101), None),
            ),
            (
                "away in wrap-up",
                AgentRow { presence: Presence::Away, ..called.clone() },
                60,
                (AgentStatus::Away, Some(10), None),
            ),
            ("ringing", ringing, 0, (AgentStatus::Offered, Some(20), None)),
            (
                "talking, and another call rings",
                talking.clone(),
                0,
                (AgentStatus::Busy, Some(15), None),
            ),
            (
                "away during a call",
                AgentRow { presence: Presence::Away, ..talking.clone() },
                0,
                (AgentStatus::Busy, Some(15), None),
            ),
            (
                "the page was closed during a call",
                AgentRow { page: Page::Closed, ..talking },
                0,
                (AgentStatus::Busy, Some(15), None),
            ),
            (
                "the last page was closed",
                closed.clone(),
                60,
                (AgentStatus::Offline, Some(70), None),
            ),
            (
                "away, and the last page was closed",
                AgentRow { page: Page::Closed, ..away },
                0,
                (AgentStatus::Away, Some(10), None),
            ),
            ("the page is frozen", frozen, 0, (AgentStatus::Offline, Some(80), None)),
            ("never reported", silent.clone(), 0, (AgentStatus::Unknown, None, None)),
            (
                "a page is open, nothing was set by hand",
                AgentRow { page: Page::Open, ..silent },
                0,
                (AgentStatus::Available, None, None),
            ),
        ];
        for (name, agent, wrap_up, (status, since, until)) in cases {
            let found = Standing::of(&agent, Duration::from_secs(wrap_up), at(100));
            let want = Standing { status, since: since.map(at), until: until.map(at) };
            assert_eq!(found, want, "{name}");
        }
    }
}
