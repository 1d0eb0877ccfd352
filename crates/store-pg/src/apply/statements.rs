//! The statements of the log. `$1` is the workspace everywhere.

use crate::news::NOTE;
use crate::record::{call_columns, leg_columns};
use crate::scope::{ENTER, STILL_ENTERED};
use crate::text::{believed, join};
use crate::words::{INBOUND, RINGING};

pub(crate) const STATEMENTS: &[&str] = &[
    ENTER,
    STUB_CALLS,
    STUB_KEPT_CALLS,
    LOCK_CALLS,
    READ_EVENTS,
    READ_SETTLED,
    PUT_EVENTS,
    UPDATE_CALLS,
    UPSERT_LEGS,
    UPSERT_MESSAGES,
    STUB_AGENTS,
    LOCK_AGENTS,
    SETTLE_AGENTS,
    NOTE,
    STILL_ENTERED,
];

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

pub(super) const READ_EVENTS: &str = "\
select e.call_sid, e.key, e.fact from public.voice_events e \
where e.workspace_id = $1 and e.call_sid = any ($2::text[])";

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

/// A contact or user that no longer exists is left out, because a foreign key of the live chat could
/// refuse it. One that is in the row already stays there.
pub(super) const UPSERT_MESSAGES: &str = "\
insert into public.livechat_messages (workspace_id, contact_id, user_id, sender, body, msg_type, \
    direction, twilio_sid, status, created_at) \
  select $1, case when o.contact_id = m.contact_id then o.contact_id else c.id end, \
    case when o.user_id = m.user_id then o.user_id else p.id end, \
    m.sender, m.body, 'call', m.direction, m.twilio_sid, m.status, coalesce(m.created_at, now()) \
  from jsonb_to_recordset($2::jsonb) as m \
    (twilio_sid text, contact_id uuid, user_id uuid, sender text, body text, direction text, \
     status text, created_at timestamptz) \
  left join public.livechat_messages o on o.workspace_id = $1 and o.twilio_sid = m.twilio_sid \
    and o.msg_type = 'call' \
  left join public.livechat_contacts c on c.workspace_id = $1 and c.id = m.contact_id \
  left join public.user_profiles p on p.workspace_id = $1 and p.id = m.user_id \
on conflict (workspace_id, twilio_sid) where msg_type = 'call' do update set \
  contact_id = excluded.contact_id, user_id = excluded.user_id, sender = excluded.sender, \
  body = excluded.body, direction = excluded.direction, status = excluded.status, \
  created_at = excluded.created_at";

/// Agents come sorted, so that two servers lock in the same order.
pub(super) const STUB_AGENTS: &str = "\
insert into public.voice_agents (workspace_id, user_id) \
  select p.workspace_id, p.id from public.user_profiles p \
  where p.workspace_id = $1 and p.id = any ($2::uuid[]) order by p.id \
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
