//! The marks of what was erased or purged. Applier and reconciler ask them, so that it does not come back.

use std::collections::BTreeSet;

use calls::Party;
use identity::{CallSid, ParseError, PhoneNumber, Timestamp, WorkspaceId};
use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use crate::error::StoreError;
use crate::scope::Scope;
use crate::{Store, sql};

/// What a call leaves behind, by which it is known whether it was erased.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Traces {
    /// The call.
    pub call_sid: CallSid,
    /// Its first sign.
    pub began: Timestamp,
    /// Its Sid, and every number in what is said of it.
    pub traces: BTreeSet<String>,
}

impl Traces {
    /// Those of a call between two ends, as Twilio writes them.
    pub fn of<'a>(
        call: CallSid,
        began: Timestamp,
        ends: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut traces = BTreeSet::from([call.to_string()]);
        traces.extend(ends.into_iter().filter(|text| is_number(text)).map(str::to_owned));
        Self { call_sid: call, began, traces }
    }
}

impl Store {
    /// Those of the calls that were erased or purged. A call of which something is kept was not.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn erased(
        &self,
        workspace: &WorkspaceId,
        calls: &[Traces],
    ) -> Result<Vec<CallSid>, StoreError> {
        let rows = Scope::Webhook(workspace)
            .run(&self.apply, ERASED, &[&workspace.as_str(), &Json(calls)])
            .await?;
        self::calls(&rows)
    }
}

impl Store {
    /// Those of the numbers that were erased within the last hour. Whoever remembers them forgets them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn newly_erased(
        &self,
        workspace: &WorkspaceId,
        numbers: &[PhoneNumber],
    ) -> Result<Vec<PhoneNumber>, StoreError> {
        let rows = Scope::Webhook(workspace)
            .run(&self.apply, NEWLY_ERASED, &[&workspace.as_str(), &texts(numbers)])
            .await?;
        let corrupt = |error: ParseError| StoreError::Corrupt(format!("an asked number: {error}"));
        rows.iter().map(|row| row.get::<_, &str>(0).parse().map_err(corrupt)).collect()
    }
}

/// The calls in the rows of [`ERASED`].
pub(crate) fn calls(rows: &[Row]) -> Result<Vec<CallSid>, StoreError> {
    rows.iter().map(|row| sql::call_sid(row, "call_sid")).collect()
}

/// Whether a text is a number in E.164.
pub(crate) fn is_number(text: &str) -> bool {
    matches!(Party::read(text), Party::Number(_))
}

/// The mark of a text, in SQL: the workspace is `$1`, its row is `w`.
macro_rules! mark {
    ($text:literal) => {
        concat!("sha256(w.erasure_salt || convert_to(", $text, ", 'UTF8'))")
    };
}

pub(crate) use mark;

/// Workspace, and [`Traces`] as JSON: the calls that were erased. Where nothing ever was, it costs one look
/// into an index.
pub(crate) const ERASED: &str = concat!(
    "select a.call_sid from jsonb_to_recordset($2::jsonb) as a \
  (call_sid text, began timestamptz, traces text[]) \
where exists (select from public.voice_erased e where e.workspace_id = $1) \
  and not exists (select from public.voice_events v \
    where v.workspace_id = $1 and v.call_sid = a.call_sid) \
  and exists (select from public.voice_erased e where e.workspace_id = $1 \
    and e.began_before > a.began and e.mark = any (array( \
      select ''::bytea union all select ",
    mark!("t.trace"),
    " from unnest(a.traces) as t (trace) cross join public.voice_workspaces w \
      where w.workspace_id = $1)))"
);

/// Workspace, numbers. Where nothing was erased lately, no mark is made.
const NEWLY_ERASED: &str = concat!(
    "with lately as materialized (select e.mark from public.voice_erased e \
  where e.workspace_id = $1 and e.mark <> '' and e.marked_at > now() - interval '1 hour') \
select n.number from unnest($2::text[]) as n (number) \
where exists (select from lately) and exists (select from public.voice_workspaces w \
  join lately l on l.mark = ",
    mark!("n.number"),
    " where w.workspace_id = $1)"
);

/// The numbers of people as the marks have them.
pub(crate) fn texts(numbers: &[PhoneNumber]) -> Vec<&str> {
    numbers.iter().map(PhoneNumber::as_str).collect()
}
