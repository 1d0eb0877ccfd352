//! Tries what the server does, and leaves nothing behind.

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
    for (role, asked, sql) in PROBES {
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
            fault: format!("{role} cannot ask {asked}: {}", db.message()),
            fix: format!(
                "look at the policies, triggers and checks on the tables that {asked} reads or writes \
                 and that are not Switchroom's; a policy without `to` counts for every role"
            ),
        });
    }
    Ok(faults)
}

/// Asks for what a workspace that nobody has would see of the live chat, and lists what is shown. Then
/// neither a function nor a policy keeps workspaces apart. A function that cannot be asked shows nothing.
pub(super) async fn nobody(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let mut shown = Vec::new();
    for (function, arguments) in SHOWN {
        for nobody in NOBODIES {
            let transaction = format!(
                "begin; select set_config('role', 'voice_webhook', true), \
                   set_config('voice.workspace_id', '{nobody}', true); \
                 select 1 from {function}('{nobody}'{arguments}) limit 1; rollback"
            );
            match client.simple_query(&transaction).await {
                // The first row is that of the settings.
                Ok(messages) => {
                    let is_row =
                        |one: &&SimpleQueryMessage| matches!(one, SimpleQueryMessage::Row(_));
                    if messages.iter().filter(is_row).count() > 1 {
                        shown.push(Fault {
                            fault: format!(
                                "the function {function} shows rows to a workspace that nobody has"
                            ),
                            fix: "run `switchroom migrate`, or let your own function compare with `ws`"
                                .to_owned(),
                        });
                        break;
                    }
                }
                Err(error) if error.as_db_error().is_some() => {
                    client.batch_execute("rollback").await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(shown)
}

/// The functions that show rows for no more than a workspace, and further arguments.
const SHOWN: [(&str, &str); 2] =
    [("livechat.members", ""), ("livechat.contacts_after", ", repeat('0', 32)::uuid, 1")];

/// Workspaces that nobody has, of each type that an id can have.
const NOBODIES: [&str; 3] = [NOBODY, "5d8c1f62-0000-8000-8000-5717c4700000", "-571700000000000001"];

/// A workspace that nobody has.
pub(super) const NOBODY: &str = "switchroom-check";

/// Role, what is asked, and how.
const PROBES: &[(&str, &str, &str)] = &[
    ("voice_webhook", "livechat.members", "select * from voice.members()"),
    (
        "voice_webhook",
        "livechat.contacts",
        "select * from voice.caller(current_setting('voice.workspace_id'), array['00000000'], '')",
    ),
    (
        "voice_webhook",
        "livechat.assigned",
        "select * from livechat.assigned(current_setting('voice.workspace_id'), '{}')",
    ),
    (
        "voice_webhook",
        "livechat.contact",
        "select * from livechat.contact(current_setting('voice.workspace_id'), \
           array['00000000-0000-0000-0000-000000000000']::uuid[])",
    ),
    (
        "voice_webhook",
        "livechat.workspace",
        "select livechat.workspace(current_setting('voice.workspace_id'))",
    ),
    ("voice_webhook", "voice_workspaces", "select sealed from public.voice_workspaces limit 1"),
    (
        "voice_webhook",
        "livechat.log",
        "select livechat.log(current_setting('voice.workspace_id'), jsonb_build_array( \
           jsonb_build_object('twilio_sid', 'CA00000000000000000000000000000000', \
             'sender', 'contact', 'body', 'A call of the set-up check, never kept.', \
             'direction', 'inbound', 'status', 'completed')))",
    ),
    ("voice_agent", "livechat.member", "select * from voice.colleagues()"),
    ("voice_agent", "voice_calls", "select call_sid from public.voice_calls limit 1"),
];
