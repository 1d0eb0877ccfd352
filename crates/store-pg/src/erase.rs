//! The owner's work on what is no longer wanted: a person's traces, old calls, a whole workspace.

use std::time::SystemTime;

use calls::{fold, log_entry};
use identity::{CallSid, ContactId, PhoneNumber, WorkspaceId};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use crate::apply::{MessageRow, READ_EVENTS, WRITE_LOG, kept_events};
use crate::error::StoreError;
use crate::marks::{mark, texts};
use crate::{Owner, sql};

/// Whose traces are erased.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// Their numbers.
    pub numbers: &'a [PhoneNumber],
    /// The contact of the live chat.
    pub contact: Option<ContactId>,
    /// Whether a text that is no number in E.164 means one of the numbers: what an agent typed.
    pub is_meant: &'a (dyn Fn(&str) -> bool + Sync),
}

/// How many rows were deleted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Deleted {
    /// Calls.
    pub calls: i64,
    /// Their legs.
    pub legs: i64,
    /// Their events.
    pub events: i64,
    /// Claims of outbound calls.
    pub dials: i64,
}

/// What was erased of a person.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Erased {
    /// The calls, by Sid.
    pub calls: Vec<CallSid>,
    /// The rows of these calls.
    pub deleted: Deleted,
    /// Calls of the person that are not over, or that are being written: they were left.
    pub left: usize,
    /// Rows of the live chat's log that named the contact, and do not any more.
    pub log_cleared: usize,
    /// Rows of the live chat's log that name a contact and are not as we wrote them, or are gone: they were
    /// left.
    pub log_left: usize,
}

/// What was removed of a workspace.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Removed {
    /// Whether it had an account.
    pub had_account: bool,
    /// What was kept of its calls.
    pub deleted: Deleted,
    /// Rows about agents, numbers, changes and what was erased.
    pub others: i64,
}

impl Deleted {
    fn add(&mut self, row: &Row) {
        self.calls += row.get::<_, i64>("calls");
        self.legs += row.get::<_, i64>("legs");
        self.events += row.get::<_, i64>("events");
        self.dials += row.get::<_, i64>("dials");
    }
}

impl Owner {
    /// Erases the calls of a person, and marks numbers and calls, so that no server keeps them again. Doing
    /// it again changes nothing. It reads every call of the workspace, a thousand at a time, and locks one
    /// call at a time.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says;
    /// [`StoreError::Corrupt`] if an event cannot be read.
    pub async fn erase(
        &self,
        workspace: &WorkspaceId,
        person: &Person<'_>,
    ) -> Result<Erased, StoreError> {
        let id = workspace.as_str();
        // First, so that a server that applies records meanwhile keeps none of them.
        self.client().execute(MARK_NUMBERS, &[&id, &texts(person.numbers)]).await?;
        let mut erased = Erased::default();
        let (numbers, pattern) = (texts(person.numbers), pattern(person));
        let contact = person.contact.map(|contact| uuid::Uuid::from_bytes(*contact.as_bytes()));
        let mut after = String::new();
        loop {
            let page =
                self.client().query(FIND, &[&id, &after, &contact, &numbers, &pattern]).await?;
            let Some(last) = page.last() else { break };
            after = last.get("call_sid");
            for row in page {
                let typed: Option<&str> = row.get("typed");
                if !row.get::<_, bool>("is_meant") && !typed.is_some_and(person.is_meant) {
                    continue;
                }
                if row.get("goes_on") {
                    erased.left += 1;
                } else {
                    let call = sql::call_sid(&row, "call_sid")?;
                    self.in_transaction(self.erase_call(workspace, call, &mut erased)).await?;
                }
            }
        }
        Ok(erased)
    }

