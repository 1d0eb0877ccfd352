//! Tries what the server does, and leaves nothing behind.

use std::collections::BTreeSet;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, SimpleQueryMessage};
use uuid::Uuid;

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
                        shown.push(shows_rows(function));
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

/// Asks, as a workspace that nobody has, about a contact that another workspace has, and lists what answers.
/// So functions are judged by what they do, where there is a contact to ask about, whatever their text says.
pub(super) async fn others(client: &Client) -> Result<Vec<Fault>, StoreError> {
    let mut shown = BTreeSet::new();
    let workspaces = as_webhook(client, "", WORKSPACES, &[]).await?;
    for row in &workspaces {
        let workspace: &str = row.get(0);
        let contacts = as_webhook(client, workspace, CONTACT, &[&workspace]).await?;
        for contact in &contacts {
            let (id, number): (Uuid, Option<String>) = (contact.get(0), contact.get(1));
            let nobody = nobody_like(workspace);
            let by_id: &[&(dyn ToSql + Sync)] = &[&nobody, &id];
            let by_number: &[&(dyn ToSql + Sync)] = &[&nobody, &number];
            for (function, sql, of_contact) in [
                ("livechat.contact", "select 1 from livechat.contact($1, array[$2::uuid])", by_id),
                (
                    "livechat.assigned",
                    "select 1 from livechat.assigned($1, array[$2::uuid])",
                    by_id,
                ),
                (
                    "livechat.contacts",
                    "select 1 from livechat.contacts($1, array[voice.tail($2::text)])",
                    by_number,
                ),
            ] {
                if !as_webhook(client, nobody, sql, of_contact).await?.is_empty() {
                    shown.insert(function);
                }
            }
        }
    }
    Ok(shown.into_iter().map(shows_rows).collect())
}

fn shows_rows(function: &str) -> Fault {
    Fault {
        fault: format!("the function {function} shows rows to a workspace that nobody has"),
        fix: "run `switchroom migrate`, or let your own function compare with `ws`".to_owned(),
    }
}

/// A workspace that nobody has, whose id is of the same type.
fn nobody_like(workspace: &str) -> &'static str {
    let [text, uuid, number] = NOBODIES;
    if Uuid::parse_str(workspace).is_ok() {
        uuid
    } else if workspace.parse::<i64>().is_ok() {
        number
    } else {
        text
    }
}

/// Asks in the scope of a workspace, in a transaction that is rolled back. What cannot be asked shows nothing.
async fn as_webhook(
    client: &Client,
    workspace: &str,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    let asked = async {
        client.batch_execute("begin; set local role voice_webhook").await?;
        client.query(ENTER, &[&workspace]).await?;
        client.query(sql, params).await
    };
    let asked = asked.await;
    client.batch_execute("rollback").await?;
    match asked {
        Err(error) if error.as_db_error().is_some() => Ok(Vec::new()),
        asked => Ok(asked?),
    }
}

const ENTER: &str = "select pg_catalog.set_config('voice.workspace_id', $1, true)";

/// Enough to see a function that compares with nothing.
const WORKSPACES: &str =
    "select w.id from voice.workspaces_to_mend('infinity', '-infinity') as w (id) limit 3";

/// A contact of a workspace and its number: of the live chat, else of its last calls.
const CONTACT: &str = "\
select s.id, s.number from ( \
  select c.contact_id as id, c.number, 1 as rank \
  from livechat.contacts_after($1, '00000000-0000-0000-0000-000000000000', 1) c \
  union all \
  select v.contact_id, v.from_party, 2 from ( \
    select l.contact_id, l.from_party from public.voice_calls l \
    where l.workspace_id = $1 order by l.started_at desc limit 100) v \
  where v.contact_id is not null) s \
order by s.rank limit 1";

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
