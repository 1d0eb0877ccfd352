//! What would keep a workspace's phones silent although everything works.

use identity::WorkspaceId;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::pool;

/// What the live chat has of a workspace, as far as calls need it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiveChat {
    /// Whether it has the workspace at all.
    pub has_workspace: bool,
    /// The roles of its members, most members first, at most 20.
    pub roles: Vec<MemberRole>,
    /// Whether a call was ever recorded.
    pub has_calls: bool,
    /// How many contacts were looked at.
    pub contacts_read: u64,
}

/// A role of the live chat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberRole {
    /// As the live chat writes it; empty if it writes none.
    pub name: String,
    /// How many members have it.
    pub members: i64,
    /// Whether they take calls, by the workspace's policy.
    pub takes_calls: bool,
}

impl Store {
    /// Looks at what the live chat has of a workspace, and shows the number of each contact, of at most
    /// `most` contacts.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if the database does not answer; otherwise what the functions of the schema
    /// `livechat` refused.
    pub async fn live_chat(
        &self,
        workspace: &WorkspaceId,
        most: u64,
        mut number: impl FnMut(&str),
    ) -> Result<LiveChat, StoreError> {
        let client = pool::connect_one(&self.target).await?;
        client.batch_execute("begin read only").await?;
        client.query(ENTER, &[&workspace.as_str()]).await?;
        let found = look(&client, workspace, most, &mut number).await;
        client.batch_execute("rollback").await?;
        found
    }
}

async fn look(
    client: &Client,
    workspace: &WorkspaceId,
    most: u64,
    number: &mut impl FnMut(&str),
) -> Result<LiveChat, StoreError> {
    let id = workspace.as_str();
    let row = client.query_one(WORKSPACE, &[&id]).await?;
    let roles = client.query(ROLES, &[&id]).await?;
    let roles = roles.iter().map(|row| MemberRole {
        name: row.get(0),
        takes_calls: row.get(1),
        members: row.get(2),
    });
    let (mut after, mut read) = (Uuid::nil(), 0);
    loop {
        let page = client.query(NUMBERS, &[&id, &after, &PAGE]).await?;
        for row in &page {
            after = row.get(0);
            if let Some(text) = row.get::<_, Option<&str>>(1) {
                number(text);
            }
        }
        read += page.len() as u64;
        if page.is_empty() || read >= most {
            break;
        }
    }
    Ok(LiveChat {
        has_workspace: row.get(0),
        has_calls: row.get(1),
        roles: roles.collect(),
        contacts_read: read,
    })
}

const ENTER: &str = "select set_config('role', 'voice_webhook', true), \
     set_config('voice.workspace_id', $1, true), set_config('request.jwt.claims', '', true)";

const WORKSPACE: &str = "select coalesce(livechat.workspace($1), false), \
     exists (select from public.voice_calls where workspace_id = $1)";

const ROLES: &str = "\
select coalesce(m.role, ''), voice.role_of((select w.policy -> 'roles' \
    from public.voice_workspaces w where w.workspace_id = $1), m.role) is not null, count(*) \
from livechat.members($1) m group by 1, 2 order by 3 desc, 1 limit 20";

const NUMBERS: &str = "select c.contact_id, c.number from livechat.contacts_after($1, $2, $3) c";

const PAGE: i32 = 5_000;
