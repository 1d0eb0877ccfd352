//! The agents of a workspace, as one of them sees them.

use std::time::{Duration, SystemTime};

use calls::{LONGEST_CALL, LONGEST_RING};
use identity::{CallSid, Timestamp, UserId, WorkspaceId};
use routing::{Activity, Availability, NotReady, Page, Presence, Role};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::Store;
use crate::error::StoreError;
use crate::news::{AGENT, with_news};
use crate::scope::{Scope, alone};
use crate::sql;
use crate::text::{believed, join};
use crate::words::AVAILABLE;

/// One agent and what they are doing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AgentRow {
    /// The agent.
    pub user: UserId,
    /// The name in the profile.
    pub name: Option<String>,
    /// The role in the workspace.
    pub role: Role,
    /// What the agent set by hand; `Unknown` if their page never reported.
    pub presence: Presence,
    /// Since when the agent has set it.
    pub presence_since: Option<Timestamp>,
    /// The answer of the call that the agent is on. For a webhook, a call in another workspace of the same
    /// Twilio account counts too, since the moment of the question.
    pub on_call_since: Option<Timestamp>,
    /// When the call that rings began to ring.
    pub offered_since: Option<Timestamp>,
    /// The call that the agent is on, or the one that rings.
    pub call: Option<CallSid>,
    /// The end of the agent's last call.
    pub idle_since: Option<Timestamp>,
    /// Since when the agent is ready again, if they said so after the end of their last call was
    /// known.
    pub ready_since: Option<Timestamp>,
    /// Whether the agent's page is there.
    pub page: Page,
    /// Until when it counts as open.
    pub online_until: Option<Timestamp>,
    /// Until when it counts as ready for calls, since its last word. `None`: no page ever said so, and an
    /// open one is enough.
    pub page_ready_until: Option<Timestamp>,
    /// What the page lacks, by its own word.
    pub page_lacks: Option<NotReady>,
}

impl AgentRow {
    /// The router's view of them, if this much wrap-up follows a call.
    pub fn availability(&self, wrap_up: Duration) -> Availability {
        Availability {
            activity: activity(self.on_call_since.is_some(), self.works_until(wrap_up)),
            presence: self.presence,
            page: self.page,
            is_offered: self.offered_since.is_some(),
        }
    }

    /// The end of the agent's wrap-up after the last call, if this much wrap-up follows a call. `None`
    /// if there is none, or if the agent ended it by hand. It may be in the past.
    pub fn works_until(&self, wrap_up: Duration) -> Option<Timestamp> {
        works_until(self.idle_since, self.ready_since, wrap_up)
    }

    /// Since when the page is not there, or not ready: the first of the two leases that ran out.
    pub fn page_missing_since(&self, now: Timestamp) -> Option<Timestamp> {
        let leases = [self.online_until, self.page_ready_until];
        leases.into_iter().flatten().filter(|until| *until <= now).min()
    }

    /// Since when the agent is free after the last call: the end of the wrap-up.
    pub fn free_since(&self, wrap_up: Duration) -> Option<Timestamp> {
        let worked = self.idle_since?.after(wrap_up);
        Some(self.ready_since.map_or(worked, |ready| ready.min(worked)))
    }
}

