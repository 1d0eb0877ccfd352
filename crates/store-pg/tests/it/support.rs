//! A database for one test, and short ways to fill and read it.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use dialling::Country;
use identity::{CallSid, ContactId, PhoneNumber, Timestamp, UserId, WorkspaceId};
use localpg::testing::{self, Template, TestDatabase};
use store_pg::{Limit, Owner, Roster, Store, StoreError, StoreOptions};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// Where the people of the tests' workspaces write numbers.
pub(crate) static US: std::sync::LazyLock<Country> =
    std::sync::LazyLock::new(|| "US".parse().expect("a country"));

/// The role that owns the schema: no superuser, so that policies hold for it too.
pub(crate) const OWNER: &str = "switchroom_test_owner";

/// The server's login role.
pub(crate) const LOGIN: &str = "voice_app";

/// The tables with a workspace.
pub(crate) fn tables() -> impl Iterator<Item = &'static str> {
    store_pg::LIVE_CHAT.into_iter().chain(store_pg::OURS)
}

/// A database with the schema, and its owner.
pub(crate) struct Db {
    pub(crate) owner: Owner,
    database: TestDatabase,
}

impl Db {
    pub(crate) async fn new() -> Self {
        let database = clone_of(&store_pg::template_key(), |template| {
            let server = template.connection_string(LOGIN);
            block_on(migrate(&template.connection_string(OWNER), &server))
        });
        let owner = Owner::connect(&database.connection_string(OWNER)).await.expect("the owner");
        Self { owner, database }
    }

    /// How to connect as a role.
    pub(crate) fn url(&self, role: &str) -> String {
        self.database.connection_string(role)
    }

    /// The name of the database.
    pub(crate) fn name(&self) -> &str {
        self.database.name()
    }

    /// The directory of the server's socket.
    pub(crate) fn socket_dir(&self) -> &Path {
        self.database.socket_dir()
    }

    /// A store as the server's login role.
    pub(crate) fn store(&self) -> Store {
        Store::new(&self.url(LOGIN), StoreOptions::SMALL).expect("a store")
    }

    /// A connection as a role.
    pub(crate) async fn client(&self, role: &str) -> Client {
        connect(&self.url(role)).await
    }

    /// Runs SQL as the superuser.
    pub(crate) fn execute(&self, sql: &str) {
        self.database.execute(sql).expect(sql);
    }

    /// The rows of a workspace in a table as JSON, without what differs between workspaces or runs.
    pub(crate) async fn dump(&self, table: &str, workspace: &WorkspaceId) -> Vec<String> {
        let sql = format!(
            "select (to_jsonb(t) - array['id', 'stored_at', 'workspace_id'])::text \
             from public.{table} t where t.workspace_id = $1 order by 1"
        );
        let rows = self.owner.client().query(&sql, &[&workspace.as_str()]).await;
        rows.expect("the rows").iter().map(|row| row.get(0)).collect()
    }

    /// Everything that the events of a workspace's calls have left behind.
    pub(crate) async fn state(&self, workspace: &WorkspaceId) -> Vec<String> {
        let mut state = Vec::new();
        for table in
            ["voice_events", "voice_calls", "voice_legs", "livechat_messages", "voice_agents"]
        {
            let rows = self.dump(table, workspace).await;
            // An agent of whom nothing is known is as good as none.
            let nothing = r#""presence": null, "idle_since": null"#;
            let rows = rows.iter().filter(|row| !row.contains(nothing));
            state.extend(rows.map(|row| format!("{table} {row}")));
        }
        state
    }

