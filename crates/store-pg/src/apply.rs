//! Writes events as calls, legs and rows of the live chat's log.

mod ask;
mod change;
mod kind;
mod known;
mod requests;
mod rows;
mod send;
mod statements;
mod traces;
mod write;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use calls::{Call, Direction, Event, Fact};
use deadpool_postgres::Object;
use identity::{CallSid, WorkspaceId};
use serde_json::Value;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::pool::{Work, on_connection};
use crate::scope::{Limit, Within};
use ask::Ask;
use change::Change;
use known::Known;
use rows::EventRows;
use write::Rows;

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
        let left_out = self.bring(vec![Part::new(workspace, events)], LIMIT, None).await?;
        Ok(left_out.into_values().sum())
    }

    /// Keeps events of several workspaces, as [`Store::apply`], in one transaction that acts for one after the
    /// other, and within limits, so that somebody who hangs holds the connection no longer. Gives how many events
    /// of each workspace were left out, where any were.
    ///
    /// All or nothing is written: after a refusal each workspace is better tried by itself.
    ///
    /// This store's own [`Listener`](crate::Listener) is not told that members are doing something else:
    /// whoever applies what they have acknowledged knows it.
    ///
    /// # Errors
    ///
    /// As [`Store::apply`].
    pub async fn apply_together(
        &self,
        events: &BTreeMap<WorkspaceId, Vec<StoredEvent>>,
        limit: Limit,
    ) -> Result<BTreeMap<WorkspaceId, usize>, StoreError> {
        let parts = events.iter().map(|(workspace, events)| Part::new(workspace, events)).collect();
        let left_out = self.bring(parts, limit, Some(&self.name)).await?;
        Ok(left_out.into_iter().map(|(workspace, count)| (workspace.clone(), count)).collect())
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
        let again = Part { workspace, calls, events: Cow::Borrowed(&[]) };
        let bring = Bring { parts: vec![again], limit: LIMIT, known_to: None };
        Box::pin(on_connection(&self.apply, &bring)).await.map(drop)
    }

    async fn bring<'a>(
        &self,
        mut parts: Vec<Part<'a>>,
        limit: Limit,
        known_to: Option<&'a str>,
    ) -> Result<LeftOut<'a>, StoreError> {
        parts.retain(|part| !part.calls.is_empty());
        for stored in parts.iter().flat_map(|part| &*part.events) {
            check(&stored.event)?;
        }
        if parts.is_empty() {
            return Ok(LeftOut::new());
        }
        Box::pin(on_connection(&self.lane, &Bring { parts, limit, known_to })).await
    }
}

/// An event that cannot be read back would stop its call for ever.
fn check(event: &Event) -> Result<(), StoreError> {
    let data = |error| StoreError::Data(Box::new(error));
    let fact = serde_json::to_string(event).map_err(data)?;
    let read: Event = serde_json::from_str(&fact).map_err(data)?;
    if read == *event { Ok(()) } else { Err(StoreError::Data("the event has no JSON form".into())) }
}

/// What the commit may take beside the statements, where others commit at the same time.
const COMMIT: Duration = Duration::from_millis(250);

/// The limits where nobody else waits for the connection.
const LIMIT: Limit = Limit { statement: Duration::from_secs(10), lock: Duration::from_secs(5) };

/// How many events of each workspace were left out, where any were.
type LeftOut<'a> = BTreeMap<&'a WorkspaceId, usize>;

/// Events that are kept, and calls that are folded anew, in one transaction.
struct Bring<'a> {
    /// In the order of the workspaces' ids, so that two servers lock in the same order.
    parts: Vec<Part<'a>>,
    limit: Limit,
    /// The store that need not be told what members are doing.
    known_to: Option<&'a str>,
}

/// What is brought of one workspace.
#[derive(Clone)]
struct Part<'a> {
    workspace: &'a WorkspaceId,
    calls: BTreeSet<CallSid>,
    /// None if the calls are folded again.
    events: Cow<'a, [StoredEvent]>,
}

impl<'a> Work for Bring<'a> {
    type Done = LeftOut<'a>;

    async fn on(&self, client: &Object) -> Result<Self::Done, StoreError> {
        // Each statement has a limit of its own, but there are many of them.
        let limit = 3 * self.limit.statement + COMMIT;
        let brought = tokio::time::timeout(limit, self.bring_kept(client));
        brought.await.unwrap_or_else(|_| Err(StoreError::Late))
    }
}

