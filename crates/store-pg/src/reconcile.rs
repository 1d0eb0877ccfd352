//! What a reconciler asks: who needs it, what is still open, what is known.

use std::time::{Duration, UNIX_EPOCH};

use dialling::Country;
use identity::{CallSid, ContactId, ParseError, PhoneNumber, Timestamp, WorkspaceId};
use tokio_postgres::Row;

use crate::Store;
use crate::error::StoreError;
use crate::pool::Borrowed;
use crate::roster::{CALLER, contact_with};
use crate::scope::{ENTER, Scope};
use crate::sql;
use crate::text::join;
use crate::words::{CLOSED, LOST};

/// The right to reconcile one workspace, for a while: other servers leave it alone.
///
/// It saves work and is not needed for anything else: what two servers find out is the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lease {
    /// Until when the workspace's calls were compared with the carrier's record; before the first
    /// time, the last event that did not come from the reconciler, else the entry of the workspace.
    pub compared_until: Timestamp,
    /// Whether they were never compared.
    pub is_first: bool,
    /// When the lease ends by itself, by the database's clock.
    until: Timestamp,
}

/// A call that is not over, or has a leg that is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenCall {
    /// The call.
    pub sid: CallSid,
    /// Its first sign.
    pub started_at: Option<Timestamp>,
    /// When two sides were connected.
    pub answered_at: Option<Timestamp>,
    /// When it was over, if only a leg is open.
    pub ended_at: Option<Timestamp>,
    /// The last event that did not come from the reconciler.
    pub heard_at: Option<Timestamp>,
    /// Its legs that are not over.
    pub legs: Vec<OpenLeg>,
}

/// Where a list of open calls goes on: after this call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct After {
    /// Its first sign.
    pub started_at: Option<Timestamp>,
    /// The call.
    pub sid: CallSid,
}

/// A leg that is not over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpenLeg {
    /// The leg; the call itself for the agent's own leg of an outbound call.
    pub sid: CallSid,
    /// When dialling began, or it rang.
    pub began_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

/// A call that has events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KnownCall {
    /// The call.
    pub sid: CallSid,
    /// Whether only a deadline says that it is over.
    pub is_lost: bool,
}

impl Store {
    /// The workspaces whose calls were not compared with the carrier's record since
    /// `compared_before`, or that have a call or leg that began before `open_before` and is not
    /// over, by id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn workspaces_to_reconcile(
        &self,
        compared_before: Timestamp,
        open_before: Timestamp,
    ) -> Result<Vec<WorkspaceId>, StoreError> {
        let (compared, open) = (sql::system(compared_before), sql::system(open_before));
        // The login role must not see the function, so it is prepared inside the scope.
        let client = Borrowed::from(&self.apply).await?;
        let enter = client.prepare_cached(ENTER).await?;
        Scope::Nowhere.begin(&client, &enter).await?;
        let rows = client.query(TO_RECONCILE, &[&compared, &open]).await?;
        client.batch_execute("commit").await?;
        client.finished();
        let id = |row: &Row| row.get::<_, &str>(0).parse();
        let corrupt = |error: ParseError| StoreError::Corrupt(format!("voice_workspaces: {error}"));
        rows.iter().map(id).collect::<Result<_, _>>().map_err(corrupt)
    }

    /// Takes the lease of a workspace; `None` if another server has it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn lease(
        &self,
        workspace: &WorkspaceId,
        length: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let rows = Scope::Webhook(workspace)
            .run(&self.apply, LEASE, &[&workspace.as_str(), &length.as_secs_f64()])
            .await?;
        let lease = |row: &Row| {
            let (from, until) = (sql::moment(row, "compared_until"), sql::moment(row, "until"));
            Some(Lease { compared_until: from?, is_first: row.get("is_first"), until: until? })
        };
        Ok(rows.first().and_then(lease))
    }

    /// Returns a lease, and notes until when the workspace's calls were compared, if they were. That
    /// moment never goes back. A lease that has ended by itself changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn release(
        &self,
        workspace: &WorkspaceId,
        lease: Lease,
        compared_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let (until, compared) = (sql::system(lease.until), compared_until.map(sql::system));
        Scope::Webhook(workspace)
            .run(&self.apply, RELEASE, &[&workspace.as_str(), &until, &compared])
            .await?;
        Ok(())
    }

    /// Calls that began before a moment and are not over, or have a leg that is not, oldest first,
    /// at most `limit`, from the first or after another one. Of each call at most 100 such legs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn open_calls(
        &self,
        workspace: &WorkspaceId,
        before: Timestamp,
        after: Option<After>,
        limit: u16,
    ) -> Result<Vec<OpenCall>, StoreError> {
        let (before, limit) = (sql::system(before), i64::from(limit));
        let started = after.and_then(|after| after.started_at).map_or(UNIX_EPOCH, sql::system);
        let sid = after.map_or_else(String::new, |after| after.sid.to_string());
        let rows = Scope::Webhook(workspace)
            .run(&self.apply, OPEN_CALLS, &[&workspace.as_str(), &before, &limit, &started, &sid])
            .await?;
        let mut calls: Vec<OpenCall> = Vec::new();
        for row in &rows {
            let sid = sql::call_sid(row, "call_sid")?;
            if calls.last().is_none_or(|call| call.sid != sid) {
                calls.push(open_call(row, sid));
            }
            if row.get::<_, Option<&str>>("leg_sid").is_some() {
                let leg = OpenLeg {
                    sid: sql::call_sid(row, "leg_sid")?,
                    began_at: sql::moment(row, "began_at"),
                    answered_at: sql::moment(row, "leg_answered_at"),
                };
                if let Some(call) = calls.last_mut() {
                    call.legs.push(leg);
                }
            }
        }
        Ok(calls)
    }

    /// Those of the calls that have events.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`], [`StoreError::Corrupt`].
    pub async fn known_calls(
        &self,
        workspace: &WorkspaceId,
        calls: &[CallSid],
    ) -> Result<Vec<KnownCall>, StoreError> {
        let sids: Vec<&str> = calls.iter().map(CallSid::as_str).collect();
        let rows = Scope::Webhook(workspace)
            .run(&self.apply, KNOWN_CALLS, &[&workspace.as_str(), &sids])
            .await?;
        let known = |row: &Row| {
            Ok(KnownCall { sid: sql::call_sid(row, "call_sid")?, is_lost: row.get("is_lost") })
        };
        rows.iter().map(known).collect()
    }

    /// The contact with this number, as the routing lookup finds it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn contact_of(
        &self,
        workspace: &WorkspaceId,
        number: &PhoneNumber,
        home: Country,
    ) -> Result<Option<ContactId>, StoreError> {
        let (endings, no_call) = (dialling::endings(number), "");
        let rows = Scope::Webhook(workspace)
            .run(&self.apply, CALLER, &[&workspace.as_str(), &endings, &no_call])
            .await?;
        Ok(contact_with(&rows, number, home).map(|contact| contact.id))
    }
}

