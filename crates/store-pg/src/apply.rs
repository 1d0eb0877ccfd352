//! Writes events as calls, legs and rows of the live chat's log.

mod change;
mod kind;
mod requests;
mod rows;
mod statements;
mod traces;

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use calls::{Call, Direction, Event, Fact, fold};
use deadpool_postgres::Object;
use futures_util::future::{OptionFuture, join_all, try_join_all};
use futures_util::{join, try_join};
use identity::{CallSid, WorkspaceId};
use serde_json::Value;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::marks::{self, ERASED, Traces};
use crate::news::NOTE;
use crate::pool::{Work, on_connection};
use crate::record;
use crate::scope::{ENTER_WITHIN, Limit, STILL_ENTERED_AND_ENDS, Scope};
use crate::sql;
use change::Change;
use kind::Kind;
use requests::FIRST;
use rows::{EventRow, EventRows, KeptEvents};
use statements::{
    INSERT_CALLS, LOCK_AGENTS, LOCK_CALLS, PUT_EVENTS, READ_SETTLED, SETTLE_AGENTS, STUB_AGENTS,
    STUB_CALLS, STUB_KEPT_CALLS, TELL_SIBLINGS, UPDATE_CALLS, UPSERT_LEGS,
};

pub(crate) use rows::{MessageRow, kept_events};
pub(crate) use statements::{READ_EVENTS, STATEMENTS, WRITE_LOG};

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
    /// Calls that were erased or purged are not kept again.
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

/// What the commit may take beside the statements, where others commit at the same time.
const COMMIT: Duration = Duration::from_millis(250);

/// The limits where nobody else waits for the connection.
const LIMIT: Limit = Limit { statement: Duration::from_secs(10), lock: Duration::from_secs(5) };

impl Work for Bring<'_> {
    /// How many events were left out.
    type Done = usize;

    async fn on(&self, client: &Object) -> Result<usize, StoreError> {
        // Each statement has a limit of its own, but there are many of them.
        let limit = 3 * self.limit.statement + COMMIT;
        let brought = tokio::time::timeout(limit, self.bring_kept(client));
        brought.await.unwrap_or_else(|_| Err(StoreError::Late))
    }
}

/// What came of an attempt.
enum Brought {
    /// All of it is written; so many events were left out.
    Written(usize),
    /// Nothing is written, because these calls were erased. The transaction is of no use.
    Erased(Vec<CallSid>),
}

impl Bring<'_> {
    /// Brings everything but calls that were erased.
    async fn bring_kept(&self, client: &Object) -> Result<usize, StoreError> {
        let (mut calls, mut events) = (Cow::Borrowed(self.calls), Cow::Borrowed(self.events));
        loop {
            let part = Bring { calls: &calls, events: &events, ..*self };
            let erased = match part.bring(client).await? {
                Brought::Written(left_out) => return Ok(left_out),
                Brought::Erased(erased) => erased,
            };
            client.batch_execute("rollback").await?;
            calls.to_mut().retain(|call| !erased.contains(call));
            events.to_mut().retain(|stored| !erased.contains(&stored.call));
            if calls.is_empty() {
                return Ok(0);
            }
        }
    }

    async fn bring(&self, client: &Object) -> Result<Brought, StoreError> {
        let traces = Json(traces::of(self.events));
        let mut is_begun = false;
        if self.looks_new() {
            let mut known = Known::default();
            let new = known.add(self.events);
            let calls = known.fold();
            let (are_new, erased) = begin_new(client, self, &calls, &traces).await?;
            if !erased.is_empty() {
                return Ok(Brought::Erased(erased));
            }
            if are_new {
                write(client, self.workspace, Change::of_new(&calls), new).await?;
                return Ok(Brought::Written(known.left_out));
            }
            is_begun = true;
        }
        let (mut known, erased) = open(client, self, is_begun, &traces).await?;
        if !erased.is_empty() {
            return Ok(Brought::Erased(erased));
        }
        let before = known.fold();
        let new = known.add(self.events);
        let after = known.fold();
        let change = if self.is_rebuild() {
            Change::of_rebuild(&before, &after, known.settled)
        } else {
            Change::between(&before, &after)
        };
        write(client, self.workspace, change, new).await?;
        Ok(Brought::Written(known.left_out))
    }

    const fn is_rebuild(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether each call begins here. A call that an agent places has a row since its claim.
    fn looks_new(&self) -> bool {
        let begins = |stored: &&StoredEvent| matches!(&stored.event.fact, Fact::Arrived(arrived) if arrived.direction == Direction::Inbound);
        let begun: BTreeSet<CallSid> =
            self.events.iter().filter(begins).map(|stored| stored.call).collect();
        !self.is_rebuild() && begun == *self.calls
    }
}

