//! A world for one test: a database, one server or several, and Twilio.

use std::time::Duration;

use emulator::{Account, Agent, Behaviour, Emulator, Phone, Route, Select, Voice};
use identity::{AccountSid, AgentIdentity, ApiKeySid, AppSid, ContactId, UserId, WorkspaceId};
use localpg::testing::{self, Template, TestDatabase};
use serde_json::json;
use server::{Config, Credentials, NONCE, SecretsKey, Server, seal};
use store_pg::{NewWorkspace, Owner, SCHEMA};
use uuid::Uuid;

/// What Twilio is told; the emulator's routes lead to the servers.
pub(crate) const PUBLIC_URL: &str = "https://voice.example.com";
pub(crate) const SESSION_SECRET: &str = "a-session-secret-of-at-least-32-bytes";
pub(crate) const API_SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";
const SECRETS_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const LOGIN: &str = "voice_app";

/// A database, servers on it, and Twilio.
pub(crate) struct World {
    pub(crate) twilio: Emulator,
    pub(crate) servers: Vec<Server>,
    pub(crate) owner: Owner,
    pub(crate) database: TestDatabase,
    directory: Directory,
}

/// A workspace with its Twilio account and its agents.
pub(crate) struct Team {
    pub(crate) id: WorkspaceId,
    pub(crate) account: Account,
    pub(crate) number: String,
    pub(crate) app: AppSid,
    pub(crate) auth_token: String,
}

impl World {
    /// One server.
    pub(crate) async fn new() -> Self {
        Self::with_servers(1).await
    }

    /// Several servers on one database; Twilio's webhooks go to them in turn.
    pub(crate) async fn with_servers(count: usize) -> Self {
        Self::with(count, emulator::Config::default()).await
    }

    pub(crate) async fn with(count: usize, twilio: emulator::Config) -> Self {
        let database = database();
        let owner = Owner::connect(&database.connection_string(localpg::SUPERUSER))
            .await
            .expect("the owner");
        let twilio = Emulator::start(twilio).await.expect("an emulator");
        let directory = Directory::new();
        let mut world = Self { twilio, servers: Vec::new(), owner, database, directory };
        for _ in 0..count {
            world.start_server().await;
        }
        world.route();
        world
    }

    /// Starts one more server on the same database.
    pub(crate) async fn start_server(&mut self) {
        let number = self.servers.len();
        let data_dir = self.directory.0.join(number.to_string());
        let database_url = self.database.connection_string(LOGIN);
        let config = Config::read(|name| {
            let text = match name {
                "DATABASE_URL" => database_url.as_str(),
                "SWITCHROOM_DATA_DIR" => data_dir.to_str()?,
                "SWITCHROOM_LISTEN" => "127.0.0.1:0",
                "SWITCHROOM_PUBLIC_URL" => PUBLIC_URL,
                "SWITCHROOM_SESSION_SECRET" => SESSION_SECRET,
                "SWITCHROOM_SECRETS_KEY" => SECRETS_KEY,
                "SWITCHROOM_ALLOWED_ORIGINS" => "https://chat.example.com",
                _ => return None,
            };
            Some(text.to_owned())
        });
        let config = config.expect("a configuration");
        self.servers.push(Server::start(config).await.expect("a server"));
    }

    /// Leads Twilio's webhooks to the servers in turn.
    pub(crate) fn route(&self) {
        let bases = self.servers.iter().map(base).collect();
        self.twilio.clear_routes();
        self.twilio.route(Route { on: Select::ALL, bases });
    }

    /// Where the first server is.
    pub(crate) fn base(&self) -> String {
        base(&self.servers[0])
    }

    /// A workspace with one number; its Twilio account and secrets follow from its name.
    pub(crate) async fn team(&self, name: &str) -> Team {
        self.team_with(name, &json!({})).await
    }

    pub(crate) async fn team_with(&self, name: &str, policy: &serde_json::Value) -> Team {
        let id: WorkspaceId = name.parse().expect("a workspace id");
        let mark = name.bytes().fold(7_u8, |mark, byte| mark.wrapping_mul(31).wrapping_add(byte));
        let auth_token = format!("auth-token-of-{name}");
        let number = format!("+1500555{:04}", u16::from(mark) + 1000);
        let account = AccountSid::from_bytes([mark; 16]);
        let app = AppSid::from_bytes([mark; 16]);
        let api_key = ApiKeySid::from_bytes([mark; 16]);

        let key = SecretsKey::parse(SECRETS_KEY).expect("a key");
        let credentials = Credentials {
            auth_tokens: vec![auth_token.clone()],
            api_secret: API_SECRET.to_owned(),
        };
        let sealed = seal(&key, &id, &credentials, [mark; NONCE]).expect("sealed");
        let new = NewWorkspace {
            id: id.clone(),
            account,
            api_key,
            app,
            sealed,
            numbers: vec![number.parse().expect("a number")],
        };
        self.owner.add_workspace(&new).await.expect("a workspace");
        self.owner.set_policy(&id, policy).await.expect("a policy");

        let twilio = self.twilio.account_with(account, &auth_token).expect("an account");
        let voice = Voice::new(format!("{PUBLIC_URL}/api/workspaces/{id}/voice"))
            .status_callback(format!("{PUBLIC_URL}/api/workspaces/{id}/voice/status"));
        twilio.number(&number, voice.clone()).expect("a number");
        twilio.app_with(app, voice);
        twilio.api_key_with(api_key, API_SECRET).expect("an API key");
        Team { id, account: twilio, number, app, auth_token }
    }