fn open_call(row: &Row, sid: CallSid) -> OpenCall {
    OpenCall {
        sid,
        started_at: sql::moment(row, "started_at"),
        answered_at: sql::moment(row, "answered_at"),
        ended_at: sql::moment(row, "ended_at"),
        heard_at: sql::moment(row, "heard_at"),
        legs: Vec::new(),
    }
}

const TO_RECONCILE: &str = "select voice.workspaces_to_mend($1, $2)";

const LEASE: &str = join!(
    "update public.voice_workspaces w set reconciling_until = now() + $2 * interval '1 second' \
where w.workspace_id = $1 and (w.reconciling_until is null or w.reconciling_until < now()) \
returning w.reconciling_until as until, w.reconciled_until is null as is_first, case when w.reconciled_until is not null \
    then w.reconciled_until \
    else coalesce((select max(e.at) from public.voice_events e \
        where e.workspace_id = $1 and split_part(e.key, ':', 1) <> ",
    CLOSED,
    "), w.created_at) end as compared_until"
);

const RELEASE: &str = "\
update public.voice_workspaces set reconciling_until = null, \
  reconciled_until = greatest(reconciled_until, $3) \
where workspace_id = $1 and reconciling_until = $2";

/// Workspace, moment before which they began, limit, start and Sid of the call after which they come. A
/// call whose start is not known comes first.
const OPEN_CALLS: &str = join!(
    "with open as ( \
  select v.call_sid from public.voice_calls v \
  where v.workspace_id = $1 and v.ended_at is null \
    and (v.started_at is null or v.started_at < $2) \
  union \
  select l.call_sid from public.voice_legs l where l.workspace_id = $1 and l.ended_at is null), \
page as ( \
  select v.* from public.voice_calls v join open o using (call_sid) \
  where v.workspace_id = $1 and (v.started_at is null or v.started_at < $2) \
    and (coalesce(v.started_at, 'epoch'), v.call_sid) > ($4::timestamptz, $5::text) \
  order by coalesce(v.started_at, 'epoch'), v.call_sid limit $3) \
select p.call_sid, p.started_at, p.answered_at, p.ended_at, \
  (select max(e.at) from public.voice_events e where e.workspace_id = $1 \
    and e.call_sid = p.call_sid and split_part(e.key, ':', 1) <> ",
    CLOSED,
    ") as heard_at, \
  l.leg_sid, coalesce(l.ringing_at, l.initiated_at) as began_at, l.answered_at as leg_answered_at \
from page p left join lateral (select * from public.voice_legs g \
  where g.workspace_id = $1 and g.call_sid = p.call_sid and g.ended_at is null \
  order by g.leg_sid limit 100) l on true \
order by coalesce(p.started_at, 'epoch'), p.call_sid, l.leg_sid"
);

const KNOWN_CALLS: &str = join!(
    "select v.call_sid, v.end_reason is not distinct from ",
    LOST,
    " as is_lost \
from public.voice_calls v where v.workspace_id = $1 and v.call_sid = any ($2::text[])"
);