/// What the database has of some calls.
#[derive(Default)]
struct Known {
    /// By call and key.
    events: KeptEvents,
    /// What is kept of the requests, by call and key: of the first one of each call, and of all where
    /// the first may be among the new ones.
    requests: BTreeMap<CallSid, BTreeMap<String, Value>>,
    /// The agents whose idle time may change when calls are folded again.
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
                let row = EventRow::new(*call, key.clone(), event, Cow::Borrowed(params));
                new.insert((*call, key), row);
            }
        }
        self.keep_requests_once(&mut new);
        new
    }

    /// Leaves of the parameters of requests what the first of their call does not say. Where that one is
    /// new, those that are kept already are among the rows too.
    fn keep_requests_once(&self, new: &mut EventRows<'_>) {
        let calls: BTreeSet<CallSid> = new.keys().map(|(call, _)| *call).collect();
        for call in calls {
            let Some(events) = self.events.get(&call) else { continue };
            let none = BTreeMap::new();
            let requests = self.requests.get(&call).unwrap_or(&none);
            let before = requests.get(FIRST);
            let now = new.get(&(call, FIRST.to_owned())).map(|row| row.params.as_ref().clone());
            let is_other = now.is_some();
            let now = now.or_else(|| before.cloned());
            for ((_, key), row) in new.iter_mut().filter(|((of, _), _)| *of == call) {
                if let Some(event) = events.get(key).filter(|_| key != FIRST) {
                    let kept = requests::kept(call, event, &row.params, now.as_ref()).into_owned();
                    row.params = Cow::Owned(kept);
                }
            }
            if !is_other {
                continue;
            }
            for (key, old) in requests.iter().filter(|(key, _)| *key != FIRST) {
                let (place, Some(event)) = ((call, key.clone()), events.get(key)) else { continue };
                if let Entry::Vacant(place) = new.entry(place) {
                    let whole = requests::whole(call, event, old, before);
                    let kept = requests::kept(call, event, &whole, now.as_ref()).into_owned();
                    if kept != *old {
                        place.insert(EventRow::new(call, key.clone(), event, Cow::Owned(kept)));
                    }
                }
            }
        }
    }

    fn fold(&self) -> Vec<Call> {
        self.events.iter().map(|(sid, events)| fold(*sid, events.values())).collect()
    }
}

/// Begins, and writes calls that nobody has seen before: one round trip. Whether none of them was there, and
/// those of them that were erased.
async fn begin_new(
    client: &Object,
    bring: &Bring<'_>,
    calls: &[Call],
    traces: &Json<Vec<Traces>>,
) -> Result<(bool, Vec<CallSid>), StoreError> {
    let (enter, insert, erased) = try_join!(
        client.prepare_cached(ENTER_WITHIN),
        client.prepare_cached(INSERT_CALLS),
        client.prepare_cached(ERASED),
    )?;
    let (workspace, scope) = (bring.workspace.as_str(), Scope::Webhook(bring.workspace));
    let rows = record::of_calls(calls);
    let params: &[&(dyn ToSql + Sync)] = &[&workspace, &rows];
    let asked: &[&(dyn ToSql + Sync)] = &[&workspace, traces];
    let (begun, inserted, erased) = join!(
        scope.begin_within(client, &enter, bring.limit),
        client.execute(&insert, params),
        client.query(&erased, asked),
    );
    begun?;
    Ok((usize::try_from(inserted?) == Ok(calls.len()), marks::calls(&erased?)?))
}