    /// One value that a query as the owner gives.
    pub(crate) async fn value<T>(&self, sql: &str) -> T
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        self.owner.client().query_one(sql, &[]).await.expect(sql).get(0)
    }

    pub(crate) async fn profile(&self, workspace: &WorkspaceId, user: UserId, role: &str) {
        let sql = "insert into public.user_profiles (id, workspace_id, full_name, workspace_role) \
                   values ($1, $2, 'Agent ' || left($1::uuid::text, 2), $3)";
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&uuid(*user.as_bytes()), &workspace.as_str(), &role];
        self.owner.client().execute(sql, &params).await.expect("a profile");
    }

    /// A team of agents with these ids.
    pub(crate) async fn team(&self, workspace: &WorkspaceId, users: &[u8]) {
        for user in users {
            self.profile(workspace, agent(*user), "agent").await;
        }
    }

    /// A contact; the ids of later ones are greater.
    pub(crate) async fn contact(&self, workspace: &WorkspaceId, id: u8, number: &str) -> ContactId {
        let contact = ContactId::from_bytes([id; 16]);
        let sql = "insert into public.livechat_contacts \
                     (id, workspace_id, display_name, phone_number, created_at) \
                   values ($1, $2, 'Contact ' || left($1::uuid::text, 2), $3, \
                     '2026-01-01Z'::timestamptz + $4 * interval '1 minute')";
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&uuid(*contact.as_bytes()), &workspace.as_str(), &number, &f64::from(id)];
        self.owner.client().execute(sql, &params).await.expect("a contact");
        contact
    }

    pub(crate) async fn assign(
        &self,
        workspace: &WorkspaceId,
        contact: ContactId,
        user: UserId,
        status: &str,
    ) {
        let sql = "insert into public.livechat_contact_assignments \
                     (workspace_id, contact_id, user_id, status) values ($1, $2, $3, $4)";
        let (contact, user) = (uuid(*contact.as_bytes()), uuid(*user.as_bytes()));
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&workspace.as_str(), &contact, &user, &status];
        self.owner.client().execute(sql, &params).await.expect("an assignment");
    }
}

/// A copy of a template that belongs to [`OWNER`].
pub(crate) fn clone_of(
    key: &str,
    build: impl FnOnce(&Template<'_>) -> Result<(), Box<dyn Error + Send + Sync>> + Send,
) -> TestDatabase {
    let cluster = testing::cluster().expect("a cluster");
    let major = cluster.major();
    let database = cluster
        .database(format!("store-pg {key}"), |template| {
            template.execute(&make_owner(major))?;
            template.execute(&format!("alter database {} owner to {OWNER}", template.name()))?;
            build(template)
        })
        .expect("a database");
    // The rights of a database are not copied with it.
    let name = database.name();
    let rights = format!(
        "alter database {name} owner to {OWNER}; revoke temporary on database {name} from public"
    );
    database.execute(&rights).expect("rights");
    database
}

/// Roles belong to the cluster, and others may have made ours there: from version 16 on, only who
/// may administer a role can grant it.
fn make_owner(major: u32) -> String {
    let mut sql = format!(
        "do $$ begin create role {OWNER} login createrole; \
         exception when duplicate_object or unique_violation then null; end $$;"
    );
    if major >= 16 {
        for role in ["voice_agent", "voice_webhook", "voice_livechat", "voice_finder"] {
            let grant = format!(
                "do $$ begin grant {role} to {OWNER} with admin true, inherit false, set false; \
                 exception when undefined_object then null; end $$;"
            );
            sql.push_str(&grant);
        }
    }
    sql
}

async fn migrate(owner: &str, server: &str) -> Result<(), StoreError> {
    Owner::connect(owner).await?.migrate(server).await.map(drop)
}

fn block_on(
    work: impl Future<Output = Result<(), StoreError>>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work)?)
}

/// A connection of the test's own.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(async move { drop(connection.await) });
    client
}

pub(crate) fn workspace(name: &str) -> WorkspaceId {
    name.parse().expect("a workspace")
}

pub(crate) fn agent(id: u8) -> UserId {
    UserId::from_bytes([id; 16])
}

pub(crate) fn sid(id: u8) -> CallSid {
    CallSid::from_bytes([id; 16])
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    text.parse().expect("a number")
}

pub(crate) fn uuid(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}

/// This many seconds into the story.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_767_225_600 + seconds)
}

/// Long enough for those that are well on a busy machine, and short enough to wait for.
pub(crate) const SHORT: Limit =
    Limit { statement: Duration::from_millis(800), lock: Duration::from_millis(400) };

/// Who calls, and who could take it, as the server puts it together for a call.
pub(crate) async fn roster(
    store: &Store,
    workspace: &WorkspaceId,
    caller: Option<&PhoneNumber>,
    home: Country,
    call: CallSid,
    wrap_up: Duration,
    now: Timestamp,
) -> Result<Roster, StoreError> {
    let endings = caller.map(dialling::endings).unwrap_or_default();
    let asked = store.caller(workspace, &endings, call).await?;
    let members = store.members(workspace, now).await?;
    let call_is_over = asked.call_is_over;
    let found = caller.and_then(|number| asked.with(number, home));
    let (contact, assigned) =
        found.map_or((None, Vec::new()), |found| (Some(found.contact), found.assigned));
    let roster = Roster::of(&members, contact, &assigned, wrap_up, now);
    Ok(Roster { call_is_over, ..roster })
}
