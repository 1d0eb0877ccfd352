//! The numbered changes of a workspace, for those who watch it.

use calls::LONGEST_CALL;
use identity::{CallSid, Timestamp, UserId, WorkspaceId};
use tokio_postgres::Row;

use crate::agents::{self, AGENTS, AgentRow};
use crate::error::StoreError;
use crate::log::{CALLS_NAMED, LIVE_CALLS};
use crate::news::{CALL, RING};
use crate::pages::RENEW;
use crate::record::{Logged, LoggedCall, gather};
use crate::scope::{ENTER, Scope};
use crate::{Store, sql};

/// Everything that a page shows of a workspace at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The number of the last change that is surely in it. Later changes may be in it too.
    pub seq: i64,
    /// The agents by name.
    pub agents: Vec<AgentRow>,
    /// The calls that are not over, oldest first, at most [`MOST_LIVE_CALLS`](crate::MOST_LIVE_CALLS).
    pub calls: Vec<LoggedCall>,
    /// What of them cannot be read.
    pub damaged: Vec<String>,
}

/// What changed after a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The number of the last change there is.
    pub seq: i64,
    /// The changes by number, only the last one of each subject. `None` if they are no longer kept, or
    /// if the numbers started again, as after a restore: then only a snapshot helps.
    pub changes: Option<Vec<Change>>,
    /// All agents as they are now.
    pub agents: Vec<AgentRow>,
    /// The calls that the changes name, as they are now.
    pub calls: Vec<LoggedCall>,
    /// What of them cannot be read.
    pub damaged: Vec<String>,
}

/// One change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Change {
    /// Its number in the workspace, from 1.
    pub seq: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What changed.
    pub subject: Subject,
}

/// What changed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// A call or one of its legs.
    Call(CallSid),
    /// A page stopped ringing with this leg, or a better reason for it is known now. Its call changed
    /// too.
    Ring(CallSid),
    /// What an agent set by hand, or whether their page is there.
    Agent,
}

impl Store {
    /// Reads what a page shows; `None` if the asking user is not a member of the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn snapshot(
        &self,
        workspace: &WorkspaceId,
        asking: UserId,
        now: Timestamp,
    ) -> Result<Option<Snapshot>, StoreError> {
        let id = workspace.as_str();
        let (answered_after, rang_after) = agents::oldest(now);
        let started_after = sql::system(now.before(LONGEST_CALL));
        // The number is read first, so that everything read after it is at least as new.
        let rows = Scope::Agent(workspace, asking)
            .run_all(
                &self.feed,
                &[
                    (HEAD, &[&id]),
                    (AGENTS, &[&id, &answered_after, &rang_after]),
                    (LIVE_CALLS, &[&id, &started_after]),
                ],
            )
            .await?;
        let [head, agents, calls] = &rows[..] else { return Err(StoreError::missing_answer()) };
        let agents = agents.iter().map(agents::agent).collect::<Result<Vec<_>, _>>()?;
        if agents.is_empty() {
            return Ok(None);
        }
        let seq = head.first().map_or(0, |row| row.get("seq"));
        let Logged { calls, damaged, .. } = gather(calls);
        Ok(Some(Snapshot { seq, agents, calls, damaged }))
    }

    /// Reads what changed after the change with this number; `None` if the asking user is not a member
    /// of the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn changes(
        &self,
        workspace: &WorkspaceId,
        asking: UserId,
        after: i64,
        now: Timestamp,
    ) -> Result<Option<Changes>, StoreError> {
        let id = workspace.as_str();
        let (answered_after, rang_after) = agents::oldest(now);
        let scope = Scope::Agent(workspace, asking);
        let rows = scope
            .run_all(
                &self.feed,
                &[(CHANGES, &[&id, &after]), (AGENTS, &[&id, &answered_after, &rang_after])],
            )
            .await?;
        let [changes, agents] = &rows[..] else { return Err(StoreError::missing_answer()) };
        let agents = agents.iter().map(agents::agent).collect::<Result<Vec<_>, _>>()?;
        if agents.is_empty() {
            return Ok(None);
        }
        let seq = changes.first().map_or(0, |row| row.get("head"));
        let read: Vec<Change> =
            changes.iter().filter_map(|row| change(row).transpose()).collect::<Result<_, _>>()?;
        let whole =
            i64::try_from(read.len()).is_ok_and(|length| after.checked_add(length) == Some(seq));
        let changes = whole.then(|| last_of_each(read));
        let named: Vec<&str> = changes.iter().flatten().filter_map(call_of).collect();
        let Logged { calls, damaged, .. } = if named.is_empty() {
            Logged::default()
        } else {
            gather(&scope.run(&self.feed, CALLS_NAMED, &[&id, &named]).await?)
        };
        Ok(Some(Changes { seq, changes, agents, calls, damaged }))
    }
}

fn change(row: &Row) -> Result<Option<Change>, StoreError> {
    let (Some(seq), Some(at)) = (row.get("seq"), sql::moment(row, "at")) else { return Ok(None) };
    let subject = match row.get("kind") {
        CALL => Subject::Call(sql::call_sid(row, "ref")?),
        RING => Subject::Ring(sql::call_sid(row, "ref")?),
        _ => Subject::Agent,
    };
    Ok(Some(Change { seq, at, subject }))
}

/// The last change of each thing, by number.
fn last_of_each(mut changes: Vec<Change>) -> Vec<Change> {
    let mut seen = std::collections::BTreeSet::new();
    changes.reverse();
    changes.retain(|change| seen.insert(change.subject));
    changes.reverse();
    changes
}

fn call_of(change: &Change) -> Option<&str> {
    match &change.subject {
        Subject::Call(sid) => Some(sid.as_str()),
        Subject::Ring(_) | Subject::Agent => None,
    }
}

/// Workspace.
const HEAD: &str = "select f.seq from public.voice_feeds f where f.workspace_id = $1";

/// Workspace, number of the last known change. One row for each later change that is kept, and at
/// least one row if there ever was a change.
const CHANGES: &str = "\
select f.seq as head, c.seq, c.at, c.kind, c.ref \
from public.voice_feeds f left join lateral ( \
  select c.* from generate_series( \
    least(greatest($2::bigint, f.seq - 1024), f.seq) + 1, f.seq) as n (seq) \
    join public.voice_changes c \
      on c.workspace_id = $1 and c.slot = (n.seq % 1024)::int and c.seq = n.seq) c on true \
where f.workspace_id = $1 order by c.seq";

/// The statements that the pool for watchers prepares.
pub(crate) const STATEMENTS: &[&str] =
    &[ENTER, HEAD, CHANGES, AGENTS, LIVE_CALLS, CALLS_NAMED, RENEW];
