//! The call log, as an agent reads it.

use calls::{CallResult, Direction};
use identity::{CallSid, Timestamp, UserId, WorkspaceId};

use crate::Store;
use crate::error::StoreError;
use crate::record::{Logged, call_columns, gather, leg_columns};
use crate::scope::Scope;
use crate::sql;
use crate::text::join;
use crate::words::{INBOUND, IS_ANSWERED, IS_MISSED, OUTBOUND};

/// Where a page of the log begins: after this call, going back in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Before {
    /// The start of the last call of the page before.
    pub started_at: Timestamp,
    /// That call, so that equal starts lose nothing.
    pub sid: CallSid,
}

/// Which calls of the log are wanted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Those that this agent handled.
    pub agent: Option<UserId>,
    /// Those that came in, or went out.
    pub direction: Option<Direction>,
    /// Those that were answered, or missed.
    pub result: Option<CallResult>,
}

impl Filter {
    /// Whether an index finds just these calls. If not, a page may read a whole log to find a few.
    const fn is_indexed(self) -> bool {
        matches!(
            self,
            Self { direction: None, result: None, .. }
                | Self { agent: None, result: None, .. }
                | Self {
                    agent: None,
                    direction: None | Some(Direction::Inbound),
                    result: Some(CallResult::Missed)
                }
        )
    }

    /// The statement whose index finds these calls. It checks the other conditions row by row.
    const fn statement(self) -> &'static str {
        match self {
            Self { agent: Some(_), .. } => CALLS_OF_AGENT,
            Self { result: Some(CallResult::Missed), .. } => CALLS_MISSED,
            Self { direction: Some(Direction::Inbound), .. } => CALLS_IN,
            Self { direction: Some(Direction::Outbound), .. } => CALLS_OUT,
            _ => CALLS,
        }
    }
}

impl Store {
    /// Reads a page of the call log, newest first. A filter that no index serves takes the place of a
    /// report.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn calls(
        &self,
        workspace: &WorkspaceId,
        asking: UserId,
        filter: Filter,
        limit: u16,
        before: Option<Before>,
    ) -> Result<Logged, StoreError> {
        let started = sql::system(before.map_or(NEVER, |before| before.started_at));
        let sid = before.map_or_else(String::new, |before| before.sid.to_string());
        let agent = filter.agent.map(sql::uuid);
        let direction = filter.direction.map(Direction::code);
        let answered = filter.result.map(|result| result == CallResult::Answered);
        let (pool, shares) = if filter.is_indexed() {
            (&self.agent, &self.agent_shares)
        } else {
            (&self.report, &self.report_shares)
        };
        let _turn = shares.turn(workspace).await?;
        let rows = Scope::Agent(workspace, asking)
            .run(
                pool,
                filter.statement(),
                &[
                    &workspace.as_str(),
                    &started,
                    &sid,
                    &i64::from(limit),
                    &agent,
                    &direction,
                    &answered,
                ],
            )
            .await?;
        Ok(gather(&rows))
    }

    /// Reads one call; none if the workspace has no such call.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn call(
        &self,
        workspace: &WorkspaceId,
        asking: UserId,
        sid: CallSid,
    ) -> Result<Logged, StoreError> {
        let _turn = self.agent_shares.turn(workspace).await?;
        let rows = Scope::Agent(workspace, asking)
            .run(&self.agent, CALL, &[&workspace.as_str(), &sid.as_str()])
            .await?;
        Ok(gather(&rows))
    }
}

/// What is selected of calls, and from where besides the calls themselves, which are `v`.
const COLUMNS: &str = join!(
    call_columns::COLUMNS.selected,
    ", ",
    leg_columns::COLUMNS.selected,
    ", c.name as contact_name"
);

