//! A workspace's Twilio account, as the server reads it, and its sealed credentials, as the owner changes them.

use identity::{AccountSid, ApiKeySid, AppSid, ParseError, PhoneNumber, WorkspaceId};

use crate::error::StoreError;
use crate::scope::Scope;
use crate::{Owner, Store};

/// A workspace's Twilio account; the secrets are still sealed.
#[derive(Clone, Debug)]
pub struct WorkspaceRow {
    /// Its Twilio account.
    pub account: AccountSid,
    /// The API key that signs its access tokens.
    pub api_key: ApiKeySid,
    /// The TwiML App of its browsers.
    pub app: AppSid,
    /// Auth tokens and the key's secret, encrypted.
    pub sealed: Vec<u8>,
    /// How it routes and what it may dial, as JSON.
    pub policy: serde_json::Value,
    /// Its numbers.
    pub numbers: Vec<PhoneNumber>,
    /// The caller id of outbound calls, if it is not the first number.
    pub caller_id: Option<PhoneNumber>,
    /// Twilio's region, as it was entered.
    pub region: Option<String>,
    /// Twilio's edge, as it was entered.
    pub edge: Option<String>,
}

/// What is changed of a workspace; `None` leaves it as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct WorkspaceChange {
    /// All its numbers, in their order.
    pub numbers: Option<Vec<PhoneNumber>>,
    /// The caller id; `Some(None)` for the first number.
    pub caller_id: Option<Option<PhoneNumber>>,
    /// Twilio's region; `Some(None)` for Twilio's default.
    pub region: Option<Option<String>>,
    /// Twilio's edge; `Some(None)` for Twilio's default.
    pub edge: Option<Option<String>>,
}

impl Store {
    /// Reads a workspace's Twilio account; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`]; [`StoreError::Corrupt`] if a Sid or number
    /// was stored that is none.
    pub async fn workspace(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Option<WorkspaceRow>, StoreError> {
        let _turn = self.webhook_shares.turn(workspace).await?;
        let rows =
            Scope::Webhook(workspace).run(&self.webhook, WORKSPACE, &[&workspace.as_str()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let corrupt = |error: ParseError| StoreError::Corrupt(format!("voice_workspaces: {error}"));
        let numbers: Vec<&str> = row.get("numbers");
        Ok(Some(WorkspaceRow {
            account: row.get::<_, &str>("account_sid").parse().map_err(corrupt)?,
            api_key: row.get::<_, &str>("api_key_sid").parse().map_err(corrupt)?,
            app: row.get::<_, &str>("app_sid").parse().map_err(corrupt)?,
            sealed: row.get("sealed"),
            policy: row.get("policy"),
            numbers: numbers
                .into_iter()
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(corrupt)?,
            caller_id: row
                .get::<_, Option<&str>>("caller_id")
                .map(str::parse)
                .transpose()
                .map_err(corrupt)?,
            region: row.get("region"),
            edge: row.get("edge"),
        }))
    }
}

impl Owner {
    /// Changes what `change` names of a workspace, all or nothing. `false` if there is no such workspace.
    ///
    /// If the numbers are replaced and the caller id was one of them, and is none of the new ones, the first
    /// of these is the caller id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn set_workspace(
        &self,
        workspace: &WorkspaceId,
        change: &WorkspaceChange,
    ) -> Result<bool, StoreError> {
        let WorkspaceChange { numbers, caller_id, region, edge } = change;
        let numbers: Option<Vec<&str>> =
            numbers.as_ref().map(|numbers| numbers.iter().map(PhoneNumber::as_str).collect());
        let caller = caller_id.as_ref().and_then(Option::as_ref).map(PhoneNumber::as_str);
        let row = self
            .client()
            .query_one(
                SET_WORKSPACE,
                &[
                    &workspace.as_str(),
                    &numbers,
                    &caller_id.is_some(),
                    &caller,
                    &region.is_some(),
                    &region.as_ref().and_then(Option::as_deref),
                    &edge.is_some(),
                    &edge.as_ref().and_then(Option::as_deref),
                ],
            )
            .await?;
        Ok(row.get::<_, i64>(0) == 1)
    }

    /// The sealed credentials of every workspace, by id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says;
    /// [`StoreError::Corrupt`] if an id was stored that is none.
    pub async fn sealed(&self) -> Result<Vec<(WorkspaceId, Vec<u8>)>, StoreError> {
        let sql = "select workspace_id, sealed from public.voice_workspaces order by workspace_id";
        let corrupt = |error: ParseError| StoreError::Corrupt(format!("voice_workspaces: {error}"));
        let rows = self.client().query(sql, &[]).await?;
        rows.iter()
            .map(|row| Ok((row.get::<_, &str>(0).parse().map_err(corrupt)?, row.get(1))))
            .collect()
    }

    /// Replaces the sealed credentials of a workspace. `false` if it has others than `from` by now, or is
    /// gone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::SetUp`] and [`StoreError::Data`] as the database says.
    pub async fn replace_sealed(
        &self,
        workspace: &WorkspaceId,
        from: &[u8],
        to: &[u8],
    ) -> Result<bool, StoreError> {
        let sql = "update public.voice_workspaces set sealed = $3, updated_at = now() \
                   where workspace_id = $1 and sealed = $2";
        Ok(self.client().execute(sql, &[&workspace.as_str(), &from, &to]).await? == 1)
    }
}

pub(crate) const WORKSPACE: &str = "\
select w.account_sid, w.api_key_sid, w.app_sid, w.sealed, w.policy, w.caller_id, w.region, w.edge, \
  array(select n.phone_number from public.voice_numbers n \
    where n.workspace_id = $1 order by n.rank) as numbers \
from public.voice_workspaces w where w.workspace_id = $1";

const SET_WORKSPACE: &str = "\
with changed as ( \
  update public.voice_workspaces w set updated_at = now(), \
    caller_id = case when $3 then $4::text \
      when w.caller_id <> all ($2::text[]) and exists (select from public.voice_numbers n \
        where n.workspace_id = $1 and n.phone_number = w.caller_id) then null \
      else w.caller_id end, \
    region = case when $5 then $6::text else w.region end, \
    edge = case when $7 then $8::text else w.edge end \
  where w.workspace_id = $1 returning w.workspace_id), \
gone as ( \
  delete from public.voice_numbers n using changed c \
  where n.workspace_id = c.workspace_id and n.phone_number <> all ($2::text[])), \
come as ( \
  insert into public.voice_numbers (workspace_id, phone_number, rank) \
  select c.workspace_id, u.phone_number, min(u.rank) \
  from changed c, unnest($2::text[]) with ordinality as u (phone_number, rank) group by 1, 2 \
  on conflict (workspace_id, phone_number) do update set rank = excluded.rank) \
select count(*) from changed";
