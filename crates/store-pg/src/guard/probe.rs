//! Tries what the server does, and leaves nothing behind.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

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

/// A workspace that nobody has.
pub(super) const NOBODY: &str = "switchroom-check";

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
