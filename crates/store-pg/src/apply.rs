//! Writes events as calls, legs and rows of the live chat's log.

mod kind;
mod rows;
mod statements;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use calls::{Call, Event, News, fold, news};
use deadpool_postgres::Object;
use futures_util::{join, try_join};
use identity::{CallSid, WorkspaceId};
use serde_json::Value;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::news::{self, NOTE};
use crate::pool::{Work, on_connection};
use crate::record;
use crate::scope::{ENTER_WITHIN, Limit, STILL_ENTERED, Scope};
use crate::sql;
use kind::Kind;
use rows::{EventRow, EventRows};
use statements::{
    LOCK_AGENTS, LOCK_CALLS, PUT_EVENTS, READ_EVENTS, READ_SETTLED, SETTLE_AGENTS, STUB_AGENTS,
    STUB_CALLS, STUB_KEPT_CALLS, UPDATE_CALLS, UPSERT_LEGS, WRITE_LOG,
};

pub(crate) use statements::STATEMENTS;

/// One event of a call, as it is kept for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// The call: the parent's Sid.
    pub call: CallSid,
    /// What happened.
    pub event: Event,
    /// The request that brought it, parameter by parameter; `Null` for our own decisions.
    pub params: Value,
}

impl Store {
    /// The most events of one call; more of a kind than its share of this are left out. The ends of fifty
    /// waves of ten agents fit.
    pub const MOST_EVENTS: usize = 1_000;

    /// Keeps events of one workspace and brings its calls, legs, log and agents up to date.
    ///
    /// All or nothing is written, in two round trips. Events that are kept already change nothing, so
    /// the same events may be applied again after a doubtful answer, in any order and by several
    /// servers at once. Each call is locked, of two events with one key the smaller is kept, and the
    /// fold of all kept events is written.
    ///
    /// A call gets at most [`Store::MOST_EVENTS`] events, each kind its share of them, so that its end
    /// always fits. Only somebody who signs arbitrary requests for their own workspace gets there, and
    /// folding that call again and again would cost more each time. Returns how many were left out.
    ///
    /// # Errors
    ///
    /// [`StoreError::Data`] if the database refuses these events for good; otherwise an error that
    /// [`StoreError::is_transient`].
    pub async fn apply(
        &self,
        workspace: &WorkspaceId,
        events: &[StoredEvent],
    ) -> Result<usize, StoreError> {
        self.apply_within(workspace, events, LIMIT).await
    }

    /// As [`Store::apply`], but with limits of its own, so that somebody who hangs holds the connection no
    /// longer.
    ///
    /// # Errors
    ///
    /// As [`Store::apply`].
    pub async fn apply_within(
        &self,
        workspace: &WorkspaceId,
        events: &[StoredEvent],
        limit: Limit,
    ) -> Result<usize, StoreError> {
        if events.is_empty() {
            return Ok(0);
        }
        for stored in events {
            check(&stored.event)?;
        }
        let calls = events.iter().map(|stored| stored.call).collect();
        let bring = Bring { workspace, calls: &calls, events, limit };
        Box::pin(on_connection(&self.lane, &bring)).await
    }

    /// Folds calls again from all their kept events, as after a change of the fold. Calls without
    /// events stay as they are.
    ///
    /// # Errors
    ///
    /// As [`Store::apply`].
    pub async fn rebuild(
        &self,
        workspace: &WorkspaceId,
        calls: &[CallSid],
    ) -> Result<(), StoreError> {
        let calls = calls.iter().copied().collect();
        let again = Bring { workspace, calls: &calls, events: &[], limit: LIMIT };
        Box::pin(on_connection(&self.apply, &again)).await.map(drop)
    }
}

/// An event that cannot be read back would stop its call for ever.
fn check(event: &Event) -> Result<(), StoreError> {
    let data = |error| StoreError::Data(Box::new(error));
    let fact = serde_json::to_string(event).map_err(data)?;
    let read: Event = serde_json::from_str(&fact).map_err(data)?;
    if read == *event { Ok(()) } else { Err(StoreError::Data("the event has no JSON form".into())) }
}

