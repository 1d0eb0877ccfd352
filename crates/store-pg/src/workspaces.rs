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
    /// Its numbers; the first is the caller id of outbound calls.
    pub numbers: Vec<PhoneNumber>,
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
        }))
    }
}

impl Owner {
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
select w.account_sid, w.api_key_sid, w.app_sid, w.sealed, w.policy, \
  array(select n.phone_number from public.voice_numbers n \
    where n.workspace_id = $1 order by n.rank) as numbers \
from public.voice_workspaces w where w.workspace_id = $1";
