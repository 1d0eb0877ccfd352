//! Tries every row that calls can leave in the live chat's log, and leaves none.

use calls::{Direction, Outcome};
use identity::WorkspaceId;
use tokio_postgres::Client;
use tokio_postgres::error::DbError;

use crate::error::StoreError;
use crate::explain::place;
use crate::fault::Fault;

/// What the log of a workspace refuses: each status in each direction, with a contact and without, as a
/// new row and as the change of a row.
///
/// A trigger or a check that knows some words only, or that acts when there is a contact, would refuse a
/// call's row long after everything else was found in order.
pub(crate) async fn faults(
    client: &Client,
    workspace: &WorkspaceId,
) -> Result<Vec<Fault>, StoreError> {
    client.batch_execute("begin").await?;
    client.query(ENTER, &[&workspace.as_str()]).await?;
    let row = client.query_opt(CONTACT, &[&workspace.as_str()]).await?;
    let contact: Option<uuid::Uuid> = row.map(|row| row.get(0));
    let mut faults = Vec::new();
    for direction in Direction::ALL {
        for contact in [None, contact].into_iter().take(1 + usize::from(contact.is_some())) {
            for status in Outcome::ALL {
                let (direction, status) = (direction.code(), status.code());
                client.batch_execute("savepoint tried").await?;
                let first: [&(dyn tokio_postgres::types::ToSql + Sync); 5] = [
                    &workspace.as_str(),
                    &contact,
                    &direction,
                    &status,
                    &"A call of the set-up check.",
                ];
                let second = [first[0], first[1], first[2], first[3], &"It is never kept."];
                let refused = match client.query(WRITE, &first).await {
                    Ok(_) => client.query(WRITE, &second).await.err(),
                    Err(error) => Some(error),
                };
                if let Some(error) = refused {
                    let Some(db) = error.as_db_error() else { return Err(error.into()) };
                    faults.push(fault(workspace, (direction, status, contact.is_some()), db));
                }
                client.batch_execute("rollback to savepoint tried").await?;
            }
        }
    }
    client.batch_execute("rollback").await?;
    Ok(faults)
}

fn fault(
    workspace: &WorkspaceId,
    (direction, status, has_contact): (&str, &str, bool),
    error: &DbError,
) -> Fault {
    let contact = if has_contact { "of a contact" } else { "without a contact" };
    // The message of a trigger may repeat rows.
    let what = match error.where_() {
        Some(context) => place(context).unwrap_or("in a function"),
        None => error.message(),
    };
    Fault {
        fault: format!(
            "livechat_messages refuses the {direction} call {contact} of workspace {workspace} with the \
             status {status}: {} ({what})",
            error.code().code()
        ),
        fix: "look at the triggers and checks on livechat_messages that are not Switchroom's: until it \
              is taken, the calls of this workspace wait in the spool or are set aside"
            .to_owned(),
    }
}

const ENTER: &str = "select set_config('role', 'voice_webhook', true), \
     set_config('voice.workspace_id', $1, true), set_config('request.jwt.claims', '', true)";

/// The first contact of the workspace.
const CONTACT: &str =
    "select c.contact_id from livechat.contacts_after($1, repeat('0', 32)::uuid, 1) c";

const WRITE: &str = "\
select livechat.log($1, jsonb_build_array(jsonb_build_object( \
  'twilio_sid', 'CA00000000000000000000000000000000', 'contact_id', $2::uuid, \
  'sender', case $3::text when 'inbound' then 'contact' else 'user' end, 'body', $5::text, \
  'direction', $3::text, 'status', $4::text, 'created_at', now())))";
