//! Events into calls, legs and the live chat's log.

use std::collections::{BTreeMap, BTreeSet};

use calls::{Call, Event, Leg, fold, log_entry};
use deadpool_postgres::Object;
use futures_util::try_join;
use identity::{CallSid, WorkspaceId};
use serde_json::{Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

use crate::Store;
use crate::error::StoreError;
use crate::pool::Borrowed;
use crate::scope::{ENTER, Scope};
use crate::sql;

/// One event of a call, as it is kept for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// The call: the parent's Sid.
    pub call: CallSid,
    /// What happened.
    pub event: Event,
    /// The request that told it, parameter by parameter; `Null` for our own decisions.
    pub params: Value,
}

impl Store {
    /// Keeps events of one workspace and brings its calls, legs, log and agents up to date.
    ///
    /// It happens whole or not at all. Events that are kept already change nothing, so that the
    /// same events may be applied again after a doubtful answer, in any order and by several
    /// servers at once: each call is locked, and what is written is the fold of all its events.
    ///
    /// # Errors
    ///
    /// [`StoreError::Data`] if the database refuses these events for good; otherwise an error that
    /// [`StoreError::is_transient`].
    pub async fn apply(
        &self,
        workspace: &WorkspaceId,
        events: &[StoredEvent],
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let client = Borrowed::from(&self.apply).await?;
        let kept = keep(&client, workspace, events).await?;
        write(&client, workspace, &fold_all(&kept)?).await?;
        client.finished();
        Ok(())
    }

    /// Folds calls anew from all their kept events, as after a change of the fold.
    ///
    /// # Errors
    ///
    /// As [`Store::apply`].
    pub async fn rebuild(
        &self,
        workspace: &WorkspaceId,
        calls: &[CallSid],
    ) -> Result<(), StoreError> {
        let client = Borrowed::from(&self.apply).await?;
        let sids: BTreeSet<CallSid> = calls.iter().copied().collect();
        let kept = keep_rows(&client, workspace, &sids, &json!([])).await?;
        write(&client, workspace, &fold_all(&kept)?).await?;
        client.finished();
        Ok(())
    }
}

/// Locks the calls, keeps the events and reads every event of those calls: one round trip.
async fn keep(
    client: &Object,
    workspace: &WorkspaceId,
    events: &[StoredEvent],
) -> Result<Vec<Row>, StoreError> {
    let sids: BTreeSet<CallSid> = events.iter().map(|stored| stored.call).collect();
    let rows: Vec<Value> = events
        .iter()
        .map(|StoredEvent { call, event, params }| {
            json!({
                "call_sid": call.as_str(), "key": event.key(), "at": event.at.to_string(),
                "fact": event, "params": params,
            })
        })
        .collect();
    keep_rows(client, workspace, &sids, &Value::Array(rows)).await
}

async fn keep_rows(
    client: &Object,
    workspace: &WorkspaceId,
    sids: &BTreeSet<CallSid>,
    events: &Value,
) -> Result<Vec<Row>, StoreError> {
    let sids: Vec<&str> = sids.iter().map(CallSid::as_str).collect();
    let workspace_text = workspace.as_str();
    let scope = Scope::Webhook(workspace);
    let by_call: &[&(dyn ToSql + Sync)] = &[&workspace_text, &sids];
    let with_events: &[&(dyn ToSql + Sync)] = &[&workspace_text, events];
    let (stub, lock, insert, read) = try_join!(
        client.prepare_cached(STUB_CALLS),
        client.prepare_cached(LOCK_CALLS),
        client.prepare_cached(INSERT_EVENTS),
        client.prepare_cached(READ_EVENTS),
    )?;
    let (_, _, _, _, rows) = try_join!(
        scope.begin(client),
        async { Ok(client.execute(&stub, by_call).await?) },
        async { Ok(client.query(&lock, by_call).await?) },
        async { Ok(client.execute(&insert, with_events).await?) },
        async { Ok::<_, StoreError>(client.query(&read, by_call).await?) },
    )?;
    Ok(rows)
}

/// Folds the kept events, call by call.
fn fold_all(rows: &[Row]) -> Result<Vec<Call>, StoreError> {
    let mut events: BTreeMap<CallSid, Vec<Event>> = BTreeMap::new();
    for row in rows {
        let Json(event) = row
            .try_get::<_, Json<Event>>("fact")
            .map_err(|error| StoreError::Data(Box::new(error)))?;
        events.entry(sql::call_sid(row, "call_sid")?).or_default().push(event);
    }
    Ok(events.iter().map(|(sid, events)| fold(*sid, events)).collect())
}

