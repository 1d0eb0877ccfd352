//! Is this database safe to serve tenants from?

mod checks;
pub(crate) mod log;
pub(crate) mod pooler;
mod probe;
mod reach;

use tokio_postgres::Client;

use crate::error::StoreError;
use crate::fault::Fault;
use crate::schema;

/// One question to the catalogue.
struct Check {
    /// Lists faults as rows: a text, whether one workspace could see another by this alone, and perhaps
    /// the fix of this one.
    sql: &'static str,
    /// The fix of those that have none of their own.
    fix: &'static str,
}

/// A fault that was found.
struct Finding {
    fault: Fault,
    is_leak: bool,
}

/// Looks for everything that would let one workspace see another, for rights and a schema that are
/// not those this program was built for, and for what would keep calls from their agents or from the
/// log. No fault means an empty list.
///
/// # Errors
///
/// [`StoreError::Away`] if the database could not be asked.
pub(crate) async fn faults(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let (findings, unanswered) = look(client).await?;
    let mut faults: Vec<Fault> = findings.into_iter().map(|finding| finding.fault).collect();
    faults.extend(schema::fault(client).await?);
    // What was found is certain, whatever could not be asked.
    match unanswered {
        Some(error) if faults.is_empty() => return Err(error),
        _ if faults.is_empty() => faults.extend(probe::roles(client).await?),
        _ => {}
    }
    Ok(faults)
}

/// Looks only for what lets one workspace see another.
///
/// # Errors
///
/// Whatever kept a question from being answered, if no leak was found: it says nothing about the
/// database.
pub(crate) async fn leaks(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let (findings, unanswered) = look(client).await?;
    let leaks = findings.into_iter().filter(|finding| finding.is_leak);
    let leaks: Vec<Fault> = leaks.map(|finding| finding.fault).collect();
    match unanswered {
        Some(error) if leaks.is_empty() => Err(error),
        _ => Ok(leaks),
    }
}

/// What need not be a leak, but only a person can tell.
pub(crate) async fn warnings(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let own = leave_path(client).await?;
    let mut warnings = Vec::new();
    for check in reach::WARNINGS.iter().chain(checks::WARNINGS) {
        for row in client.query(check.sql, &[]).await? {
            warnings.push(Fault { fault: row.get(0), fix: check.fix.to_owned() });
        }
    }
    enter_path(client, &own).await?;
    Ok(warnings)
}

/// Asks everything, and returns what was found and the first question that was not answered.
async fn look(client: &Client) -> Result<(Vec<Finding>, Option<StoreError>), StoreError> {
    let own = leave_path(client).await?;
    let (mut findings, mut unanswered) = (Vec::new(), None);
    for check in checks::CHECKS.iter().chain(reach::CHECKS) {
        match client.query(check.sql, &[]).await {
            Ok(rows) => findings.extend(rows.iter().map(|row| Finding {
                fault: Fault {
                    fault: row.get(0),
                    fix: row.try_get(2).unwrap_or_else(|_| check.fix.to_owned()),
                },
                is_leak: row.get(1),
            })),
            Err(error) => {
                unanswered.get_or_insert(error.into());
            }
        }
    }
    enter_path(client, &own).await?;
    for shown in [probe::nobody(client).await, probe::others(client).await] {
        match shown {
            Ok(shown) => {
                findings.extend(shown.into_iter().map(|fault| Finding { fault, is_leak: true }));
            }
            Err(error) => {
                unanswered.get_or_insert(error);
            }
        }
    }
    Ok((findings, unanswered))
}

/// Lets every name be looked up in `pg_catalog` alone, and shown with its schema, and returns the path
/// that the session had.
async fn leave_path(client: &Client) -> Result<String, StoreError> {
    let sql = "select pg_catalog.current_setting('search_path')";
    let own = client.query_one(sql, &[]).await?.get(0);
    enter_path(client, "").await?;
    Ok(own)
}

async fn enter_path(client: &Client, path: &str) -> Result<(), StoreError> {
    client.query_one("select pg_catalog.set_config('search_path', $1, false)", &[&path]).await?;
    Ok(())
}

/// Whether the settings of a transaction reach its next statement, and whether the schema is there
/// and is one with which this program works.
pub(crate) async fn ready_fault(client: &Client) -> Result<Option<Fault>, StoreError> {
    match pooler::fault_on(client).await? {
        None => schema::fault(client).await,
        fault => Ok(fault),
    }
}
