//! The agents who have a page open, as leases: servers extend them while the page is open.

use std::time::Duration;

use identity::{UserId, WorkspaceId};
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
        users: &[UserId],
        length: Duration,
    ) -> Result<(), StoreError> {
        let users: Vec<Uuid> = users.iter().copied().map(sql::uuid).collect();
        Scope::Webhook(workspace)
            .run(&self.feed, RENEW, &[&workspace.as_str(), &users, &length.as_secs_f64()])
            .await?;
        Ok(())
    }
}

/// Workspace, users, seconds. Only an agent who had no page is a change. Agents are locked in the
/// order of their ids, as everywhere.
pub(crate) const RENEW: &str = with_news!(
    "had as ( \
  select g.user_id from public.voice_agents g \
  where g.workspace_id = $1 and g.user_id = any ($2::uuid[]) and g.online_until > now()), \
put as ( \
  insert into public.voice_agents as g (workspace_id, user_id, online_until) \
    select $1::text, u.id, now() + $3::float8 * interval '1 second' \
    from unnest($2::uuid[]) as u (id) where voice.takes_calls(u.id) order by u.id \
  on conflict (workspace_id, user_id) do update \
    set online_until = greatest(g.online_until, excluded.online_until) \
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
