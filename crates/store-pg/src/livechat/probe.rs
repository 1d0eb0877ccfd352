//! Tries the functions before the migration is kept, and leaves nothing behind.

use calls::{Direction, Outcome};
use serde_json::{Value, json};
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::bodies;
use super::shape::{Log, Shape};
use crate::error::StoreError;
use crate::fault::Fault;

/// Asks each question with a workspace that exists, if there is one, and tells an owner's own log
/// about a call. Returns what is refused.
///
/// A policy of the live chat that counts for everybody may read what our role cannot.
pub(super) async fn questions(
    client: &Client,
    shape: &Shape,
    has_own_log: bool,
) -> Result<Vec<Fault>, StoreError> {
    client.batch_execute("savepoint unasked").await?;
    let found = async {
        let workspace = workspace(client, shape).await?;
        client.execute("select set_config('voice.workspace_id', $1, true)", &[&workspace]).await?;
        let mut faults = Vec::new();
        for sql in QUESTIONS {
            if let Err(error) = attempt(client, sql, &[&workspace]).await? {
                push(&mut faults, fault(&error));
            }
        }
        if has_own_log {
            let entry = entry("A call of the set-up check, never kept.", None, INBOUND, ENDED);
            let sql = "select livechat.log($1, $2)";
            if let Err(error) = attempt(client, sql, &[&workspace, &entry]).await?
                && !is_of_nobody(&error, &workspace)
            {
                push(&mut faults, fault(&error));
            }
        }
        Ok(faults)
    };
    let found = found.await;
    client.batch_execute("rollback to unasked").await?;
    found
}

/// Writes every row that calls can leave in the log, as the role that will. Returns what is refused.
///
/// A trigger or a check may refuse one long after everything else was found in order, so every status
/// is tried in each direction, with a contact and without, as a new row and as a change of one. The
/// tables may be locked and the log may be large, so nothing is looked for: each row is found again by
/// its place.
pub(super) async fn log(
    client: &Client,
    shape: &Shape,
    log: &Log,
) -> Result<Vec<Fault>, StoreError> {
    client.batch_execute("savepoint untold").await?;
    let found = async {
        let workspace = workspace(client, shape).await?;
        let contact = contact(client, shape, &workspace).await?;
        // Only who may read a whole table may read the places of its rows.
        let sql = format!(
            "grant select on {} to voice_livechat; set local role voice_livechat; \
             set local search_path = {}",
            log.table, log.path
        );
        client.batch_execute(&sql).await?;
        client.execute("select set_config('voice.workspace_id', $1, true)", &[&workspace]).await?;
        let trial = bodies::trial(log);
        let mut faults = Vec::new();
        for contact in [None, contact].into_iter().take(1 + usize::from(contact.is_some())) {
            for direction in Direction::ALL {
                for status in Outcome::ALL {
                    let entry = |body| entry(body, contact, *direction, *status);
                    let new = entry("A call of the set-up check, never kept.");
                    client.batch_execute("savepoint untried").await?;
                    let refused = match attempt(client, &trial.insert, &[&workspace, &new]).await? {
                        Err(error) => Some(error),
                        Ok(rows) => match rows.first() {
                            Some(row) => {
                                let (table, place): (String, String) = (row.get(0), row.get(1));
                                let changed = entry("And its change.");
                                let place: [&(dyn ToSql + Sync); 3] = [&changed, &table, &place];
                                attempt(client, &trial.update, &place).await?.err()
                            }
                            None => None,
                        },
                    };
                    if let Some(error) = refused.filter(|error| !is_of_nobody(error, &workspace)) {
                        push(&mut faults, fault(&error));
                    }
                    client.batch_execute("rollback to untried").await?;
                }
            }
        }
        Ok(faults)
    };
    let found = found.await;
    client.batch_execute("rollback to untold").await?;
    found
}

/// One entry for the log.
fn entry(body: &str, contact: Option<Uuid>, direction: Direction, status: Outcome) -> Value {
    json!([{
        "twilio_sid": "CA00000000000000000000000000000000",
        "contact_id": contact.map(|id| id.to_string()), "user_id": null, "body": body,
        "direction": direction.code(),
        "sender": if direction == Direction::Inbound { "contact" } else { "user" },
        "status": status.code(), "created_at": null,
    }])
}

