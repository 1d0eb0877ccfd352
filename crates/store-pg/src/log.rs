//! The call log, as an agent reads it.

use calls::Direction;
use identity::{CallSid, ContactId, Timestamp, UserId, WorkspaceId};
use tokio_postgres::Row;

use crate::Store;
use crate::error::StoreError;
use crate::scope::Scope;
use crate::sql;

/// One call of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    /// The call.
    pub sid: CallSid,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// How it went: the code of [`calls::Outcome`].
    pub outcome: String,
    /// Who called, a number or an address as Twilio gave it.
    pub from: Option<String>,
    /// Who was called.
    pub to: Option<String>,
    /// The contact.
    pub contact: Option<ContactId>,
    /// The contact's name.
    pub contact_name: Option<String>,
    /// The agent that handled it.
    pub handled_by: Option<UserId>,
    /// Its first sign.
    pub started_at: Option<Timestamp>,
    /// When two people were first connected.
    pub answered_at: Option<Timestamp>,
    /// Its end.
    pub ended_at: Option<Timestamp>,
    /// Why it ended: the code of [`calls::EndReason`].
    pub end_reason: Option<String>,
    /// Why an outbound call was not placed.
    pub refusal: Option<String>,
    /// Who was asked in which wave, and the reason of every agent, as JSON.
    pub waves: serde_json::Value,
    /// Its legs in the order in which they began.
    pub legs: Vec<LegRow>,
}

/// One leg of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LegRow {
    /// The leg.
    pub sid: CallSid,
    /// The agent that it rang.
    pub agent: Option<UserId>,
    /// Its status in Twilio's words.
    pub status: String,
    /// Why it stopped ringing or ended.
    pub end_reason: Option<String>,
    /// When dialling began.
    pub initiated_at: Option<Timestamp>,
    /// When it rang.
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

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

/// What became of a call, in one of two words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallResult {
    /// Two people talked, or do.
    Answered,
    /// It came in, and is over without an answer.
    Missed,
}

impl Filter {
    /// The statement whose index finds these calls; the others of its conditions are looked at in
    /// each row.
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
    /// Reads a page of the call log, newest first.
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
    ) -> Result<Vec<CallRow>, StoreError> {
        let started = sql::system(before.map_or(NEVER, |before| before.started_at));
        let sid = before.map_or_else(String::new, |before| before.sid.to_string());
        let agent = filter.agent.map(sql::uuid);
        let direction = filter.direction.map(Direction::code);
        let answered = filter.result.map(|result| result == CallResult::Answered);
        let rows = Scope::Agent(workspace, asking)
            .run(
                &self.agent,
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
        gather(&rows)
    }

    /// Reads one call; `None` if the workspace has no such call.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn call(
        &self,
        workspace: &WorkspaceId,
        asking: UserId,
        sid: CallSid,
    ) -> Result<Option<CallRow>, StoreError> {
        let rows = Scope::Agent(workspace, asking)
            .run(&self.agent, CALL, &[&workspace.as_str(), &sid.as_str()])
            .await?;
        Ok(gather(&rows)?.pop())
    }
}

/// Rows are one per leg, the legs of a call side by side.
pub(crate) fn gather(rows: &[Row]) -> Result<Vec<CallRow>, StoreError> {
    let mut calls: Vec<CallRow> = Vec::new();
    for row in rows {
        let sid = sql::call_sid(row, "call_sid")?;
        if calls.last().is_none_or(|call| call.sid != sid) {
            calls.push(call(row, sid));
        }
        if row.get::<_, Option<&str>>("leg_sid").is_some() {
            let leg = leg(row)?;
            if let Some(call) = calls.last_mut() {
                call.legs.push(leg);
            }
        }
    }
    Ok(calls)
}

fn call(row: &Row, sid: CallSid) -> CallRow {
    CallRow {
        sid,
        direction: row.get("direction"),
        outcome: row.get("outcome"),
        from: row.get("from_party"),
        to: row.get("to_party"),
        contact: sql::contact(row, "contact_id"),
        contact_name: row.get("contact_name"),
        handled_by: sql::user(row, "handled_by"),
        started_at: sql::moment(row, "started_at"),
        answered_at: sql::moment(row, "answered_at"),
        ended_at: sql::moment(row, "ended_at"),
        end_reason: row.get("call_end_reason"),
        refusal: row.get("refusal"),
        waves: row.get("waves"),
        legs: Vec::new(),
    }
}