/// Events that are kept, and the calls that are folded anew.
struct Bring<'a> {
    workspace: &'a WorkspaceId,
    calls: &'a BTreeSet<CallSid>,
    events: &'a [StoredEvent],
    limit: Limit,
}

/// The limits where nobody else waits for the connection.
const LIMIT: Limit = Limit { statement: Duration::from_secs(10), lock: Duration::from_secs(5) };

impl Work for Bring<'_> {
    /// How many events were left out.
    type Done = usize;

    async fn on(&self, client: &Object) -> Result<usize, StoreError> {
        // Each statement has a limit of its own, but there are many of them.
        let brought = tokio::time::timeout(3 * self.limit.statement, self.bring(client));
        brought.await.unwrap_or_else(|_| Err(StoreError::Late))
    }
}

impl Bring<'_> {
    async fn bring(&self, client: &Object) -> Result<usize, StoreError> {
        let mut known = open(client, self).await?;
        let before = known.fold();
        let new = known.add(self.events);
        let left_out = known.left_out;
        write(client, self.workspace, known, new, &before).await.map(|()| left_out)
    }
}

/// What the database has of some calls.
struct Known {
    /// By call and key.
    events: BTreeMap<CallSid, BTreeMap<String, Event>>,
    /// The agents of answered legs that are over: their idle time may change.
    settled: BTreeSet<Uuid>,
    /// How many events were not kept.
    left_out: usize,
}

impl Known {
    /// Adds events, of two with one key the smaller. Returns the new ones as rows.
    fn add<'a>(&mut self, events: &'a [StoredEvent]) -> EventRows<'a> {
        let mut new = EventRows::new();
        let mut counts: BTreeMap<(CallSid, Kind), usize> = BTreeMap::new();
        for StoredEvent { call, event, params } in events {
            let key = event.key();
            let known = self.events.entry(*call).or_default();
            if !known.contains_key(&key) {
                let kind = Kind::of(&event.fact);
                let count = counts.entry((*call, kind)).or_insert_with(|| {
                    known.values().filter(|known| Kind::of(&known.fact) == kind).count()
                });
                if *count >= kind.most() {
                    self.left_out += 1;
                    continue;
                }
                *count += 1;
            }
            if known.get(&key).is_none_or(|old| event < old) {
                known.insert(key.clone(), event.clone());
                let row = EventRow::new(*call, key.clone(), event, params);
                new.insert((*call, key), row);
            }
        }
        new
    }

    fn fold(&self) -> Vec<Call> {
        self.events.iter().map(|(sid, events)| fold(*sid, events.values())).collect()
    }
}

/// Begins, locks the calls and reads what is known about them: one round trip.
async fn open(client: &Object, bring: &Bring<'_>) -> Result<Known, StoreError> {
    let sids: Vec<&str> = bring.calls.iter().map(CallSid::as_str).collect();
    let stub = if bring.events.is_empty() { STUB_KEPT_CALLS } else { STUB_CALLS };
    let (enter, stub, lock, events, settled) = try_join!(
        client.prepare_cached(ENTER_WITHIN),
        client.prepare_cached(stub),
        client.prepare_cached(LOCK_CALLS),
        client.prepare_cached(READ_EVENTS),
        client.prepare_cached(READ_SETTLED),
    )?;
    let (workspace, scope) = (bring.workspace.as_str(), Scope::Webhook(bring.workspace));
    let params: &[&(dyn ToSql + Sync)] = &[&workspace, &sids];
    let (begun, stubbed, locked, events, settled) = join!(
        scope.begin_within(client, &enter, bring.limit),
        client.execute(&stub, params),
        client.query(&lock, params),
        client.query(&events, params),
        client.query(&settled, params),
    );
    begun?;
    stubbed?;
    locked?;
    let mut known = Known { events: BTreeMap::new(), settled: BTreeSet::new(), left_out: 0 };
    for row in &events? {
        let Json(event) = row
            .try_get("fact")
            .map_err(|error| StoreError::Corrupt(format!("voice_events.fact: {error}")))?;
        let call = known.events.entry(sql::call_sid(row, "call_sid")?).or_default();
        call.insert(row.get("key"), event);
    }
    known.settled = settled?.iter().map(|row| row.get("user_id")).collect();
    Ok(known)
}