/// Whether a foreign key refused a workspace that nobody has.
fn is_of_nobody(error: &DbError, workspace: &str) -> bool {
    workspace == NOBODY && *error.code() == SqlState::FOREIGN_KEY_VIOLATION
}

type Tried = Result<Vec<Row>, Box<DbError>>;

/// Runs a statement on trial.
async fn attempt(
    client: &Client,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Tried, StoreError> {
    client.batch_execute("savepoint tried").await?;
    let result = match client.query(sql, params).await {
        Ok(rows) => Ok(rows),
        Err(error) => match error.as_db_error() {
            Some(db) => Err(Box::new(db.clone())),
            None => return Err(error.into()),
        },
    };
    if result.is_err() {
        client.batch_execute("rollback to tried").await?;
    }
    Ok(result)
}

/// A workspace that exists, as text; else one that nobody has.
async fn workspace(client: &Client, shape: &Shape) -> Result<String, StoreError> {
    let mut sources = Vec::new();
    if let Ok(one) = &shape.contacts {
        sources.push((&one.workspace.0, &one.from));
    }
    if let Ok(one) = &shape.members {
        sources.push((&one.workspace.0, &one.from));
    }
    for (column, from) in sources {
        let sql = format!("select {column}::text from {from} where {column} is not null limit 1");
        // Forced policies may hide every row from the owner as well.
        if let Ok(rows) = attempt(client, &sql, &[]).await?
            && let Some(row) = rows.first()
        {
            return Ok(row.get(0));
        }
    }
    Ok(NOBODY.to_owned())
}

/// A contact of a workspace.
async fn contact(
    client: &Client,
    shape: &Shape,
    workspace: &str,
) -> Result<Option<Uuid>, StoreError> {
    let Ok(contacts) = &shape.contacts else { return Ok(None) };
    let (column, id) = &contacts.id;
    let (of, workspace_id) = &contacts.workspace;
    let sql = format!(
        "select {} from {} where {of} = {} limit 1",
        id.to_uuid(column),
        contacts.from,
        workspace_id.of_text("$1::text")
    );
    let rows = attempt(client, &sql, &[&workspace]).await?;
    Ok(rows.ok().and_then(|rows| rows.first().and_then(|row| row.get(0))))
}

fn push(faults: &mut Vec<Fault>, fault: Fault) {
    if !faults.contains(&fault) {
        faults.push(fault);
    }
}

/// What was refused and where: the innermost function that is not ours is what to look at.
fn fault(error: &DbError) -> Fault {
    let place = error.where_().unwrap_or_default();
    let functions = place.lines().filter_map(|line| {
        line.split_once("function ").and_then(|(_, rest)| rest.split_once(" line "))
    });
    let theirs = functions.map(|(name, _)| name).find(|name| !name.starts_with("livechat."));
    let what = match theirs {
        Some(name) => format!("{} in the function {name}", error.message()),
        None => error.message().to_owned(),
    };
    let fix = match (theirs, error.code()) {
        (Some(name), &SqlState::INSUFFICIENT_PRIVILEGE) => format!(
            "alter function {name} security definer set search_path = …, so that a trigger has the rights \
             of its owner, or grant what it needs to voice_livechat"
        ),
        (Some(name), _) => format!("let {name} accept the rows of calls"),
        (None, &SqlState::INSUFFICIENT_PRIVILEGE) => {
            "a policy without `to` counts for voice_livechat too: grant it what the policy reads, or give \
             the policy a role"
                .to_owned()
        }
        (None, _) => format!(
            "look at the checks and policies on {}, or write livechat.log yourself",
            error.table().unwrap_or("the table")
        ),
    };
    Fault { fault: format!("the live chat refuses what is asked of it: {what}"), fix }
}

const INBOUND: Direction = Direction::Inbound;
const ENDED: Outcome = Outcome::Completed;

/// A workspace that nobody has.
const NOBODY: &str = "switchroom-check";

/// Each question but the log, which writes.
const QUESTIONS: &[&str] = &[
    "select count(*) from livechat.members($1)",
    "select count(*) from livechat.member($1, '00000000-0000-0000-0000-000000000000')",
    "select count(*) from livechat.contacts($1, array['00000000'])",
    "select count(*) from livechat.contact($1, array['00000000-0000-0000-0000-000000000000'::uuid])",
    "select count(*) from livechat.assigned($1, array['00000000-0000-0000-0000-000000000000'::uuid])",
    "select livechat.workspace($1)::int::bigint",
];
