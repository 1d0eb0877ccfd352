//! What is asked about calls before anything follows from their events.

use calls::{Call, Fact};
use deadpool_postgres::Object;
use identity::CallSid;
use tokio_postgres::Row;
use tokio_postgres::types::{Json, ToSql};

use super::Part;
use super::known::Known;
use super::send::{Edge, send};
use super::statements::{
    INSERT_CALLS, LOCK_CALLS, READ_EVENTS, READ_SETTLED, STUB_CALLS, STUB_KEPT_CALLS,
};
use super::traces;
use crate::error::StoreError;
use crate::marks::{self, ERASED, Traces};
use crate::record::{self, call_columns};
use crate::scope::{Asked, Within};

/// What is asked about the calls of one workspace.
pub(super) struct Ask<'a> {
    workspace: &'a str,
    sids: Vec<&'a str>,
    traces: Json<Vec<Traces>>,
    /// Whether the first event of a call may be among those that are brought.
    brings_first: bool,
    is_rebuild: bool,
    /// The rows of calls that seem to begin: they are written if none of them is there, and nothing is
    /// read.
    begun: Option<Json<Vec<call_columns::Written<'a>>>>,
}

/// What the database says of the calls of one workspace.
#[derive(Default)]
pub(super) struct Answer {
    /// `None` if they began: their rows are written.
    pub(super) known: Option<Known>,
    /// Those that were erased.
    pub(super) erased: Vec<CallSid>,
    /// How many rows of calls were written.
    inserted: usize,
}

/// Begins, and asks all in one round trip, or two if a call that seems to begin is there already.
pub(super) async fn all(
    client: &Object,
    scopes: &[Within<'_>],
    asks: &[Ask<'_>],
) -> Result<Vec<Answer>, StoreError> {
    let first: Vec<_> = scopes
        .iter()
        .zip(asks)
        .map(|(scope, ask)| {
            let mut statements = vec![scope.enter()];
            statements.extend(if ask.begun.is_some() { ask.begin() } else { ask.open(true) });
            if scopes.len() > 1 {
                statements.push(scope.still());
            }
            statements
        })
        .collect();
    let rows = send(client, &first, Edge::Begins).await?;
    let mut answers = first.iter().zip(rows).map(read).collect::<Result<Vec<_>, _>>()?;

    let there: Vec<usize> = (0..asks.len()).filter(|n| asks[*n].is_there(&answers[*n])).collect();
    if there.is_empty() {
        return Ok(answers);
    }
    let next: Vec<_> = there
        .iter()
        .map(|n| {
            let mut statements = asks[*n].open(false);
            if scopes.len() > 1 {
                statements.insert(0, scopes[*n].enter());
                statements.push(scopes[*n].still());
            }
            statements
        })
        .collect();
    let rows = send(client, &next, Edge::Inside).await?;
    for ((n, statements), rows) in there.into_iter().zip(&next).zip(rows) {
        answers[n] = read((statements, rows))?;
    }
    Ok(answers)
}

impl<'a> Ask<'a> {
    /// `begun` are the calls as they are if nobody has seen them before, if that may be so.
    pub(super) fn of(part: &'a Part<'_>, begun: Option<&'a [Call]>) -> Self {
        let is_first = |fact: &Fact| matches!(fact, Fact::Arrived(_));
        Self {
            workspace: part.workspace.as_str(),
            sids: part.calls.iter().map(CallSid::as_str).collect(),
            traces: Json(traces::of(&part.events)),
            brings_first: part.events.iter().any(|stored| is_first(&stored.event.fact)),
            is_rebuild: part.is_rebuild(),
            begun: begun.map(record::of_calls),
        }
    }

    /// Writes calls that nobody has seen before.
    fn begin(&self) -> Vec<Asked<'_>> {
        let mut statements: Vec<Asked<'_>> = Vec::new();
        if let Some(rows) = &self.begun {
            statements.push((INSERT_CALLS, vec![&self.workspace, rows]));
        }
        statements.push((ERASED, vec![&self.workspace, &self.traces]));
        statements
    }

    /// Locks the calls and reads what is known about them. If they may not be there, a row for each is
    /// made first.
    fn open(&self, may_be_new: bool) -> Vec<Asked<'_>> {
        let mut statements: Vec<Asked<'_>> = Vec::new();
        if may_be_new {
            let stub = if self.is_rebuild { STUB_KEPT_CALLS } else { STUB_CALLS };
            statements.push((stub, vec![&self.workspace, &self.sids]));
        }
        statements.push((LOCK_CALLS, vec![&self.workspace, &self.sids]));
        if self.is_rebuild {
            statements.push((READ_SETTLED, vec![&self.workspace, &self.sids]));
        } else {
            // After the lock: whoever erases a call holds it, too.
            statements.push((ERASED, vec![&self.workspace, &self.traces]));
        }
        let params: Vec<&(dyn ToSql + Sync)> =
            vec![&self.workspace, &self.sids, &self.brings_first];
        statements.push((READ_EVENTS, params));
        statements
    }

    /// Whether a call that seemed to begin is there already.
    fn is_there(&self, answer: &Answer) -> bool {
        self.begun.as_ref().is_some_and(|Json(rows)| answer.inserted < rows.len())
    }
}

fn read((statements, rows): (&Vec<Asked<'_>>, Vec<Vec<Row>>)) -> Result<Answer, StoreError> {
    let mut answer = Answer::default();
    for ((sql, _), rows) in statements.iter().zip(rows) {
        match *sql {
            INSERT_CALLS => answer.inserted = rows.len(),
            ERASED => answer.erased = marks::calls(&rows)?,
            READ_EVENTS => answer.known.get_or_insert_default().read(&rows)?,
            READ_SETTLED => {
                let settled = rows.iter().map(|row| row.get("user_id"));
                answer.known.get_or_insert_default().settled = settled.collect();
            }
            _ => {}
        }
    }
    Ok(answer)
}