/// Writes the folded calls and commits: one round trip.
async fn write(client: &Object, workspace: &WorkspaceId, calls: &[Call]) -> Result<(), StoreError> {
    let call_rows = Value::Array(calls.iter().map(call_row).collect());
    let leg_rows = Value::Array(
        calls.iter().flat_map(|call| call.legs.iter().map(|leg| leg_row(call, leg))).collect(),
    );
    let message_rows = Value::Array(calls.iter().map(message_row).collect());
    let workspace = workspace.as_str();
    let params = |rows| -> [&(dyn ToSql + Sync); 2] { [&workspace, rows] };
    let (update_calls, upsert_legs, upsert_messages, upsert_agents) = try_join!(
        client.prepare_cached(UPDATE_CALLS),
        client.prepare_cached(UPSERT_LEGS),
        client.prepare_cached(UPSERT_MESSAGES),
        client.prepare_cached(UPSERT_AGENTS),
    )?;
    let (calls, legs, messages) = (params(&call_rows), params(&leg_rows), params(&message_rows));
    try_join!(
        client.execute(&update_calls, &calls),
        client.execute(&upsert_legs, &legs),
        client.execute(&upsert_messages, &messages),
        client.execute(&upsert_agents, &legs),
        async { client.batch_execute("commit").await },
    )?;
    Ok(())
}

fn call_row(call: &Call) -> Value {
    json!({
        "call_sid": call.sid.as_str(),
        "direction": call.direction.code(),
        "outcome": call.outcome.code(),
        "from_party": call.from.as_str(),
        "to_party": call.to.as_str(),
        "contact_id": call.contact.map(|id| id.to_string()),
        "handled_by": call.handled_by.map(|id| id.to_string()),
        "started_at": call.started_at.map(|at| at.to_string()),
        "answered_at": call.answered_at.map(|at| at.to_string()),
        "ended_at": call.ended_at.map(|at| at.to_string()),
        "end_reason": call.end_reason.map(calls::EndReason::code),
        "refusal": call.refusal,
        "waves": call.waves,
    })
}

fn leg_row(call: &Call, leg: &Leg) -> Value {
    json!({
        "leg_sid": leg.sid.as_str(),
        "call_sid": call.sid.as_str(),
        "user_id": leg.agent.map(|id| id.to_string()),
        "status": leg.status.code(),
        "end_reason": leg.end.map(calls::LegEnd::code),
        "initiated_at": leg.initiated_at.map(|at| at.to_string()),
        "ringing_at": leg.ringing_at.map(|at| at.to_string()),
        "answered_at": leg.answered_at.map(|at| at.to_string()),
        "ended_at": leg.ended_at.map(|at| at.to_string()),
    })
}

fn message_row(call: &Call) -> Value {
    let entry = log_entry(call);
    json!({
        "twilio_sid": call.sid.as_str(),
        "contact_id": entry.contact_id.map(|id| id.to_string()),
        "user_id": entry.user_id.map(|id| id.to_string()),
        "sender": entry.sender.code(),
        "body": entry.body,
        "direction": entry.direction.code(),
        "status": entry.status,
        "created_at": entry.created_at.map(|at| at.to_string()),
    })
}

pub(crate) const STATEMENTS: &[&str] = &[
    ENTER,
    STUB_CALLS,
    LOCK_CALLS,
    INSERT_EVENTS,
    READ_EVENTS,
    UPDATE_CALLS,
    UPSERT_LEGS,
    UPSERT_MESSAGES,
    UPSERT_AGENTS,
];

/// Sids come sorted, so that two servers lock in the same order.
const STUB_CALLS: &str = "\
insert into public.voice_calls (workspace_id, call_sid, direction, outcome) \
  select $1, s.call_sid, 'inbound', 'ringing' from unnest($2::text[]) as s (call_sid) \
on conflict (workspace_id, call_sid) do nothing";

const LOCK_CALLS: &str = "\
select v.call_sid from public.voice_calls v \
where v.workspace_id = $1 and v.call_sid = any ($2::text[]) order by v.call_sid for update";

