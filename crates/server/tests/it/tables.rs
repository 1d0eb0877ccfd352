//! What is in the database, as a test compares it.

use identity::{CallSid, UserId};
use uuid::Uuid;

use crate::team::Team;
use crate::world::World;

/// One row of `livechat_messages`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LogRow {
    pub(crate) call: String,
    pub(crate) direction: String,
    pub(crate) sender: String,
    pub(crate) status: String,
    pub(crate) agent: Option<u8>,
    pub(crate) has_contact: bool,
}

impl LogRow {
    /// Of a call that came in from no contact.
    pub(crate) fn inbound(call: CallSid, status: &str, agent: Option<u8>) -> Self {
        Self {
            call: call.to_string(),
            direction: "inbound".into(),
            sender: "contact".into(),
            status: status.into(),
            agent,
            has_contact: false,
        }
    }

    /// Of a call that an agent placed to no contact.
    pub(crate) fn outbound(call: CallSid, status: &str, agent: Option<u8>) -> Self {
        let (direction, sender) = ("outbound".into(), "user".into());
        Self { direction, sender, ..Self::inbound(call, status, agent) }
    }

    /// The same with a contact.
    pub(crate) fn with_contact(self) -> Self {
        Self { has_contact: true, ..self }
    }
}

impl World {
    /// The rows of the live chat's log, oldest call first.
    pub(crate) async fn log(&self, team: &Team) -> Vec<LogRow> {
        self.applied().await;
        let sql = "select twilio_sid, direction, sender, status, user_id, contact_id \
                   from public.livechat_messages \
                   where workspace_id = $1 and msg_type = 'call' order by created_at, twilio_sid";
        let rows = self.owner.client().query(sql, &[&team.id.as_str()]).await.expect("the log");
        let number = |id: Uuid| team.number_of(UserId::from_bytes(*id.as_bytes()));
        rows.iter()
            .map(|row| LogRow {
                call: row.get(0),
                direction: row.get(1),
                sender: row.get(2),
                status: row.get(3),
                agent: row.get::<_, Option<Uuid>>(4).map(number),
                has_contact: row.get::<_, Option<Uuid>>(5).is_some(),
            })
            .collect()
    }

    /// The one row of a call.
    pub(crate) async fn row(&self, team: &Team, call: CallSid) -> LogRow {
        let mut rows = self.log(team).await;
        rows.retain(|row| row.call == call.as_str());
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    /// One column of a call, as text.
    pub(crate) async fn call_column(&self, call: CallSid, column: &str) -> Option<String> {
        self.applied().await;
        let sql = format!("select {column}::text from public.voice_calls where call_sid = $1");
        let row = self.owner.client().query_opt(&sql, &[&call.as_str()]).await.expect("a call");
        row.and_then(|row| row.get(0))
    }

    /// Every row of every table with a workspace, as text, and those of one workspace alone.
    pub(crate) async fn dump(&self, workspace: Option<&Team>) -> Vec<String> {
        self.applied().await;
        let client = self.owner.client();
        let tables = "select c.relname::text from pg_class c \
                      join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' \
                      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1";
        let mut dump = Vec::new();
        for table in client.query(tables, &[]).await.expect("the tables") {
            let table: &str = table.get(0);
            let sql = format!(
                "select t::text from public.{table} t \
                 where $1::text is null or workspace_id = $1 order by 1"
            );
            let id = workspace.map(|team| team.id.as_str());
            let rows = client.query(&sql, &[&id]).await.expect("rows");
            dump.extend(rows.iter().map(|row| format!("{table} {}", row.get::<_, &str>(0))));
        }
        assert!(!dump.is_empty(), "a world without rows proves nothing");
        dump
    }

    /// Every verdict of a wave of a call: the agent's number and the reason, by number.
    pub(crate) async fn verdicts(
        &self,
        team: &Team,
        call: CallSid,
        wave: usize,
    ) -> Vec<(u8, String)> {
        let waves = self.call_column(call, "waves").await.expect("a call");
        let waves: Vec<calls::Wave> = serde_json::from_str(&waves).expect("waves");
        let mut verdicts: Vec<(u8, String)> = waves[wave - 1]
            .verdicts
            .iter()
            .map(|verdict| (team.number_of(verdict.user), verdict.reason.to_string()))
            .collect();
        verdicts.sort_unstable();
        verdicts
    }
}
