//! A transaction that acts for one workspace, in one round trip.

use deadpool_postgres::{Object, Pool};
use futures_util::future::{join_all, try_join_all};
use futures_util::{join, try_join};
use identity::{UserId, WorkspaceId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use crate::error::StoreError;
use crate::pool::Borrowed;

/// In whose name a transaction runs.
#[derive(Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// A request that Twilio signed for this workspace.
    Webhook(&'a WorkspaceId),
    /// Nobody's name: policies show no row of any workspace.
    Nowhere,
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
            Self::Nowhere => "",
        }
    }

    fn role(&self) -> &'static str {
        match self {
            Self::Webhook(_) | Self::Nowhere => "voice_webhook",
            Self::Agent(..) => "voice_agent",
        }
    }

    fn claims(&self) -> String {
        match self {
            Self::Webhook(_) | Self::Nowhere => String::new(),
            Self::Agent(_, user) => format!(r#"{{"sub":"{user}","role":"authenticated"}}"#),
        }
    }

    /// Runs one statement in a transaction of its own.
    ///
    /// Begin, scope, statement and commit leave together and are answered together, so that the
    /// whole costs one round trip and a request that is dropped half-way leaves nothing open. If
    /// the connection turns out to be lost, it is tried once more on a new one.
    pub(crate) async fn run(
        &self,
        pool: &Pool,
        sql: &'static str,
        params: &Params<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        self.run_behind(pool, None, sql, params).await
    }

    /// The same with another statement before it in the transaction, whose rows do not matter: a
    /// lock, behind which the second one sees what others have committed.
    pub(crate) async fn run_behind(
        &self,
        pool: &Pool,
        first: Option<(&'static str, &Params<'_>)>,
        sql: &'static str,
        params: &Params<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let statements: Vec<_> = first.into_iter().chain([(sql, params)]).collect();
        Ok(self.run_all(pool, &statements).await?.pop().unwrap_or_default())
    }

    /// Runs several statements in one transaction and one round trip; each sees what was committed
    /// before it began. If the connection turns out to be lost, it is tried once more on a new one.
    pub(crate) async fn run_all(
        &self,
        pool: &Pool,
        statements: &[(&'static str, &Params<'_>)],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut is_last = false;
        loop {
            let client = Borrowed::from(pool).await?;
            match self.run_once(&client, statements).await {
                Ok(rows) => {
                    client.finished();
                    return Ok(rows);
                }
                Err(error) if error.is_lost() && !is_last => {
                    // One is rarely lost alone, and the others may not have noticed yet.
                    is_last = true;
                    pool.retain(|_, _| false);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn run_once(
        &self,
        client: &Object,
        statements: &[(&'static str, &Params<'_>)],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let prepared = statements.iter().map(|(sql, _)| client.prepare_cached(sql));
        let (enter, prepared) = try_join!(client.prepare_cached(ENTER), try_join_all(prepared))?;
        let queries = prepared.iter().zip(statements);
        let queries = queries.map(|(statement, (_, params))| client.query(statement, params));
        let (begun, rows, committed) =
            join!(self.begin(client, &enter), join_all(queries), client.batch_execute("commit"));
        // The first refusal is the reason of all others.
        begun?;
        let rows = rows.into_iter().collect::<Result<_, _>>()?;
        committed?;
        Ok(rows)
    }

    /// Opens a transaction and enters the scope. `enter` is [`ENTER`], prepared.
    ///
    /// Both leave when this is first polled, so that more may be sent behind them at once. The
    /// caller commits; the connection is closed if it does not come to that.
    pub(crate) async fn begin(&self, client: &Object, enter: &Statement) -> Result<(), StoreError> {
        let claims = self.claims();
        let (role, workspace) = (self.role(), self.workspace());
        let params: &Params<'_> = &[&role, &workspace, &claims];
        let (begun, entered) =
            join!(client.batch_execute("begin"), client.query_one(enter, params));
        begun?;
        entered.map_err(StoreError::of_set_up)?;
        Ok(())
    }
}
