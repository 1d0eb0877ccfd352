//! A transaction that acts for one workspace, in one round trip.

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use futures_util::future::{join_all, try_join_all};
use futures_util::{join, try_join};
use identity::{UserId, WorkspaceId};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use crate::error::StoreError;
use crate::pool::{Work, on_connection};

/// The party for whom a transaction runs.
#[derive(Clone, Copy)]
pub enum Scope<'a> {
    /// A request that Twilio signed for this workspace.
    Webhook(&'a WorkspaceId),
    /// Nobody: policies show no row of any workspace.
    Nowhere,
    /// A member of this workspace, checked again by the database in every statement.
    Agent(&'a WorkspaceId, UserId),
}

/// The roles that a connection can have.
pub(crate) const WEBHOOK: &str = "voice_webhook";
pub(crate) const AGENT: &str = "voice_agent";

/// How long writing the log may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// For one statement; all together may take three times as long, and the commit a little more.
    pub statement: Duration,
    /// For one wait for a lock.
    pub lock: Duration,
}

/// Sets role, workspace and claims until the end of the transaction.
pub(crate) const ENTER: &str = "select set_config('role', $1, true), \
     set_config('voice.workspace_id', $2, true), set_config('request.jwt.claims', $3, true)";

/// As [`ENTER`], and limits the time of each statement (`$4`) and of each wait for a lock (`$5`), as settings
/// of Postgres, until the end of the transaction.
pub(crate) const ENTER_WITHIN: &str = "select set_config('role', $1, true), \
     set_config('voice.workspace_id', $2, true), set_config('request.jwt.claims', $3, true), \
     set_config('statement_timeout', $4, true), set_config('lock_timeout', $5, true)";

/// Fails if something, a trigger for example, has left the scope since the transaction began, so that it
/// cannot be committed. `$1` is the role, `$2` the workspace.
pub(crate) const STILL_ENTERED: &str = "\
select 1 / (case when current_user = $1 and current_setting('voice.workspace_id', true) = $2 \
  then 1 else 0 end)";

/// As [`STILL_ENTERED`], and gives the commit more time than the statements had. Postgres lets
/// transactions that notify commit one after the other, by a lock that they hold until they are on disk:
/// who waits for it waits for others, and not for anything of their own.
pub(crate) const STILL_ENTERED_AND_ENDS: &str = "\
select 1 / (case when current_user = $1 and current_setting('voice.workspace_id', true) = $2 \
  then 1 else 0 end), \
  set_config('statement_timeout', '2s', true), set_config('lock_timeout', '2s', true)";

type Params<'a> = [&'a (dyn ToSql + Sync)];

/// A statement and its parameters.
pub(crate) type Asked<'a> = (&'static str, Vec<&'a (dyn ToSql + Sync)>);

/// The scope of a webhook within limits, as statements of a transaction that acts for one workspace after the
/// other.
pub(crate) struct Within<'a> {
    workspace: &'a str,
    claims: &'static str,
    /// In milliseconds.
    statement: String,
    lock: String,
}

impl<'a> Within<'a> {
    pub(crate) fn new(workspace: &'a WorkspaceId, limit: Limit) -> Self {
        let millis = |limit: Duration| limit.as_millis().max(1).to_string();
        let (statement, lock) = (millis(limit.statement), millis(limit.lock));
        Self { workspace: workspace.as_str(), claims: "", statement, lock }
    }

    /// Enters it.
    pub(crate) fn enter(&self) -> Asked<'_> {
        let Self { workspace, claims, statement, lock } = self;
        (ENTER_WITHIN, vec![&WEBHOOK, workspace, claims, statement, lock])
    }

    /// Fails if something has left it.
    pub(crate) fn still(&self) -> Asked<'_> {
        (STILL_ENTERED, vec![&WEBHOOK, &self.workspace])
    }

    /// As [`Within::still`], and gives the commit its own time.
    pub(crate) fn still_and_ends(&self) -> Asked<'_> {
        (STILL_ENTERED_AND_ENDS, vec![&WEBHOOK, &self.workspace])
    }
}

/// The fault that a refusal of this statement means.
pub(crate) fn refused(sql: &str, error: tokio_postgres::Error) -> StoreError {
    match sql {
        ENTER | ENTER_WITHIN => StoreError::of_set_up(error),
        STILL_ENTERED | STILL_ENTERED_AND_ENDS
            if error.code() == Some(&SqlState::DIVISION_BY_ZERO) =>
        {
            StoreError::ScopeLeft
        }
        _ => error.into(),
    }
}