const INSERT_EVENTS: &str = "\
insert into public.voice_events (workspace_id, call_sid, key, at, fact, params) \
  select $1, e.call_sid, e.key, e.at, e.fact, nullif(e.params, 'null') \
  from jsonb_to_recordset($2::jsonb) as e \
    (call_sid text, key text, at timestamptz, fact jsonb, params jsonb) \
on conflict (workspace_id, call_sid, key) do nothing";

const READ_EVENTS: &str = "\
select e.call_sid, e.fact from public.voice_events e \
where e.workspace_id = $1 and e.call_sid = any ($2::text[])";

const UPDATE_CALLS: &str = "\
update public.voice_calls v set direction = c.direction, outcome = c.outcome, \
  from_party = c.from_party, to_party = c.to_party, contact_id = c.contact_id, \
  handled_by = c.handled_by, started_at = c.started_at, answered_at = c.answered_at, \
  ended_at = c.ended_at, end_reason = c.end_reason, refusal = c.refusal, waves = c.waves \
from jsonb_to_recordset($2::jsonb) as c \
  (call_sid text, direction text, outcome text, from_party text, to_party text, contact_id uuid, \
   handled_by uuid, started_at timestamptz, answered_at timestamptz, ended_at timestamptz, \
   end_reason text, refusal text, waves jsonb) \
where v.workspace_id = $1 and v.call_sid = c.call_sid";

const UPSERT_LEGS: &str = "\
insert into public.voice_legs as l (workspace_id, leg_sid, call_sid, user_id, status, end_reason, \
    initiated_at, ringing_at, answered_at, ended_at) \
  select $1, r.* from jsonb_to_recordset($2::jsonb) as r \
    (leg_sid text, call_sid text, user_id uuid, status text, end_reason text, \
     initiated_at timestamptz, ringing_at timestamptz, answered_at timestamptz, \
     ended_at timestamptz) \
on conflict (workspace_id, leg_sid) do update set call_sid = excluded.call_sid, \
  user_id = excluded.user_id, status = excluded.status, end_reason = excluded.end_reason, \
  initiated_at = excluded.initiated_at, ringing_at = excluded.ringing_at, \
  answered_at = excluded.answered_at, ended_at = excluded.ended_at \
where (l.call_sid, l.user_id, l.status, l.end_reason, l.initiated_at, l.ringing_at, l.answered_at, \
    l.ended_at) \
  is distinct from (excluded.call_sid, excluded.user_id, excluded.status, excluded.end_reason, \
    excluded.initiated_at, excluded.ringing_at, excluded.answered_at, excluded.ended_at)";

/// A contact or user that is gone by now is left out rather than refused by a foreign key of the
/// live chat's own.
const UPSERT_MESSAGES: &str = "\
insert into public.livechat_messages (workspace_id, contact_id, user_id, sender, body, msg_type, \
    direction, twilio_sid, status, created_at) \
  select $1, c.id, p.id, m.sender, m.body, 'call', m.direction, m.twilio_sid, m.status, \
    coalesce(m.created_at, now()) \
  from jsonb_to_recordset($2::jsonb) as m \
    (twilio_sid text, contact_id uuid, user_id uuid, sender text, body text, direction text, \
     status text, created_at timestamptz) \
  left join public.livechat_contacts c on c.workspace_id = $1 and c.id = m.contact_id \
  left join public.user_profiles p on p.workspace_id = $1 and p.id = m.user_id \
on conflict (workspace_id, twilio_sid) where msg_type = 'call' do update set \
  contact_id = excluded.contact_id, user_id = excluded.user_id, sender = excluded.sender, \
  body = excluded.body, direction = excluded.direction, status = excluded.status, \
  created_at = excluded.created_at";

/// The end of an agent's last call, for who has been idle longest.
const UPSERT_AGENTS: &str = "\
insert into public.voice_agents as g (workspace_id, user_id, idle_since) \
  select $1, p.id, max(r.ended_at) from jsonb_to_recordset($2::jsonb) as r \
    (user_id uuid, answered_at timestamptz, ended_at timestamptz) \
  join public.user_profiles p on p.workspace_id = $1 and p.id = r.user_id \
  where r.answered_at is not null and r.ended_at is not null group by p.id \
on conflict (workspace_id, user_id) do update set idle_since = excluded.idle_since \
where g.idle_since is null or g.idle_since < excluded.idle_since";
