//! Tries what the server does, and leaves nothing behind.

use futures_util::join;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::error::StoreError;
use crate::fault::Fault;

/// Tries what webhooks and agents do, each in a transaction that is rolled back.
///
/// A foreign policy for everybody applies to our roles too, and may read a table that they cannot
/// read. A trigger or a check on the live chat's log may refuse our rows. Then calls would reach
/// nobody, or would not be logged. The probe acts for a workspace that nobody has, so that nothing
/// that concerns one workspace alone keeps the others from being served; `log` tries the real ones.
pub(super) async fn roles(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    for (role, table, sql) in PROBES {
        let transaction = format!(
            "begin; select set_config('role', '{role}', true), \
               set_config('voice.workspace_id', '{NOBODY}', true), \
               set_config('request.jwt.claims', case '{role}' when 'voice_agent' \
                 then '{{\"sub\":\"00000000-0000-0000-0000-000000000000\"}}' else '' end, true); \
             {sql}; rollback"
        );
        let Err(error) = client.batch_execute(&transaction).await else { continue };
        let Some(db) = error.as_db_error() else { return Err(error.into()) };
        client.batch_execute("rollback").await?;
        // The live chat may have a table of its workspaces, and this one is not in it.
        if *db.code() == SqlState::FOREIGN_KEY_VIOLATION {
            continue;
        }
        faults.push(Fault {
            fault: format!("{role} cannot use {table}: {}", db.message()),
            fix: format!(
                "look at the policies, triggers and checks on {table} that are not Switchroom's; a \
                 policy without `to` counts for every role"
            ),
        });
    }
    Ok(faults)
}

/// Whether a setting of a transaction is there for the transaction's next statement. Behind a pooler
/// that gives each statement to another session, no role and no workspace would ever be entered.
pub(super) async fn pooler(client: &Client) -> Result<Option<Fault>, StoreError> {
    let (begun, entered, seen, ended) = join!(
        client.simple_query("begin"),
        client.simple_query("select set_config('voice.workspace_id', 'switchroom-check', true)"),
        client.simple_query("select current_setting('voice.workspace_id', true) as seen"),
        client.simple_query("rollback"),
    );
    let is_refused = |error: &tokio_postgres::Error| {
        error.as_db_error().is_some_and(|db| db.message().contains("pooling mode"))
    };
    let fault = || Fault {
        fault: "a pooler in statement mode is between the server and the database: what a \
                transaction sets is lost before its next statement"
            .to_owned(),
        fix: "let DATABASE_URL lead to the database itself or to a pooler in session mode"
            .to_owned(),
    };
    let results = [begun, entered, seen, ended];
    if results.iter().any(|result| result.as_ref().is_err_and(is_refused)) {
        return Ok(Some(fault()));
    }
    let [_, _, seen, _] = results;
    let is_kept = seen?.iter().any(
        |message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some(NOBODY)),
    );
    Ok((!is_kept).then(fault))
}

/// A workspace that nobody has.
const NOBODY: &str = "switchroom-check";

/// Role, table and what the role does with it.
const PROBES: &[(&str, &str, &str)] = &[
    ("voice_webhook", "livechat_contacts", "select id from public.livechat_contacts limit 1"),
    (
        "voice_webhook",
        "livechat_contact_assignments",
        "select user_id from public.livechat_contact_assignments limit 1",
    ),
    ("voice_webhook", "user_profiles", "select id from public.user_profiles limit 1"),
    ("voice_webhook", "voice_workspaces", "select sealed from public.voice_workspaces limit 1"),
    (
        "voice_webhook",
        "livechat_messages",
        "insert into public.livechat_messages (workspace_id, sender, body, msg_type, direction, \
           twilio_sid, status, created_at) values (current_setting('voice.workspace_id'), 'contact', \
           'A call of the set-up check, never kept.', 'call', 'inbound', \
           'CA00000000000000000000000000000000', 'completed', now())",
    ),
    ("voice_agent", "user_profiles", "select id from public.user_profiles limit 1"),
    ("voice_agent", "livechat_contacts", "select id from public.livechat_contacts limit 1"),
    ("voice_agent", "voice_calls", "select call_sid from public.voice_calls limit 1"),
];