impl Store {
    /// Whether the user is a member of the workspace that takes calls. One statement without a
    /// transaction around it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn is_member(
        &self,
        workspace: &WorkspaceId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let _turn = self.agent_shares.turn(workspace).await?;
        let params: &[&(dyn ToSql + Sync)] = &[&workspace.as_str(), &sql::uuid(user)];
        let rows = alone(&self.agent, MEMBER, params).await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    /// The agents of the workspace by name, at most [`MOST_MEMBERS`](crate::MOST_MEMBERS); empty if the
    /// asking user is not a member. Names are cut to 200 characters.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn agents(
        &self,
        workspace: &WorkspaceId,
        asking: UserId,
        now: Timestamp,
    ) -> Result<Vec<AgentRow>, StoreError> {
        let (answered_after, rang_after) = oldest(now);
        let _turn = self.agent_shares.turn(workspace).await?;
        let rows = Scope::Agent(workspace, asking)
            .run(&self.agent, AGENTS, &[&workspace.as_str(), &answered_after, &rang_after])
            .await?;
        rows.iter().map(agent).collect()
    }

    /// Sets the asking agent's own status. `available` also ends the wrap-up of the last call, but not
    /// the wrap-up that will follow a call which still goes on. An agent who sets a status after their
    /// last page was closed or fell silent uses another kind of page, about which nothing is known. `false` if the
    /// user is not a member of the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn set_presence(
        &self,
        workspace: &WorkspaceId,
        user: UserId,
        presence: Presence,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let text = (presence != Presence::Unknown).then(|| presence.code());
        let _turn = self.agent_shares.turn(workspace).await?;
        let rows = Scope::Agent(workspace, user)
            .run(
                &self.agent,
                SET_PRESENCE,
                &[&workspace.as_str(), &sql::uuid(user), &text, &sql::system(now)],
            )
            .await?;
        Ok(!rows.is_empty())
    }
}

impl Store {
    /// Ends the wrap-up of the asking agent's last call. A call that still goes on will have its own
    /// wrap-up. `false` if the user is not a member of the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn end_wrap_up(
        &self,
        workspace: &WorkspaceId,
        user: UserId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let _turn = self.agent_shares.turn(workspace).await?;
        let rows = Scope::Agent(workspace, user)
            .run(
                &self.agent,
                END_WRAP_UP,
                &[&workspace.as_str(), &sql::uuid(user), &sql::system(now)],
            )
            .await?;
        Ok(!rows.is_empty())
    }
}

/// The end of the wrap-up after the call that ended at `idle_since`. `None` if there is no wrap-up,
/// or if the agent said that it is done. It may be in the past.
pub(crate) fn works_until(
    idle_since: Option<Timestamp>,
    ready_since: Option<Timestamp>,
    wrap_up: Duration,
) -> Option<Timestamp> {
    let is_over = ready_since.is_some() || wrap_up.is_zero();
    idle_since.filter(|_| !is_over).map(|ended| ended.after(wrap_up))
}

/// What calls are doing to an agent.
pub(crate) fn activity(is_on_call: bool, works_until: Option<Timestamp>) -> Activity {
    match works_until {
        _ if is_on_call => Activity::OnCall,
        Some(until) => Activity::WrapUp { until },
        None => Activity::Idle,
    }
}

/// The oldest answer and the oldest ring that count: the last callback of older ones was lost.
pub(crate) fn oldest(now: Timestamp) -> (SystemTime, SystemTime) {
    (sql::system(now.before(LONGEST_CALL)), sql::system(now.before(LONGEST_RING)))
}

pub(crate) fn agent(row: &Row) -> Result<AgentRow, StoreError> {
    let corrupt = |column: &str| StoreError::Corrupt(format!("members.{column}"));
    Ok(AgentRow {
        user: sql::user(row, "user_id").ok_or_else(|| corrupt("user_id"))?,
        name: row.get("name"),
        role: sql::role(row).ok_or_else(|| corrupt("role"))?,
        presence: sql::presence(row),
        presence_since: sql::moment(row, "presence_since"),
        on_call_since: sql::moment(row, "on_call_since"),
        offered_since: sql::moment(row, "offered_since"),
        // One that is no Sid must not hide the team.
        call: row.get::<_, Option<&str>>("call_sid").and_then(|sid| sid.parse().ok()),
        idle_since: sql::moment(row, "idle_since"),
        ready_since: sql::moment(row, "ready_since"),
        page: sql::page(row),
        online_until: sql::moment(row, "online_until"),
        page_ready_until: sql::moment(row, "page_ready_until"),
        page_lacks: row.get::<_, Option<&str>>("page_lacks").and_then(|lack| lack.parse().ok()),
    })
}

/// Workspace, user.
pub(crate) const MEMBER: &str = "select voice.is_member($1, $2)";

