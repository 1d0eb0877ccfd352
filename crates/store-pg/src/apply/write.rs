//! What is written of the calls of each workspace.

use deadpool_postgres::Object;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::Part;
use super::change::Change;
use super::rows::{self, EventRow, EventRows, MessageRow};
use super::send::{Edge, send};
use super::statements::{
    LOCK_AGENTS, PUT_EVENTS, SETTLE_AGENTS, STUB_AGENTS, TELL_SIBLINGS, UPDATE_CALLS, UPSERT_LEGS,
    WRITE_LOG,
};
use crate::error::StoreError;
use crate::news::{NOTE, OF_MEMBERS};
use crate::record::{self, call_columns, leg_columns};
use crate::scope::{Asked, Within};

/// The new events of one workspace and what follows from them.
pub(super) struct Rows<'a> {
    workspace: &'a str,
    events: Json<Vec<EventRow<'a>>>,
    calls: Json<Vec<call_columns::Written<'a>>>,
    legs: Json<Vec<leg_columns::Written<'a>>>,
    entries: Json<Vec<MessageRow>>,
    agents: Vec<Uuid>,
    moves_agents: bool,
    of_members: Option<String>,
    kinds: Vec<&'static str>,
    refs: Vec<String>,
}

/// Writes all rows, notifies watchers, and commits: one round trip.
pub(super) async fn all(
    client: &Object,
    scopes: &[Within<'_>],
    rows: &[Rows<'_>],
) -> Result<(), StoreError> {
    let parts: Vec<_> = scopes
        .iter()
        .zip(rows)
        .map(|(scope, rows)| {
            let mut statements = rows.statements();
            // One workspace alone is still in its scope.
            if scopes.len() > 1 {
                statements.insert(0, scope.enter());
            }
            statements.push(scope.still_and_ends());
            statements
        })
        .collect();
    send(client, &parts, Edge::Ends).await.map(drop)
}

impl<'a> Rows<'a> {
    /// `known_to` is the store that need not be told what members are doing.
    pub(super) fn of(
        part: &Part<'a>,
        change: Change<'a>,
        new: EventRows<'a>,
        known_to: Option<&str>,
    ) -> Self {
        let moves_agents = change.moves_agents();
        let of_members = moves_agents.then(|| match known_to {
            Some(store) => format!("{OF_MEMBERS} {store}"),
            None => OF_MEMBERS.to_owned(),
        });
        let (kinds, refs) = change.news;
        Self {
            workspace: part.workspace.as_str(),
            events: Json(new.into_values().collect()),
            calls: record::of_calls(change.calls),
            legs: record::of_legs(change.legs),
            entries: rows::of_log(&change.entries),
            agents: change.settled.into_iter().collect(),
            moves_agents,
            of_members,
            kinds,
            refs,
        }
    }

    /// No statement that would do nothing.
    fn statements(&self) -> Vec<Asked<'_>> {
        let Self {
            workspace, events, calls, legs, entries, agents, of_members, kinds, refs, ..
        } = self;
        let settles = !agents.is_empty();
        let all: [(bool, Asked<'_>); 9] = [
            (!events.0.is_empty(), (PUT_EVENTS, vec![workspace, events])),
            (!calls.0.is_empty(), (UPDATE_CALLS, vec![workspace, calls])),
            (!legs.0.is_empty(), (UPSERT_LEGS, vec![workspace, legs])),
            (!entries.0.is_empty(), (WRITE_LOG, vec![workspace, entries])),
            (settles, (STUB_AGENTS, vec![workspace, agents])),
            (settles, (LOCK_AGENTS, vec![workspace, agents])),
            (settles, (SETTLE_AGENTS, vec![workspace, agents])),
            (self.moves_agents, (TELL_SIBLINGS, Vec::new())),
            // The last that waits for a lock.
            (!kinds.is_empty(), (NOTE, vec![workspace, kinds, refs, of_members])),
        ];
        all.into_iter().filter_map(|(does, statement)| does.then_some(statement)).collect()
    }
}
