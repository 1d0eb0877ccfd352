//! How many calls were answered, by whom and how fast.

use std::time::Duration;

use calls::LONGEST_CALL;
use identity::{Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::scope::Scope;
use crate::sql;
use crate::text::join;
use crate::words::{INBOUND, IS_ANSWERED, IS_MISSED, RINGING};

/// The inbound calls that arrived within a period.
///
/// A call belongs to the period in which it arrived, whenever it was answered or ended. So all figures
/// are about the same calls. Calls that still ring are neither answered nor missed.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// Calls that an agent answered.
    pub answered: i64,
    /// Calls that were over without an answer.
    pub missed: i64,
    /// How long answered callers waited; `None` if it is not known for any of them.
    pub time_to_answer: Option<Waits>,
    /// Callers who wait at this moment, whenever they called.
    pub waiting_now: i64,
    /// The members by name, and former members who answered.
    pub agents: Vec<AgentStats>,
    /// Hour by hour from the start, without gaps.
    pub hours: Vec<HourStats>,
}

/// The times from arrival to answer, interpolated between neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waits {
    /// Half of the callers waited for no longer than this.
    pub median: Duration,
    /// Nine of ten callers waited for no longer than this.
    pub p90: Duration,
}

/// What one agent did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AgentStats {
    /// The agent.
    pub user: UserId,
    /// The name in the profile, if there is one.
    pub name: Option<String>,
    /// Calls that the agent answered.
    pub answered: i64,
    /// How long they talked in those calls so far.
    pub talked: Duration,
}

/// What arrived within one hour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HourStats {
    /// When it began.
    pub at: Timestamp,
    /// Of the calls that arrived in it, those that were answered.
    pub answered: i64,
    /// Of the calls that arrived in it, those that were missed.
    pub missed: i64,
}

impl Store {
    /// Counts the inbound calls that arrived at `since` or later, but before `until`; `None` if the
    /// asking user is not a member of the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn stats(
        &self,
        workspace: &WorkspaceId,
        asking: UserId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Stats>, StoreError> {
        let oldest = sql::system(until.before(LONGEST_CALL));
        let (from, to) = (sql::system(since), sql::system(until));
        let _turn = self.report_shares.turn(workspace).await?;
        let rows = Scope::Agent(workspace, asking)
            .run(&self.report, STATS, &[&workspace.as_str(), &from, &to, &oldest])
            .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let users: Vec<Uuid> = row.get("users");
        let names: Vec<Option<String>> = row.get("names");
        let (answered, talked): (Vec<i64>, Vec<f64>) = (row.get("by_agent"), row.get("talked"));
        let agents = users.into_iter().zip(names).zip(answered.into_iter().zip(talked));
        let hours: (Vec<i64>, Vec<i64>) = (row.get("by_hour"), row.get("missed_by_hour"));
        let hours = hours.0.into_iter().zip(hours.1).zip(0..);
        let waits = |median| Waits { median: seconds(median), p90: seconds(row.get("p90")) };
        Ok(Some(Stats {
            answered: row.get("answered"),
            missed: row.get("missed"),
            time_to_answer: row.get::<_, Option<f64>>("median").map(waits),
            waiting_now: row.get("waiting_now"),
            agents: agents
                .map(|((user, name), (answered, talked))| AgentStats {
                    user: UserId::from_bytes(*user.as_bytes()),
                    name,
                    answered,
                    talked: seconds(talked),
                })
                .collect(),
            hours: hours
                .map(|((answered, missed), hour)| HourStats {
                    at: since.after(HOUR * hour),
                    answered,
                    missed,
                })
                .collect(),
        }))
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

const HOUR: Duration = Duration::from_secs(3_600);

/// Workspace, from, to, start of the oldest call that may still last. No row for a user who is not a member.
pub const STATS: &str = join!(
    "with cohort as materialized ( \
  select v.handled_by, v.started_at, v.answered_at, v.ended_at, \
    v.outcome ",
    IS_ANSWERED,
    " as is_answered, v.outcome ",
    IS_MISSED,
    " as is_missed, \
    floor(extract(epoch from v.started_at - $2) / 3600)::int as hour \
  from public.voice_calls v \
  where v.workspace_id = $1 and v.direction = ",
    INBOUND,
    " and v.started_at >= $2::timestamptz and v.started_at < $3::timestamptz), \
total as ( \
  select count(*) filter (where is_answered) as answered, \
    count(*) filter (where is_missed) as missed, \
    percentile_cont(array[0.5, 0.9]) within group ( \
      order by extract(epoch from answered_at - started_at)) \
      filter (where is_answered and answered_at is not null) as waits \
  from cohort), \
waiting as ( \
  select count(*) as now from public.voice_calls v \
  where v.workspace_id = $1 and v.ended_at is null and v.started_at > $4 \
    and v.direction = ",
    INBOUND,
    " and v.outcome = ",
    RINGING,
    "), \
answering as ( \
  select handled_by as id, count(*) as answered, \
    sum(extract(epoch from coalesce(ended_at, $3) - answered_at))::float8 as talked \
  from cohort where is_answered and handled_by is not null group by handled_by), \
person as materialized (select p.user_id as id, p.name as full_name, p.role from voice.colleagues() p), \
member as (select p.id, p.full_name from person p where p.role is not null), \
agent as ( \
  select coalesce(m.id, a.id) as id, \
    coalesce(m.full_name, (select p.full_name from person p where p.id = a.id)) as full_name, \
    coalesce(a.answered, 0) as answered, coalesce(a.talked, 0) as talked \
  from member m full join answering a on a.id = m.id), \
agents as ( \
  select array_agg(id order by full_name, id) as users, \
    array_agg(full_name order by full_name, id) as names, \
    array_agg(answered order by full_name, id) as answered, \
    array_agg(talked order by full_name, id) as talked \
  from agent), \
by_hour as ( \
  select c.hour, count(*) filter (where c.is_answered) as answered, \
    count(*) filter (where c.is_missed) as missed \
  from cohort c group by c.hour), \
hours as ( \
  select array_agg(coalesce(h.answered, 0) order by n.hour) as answered, \
    array_agg(coalesce(h.missed, 0) order by n.hour) as missed \
  from generate_series(0, floor(extract(epoch from $3 - $2) / 3600)::int) as n (hour) \
  left join by_hour h on h.hour = n.hour) \
select t.answered, t.missed, t.waits[1]::float8 as median, t.waits[2]::float8 as p90, \
  w.now as waiting_now, \
  a.users, a.names, a.answered as by_agent, a.talked, h.answered as by_hour, \
  h.missed as missed_by_hour \
from total t, waiting w, agents a, hours h \
where exists (select from member)"
);
