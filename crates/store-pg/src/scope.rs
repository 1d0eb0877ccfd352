//! A transaction that acts for one workspace, in one round trip.

use deadpool_postgres::{Object, Pool};
use futures_util::try_join;
use identity::{UserId, WorkspaceId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::error::StoreError;
use crate::pool::Borrowed;

/// In whose name a transaction runs.
#[derive(Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// A request that Twilio signed for this workspace.
    Webhook(&'a WorkspaceId),
    /// A member of this workspace, checked again by the database in every statement.
    Agent(&'a WorkspaceId, UserId),
}

/// Sets role, workspace and claims until the end of the transaction.
pub(crate) const ENTER: &str = "select set_config('role', $1, true), \
     set_config('voice.workspace_id', $2, true), set_config('request.jwt.claims', $3, true)";

type Params<'a> = [&'a (dyn ToSql + Sync)];

impl Scope<'_> {
    fn workspace(&self) -> &str {
        match self {
            Self::Webhook(workspace) | Self::Agent(workspace, _) => workspace.as_str(),
        }
    }

    fn role(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "voice_webhook",
            Self::Agent(..) => "voice_agent",
        }
    }

    fn claims(&self) -> String {
        match self {
            Self::Webhook(_) => String::new(),
            Self::Agent(_, user) => format!(r#"{{"sub":"{user}","role":"authenticated"}}"#),
        }
    }

    /// Runs one statement in a transaction of its own.
    ///
    /// Begin, scope, statement and commit leave together and are answered together, so that the
    /// whole costs one round trip and a request that is dropped half-way leaves nothing open. A
    /// connection that the database closed is replaced once.
    pub(crate) async fn run(
        &self,
        pool: &Pool,
        sql: &'static str,
        params: &Params<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        match self.run_once(pool, sql, params).await {
            Err(StoreError::Away(_)) => {
                pool.retain(|client, _| !client.is_closed());
                self.run_once(pool, sql, params).await
            }
            result => result,
        }
    }

    async fn run_once(
        &self,
        pool: &Pool,
        sql: &'static str,
        params: &Params<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let client = Borrowed::from(pool).await?;
        let (enter, statement) =
            try_join!(client.prepare_cached(ENTER), client.prepare_cached(sql))?;
        let claims = self.claims();
        let (role, workspace) = (self.role(), self.workspace());
        let enter_params: &Params<'_> = &[&role, &workspace, &claims];
        let (_, _, rows, _) = try_join!(
            client.batch_execute("begin"),
            client.query_one(&enter, enter_params),
            client.query(&statement, params),
            client.batch_execute("commit"),
        )?;
        client.finished();
        Ok(rows)
    }

    /// Opens a transaction and enters the scope, for work that needs several steps.
    ///
    /// The caller commits; the connection is closed if it does not come to that.
    pub(crate) async fn begin(&self, client: &Object) -> Result<(), StoreError> {
        let enter = client.prepare_cached(ENTER).await?;
        let claims = self.claims();
        let (role, workspace) = (self.role(), self.workspace());
        let enter_params: &Params<'_> = &[&role, &workspace, &claims];
        try_join!(client.batch_execute("begin"), client.query_one(&enter, enter_params))?;
        Ok(())
    }
}