impl Scope<'_> {
    fn workspace(&self) -> &str {
        match self {
            Self::Webhook(workspace) | Self::Agent(workspace, _) => workspace.as_str(),
            Self::Nowhere => "",
        }
    }

    fn role(&self) -> &'static str {
        match self {
            Self::Webhook(_) | Self::Nowhere => WEBHOOK,
            Self::Agent(..) => AGENT,
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
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`]; otherwise what the database refused.
    pub async fn run(
        &self,
        pool: &Pool,
        sql: &'static str,
        params: &Params<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(self.run_all(pool, &[(sql, params)]).await?.pop().unwrap_or_default())
    }

    /// Runs several statements in one transaction and one round trip; each sees what was committed
    /// before it began. If the connection turns out to be lost, it is tried once more on a new one.
    pub(crate) async fn run_all(
        &self,
        pool: &Pool,
        statements: &[(&'static str, &Params<'_>)],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        on_connection(pool, &Transaction { scope: self, statements }).await
    }

    /// Opens a transaction and enters the scope. `enter` is [`ENTER`], prepared.
    ///
    /// Both are sent when this is first polled, so that more can follow them at once. The caller
    /// commits; otherwise the connection is closed.
    pub(crate) async fn begin(&self, client: &Object, enter: &Statement) -> Result<(), StoreError> {
        let claims = self.claims();
        let (role, workspace) = (self.role(), self.workspace());
        let params: &Params<'_> = &[&role, &workspace, &claims];
        let (begun, entered) =
            join!(client.batch_execute("begin"), client.query_one(enter, params));
        begun?;
        entered.map(drop).map_err(|error| refused(ENTER, error))
    }

    /// Makes sure that the transaction is still in this scope. `still` is [`STILL_ENTERED`], prepared.
    ///
    /// Sent when it is first polled, so that the commit can follow at once: after a failure the
    /// database rolls back instead.
    pub(crate) async fn still_entered(
        &self,
        client: &Object,
        still: &Statement,
    ) -> Result<(), StoreError> {
        let (role, workspace) = (self.role(), self.workspace());
        let still = client.query_one(still, &[&role, &workspace]).await;
        still.map(drop).map_err(|error| refused(STILL_ENTERED, error))
    }
}

/// Runs one statement that enters its scope by itself, as the functions `voice.caller` and
/// `voice.is_member` do: a transaction of its own, in the role of the pool. If the connection turns out
/// to be lost, it is tried once more on a new one.
///
/// # Errors
///
/// [`StoreError::Away`], [`StoreError::Exhausted`]; otherwise what the database refused.
pub(crate) async fn alone(
    pool: &Pool,
    sql: &'static str,
    params: &Params<'_>,
) -> Result<Vec<Row>, StoreError> {
    on_connection(pool, &Alone { sql, params }).await
}

/// One statement that is a transaction.
struct Alone<'a> {
    sql: &'static str,
    params: &'a Params<'a>,
}

impl Work for Alone<'_> {
    type Done = Vec<Row>;

    async fn on(&self, client: &Object) -> Result<Self::Done, StoreError> {
        let statement = client.prepare_cached(self.sql).await?;
        Ok(client.query(&statement, self.params).await?)
    }
}

/// Statements that run in one scope and one transaction.
struct Transaction<'a> {
    scope: &'a Scope<'a>,
    statements: &'a [(&'static str, &'a Params<'a>)],
}

impl Work for Transaction<'_> {
    type Done = Vec<Vec<Row>>;

    async fn on(&self, client: &Object) -> Result<Self::Done, StoreError> {
        let prepared = self.statements.iter().map(|(sql, _)| client.prepare_cached(sql));
        let (enter, still, prepared) = try_join!(
            client.prepare_cached(ENTER),
            client.prepare_cached(STILL_ENTERED),
            try_join_all(prepared)
        )?;
        let queries = prepared.iter().zip(self.statements);
        let queries = queries.map(|(statement, (_, params))| client.query(statement, params));
        let begin = self.scope.begin(client, &enter);
        let still = self.scope.still_entered(client, &still);
        let (begun, rows, still, committed) =
            join!(begin, join_all(queries), still, client.batch_execute("commit"));
        // The first refusal caused all others.
        begun?;
        let rows = rows.into_iter().collect::<Result<_, _>>()?;
        still?;
        committed?;
        Ok(rows)
    }
}