    async fn erase_call(
        &self,
        workspace: &WorkspaceId,
        call: CallSid,
        erased: &mut Erased,
    ) -> Result<(), StoreError> {
        let (id, client) = (workspace.as_str(), self.client());
        client.execute(ENTER_WORKSPACE, &[&id]).await?;
        let events = client.query(READ_EVENTS, &[&id, &&[call.as_str()][..], &false]).await?;
        let row = client.query_one(DELETE_CALLS, &[&id, &&[call.as_str()][..]]).await?;
        if row.get::<_, i64>("calls") == 0 {
            erased.left += 1;
            return Ok(());
        }
        client.execute(MARK_CALL, &[&id, &call.as_str()]).await?;
        erased.deleted.add(&row);
        erased.calls.push(call);
        let events = kept_events(&events)?.remove(&call).unwrap_or_default();
        let kept = log_entry(&fold(call, events.values()));
        if kept.contact_id.is_none() {
            return Ok(());
        }
        let cleared = MessageRow::new(call, calls::LogEntry { contact_id: None, ..kept.clone() });
        // Only what is as we wrote it is ours to change, and a row that is gone must not be written again.
        if self.would_write(id, &MessageRow::new(call, kept)).await? == Some(0) {
            client.query(WRITE_LOG, &[&id, &Json([cleared])]).await?;
            erased.log_cleared += 1;
        } else if self.would_write(id, &cleared).await? != Some(0) {
            erased.log_left += 1;
        }
        Ok(())
    }

    /// How many rows of the live chat's log would be written with this; `None` if it takes none.
    async fn would_write(
        &self,
        workspace: &str,
        row: &MessageRow,
    ) -> Result<Option<i32>, StoreError> {
        self.client().batch_execute("savepoint log").await?;
        let written = self.client().query_one(WRITE_LOG, &[&workspace, &Json([row])]).await;
        self.client().batch_execute("rollback to savepoint log").await?;
        Ok(written.ok().map(|row| row.get(0)))
    }

    /// The number of a contact, as the live chat has it; `None` if there is no such contact, or it has none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn contact_number(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
    ) -> Result<Option<String>, StoreError> {
        let (id, contact) = (workspace.as_str(), uuid::Uuid::from_bytes(*contact.as_bytes()));
        let sql = "select c.number from livechat.contact($1, array[$2::uuid]) c";
        let work = async {
            self.client().execute(ENTER_WORKSPACE, &[&id]).await?;
            Ok(self.client().query_opt(sql, &[&id, &contact]).await?)
        };
        Ok(self.in_transaction(work).await?.and_then(|row| row.get(0)))
    }

    /// Deletes the calls of a workspace that began more than so many days ago and are over, 500 at a time, and
    /// marks the moment, so that no server keeps them again.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn purge(&self, workspace: &WorkspaceId, days: u32) -> Result<Deleted, StoreError> {
        let (id, days) = (workspace.as_str(), f64::from(days));
        let sql = "select now() - $1::float8 * interval '1 day'";
        let before: SystemTime = self.client().query_one(sql, &[&days]).await?.get(0);
        let mut deleted = Deleted::default();
        loop {
            let row = self.client().query_one(PURGE, &[&id, &before, &BATCH]).await?;
            deleted.add(&row);
            if row.get::<_, i64>("calls") == 0 {
                return Ok(deleted);
            }
        }
    }

    /// Removes a workspace with everything that is kept of it, its calls 500 at a time. What servers still
    /// have of its calls is not kept again, also if it is added again. The live chat's log stays.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn remove_all(&self, workspace: &WorkspaceId) -> Result<Removed, StoreError> {
        let (id, client) = (workspace.as_str(), self.client());
        let mut removed = Removed::default();
        let account = async {
            let marks = "delete from public.voice_erased where workspace_id = $1 and mark <> ''";
            removed.others += affected(client.execute(marks, &[&id]).await?);
            client.execute(MARK_ALL, &[&id]).await?;
            self.remove_workspace(workspace).await
        };
        removed.had_account = self.in_transaction(account).await?;
        loop {
            let row = client.query_one(DELETE_SOME, &[&id, &BATCH]).await?;
            removed.deleted.add(&row);
            if row.get::<_, i64>("calls") == 0 {
                break;
            }
        }
        let Deleted { calls, legs, events, dials } = &mut removed.deleted;
        // The last of them wait for whoever is writing, and rows without a call are among them.
        for (sql, count) in [
            ("delete from public.voice_legs where workspace_id = $1", legs),
            ("delete from public.voice_calls where workspace_id = $1", calls),
            ("delete from public.voice_events where workspace_id = $1", events),
            ("delete from public.voice_dials where workspace_id = $1", dials),
        ] {
            *count += affected(client.execute(sql, &[&id]).await?);
        }
        for sql in [
            "delete from public.voice_agents where workspace_id = $1",
            "delete from public.voice_numbers where workspace_id = $1",
            "delete from public.voice_changes where workspace_id = $1",
            "delete from public.voice_feeds where workspace_id = $1",
        ] {
            removed.others += affected(client.execute(sql, &[&id]).await?);
        }
        Ok(removed)
    }

    async fn in_transaction<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.client().batch_execute("begin; set local lock_timeout = '5s'").await?;
        let done = work.await;
        let end = if done.is_ok() { "commit" } else { "rollback" };
        self.client().batch_execute(end).await?;
        done
    }
}

