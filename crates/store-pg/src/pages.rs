//! The agents who have a page open, as leases: servers extend them while the page is open.

use std::time::Duration;

use identity::{UserId, WorkspaceId};
use routing::NotReady;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::error::StoreError;
use crate::news::{AGENT, with_news};
use crate::scope::Scope;
use crate::text::join;
use crate::{Store, sql};

impl Store {
    /// Notes that pages of these agents are open, and count as open for this long, by the database's
    /// clock. Users who are not members are left out. A lease is never shortened: another server may
    /// have another page of the same agent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn renew_pages(
        &self,
        workspace: &WorkspaceId,
        users: &[OpenPage],
        length: Duration,
    ) -> Result<(), StoreError> {
        let reports: Vec<bool> = users.iter().map(|open| open.reports).collect();
        let users: Vec<Uuid> = users.iter().map(|open| sql::uuid(open.user)).collect();
        let params: &[&(dyn ToSql + Sync)] =
            &[&workspace.as_str(), &users, &length.as_secs_f64(), &reports];
        Scope::Webhook(workspace).run(&self.feed, RENEW, params).await?;
        Ok(())
    }

    /// Notes what a page of the asking agent says: that it can take calls, for this long by the database's
    /// clock, or what it lacks. The word of one page that cannot does not outweigh that of another one that
    /// can. `false` if the user is not a member of the workspace.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`].
    pub async fn report_page(
        &self,
        workspace: &WorkspaceId,
        user: UserId,
        page: &str,
        lacks: Option<NotReady>,
        length: Duration,
    ) -> Result<bool, StoreError> {
        let lacks = lacks.map(NotReady::code);
        let _turn = self.agent_shares.turn(workspace).await?;
        let params: &[&(dyn ToSql + Sync)] =
            &[&workspace.as_str(), &sql::uuid(user), &page, &lacks, &length.as_secs_f64()];
        let rows = Scope::Agent(workspace, user).run(&self.agent, REPORT, params).await?;
        Ok(!rows.is_empty())
    }
}

/// An agent with an open page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpenPage {
    /// The agent.
    pub user: UserId,
    /// Whether the page itself says that it can take calls. If not, an open page is enough.
    pub reports: bool,
}

/// Workspace, users, seconds, whether each one's page reports. Only an agent who had no page is a change, or one
/// whose lease was about to end: whoever remembers it, and reads it again every few seconds, would take the page
/// for closed at its end.
/// A page that reports is not ready before it says so. Agents are locked in the order of their ids, as
/// everywhere.
pub(crate) const RENEW: &str = with_news!(
    "had as ( \
  select g.user_id from public.voice_agents g \
  where g.workspace_id = $1 and g.user_id = any ($2::uuid[]) \
    and g.online_until > now() + interval '8 seconds'), \
put as ( \
  insert into public.voice_agents as g (workspace_id, user_id, online_until, page_ready_until) \
    select $1::text, u.id, now() + $3::float8 * interval '1 second', case when u.reports then now() end \
    from unnest($2::uuid[], $4::boolean[]) as u (id, reports) where voice.takes_calls(u.id) order by u.id \
  on conflict (workspace_id, user_id) do update \
    set online_until = greatest(g.online_until, excluded.online_until), \
    page_ready_until = case \
      when excluded.page_ready_until is not null \
        then coalesce(g.page_ready_until, excluded.page_ready_until) \
      when g.page_ready_until is not null then greatest(g.page_ready_until, excluded.online_until) end \
  returning g.user_id), ",
    join!(
        "select '",
        AGENT,
        "' as kind, p.user_id::text as ref, row_number() over (order by p.user_id) as rank \
     from put p where p.user_id not in (select h.user_id from had h)"
    ),
    "' agents'",
    "select count(*) from notified"
);

/// Workspace, user, page, what it lacks, seconds. A change only if that differs from before, or if what was before
/// was about to end, as in [`RENEW`]. The row is
/// written only for a member who takes calls, and only for the user who asks.
pub(crate) const REPORT: &str = with_news!(
    "had as ( \
  select g.page_ready_until > now() as is_ready, g.page_lacks, \
    g.page_ready_until > now() + interval '8 seconds' as lasts from public.voice_agents g \
  where g.workspace_id = $1 and g.user_id = $2), \
put as ( \
  insert into public.voice_agents as g \
    (workspace_id, user_id, page_ready_until, page_ready_id, page_lacks) \
    select $1::text, $2::uuid, \
      now() + case when $4::text is null then $5::float8 else 0 end * interval '1 second', \
      $3::text, $4::text \
    where voice.member_workspace() = $1 \
  on conflict (workspace_id, user_id) do update set \
    page_ready_until = case \
      when $4 is null then greatest(g.page_ready_until, excluded.page_ready_until) \
      when g.page_ready_until > now() and g.page_ready_id is distinct from $3 then g.page_ready_until \
      else least(g.page_ready_until, now()) end, \
    page_ready_id = case \
      when $4 is null or g.page_ready_until is null or g.page_ready_until <= now() then $3 \
      else g.page_ready_id end, \
    page_lacks = case \
      when $4 is null then null \
      when g.page_ready_until > now() and g.page_ready_id is distinct from $3 then g.page_lacks \
      else $4 end \
  returning g.user_id, g.page_ready_until > now() as is_ready, g.page_lacks), ",
    join!(
        "select '",
        AGENT,
        "' as kind, p.user_id::text as ref, 1 as rank from put p \
     where not exists (select 1 from had h where h.is_ready is not distinct from p.is_ready \
       and h.page_lacks is not distinct from p.page_lacks and (h.lasts or not p.is_ready))"
    ),
    "' agents'",
    "select p.user_id, (select count(*) from notified) from put p"
);
