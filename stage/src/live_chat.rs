//! The live chat of the set-up: fills its tables and reads its log, as the owner of the database.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};

/// The owner's connection to the server's embedded database.
pub struct LiveChat {
    client: Client,
    connection: JoinHandle<()>,
    /// The data directory of PostgreSQL.
    pub home: PathBuf,
}

/// One row of `livechat_messages`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogRow {
    /// `inbound` or `outbound`.
    pub direction: String,
    /// `contact` or `user`.
    pub sender: String,
    /// The outcome.
    pub status: String,
    /// The sentence that the live chat shows.
    pub body: String,
    /// The user who handled the call.
    pub user: Option<String>,
    /// The name of the contact.
    pub contact: Option<String>,
}

impl LiveChat {
    /// Waits until the server has written its connection string into `file`, and connects.
    pub async fn open(file: &Path) -> Result<Self, String> {
        let deadline = Instant::now() + START;
        let url = loop {
            match std::fs::read_to_string(file) {
                Ok(url) if !url.is_empty() => break url,
                _ if Instant::now() > deadline => {
                    return Err(format!("the server does not write {}", file.display()));
                }
                _ => sleep(Duration::from_millis(10)).await,
            }
        };
        let (client, connection) =
            tokio_postgres::connect(&url, NoTls).await.map_err(|error| refused(&error))?;
        let connection = tokio::spawn(async move {
            // Every pending query gets the same error.
            let _ = connection.await;
        });
        let mut chat = Self { client, connection, home: PathBuf::new() };
        let row = chat.rows("select current_setting('data_directory')", &[]).await?;
        let data = PathBuf::from(row.first().map_or("", |row| row.get(0)));
        chat.home = data.parent().map_or(data.clone(), Path::to_owned);
        Ok(chat)
    }

    /// A member of the live chat who takes calls.
    pub async fn agent(&self, workspace: &str, user: &str, name: &str) -> Result<(), String> {
        let sql = "insert into public.user_profiles (id, workspace_id, full_name, workspace_role) \
                   values ($1::text::uuid, $2, $3, 'agent') on conflict do nothing";
        self.run(sql, &[&user, &workspace, &name]).await
    }

    /// A contact of the live chat.
    pub async fn contact(
        &self,
        workspace: &str,
        id: &str,
        name: &str,
        number: &str,
    ) -> Result<(), String> {
        let sql = "insert into public.livechat_contacts (id, workspace_id, display_name, phone_number) \
                   values ($1::text::uuid, $2, $3, $4) on conflict do nothing";
        self.run(sql, &[&id, &workspace, &name, &number]).await
    }

    /// Assigns a contact to an agent; repeating it changes nothing.
    pub async fn assign(&self, workspace: &str, contact: &str, user: &str) -> Result<(), String> {
        let sql = "insert into public.livechat_contact_assignments \
                   (workspace_id, contact_id, user_id) \
                   select $1, $2::text::uuid, $3::text::uuid \
                   where not exists (select from public.livechat_contact_assignments \
                     where workspace_id = $1 and contact_id = $2::text::uuid \
                     and user_id = $3::text::uuid)";
        self.run(sql, &[&workspace, &contact, &user]).await
    }

    /// Sets the policy of a workspace; servers read it within ten seconds.
    pub async fn policy(&self, workspace: &str, policy: &Value) -> Result<(), String> {
        let sql = "update public.voice_workspaces set policy = $2::text::jsonb \
                   where workspace_id = $1";
        self.run(sql, &[&workspace, &policy.to_string()]).await
    }

    /// The rows of a call, whatever workspace they belong to.
    pub async fn log(&self, call: &str) -> Result<Vec<(String, LogRow)>, String> {
        let sql = "select m.workspace_id, direction, sender, status, coalesce(body, ''), \
                     user_id::text, c.display_name \
                   from public.livechat_messages m \
                   left join public.livechat_contacts c \
                     on c.workspace_id = m.workspace_id and c.id = m.contact_id \
                   where msg_type = 'call' and twilio_sid = $1";
        let rows = self.rows(sql, &[&call]).await?;
        let row = |row: &Row| {
            let read = LogRow {
                direction: row.get(1),
                sender: row.get(2),
                status: row.get(3),
                body: row.get(4),
                user: row.get(5),
                contact: row.get(6),
            };
            (row.get(0), read)
        };
        Ok(rows.iter().map(row).collect())
    }

    /// The calls in the log of a workspace.
    pub async fn logged(&self, workspace: &str) -> Result<Vec<String>, String> {
        let sql = "select twilio_sid from public.livechat_messages \
                   where msg_type = 'call' and workspace_id = $1";
        Ok(self.rows(sql, &[&workspace]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// The number of rows in all tables that a webhook can write.
    pub async fn written(&self) -> Result<i64, String> {
        let sql = "select (select count(*) from public.voice_events) \
                     + (select count(*) from public.voice_calls) \
                     + (select count(*) from public.voice_legs) \
                     + (select count(*) from public.livechat_messages)";
        let rows = self.rows(sql, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get(0)))
    }

    async fn run(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<(), String> {
        self.client.execute(sql, params).await.map(|_| ()).map_err(|error| refused(&error))
    }

    async fn rows(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, String> {
        self.client.query(sql, params).await.map_err(|error| refused(&error))
    }
}

impl Drop for LiveChat {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

fn refused(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(told) => format!("the database refuses: {told}"),
        None => format!("the database: {error}"),
    }
}

/// The server writes the file right after it listens.
const START: Duration = Duration::from_secs(10);
