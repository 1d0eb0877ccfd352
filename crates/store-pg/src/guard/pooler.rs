//! Poolers that give one client the session of another.

use std::time::Duration;

use futures_util::join;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::probe::NOBODY;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::pool;
use crate::url::Target;

/// Whether what is behind the connection string keeps a session for each client. No session gets a
/// setting for this: it may be somebody else's.
///
/// # Errors
///
/// [`StoreError::Away`] if the database could not be asked.
pub(crate) async fn fault(target: &Target) -> Result<Option<Fault>, StoreError> {
    let fault = |what: &str| Fault { fault: what.to_owned(), fix: fix(target) };
    if target.is_supabase_transaction_pooler() {
        return Ok(Some(fault("port 6543 is Supabase's pooler in transaction mode")));
    }
    let client = pool::connect_plainly(target).await?;
    if loses_settings(&client).await? {
        return Ok(Some(fault(STATEMENT_MODE)));
    }
    // A pooler that has no other session to give, or a database without room for one more, says nothing
    // about the mode.
    match tokio::time::timeout(PATIENCE, shares_sessions(target, &client)).await {
        Ok(Ok(true)) => Ok(Some(fault(TRANSACTION_MODE))),
        _ => Ok(None),
    }
}

/// As [`fault`], on one connection alone, which shows the statement mode only.
pub(super) async fn fault_on(client: &Client) -> Result<Option<Fault>, StoreError> {
    let fault = || Fault { fault: STATEMENT_MODE.to_owned(), fix: SESSION_MODE.to_owned() };
    Ok(loses_settings(client).await?.then(fault))
}

/// Whether a setting of a transaction is lost before the transaction's next statement. Behind a pooler
/// that gives each statement to another session, no role and no workspace would ever be entered.
async fn loses_settings(client: &Client) -> Result<bool, StoreError> {
    let (begun, entered, seen, ended) = join!(
        client.simple_query("begin"),
        client.simple_query(
            "select pg_catalog.set_config('voice.workspace_id', 'switchroom-check', true)"
        ),
        client.simple_query("select pg_catalog.current_setting('voice.workspace_id', true)"),
        client.simple_query("rollback"),
    );
    let is_refused = |error: &tokio_postgres::Error| {
        error.as_db_error().is_some_and(|db| db.message().contains("pooling mode"))
    };
    let results = [begun, entered, seen, ended];
    if results.iter().any(|result| result.as_ref().is_err_and(is_refused)) {
        return Ok(true);
    }
    let [_, _, seen, _] = results;
    Ok(first(&seen?) != Some(NOBODY))
}

/// Whether a session is given to another client as soon as a transaction has ended: others that begin
/// transactions get this one's, or this one gets a new one.
async fn shares_sessions(target: &Target, client: &Client) -> Result<bool, StoreError> {
    let own = session(client).await?;
    let mut others = Vec::new();
    let mut is_shared = false;
    while !is_shared && others.len() < OTHERS {
        let other = pool::connect_plainly(target).await?;
        other.batch_execute("begin").await?;
        is_shared = session(&other).await? == own || session(client).await? != own;
        others.push(other);
    }
    for other in others {
        other.batch_execute("rollback").await?;
    }
    Ok(is_shared)
}

/// The process that answers.
async fn session(client: &Client) -> Result<Option<String>, StoreError> {
    let answer = client.simple_query("select pg_catalog.pg_backend_pid()").await?;
    Ok(first(&answer).map(ToOwned::to_owned))
}

fn first(answer: &[SimpleQueryMessage]) -> Option<&str> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    })
}

fn fix(target: &Target) -> String {
    if target.is_at_supabase() { SUPABASE.to_owned() } else { SESSION_MODE.to_owned() }
}

const STATEMENT_MODE: &str = "a pooler in statement mode is between the server and the database: what \
     a transaction sets is lost before its next statement";

const TRANSACTION_MODE: &str = "a pooler in transaction mode is between the server and the database: \
     two clients get the same session, with each other's settings and prepared statements";

const SESSION_MODE: &str = "let the connection string lead to the database itself, or to a pooler in \
     session mode (pgbouncer: pool_mode=session for this database)";

const SUPABASE: &str = "use port 5432 of the same host, which is the pooler in session mode, or the \
     database itself, db.<project>.supabase.co:5432, which has an IPv6 address only";

/// Other clients that begin a transaction at the same time. Some poolers give away the session that was
/// used last, some the one that was used first.
const OTHERS: usize = 2;

const PATIENCE: Duration = Duration::from_secs(3);