fn leg(row: &Row) -> Result<LegRow, StoreError> {
    Ok(LegRow {
        sid: sql::call_sid(row, "leg_sid")?,
        agent: sql::user(row, "leg_agent"),
        status: row.get("leg_status"),
        end_reason: row.get("end_reason"),
        initiated_at: sql::moment(row, "initiated_at"),
        ringing_at: sql::moment(row, "ringing_at"),
        answered_at: sql::moment(row, "leg_answered_at"),
        ended_at: sql::moment(row, "leg_ended_at"),
    })
}

macro_rules! call_columns {
    () => {
        "v.call_sid, v.direction, v.outcome, v.from_party, v.to_party, v.contact_id, \
         c.display_name as contact_name, v.handled_by, v.started_at, v.answered_at, v.ended_at, \
         v.end_reason as call_end_reason, v.refusal, v.waves, l.leg_sid, l.user_id as leg_agent, \
         l.status as leg_status, l.end_reason, l.initiated_at, l.ringing_at, \
         l.answered_at as leg_answered_at, l.ended_at as leg_ended_at"
    };
}

/// The end of the year 9999: no call begins after it.
const NEVER: Timestamp = Timestamp::from_unix_seconds(253_402_300_799);

/// Workspace, start and Sid of the last call of the page before, length of the page, agent,
/// direction, and whether it was answered (null: all).
///
/// The start is compared with a parameter alone: under row-level security `coalesce` would keep the
/// comparison from the index.
macro_rules! calls {
    ($rows:expr) => {
        concat!(
            "select ",
            call_columns!(),
            " from (select * from public.voice_calls \
                where workspace_id = $1 \
                  and (started_at, call_sid) < ($2::timestamptz, $3::text) \
                  and ",
            $rows,
            " and ($6::text is null or direction = $6) \
                  and ($7::boolean is null \
                    or $7 and outcome in ('in_progress', 'completed') \
                    or not $7 and direction = 'inbound' \
                      and outcome in ('no_answer', 'caller_hung_up', 'failed')) \
                order by started_at desc, call_sid desc limit $4) v \
              left join public.livechat_contacts c \
                on c.workspace_id = $1 and c.id = v.contact_id \
              left join public.voice_legs l \
                on l.workspace_id = $1 and l.call_sid = v.call_sid \
              order by v.started_at desc, v.call_sid desc, l.initiated_at, l.leg_sid"
        )
    };
}

/// Each has its own index; the parameters are the same.
pub const CALLS: &str = calls!("$5::uuid is null");
/// The same for an agent.
pub const CALLS_OF_AGENT: &str = calls!("handled_by = $5::uuid");
/// The same for those that came in.
pub const CALLS_IN: &str = calls!("$5::uuid is null and direction = 'inbound'");
/// The same for those that went out.
pub const CALLS_OUT: &str = calls!("$5::uuid is null and direction = 'outbound'");
/// The same for missed calls.
pub const CALLS_MISSED: &str = calls!(
    "$5::uuid is null and direction = 'inbound' \
     and outcome in ('no_answer', 'caller_hung_up', 'failed')"
);

/// Workspace, start of the oldest call that may still last. Calls whose start is not known yet are
/// told of as soon as it is.
pub(crate) const LIVE_CALLS: &str = concat!(
    "select ",
    call_columns!(),
    " from (select * from public.voice_calls \
        where workspace_id = $1 and ended_at is null and started_at > $2 \
        order by started_at desc, call_sid desc limit 500) v \
      left join public.livechat_contacts c on c.workspace_id = $1 and c.id = v.contact_id \
      left join public.voice_legs l on l.workspace_id = $1 and l.call_sid = v.call_sid \
      order by v.started_at, v.call_sid, l.initiated_at, l.leg_sid"
);

/// How many calls that are not over are read at most: more than a team can look at, and the newest.
pub const MOST_LIVE_CALLS: usize = 500;

/// Workspace, calls.
pub(crate) const CALLS_NAMED: &str = concat!(
    "select ",
    call_columns!(),
    " from public.voice_calls v \
      left join public.livechat_contacts c on c.workspace_id = $1 and c.id = v.contact_id \
      left join public.voice_legs l on l.workspace_id = $1 and l.call_sid = v.call_sid \
      where v.workspace_id = $1 and v.call_sid = any ($2::text[]) \
      order by v.call_sid, l.initiated_at, l.leg_sid"
);

pub(crate) const CALL: &str = concat!(
    "select ",
    call_columns!(),
    " from public.voice_calls v \
      left join public.livechat_contacts c on c.workspace_id = $1 and c.id = v.contact_id \
      left join public.voice_legs l on l.workspace_id = $1 and l.call_sid = v.call_sid \
      where v.workspace_id = $1 and v.call_sid = $2 \
      order by l.initiated_at, l.leg_sid"
);