/// The members of a function of the schema `voice`, and what they are doing.
macro_rules! with_states {
    ($members:literal, $on_call_since:literal, $elsewhere:literal) => {
        join!(
            "select p.user_id, p.name, p.role, g.presence, g.presence_since, ",
            believed!("g.idle_since"),
            " as idle_since, \
  g.ready_since, g.online_until, g.online_until > now() as page_open, \
  g.page_ready_until > now() as page_ready, g.page_ready_until, g.page_lacks, ",
            $on_call_since,
            " as on_call_since, l.offered_since, coalesce(l.talks, l.rings) as call_sid \
from ",
            $members,
            " p \
left join public.voice_agents g on g.workspace_id = $1 and g.user_id = p.user_id \
left join ( \
  select l.user_id, min(l.answered_at) filter (where l.is_on_call) as on_call_since, \
    min(l.began_at) filter (where l.is_ringing) as offered_since, \
    (array_agg(l.call_sid order by l.answered_at, l.call_sid) filter (where l.is_on_call))[1] \
      as talks, \
    (array_agg(l.call_sid order by l.began_at, l.call_sid) filter (where l.is_ringing))[1] as rings \
  from ( \
    select l.user_id, l.call_sid, l.answered_at, coalesce(l.ringing_at, l.initiated_at) as began_at, \
      l.answered_at > $2 as is_on_call, \
      l.answered_at is null and coalesce(l.ringing_at, l.initiated_at) > $3 as is_ringing \
    from public.voice_legs l where l.workspace_id = $1 and l.ended_at is null) l \
  group by l.user_id \
) l on l.user_id = p.user_id ",
            $elsewhere,
            "where p.role is not null order by p.name, p.user_id"
        )
    };
}

/// Workspace, oldest answer and oldest ring that count; for an agent who asks.
pub(crate) const AGENTS: &str = with_states!("voice.colleagues()", "l.on_call_since", "");

/// The same for a webhook, which also asks who is busy in another workspace of the account: since now, because
/// no more is known of that.
pub(crate) const MEMBERS: &str = with_states!(
    "voice.members()",
    "coalesce(l.on_call_since, case when e.user_id is not null then now() end)",
    "left join voice.busy_elsewhere($2) as e (user_id) on e.user_id = p.user_id "
);

/// Whether a page is open and has said lately how it is, or never does.
macro_rules! page_speaks {
    () => {
        "g.online_until > now() and (g.page_ready_until > now() or g.page_ready_until is null \
         or g.page_lacks is not null)"
    };
}

/// The row is written only for a member who takes calls, and only for the user who asks. The end
/// of the last call is by Twilio's clock, which may be ahead of ours.
pub(crate) const SET_PRESENCE: &str = with_news!(
    join!(
        "put as ( \
  insert into public.voice_agents as g (workspace_id, user_id, presence, presence_since, ready_since) \
    select $1::text, $2::uuid, $3::text, $4::timestamptz, \
      case when $3 = ",
        AVAILABLE,
        " then $4::timestamptz end \
    where voice.member_workspace() = $1 \
  on conflict (workspace_id, user_id) do update set \
    presence_since = case when g.presence is distinct from excluded.presence \
      then excluded.presence_since else g.presence_since end, \
    presence = excluded.presence, \
    ready_since = case when excluded.ready_since is null then g.ready_since \
      else greatest(excluded.ready_since, g.idle_since) end, \
    online_until = case when ",
        page_speaks!(),
        " then g.online_until end, \
    page_ready_until = case when ",
        page_speaks!(),
        " then g.page_ready_until end \
  returning g.user_id), "
    ),
    join!("select '", AGENT, "' as kind, p.user_id::text as ref, 1 as rank from put p"),
    "' agents'",
    "select p.user_id, (select count(*) from notified) from put p"
);

pub(crate) const END_WRAP_UP: &str = with_news!(
    "put as ( \
  insert into public.voice_agents as g (workspace_id, user_id, ready_since) \
    select $1::text, $2::uuid, $3::timestamptz where voice.member_workspace() = $1 \
  on conflict (workspace_id, user_id) do update \
    set ready_since = greatest(excluded.ready_since, g.idle_since) \
  returning g.user_id), ",
    join!("select '", AGENT, "' as kind, p.user_id::text as ref, 1 as rank from put p"),
    "' agents'",
    "select p.user_id, (select count(*) from notified) from put p"
);
