//! The statements of the log. `$1` is the workspace everywhere.

use crate::marks::ERASED;
use crate::news::NOTE;
use crate::record::{call_columns, leg_columns};
use crate::scope::{ENTER_WITHIN, STILL_ENTERED, STILL_ENTERED_AND_ENDS};
use crate::text::{believed, join};
use crate::words::{INBOUND, RINGING};

pub(crate) const STATEMENTS: &[&str] = &[
    ENTER_WITHIN,
    INSERT_CALLS,
    STUB_CALLS,
    STUB_KEPT_CALLS,
    LOCK_CALLS,
    ERASED,
    READ_EVENTS,
    READ_SETTLED,
    PUT_EVENTS,
    UPDATE_CALLS,
    UPSERT_LEGS,
    WRITE_LOG,
    STUB_AGENTS,
    LOCK_AGENTS,
    SETTLE_AGENTS,
    TELL_SIBLINGS,
    NOTE,
    STILL_ENTERED,
    STILL_ENTERED_AND_ENDS,
];

/// Calls that begin: a row for each that was not there. One that is there already stays as it is.
pub(super) const INSERT_CALLS: &str = join!(
    "insert into public.voice_calls (workspace_id, ",
    call_columns::COLUMNS.names,
    ") select $1, r.* from jsonb_to_recordset($2::jsonb) as r (",
    call_columns::COLUMNS.typed,
    ") on conflict (workspace_id, call_sid) do nothing returning call_sid"
);

/// Sids come sorted, so that two servers lock in the same order.
pub(super) const STUB_CALLS: &str = join!(
    "insert into public.voice_calls (workspace_id, call_sid, direction, outcome) \
  select $1, s.call_sid, ",
    INBOUND,
    ", ",
    RINGING,
    " from unnest($2::text[]) as s (call_sid) on conflict (workspace_id, call_sid) do nothing"
);

/// As [`STUB_CALLS`], but only for calls that have events.
pub(super) const STUB_KEPT_CALLS: &str = join!(
    "insert into public.voice_calls (workspace_id, call_sid, direction, outcome) \
  select distinct e.workspace_id, e.call_sid, ",
    INBOUND,
    ", ",
    RINGING,
    " from public.voice_events e \
  where e.workspace_id = $1 and e.call_sid = any ($2::text[]) order by e.call_sid \
on conflict (workspace_id, call_sid) do nothing"
);

pub(super) const LOCK_CALLS: &str = "\
select v.call_sid from public.voice_calls v \
where v.workspace_id = $1 and v.call_sid = any ($2::text[]) order by v.call_sid for update";

/// The parameters of each call's first request, and all if `$3`.
pub(crate) const READ_EVENTS: &str = "\
select e.call_sid, e.key, e.at, e.fact, case when $3 or e.key = 'arrived' then e.params end as params \
from public.voice_events e where e.workspace_id = $1 and e.call_sid = any ($2::text[])";

/// The agents whose last call may have ended at another moment, or may not have been theirs.
pub(super) const READ_SETTLED: &str = "\
select distinct l.user_id from public.voice_legs l \
where l.workspace_id = $1 and l.call_sid = any ($2::text[]) and l.user_id is not null \
  and l.answered_at is not null and l.ended_at is not null";

/// Only events that are new, or smaller than the one with the same key, get here.
pub(super) const PUT_EVENTS: &str = "\
insert into public.voice_events (workspace_id, call_sid, key, at, fact, params) \
  select $1, e.call_sid, e.key, e.at, e.fact, nullif(e.params, 'null') \
  from jsonb_to_recordset($2::jsonb) as e \
    (call_sid text, key text, at timestamptz, fact jsonb, params jsonb) \
on conflict (workspace_id, call_sid, key) do update set \
  at = excluded.at, fact = excluded.fact, params = excluded.params";

pub(super) const UPDATE_CALLS: &str = join!(
    "update public.voice_calls v set ",
    call_columns::COLUMNS.set,
    " from jsonb_to_recordset($2::jsonb) as excluded (",
    call_columns::COLUMNS.typed,
    ") where v.workspace_id = $1 and v.call_sid = excluded.call_sid"
);

pub(super) const UPSERT_LEGS: &str = join!(
    "insert into public.voice_legs as l (workspace_id, ",
    leg_columns::COLUMNS.names,
    ") select $1, r.* from jsonb_to_recordset($2::jsonb) as r (",
    leg_columns::COLUMNS.typed,
    ") on conflict (workspace_id, leg_sid) do update set ",
    leg_columns::COLUMNS.set,
    " where ",
    leg_columns::COLUMNS.differs
);

/// The live chat's log: the workspace, and a row for each call.
pub(crate) const WRITE_LOG: &str = "select livechat.log($1, $2::jsonb)";

/// The other workspaces of the account read their members again.
pub(super) const TELL_SIBLINGS: &str = "select voice.tell_siblings()";

/// Agents come sorted, so that two servers lock in the same order.
pub(super) const STUB_AGENTS: &str = "\
insert into public.voice_agents (workspace_id, user_id) \
  select $1, u.id from unnest($2::uuid[]) as u (id) \
  where exists (select from livechat.member($1, u.id)) order by u.id \
on conflict (workspace_id, user_id) do nothing";

pub(super) const LOCK_AGENTS: &str = "\
select g.user_id from public.voice_agents g \
where g.workspace_id = $1 and g.user_id = any ($2::uuid[]) order by g.user_id for update";

/// The end of each agent's last call, which decides who has been idle longest. It is looked up after
/// the lock, so that two calls that end at once see each other. A later end starts a new wrap-up: what
/// the agent said before that end was known is about the call before, whatever our clock says. An end
/// in the future was dated by a clock that was wrong, and is no end yet.
pub(super) const SETTLE_AGENTS: &str = join!(
    "update public.voice_agents g set idle_since = s.idle_since, \
  ready_since = case when s.idle_since > coalesce(",
    believed!("g.idle_since"),
    ", '-infinity') then null \
    else g.ready_since end \
from ( \
  select u.user_id, (select max(",
    believed!("l.ended_at"),
    ") from public.voice_legs l \
    where l.workspace_id = $1 and l.user_id = u.user_id and l.answered_at is not null) \
    as idle_since \
  from unnest($2::uuid[]) as u (user_id)) s \
where g.workspace_id = $1 and g.user_id = s.user_id and g.idle_since is distinct from s.idle_since"
);