/// Begins, unless that is done, locks the calls and reads what is known about them, and those of them that
/// were erased: one round trip.
async fn open(
    client: &Object,
    bring: &Bring<'_>,
    is_begun: bool,
    traces: &Json<Vec<Traces>>,
) -> Result<(Known, Vec<CallSid>), StoreError> {
    let sids: Vec<&str> = bring.calls.iter().map(CallSid::as_str).collect();
    let stub = if bring.is_rebuild() { STUB_KEPT_CALLS } else { STUB_CALLS };
    let (enter, stub, lock, erased, events, settled) = try_join!(
        client.prepare_cached(ENTER_WITHIN),
        client.prepare_cached(stub),
        client.prepare_cached(LOCK_CALLS),
        client.prepare_cached(ERASED),
        client.prepare_cached(READ_EVENTS),
        client.prepare_cached(READ_SETTLED),
    )?;
    let (workspace, scope) = (bring.workspace.as_str(), Scope::Webhook(bring.workspace));
    let params: &[&(dyn ToSql + Sync)] = &[&workspace, &sids];
    let asked: &[&(dyn ToSql + Sync)] = &[&workspace, traces];
    let begin = (!is_begun).then(|| scope.begin_within(client, &enter, bring.limit));
    let stub = (!is_begun).then(|| client.execute(&stub, params));
    let brings_first =
        bring.events.iter().any(|stored| matches!(stored.event.fact, Fact::Arrived(_)));
    let events_params: &[&(dyn ToSql + Sync)] = &[&workspace, &sids, &brings_first];
    let settled = bring.is_rebuild().then(|| client.query(&settled, params));
    // After the lock: whoever erases a call holds it, too.
    let erased = (!bring.is_rebuild()).then(|| client.query(&erased, asked));
    let (begun, stubbed, locked, erased, events, settled) = join!(
        OptionFuture::from(begin),
        OptionFuture::from(stub),
        client.query(&lock, params),
        OptionFuture::from(erased),
        client.query(&events, events_params),
        OptionFuture::from(settled),
    );
    begun.transpose()?;
    stubbed.transpose()?;
    locked?;
    let erased = marks::calls(&erased.transpose()?.unwrap_or_default())?;
    let events = events?;
    let mut known = Known { events: kept_events(&events)?, ..Known::default() };
    for row in &events {
        let (call, key) = (sql::call_sid(row, "call_sid")?, row.get::<_, &str>("key"));
        if let Some(params) = row.get::<_, Option<Value>>("params") {
            known.requests.entry(call).or_default().insert(key.to_owned(), params);
        }
    }
    let settled = settled.transpose()?.unwrap_or_default();
    known.settled = settled.iter().map(|row| row.get("user_id")).collect();
    Ok((known, erased))
}

/// Writes the new events and what follows from them, notifies watchers, and commits: one round trip, and
/// no statement that would do nothing.
async fn write(
    client: &Object,
    workspace: &WorkspaceId,
    change: Change<'_>,
    new: EventRows<'_>,
) -> Result<(), StoreError> {
    let scope = Scope::Webhook(workspace);
    let workspace = workspace.as_str();
    let new = Json(new.into_values().collect::<Vec<_>>());
    let moves_agents = change.moves_agents();
    let (calls, legs) = (record::of_calls(change.calls), record::of_legs(change.legs));
    let entries = rows::of_log(&change.entries);
    let agents: Vec<Uuid> = change.settled.into_iter().collect();
    let (kinds, refs) = change.news;
    let agent_params: [&(dyn ToSql + Sync); 2] = [&workspace, &agents];
    let statements: [(bool, &'static str, &[&(dyn ToSql + Sync)]); 9] = [
        (!new.0.is_empty(), PUT_EVENTS, &[&workspace, &new]),
        (!calls.0.is_empty(), UPDATE_CALLS, &[&workspace, &calls]),
        (!legs.0.is_empty(), UPSERT_LEGS, &[&workspace, &legs]),
        (!entries.0.is_empty(), WRITE_LOG, &[&workspace, &entries]),
        (!agents.is_empty(), STUB_AGENTS, &agent_params),
        (!agents.is_empty(), LOCK_AGENTS, &agent_params),
        (!agents.is_empty(), SETTLE_AGENTS, &agent_params),
        (moves_agents, TELL_SIBLINGS, &[]),
        // The last that waits for a lock.
        (!kinds.is_empty(), NOTE, &[&workspace, &kinds, &refs, &moves_agents]),
    ];
    let does: Vec<_> = statements.into_iter().filter(|(does, ..)| *does).collect();
    let prepare = does.iter().map(|(_, sql, _)| client.prepare_cached(sql));
    let (prepared, still) =
        try_join!(try_join_all(prepare), client.prepare_cached(STILL_ENTERED_AND_ENDS))?;
    let written = prepared.iter().zip(&does);
    let written = written.map(|(statement, (.., params))| client.query(statement, params));
    let (written, still, committed) = join!(
        join_all(written),
        scope.still_entered(client, &still),
        client.batch_execute("commit")
    );
    // The first refusal caused all others.
    for one in written {
        one?;
    }
    still?;
    Ok(committed?)
}
