//! The database: role, policies, schema, clock, and whether the workspaces in it can be opened.

use std::time::Duration;

use identity::{Timestamp, WorkspaceId};
use store_pg::{Store, StoreError, StoreOptions, WorkspaceRow};

use super::super::with_causes;
use super::fetch::MOST_SKEW;
use super::{Report, silence};
use crate::clock::apart;
use crate::config::Config;
use crate::database::embedded::Access;
use crate::known;
use crate::policy::Policy;
use crate::secrets::seal::{self, Credentials, OpenedBy};

/// A workspace that the server could serve.
pub(super) struct Found {
    pub(super) id: WorkspaceId,
    pub(super) row: WorkspaceRow,
    pub(super) credentials: Credentials,
}

/// Checks the database, and returns the workspaces that could be opened.
pub(super) async fn look(config: &Config, report: &mut Report) -> Vec<Found> {
    // The embedded database runs for as long as this is held.
    let (_access, url) = match &config.database_url {
        Some(url) => (None, url.reveal().to_owned()),
        None if !config.data_dir.join("postgres").exists() => {
            report.skipped("database", "the embedded one is created at the first start");
            return Vec::new();
        }
        None => match Access::open(&config.data_dir).await {
            Ok(access) => {
                let url = access.login_url();
                (Some(access), url)
            }
            Err(error) => {
                report.fault(
                    format!("the embedded database: {}", with_causes(&error)),
                    "start `switchroom serve` and read its log",
                );
                return Vec::new();
            }
        },
    };
    match tokio::time::timeout(PATIENCE, ask(&url, config, report)).await {
        Ok(Ok(found)) => found,
        Ok(Err(error @ StoreError::SetUp(_))) => {
            report.faults.push(format!("DATABASE_URL: {error}"));
            Vec::new()
        }
        Ok(Err(error)) => {
            report.fault(format!("DATABASE_URL: {error}"), REACH);
            Vec::new()
        }
        Err(_) => {
            report.fault("DATABASE_URL: the database does not answer in time", REACH);
            Vec::new()
        }
    }
}

async fn ask(url: &str, config: &Config, report: &mut Report) -> Result<Vec<Found>, StoreError> {
    let store = Store::new(url, StoreOptions::sharing(config.database_connections))?;
    let faults = store.faults().await?;
    if !faults.is_empty() {
        for fault in &faults {
            report.fault(&fault.fault, &fault.fix);
        }
        return Ok(Vec::new());
    }
    report.good("database: role, policies and schema");
    for warning in store.warnings().await? {
        report.notice(&warning.fault, &warning.fix);
    }
    let before = config.clock.now();
    let theirs = store.now().await?;
    let skew = apart(theirs, before).saturating_sub(apart(config.clock.now(), before));
    if skew > MOST_SKEW {
        report.fault(
            format!("the clock of the database is {} s from this one", skew.as_secs()),
            "let both machines follow a time server",
        );
    } else {
        report.good("clock of the database");
    }
    let far = config.clock.now() + Duration::from_secs(365 * 86_400);
    let ids = store.workspaces_to_reconcile(far, Timestamp::from_unix_seconds(0)).await?;
    if ids.is_empty() {
        report.next(
            "add a workspace, as the owner: `switchroom workspace add <id> --account-sid … --api-key … \
             --app … --number …`, with the id that the live chat has for it",
        );
    }
    let mut found = Vec::new();
    for id in ids {
        if let Some(row) = store.workspace(&id).await? {
            let refused = store.log_faults(&id).await?;
            match refused.as_slice() {
                [] => report.good(&format!("log of workspace {id}")),
                [first, ..] => report.fault(
                    format!("{} ({} kinds of rows are refused)", first.fault, refused.len()),
                    &first.fix,
                ),
            }
            found.extend(open(config, id, row, report));
        }
    }
    for workspace in &found {
        silence::look(&store, config, workspace, report).await?;
    }
    silence::shared_numbers(&found, report);
    Ok(found)
}

fn open(config: &Config, id: WorkspaceId, row: WorkspaceRow, report: &mut Report) -> Option<Found> {
    let again = format!(
        "enter it again with the SWITCHROOM_SECRETS_KEY of the server: `switchroom workspace add {id}`"
    );
    if let Err(fault) = known::open(&config.secrets_keys, &id, &row) {
        report.fault(format!("workspace {id} cannot be used: {fault}"), again);
        return None;
    }
    if let Err(error) = serde_json::from_value::<Policy>(row.policy.clone()) {
        report.fault(
            format!("the policy of workspace {id} cannot be read, so the default policy is used: {error}"),
            "fix voice_workspaces.policy: docs/configuration.md, \"What a workspace chooses\"",
        );
    }
    if row.numbers.is_empty() {
        let fix = format!("`switchroom workspace add {id}` with --number");
        report.fault(format!("workspace {id} has no number: its agents cannot call out"), fix);
    }
    let (credentials, by) = seal::open(&config.secrets_keys, &id, &row.sealed).ok()?;
    report.good(&format!("credentials of workspace {id}"));
    if by == OpenedBy::Previous {
        report.fault(
            format!("the credentials of workspace {id} are sealed with the previous key"),
            "`switchroom workspace reseal`, once every server has both keys",
        );
    }
    Some(Found { id, row, credentials })
}

const PATIENCE: Duration = Duration::from_secs(20);

const REACH: &str = "set DATABASE_URL to a Postgres that runs and can be reached from here, with \
                     the server's own role with its password";