/// The calls of a subquery, as `v`, with what stands beside them: the contact, and at most so many legs
/// of each call. `bytes` is the size of the decisions so far, as they are stored, in this order.
///
/// What a read returns is bounded here, not by its reader: a tenant may have calls of any size.
macro_rules! calls_of {
    ($rows:expr, $order:literal, $legs:literal) => {
        join!(
            "with page as materialized (",
            $rows,
            ") select ",
            COLUMNS,
            " from (select r.*, sum(pg_column_size(r.waves)) over (order by ",
            $order,
            ") as bytes from page r) v \
              left join voice.contact_names(array(select distinct p.contact_id from page p \
                where p.contact_id is not null)) c on c.contact_id = v.contact_id \
              left join lateral (select g.*, \
                  row_number() over (order by g.initiated_at, g.leg_sid) as nth \
                from public.voice_legs g where g.workspace_id = $1 and g.call_sid = v.call_sid \
                order by g.initiated_at, g.leg_sid limit ",
            $legs,
            ") l on true "
        )
    };
}

const MISSED: &str = join!("direction = ", INBOUND, " and outcome ", IS_MISSED);

/// The end of the year 9999: no call begins after it.
const NEVER: Timestamp = Timestamp::from_unix_seconds(253_402_300_799);

/// Workspace, start and Sid of the last call of the page before, length of the page, agent,
/// direction, and whether it was answered (null: all).
///
/// The start is compared with a plain parameter: under row-level security, `coalesce` would prevent
/// the use of the index.
macro_rules! page {
    ($rows:expr) => {
        join!(
            calls_of!(
                join!(
                    "select * from public.voice_calls \
                where workspace_id = $1 \
                  and (started_at, call_sid) < ($2::timestamptz, $3::text) \
                  and ",
                    $rows,
                    " and ($6::text is null or direction = $6) \
                  and ($7::boolean is null or $7 and outcome ",
                    IS_ANSWERED,
                    " or not $7 and ",
                    MISSED,
                    ") order by started_at desc, call_sid desc limit $4"
                ),
                "r.started_at desc, r.call_sid desc",
                "100"
            ),
            "order by v.started_at desc, v.call_sid desc, l.initiated_at, l.leg_sid"
        )
    };
}

const OF_ALL: &str = "$5::uuid is null and ";

/// Each has its own index; the parameters are the same.
pub const CALLS: &str = page!("$5::uuid is null");
/// Those of one agent.
pub const CALLS_OF_AGENT: &str = page!("handled_by = $5::uuid");
/// Those that came in.
pub const CALLS_IN: &str = page!(join!(OF_ALL, "direction = ", INBOUND));
/// Those that went out.
pub const CALLS_OUT: &str = page!(join!(OF_ALL, "direction = ", OUTBOUND));
/// Those that were missed.
pub const CALLS_MISSED: &str = page!(join!(OF_ALL, MISSED));

/// Workspace, start of the oldest call that may still last. A call whose start is not known yet
/// follows as soon as it is.
pub(crate) const LIVE_CALLS: &str = join!(
    calls_of!(
        "select * from public.voice_calls \
        where workspace_id = $1 and ended_at is null and started_at > $2 \
        order by started_at desc, call_sid desc limit 500",
        "r.started_at desc, r.call_sid desc",
        "100"
    ),
    "order by v.started_at, v.call_sid, l.initiated_at, l.leg_sid"
);

/// The most live calls that are read, the newest ones: more than a team can look at.
pub const MOST_LIVE_CALLS: usize = 500;

/// Workspace, calls.
pub(crate) const CALLS_NAMED: &str = join!(
    calls_of!(
        "select * from public.voice_calls \
         where workspace_id = $1 and call_sid = any ($2::text[])",
        "r.call_sid",
        "100"
    ),
    "order by v.call_sid, l.initiated_at, l.leg_sid"
);

/// Workspace, call.
pub(crate) const CALL: &str = join!(
    calls_of!(
        "select * from public.voice_calls where workspace_id = $1 and call_sid = $2",
        "r.call_sid",
        "500"
    ),
    "order by l.initiated_at, l.leg_sid"
);