    /// A member of the live chat with a role.
    pub(crate) async fn member(&self, team: &Team, user: UserId, role: &str) {
        let sql = "insert into public.user_profiles (id, workspace_id, full_name, workspace_role) \
                   values ($1, $2, $3, $4)";
        let name = format!("Agent {}", user.as_bytes()[15]);
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&uuid(user), &team.id.as_str(), &name, &role];
        self.owner.client().execute(sql, &params).await.expect("a member");
    }

    /// Agents 1 to `count`, who let it ring.
    pub(crate) async fn agents(&self, team: &Team, count: u8) -> Vec<Agent> {
        let mut agents = Vec::new();
        for number in 1..=count {
            self.member(team, user(number), "agent").await;
            let identity = AgentIdentity::new(user(number));
            agents.push(team.account.agent(identity, Behaviour::Ignores).app(team.app));
        }
        agents
    }

    /// A contact with this number, assigned to these agents.
    pub(crate) async fn contact(&self, team: &Team, number: &str, assigned: &[u8]) -> ContactId {
        self.contact_named(team, number, "Ana Example", assigned).await
    }

    pub(crate) async fn contact_named(
        &self,
        team: &Team,
        number: &str,
        name: &str,
        assigned: &[u8],
    ) -> ContactId {
        let sql = "insert into public.livechat_contacts (workspace_id, display_name, phone_number) \
                   values ($1, $2, $3) returning id";
        let row = self.owner.client().query_one(sql, &[&team.id.as_str(), &name, &number]).await;
        let id: Uuid = row.expect("a contact").get(0);
        for number in assigned {
            let sql = "insert into public.livechat_contact_assignments \
                       (workspace_id, contact_id, user_id) values ($1, $2, $3)";
            let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&team.id.as_str(), &id, &uuid(user(*number))];
            self.owner.client().execute(sql, &params).await.expect("an assignment");
        }
        ContactId::from_bytes(*id.as_bytes())
    }

    /// A phone that calls.
    pub(crate) fn phone(&self, number: &str) -> Phone {
        self.twilio.phone(number)
    }

    /// Waits until everything that was acknowledged is in the database.
    pub(crate) async fn applied(&self) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while self.servers.iter().any(|server| server.pending_records() > 0) {
            assert!(tokio::time::Instant::now() < deadline, "records are not applied");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The rows of the live chat's log: call, direction, status, and the number of the agent.
    pub(crate) async fn log(&self, team: &Team) -> Vec<LogRow> {
        self.applied().await;
        let sql = "select twilio_sid, direction, sender, status, user_id, contact_id \
                   from public.livechat_messages \
                   where workspace_id = $1 and msg_type = 'call' order by created_at, twilio_sid";
        let rows = self.owner.client().query(sql, &[&team.id.as_str()]).await.expect("the log");
        rows.iter()
            .map(|row| LogRow {
                call: row.get(0),
                direction: row.get(1),
                sender: row.get(2),
                status: row.get(3),
                agent: row.get::<_, Option<Uuid>>(4).map(|id| id.as_bytes()[15]),
                has_contact: row.get::<_, Option<Uuid>>(5).is_some(),
            })
            .collect()
    }

    /// Stops the servers, in order.
    pub(crate) async fn stop(mut self) {
        for server in self.servers.drain(..) {
            server.stop().await;
        }
    }
}

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

/// The user with this number.
pub(crate) fn user(number: u8) -> UserId {
    let mut bytes = [0x5a; 16];
    bytes[15] = number;
    UserId::from_bytes(bytes)
}

/// The number of the user behind a `client:` address.
pub(crate) fn number_of(address: &emulator::Address) -> Option<u8> {
    let identity: AgentIdentity = address.identity()?.parse().ok()?;
    Some(identity.user().as_bytes()[15])
}

fn uuid(user: UserId) -> Uuid {
    Uuid::from_bytes(*user.as_bytes())
}

fn base(server: &Server) -> String {
    format!("http://{}", server.address())
}

fn database() -> TestDatabase {
    let cluster = testing::cluster().expect("a Postgres");
    let build = |template: &Template<'_>| {
        let (owner, login) =
            (template.connection_string(localpg::SUPERUSER), template.connection_string(LOGIN));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { Owner::connect(&owner).await?.migrate(&login).await })?;
        Ok(())
    };
    let database = cluster.database(format!("server {SCHEMA}"), build).expect("a database");
    // The rights on a database are its own; a copy has those of a new one.
    let revoke = format!("revoke temporary on database {} from public", database.name());
    database.execute(&revoke).expect("revoked");
    database
}

/// A directory for this world alone.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new() -> Self {
        let path =
            std::env::temp_dir().join(format!("switchroom-test-{}", Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left is found under the system's temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