fn affected(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// What finds the person in the text of an event: a number that no digit follows, or the contact.
fn pattern(person: &Person<'_>) -> String {
    let numbers = person.numbers.iter().map(|number| {
        let digits = number.as_str().trim_start_matches('+');
        format!("[+]{digits}([^0-9]|$)")
    });
    let contact = person.contact.iter().map(ContactId::to_string);
    numbers.chain(contact).collect::<Vec<_>>().join("|")
}

/// The functions of the live chat answer for this workspace, until the end of the transaction.
const ENTER_WORKSPACE: &str = "select set_config('voice.workspace_id', $1, true)";

/// Calls of one batch: some thousand rows.
const BATCH: i32 = 500;

/// Workspace, call after which the page begins, contact, numbers, pattern: a thousand calls, whether they are
/// the person's, what was typed instead of a number, and whether they go on.
const FIND: &str = "\
with page as materialized ( \
  select v.* from public.voice_calls v \
  where v.workspace_id = $1 and v.call_sid > $2 order by v.call_sid limit 1000) \
select p.call_sid, \
  case when p.to_party !~ '^([+][1-9][0-9]+|client:.*)?$' then p.to_party end as typed, \
  coalesce(p.contact_id = $3, false) or coalesce(p.from_party = any ($4::text[]), false) \
    or coalesce(p.to_party = any ($4::text[]), false) \
    or $5 <> '' and exists (select from public.voice_events e \
      where e.workspace_id = $1 and e.call_sid = p.call_sid \
        and (e.fact::text ~ $5 or e.params::text ~ $5)) as is_meant, \
  p.ended_at is null and coalesce(p.started_at > now() - interval '2 days', true) as goes_on \
from page p order by p.call_sid";

const MARK_NUMBERS: &str = concat!(
    "insert into public.voice_erased as e (workspace_id, mark, began_before) \
  select distinct w.workspace_id, ",
    mark!("n.number"),
    ", now() from public.voice_workspaces w cross join unnest($2::text[]) as n (number) \
  where w.workspace_id = $1 \
on conflict (workspace_id, mark) do update \
  set began_before = excluded.began_before, marked_at = excluded.marked_at"
);

const MARK_CALL: &str = concat!(
    "insert into public.voice_erased (workspace_id, mark, began_before) select w.workspace_id, ",
    mark!("$2::text"),
    ", 'infinity' from public.voice_workspaces w where w.workspace_id = $1 \
on conflict (workspace_id, mark) do nothing"
);

const MARK_ALL: &str = "\
insert into public.voice_erased (workspace_id, mark, began_before) values ($1, '', now()) \
on conflict (workspace_id, mark) do update \
  set began_before = excluded.began_before, marked_at = excluded.marked_at";

const DELETE_CALLS: &str = "select * from voice.delete_calls($1, $2)";

const DELETE_SOME: &str = "\
select * from voice.delete_calls($1, array( \
  select v.call_sid from public.voice_calls v where v.workspace_id = $1 limit $2::integer))";

const PURGE: &str = "select * from voice.purge($1, $2, $3)";