/// What came of an attempt.
enum Brought<'a> {
    /// All of it is written.
    Written(LeftOut<'a>),
    /// Nothing is written, because these calls were erased. The transaction is of no use.
    Erased(BTreeSet<(&'a WorkspaceId, CallSid)>),
}

impl<'a> Bring<'a> {
    /// Brings everything but calls that were erased.
    async fn bring_kept(&self, client: &Object) -> Result<LeftOut<'a>, StoreError> {
        let mut parts = Cow::Borrowed(&self.parts);
        loop {
            let erased = match bring(client, &parts, self.limit, self.known_to).await? {
                Brought::Written(left_out) => return Ok(left_out),
                Brought::Erased(erased) => erased,
            };
            client.batch_execute("rollback").await?;
            let parts = parts.to_mut();
            for Part { workspace, calls, events } in parts.iter_mut() {
                let is_kept = |call: &CallSid| !erased.contains(&(*workspace, *call));
                calls.retain(is_kept);
                events.to_mut().retain(|stored| is_kept(&stored.call));
            }
            parts.retain(|part| !part.calls.is_empty());
            if parts.is_empty() {
                return Ok(LeftOut::new());
            }
        }
    }
}

impl<'a> Part<'a> {
    fn new(workspace: &'a WorkspaceId, events: &'a [StoredEvent]) -> Self {
        let calls = events.iter().map(|stored| stored.call).collect();
        Self { workspace, calls, events: Cow::Borrowed(events) }
    }

    fn is_rebuild(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether each call begins here. A call that an agent places has a row since its claim.
    fn looks_new(&self) -> bool {
        let begins = |stored: &&StoredEvent| matches!(&stored.event.fact, Fact::Arrived(arrived) if arrived.direction == Direction::Inbound);
        let begun: BTreeSet<CallSid> =
            self.events.iter().filter(begins).map(|stored| stored.call).collect();
        !self.is_rebuild() && begun == self.calls
    }

    /// The calls as they are if nobody has seen them before, if that may be so.
    fn begun(&self) -> Option<(Folded, EventRows<'_>)> {
        self.looks_new().then(|| self.fold(Known::default()))
    }

    /// Adds the events to what is known.
    fn fold(&self, mut known: Known) -> (Folded, EventRows<'_>) {
        let before = known.fold();
        let new = known.add(&self.events);
        let after = known.fold();
        let (settled, left_out) = (known.settled, known.left_out);
        (Folded { is_inserted: false, before, after, settled, left_out }, new)
    }
}

/// The calls of one workspace, before and with its events.
struct Folded {
    /// Whether the calls' own rows are written.
    is_inserted: bool,
    before: Vec<Call>,
    after: Vec<Call>,
    /// The agents whose idle time may change when calls are folded again.
    settled: BTreeSet<Uuid>,
    left_out: usize,
}

impl Folded {
    fn change(&self, is_rebuild: bool) -> Change<'_> {
        if is_rebuild {
            Change::of_rebuild(&self.before, &self.after, self.settled.clone())
        } else if self.is_inserted {
            Change::of_new(&self.after)
        } else {
            Change::between(&self.before, &self.after)
        }
    }
}

/// Writes all parts in one transaction: in two round trips, or three if a call that seems to begin is there
/// already.
async fn bring<'a>(
    client: &Object,
    parts: &[Part<'a>],
    limit: Limit,
    known_to: Option<&str>,
) -> Result<Brought<'a>, StoreError> {
    let scopes: Vec<Within<'_>> =
        parts.iter().map(|part| Within::new(part.workspace, limit)).collect();
    let begun: Vec<_> = parts.iter().map(Part::begun).collect();
    let asks: Vec<Ask<'_>> = parts
        .iter()
        .zip(&begun)
        .map(|(part, begun)| Ask::of(part, begun.as_ref().map(|(folded, _)| &*folded.after)))
        .collect();
    let answers = ask::all(client, &scopes, &asks).await?;
    drop(asks);

    let erased: BTreeSet<_> = parts
        .iter()
        .zip(&answers)
        .flat_map(|(part, answer)| answer.erased.iter().map(|call| (part.workspace, *call)))
        .collect();
    if !erased.is_empty() {
        return Ok(Brought::Erased(erased));
    }
    let (mut folded, mut new) = (Vec::new(), Vec::new());
    for ((part, begun), answer) in parts.iter().zip(begun).zip(answers) {
        let is_inserted = answer.known.is_none();
        let (of_part, rows) = begun
            .filter(|_| is_inserted)
            .unwrap_or_else(|| part.fold(answer.known.unwrap_or_default()));
        folded.push(Folded { is_inserted, ..of_part });
        new.push(rows);
    }
    let rows = parts.iter().zip(&folded).zip(new);
    let rows: Vec<Rows<'_>> = rows
        .map(|((part, folded), new)| {
            Rows::of(part, folded.change(part.is_rebuild()), new, known_to)
        })
        .collect();
    write::all(client, &scopes, &rows).await?;
    let left_out = parts.iter().zip(&folded).filter(|(_, folded)| folded.left_out > 0);
    Ok(Brought::Written(left_out.map(|(part, folded)| (part.workspace, folded.left_out)).collect()))
}
