//! The agents of a workspace, as one of them sees them.

use std::time::Duration;

use identity::{Timestamp, UserId, WorkspaceId};
use routing::{Presence, Role};
use tokio_postgres::Row;

use crate::Store;
use crate::error::StoreError;
use crate::lookup::{LONGEST_CALL, presence, role};
use crate::scope::Scope;
use crate::sql;

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
    /// Since when.
    pub presence_since: Option<Timestamp>,
    /// The answer of the call that the agent is on.
    pub on_call_since: Option<Timestamp>,
    /// When the call that rings began to.
    pub offered_since: Option<Timestamp>,
    /// The end of the agent's last call.
    pub idle_since: Option<Timestamp>,
}

impl Store {
    /// Whether the user is a member of the workspace that takes calls.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn is_member(
        &self,
        workspace: &WorkspaceId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let rows = Scope::Agent(workspace, user)
            .run(&self.agent, MEMBER, &[&workspace.as_str(), &sql::uuid(user)])
            .await?;
        Ok(!rows.is_empty())
    }

    /// Every agent of the workspace by name; empty if the asking user is no member.
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
        let answered_after = sql::system(now.before(LONGEST_CALL));
        let rang_after = sql::system(now.before(LONGEST_RING));
        let rows = Scope::Agent(workspace, asking)
            .run(&self.agent, AGENTS, &[&workspace.as_str(), &answered_after, &rang_after])
            .await?;
        rows.iter().map(agent).collect()
    }

    /// Sets the asking agent's own status. `false` if the user is no member of the workspace.
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

fn agent(row: &Row) -> Result<AgentRow, StoreError> {
    let corrupt = |column: &str| StoreError::Corrupt(format!("user_profiles.{column}"));
    Ok(AgentRow {
        user: sql::user(row, "user_id").ok_or_else(|| corrupt("id"))?,
        name: row.get("full_name"),
        role: role(row).ok_or_else(|| corrupt("workspace_role"))?,
        presence: presence(row),
        presence_since: sql::moment(row, "presence_since"),
        on_call_since: sql::moment(row, "on_call_since"),
        offered_since: sql::moment(row, "offered_since"),
        idle_since: sql::moment(row, "idle_since"),
    })
}

/// The longest `timeout` of a Dial is 600 s; a leg that has rung for longer lost its last callback.
const LONGEST_RING: Duration = Duration::from_secs(600 + 60);

pub(crate) const MEMBER: &str = "\
select p.id from public.user_profiles p \
where p.workspace_id = $1 and p.id = $2 and p.workspace_role in ('agent', 'admin')";

pub(crate) const AGENTS: &str = "\
select p.id as user_id, p.full_name, p.workspace_role, g.presence, g.presence_since, g.idle_since, \
  l.on_call_since, l.offered_since \
from public.user_profiles p \
left join public.voice_agents g on g.workspace_id = $1 and g.user_id = p.id \
left join ( \
  select l.user_id, min(l.answered_at) filter (where l.answered_at > $2) as on_call_since, \
    min(coalesce(l.ringing_at, l.initiated_at)) filter (where l.answered_at is null \
      and coalesce(l.ringing_at, l.initiated_at) > $3) as offered_since \
  from public.voice_legs l where l.workspace_id = $1 and l.ended_at is null group by l.user_id \
) l on l.user_id = p.id \
where p.workspace_id = $1 and p.workspace_role in ('agent', 'admin') \
order by p.full_name, p.id";

/// The row is written only for a member: the profile is read under the same policies.
pub(crate) const SET_PRESENCE: &str = "\
insert into public.voice_agents (workspace_id, user_id, presence, presence_since) \
  select p.workspace_id, p.id, $3::text, $4::timestamptz from public.user_profiles p \
  where p.workspace_id = $1 and p.id = $2 and p.workspace_role in ('agent', 'admin') \
on conflict (workspace_id, user_id) do update set \
  presence_since = case when voice_agents.presence is distinct from excluded.presence \
    then excluded.presence_since else voice_agents.presence_since end, \
  presence = excluded.presence \
returning user_id";