/// Writes the new events and what follows from them, notifies watchers, and commits: one round trip.
async fn write(
    client: &Object,
    workspace: &WorkspaceId,
    mut known: Known,
    new: EventRows<'_>,
    before: &[Call],
) -> Result<(), StoreError> {
    let calls = known.fold();
    let (kinds, refs) = changed(before, &calls);
    let legs = || calls.iter().flat_map(|call| &call.legs);
    let is_settled = |leg: &&calls::Leg| leg.answered_at.is_some() && leg.ended_at.is_some();
    known.settled.extend(legs().filter(is_settled).filter_map(|leg| leg.agent).map(sql::uuid));
    let agents: Vec<Uuid> = known.settled.into_iter().collect();
    let new = Json(new.into_values().collect::<Vec<_>>());
    let (call_rows, leg_rows) = (record::of_calls(&calls), record::of_legs(&calls));
    let message_rows = rows::of_log(&calls);

    let (put, update, legs, messages, stub, lock, settle, note, still) = try_join!(
        client.prepare_cached(PUT_EVENTS),
        client.prepare_cached(UPDATE_CALLS),
        client.prepare_cached(UPSERT_LEGS),
        client.prepare_cached(WRITE_LOG),
        client.prepare_cached(STUB_AGENTS),
        client.prepare_cached(LOCK_AGENTS),
        client.prepare_cached(SETTLE_AGENTS),
        client.prepare_cached(NOTE),
        client.prepare_cached(STILL_ENTERED),
    )?;
    let scope = Scope::Webhook(workspace);
    let workspace = workspace.as_str();
    let new: [&(dyn ToSql + Sync); 2] = [&workspace, &new];
    let call_rows: [&(dyn ToSql + Sync); 2] = [&workspace, &call_rows];
    let leg_rows: [&(dyn ToSql + Sync); 2] = [&workspace, &leg_rows];
    let message_rows: [&(dyn ToSql + Sync); 2] = [&workspace, &message_rows];
    let agents: [&(dyn ToSql + Sync); 2] = [&workspace, &agents];
    let changes: [&(dyn ToSql + Sync); 3] = [&workspace, &kinds, &refs];
    let (put, update, legs, messages, stub, lock, settle, note, still, committed) = join!(
        client.execute(&put, &new),
        client.execute(&update, &call_rows),
        client.execute(&legs, &leg_rows),
        client.query(&messages, &message_rows),
        client.execute(&stub, &agents),
        client.query(&lock, &agents),
        client.execute(&settle, &agents),
        client.execute(&note, &changes),
        scope.still_entered(client, &still),
        client.batch_execute("commit"),
    );
    // The first refusal caused all others.
    for written in [put, update, legs, messages.map(|_| 0), stub, lock.map(|_| 0), settle, note] {
        written?;
    }
    still?;
    Ok(committed?)
}

/// What is new about the calls, as kinds and refs of changes.
fn changed(before: &[Call], calls: &[Call]) -> (Vec<&'static str>, Vec<String>) {
    let before: BTreeMap<CallSid, &Call> = before.iter().map(|call| (call.sid, call)).collect();
    let news = calls.iter().flat_map(|call| {
        let news = news(before.get(&call.sid).copied(), call);
        news.into_iter().map(|one| match one {
            News::Call => (news::CALL, call.sid.to_string()),
            News::RingEnded(leg) => (news::RING, leg.to_string()),
        })
    });
    news.unzip()
}
