//! A database of the usual size, and the programs that use it.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use identity::{UserId, WorkspaceId};
use localpg::{Options, Search};
use server::{Credentials, NONCE, SecretsKey, seal};
use store_pg::{CALLER, NewWorkspace, Owner};

use crate::process::{Child, cpu_with_children};
use crate::requests::{
    ACCOUNT, API_KEY, API_SECRET, APP, AUTH_TOKEN, Case, FIRST_CONTACT, FIRST_STRANGER, PUBLIC_URL,
    SESSION_SECRET,
};

const LOGIN: &str = "voice_app";
const DATABASE: &str = "bench";
const SECRETS_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(crate) const WORKSPACES: u32 = 200;
/// Of each workspace: 1,001,000 in all.
const CONTACTS: u32 = 5_005;
/// The first contacts of each workspace have two assigned agents: with those of the next constant 280,000
/// assignments in all.
pub(crate) const ASSIGNED: u32 = 600;
/// So have the next ones, whose numbers are written as in their country: `(500) 000-0600`.
pub(crate) const NATIONAL: u32 = 100;
/// What the tuned peer asks, by which it is bounded.
const PEER_LOOKUP: &str = include_str!("../../../../conformance/peers/lookup.sql");
/// The programs of the peers.
const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/peers");

/// The agents of a workspace: ten or fifty.
pub(crate) const fn team(workspace: u32) -> u32 {
    if workspace % 2 == 1 { 10 } else { 50 }
}

/// The agent with this number, from 0.
pub(crate) fn agent(workspace: u32, number: u32) -> UserId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&workspace.to_be_bytes());
    // The marks of a random UUID, version 4.
    id[6] = 0x40;
    id[8] = 0x80;
    id[12..].copy_from_slice(&number.to_be_bytes());
    UserId::from_bytes(id)
}

/// The agents who are assigned to a contact. Neighbouring contacts have others.
pub(crate) fn assigned(workspace: u32, contact: u32) -> [UserId; 2] {
    [0, 1].map(|which| agent(workspace, (contact * 2 + which) % team(workspace)))
}

/// The lookup that is measured by itself.
#[derive(Clone, Copy)]
pub(crate) enum Lookup {
    /// What the server asks: one statement that enters the scope of its workspace.
    Ours,
    /// What the tuned peer asks, as a role that sees everything.
    Peer,
}

pub(crate) struct World {
    postgres: localpg::Server,
    directory: PathBuf,
}

impl World {
    pub(crate) async fn new() -> Self {
        let directory =
            std::env::temp_dir().join(format!("switchroom-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let options = Options::new(directory.join("postgres"), Search::from_env());
        let postgres =
            tokio::task::spawn_blocking(move || localpg::start(&options).expect("Postgres"))
                .await
                .expect("started");
        postgres.execute("postgres", &format!("create database {DATABASE}")).expect("a database");
        let world = Self { postgres, directory };
        let owner = Owner::connect(&world.url(localpg::SUPERUSER)).await.expect("the owner");
        owner.migrate(&world.url(LOGIN)).await.expect("the schema");
        for number in 1..=WORKSPACES {
            add_workspace(&owner, &format!("w{number}")).await;
        }
        owner.client().batch_execute(&seed()).await.expect("the rows");
        owner.client().batch_execute("vacuum analyze").await.expect("statistics");
        world
    }

    fn url(&self, role: &str) -> String {
        self.postgres.connection_string(role, DATABASE)
    }

    /// The server as it is shipped, with a fresh spool.
    pub(crate) fn start_server(&self) -> Child {
        let address = free_address();
        let data_dir = self.directory.join(address.port().to_string());
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchroom"));
        command
            .arg("serve")
            .env_clear()
            .env("DATABASE_URL", self.url(LOGIN))
            .env("SWITCHROOM_DATA_DIR", data_dir)
            .env("SWITCHROOM_LISTEN", address.to_string())
            .env("SWITCHROOM_PUBLIC_URL", PUBLIC_URL)
            // Nobody listens there: nothing of a benchmark leaves this machine.
            .env("TWILIO_API_BASE_URL", "http://127.0.0.1:9")
            .env("SWITCHROOM_SESSION_SECRET", SESSION_SECRET)
            .env("SWITCHROOM_SECRETS_KEY", SECRETS_KEY)
            // That Twilio cannot be reached is no news.
            .env("RUST_LOG", "warn,server::reconcile=error");
        Child::start_with_spool(command, address)
    }

    /// A program of conformance/peers, with the packages of this folder.
    pub(crate) fn start_peer(&self, script: &str, packages: &Path) -> Child {
        let address = free_address();
        let mut command = Command::new("node");
        command
            .arg(Path::new(PEERS).join(script))
            .arg(packages)
            .env("NODE_ENV", "production")
            .env("PORT", address.port().to_string())
            .env("PGHOST", self.postgres.socket_dir())
            .env("PGUSER", localpg::SUPERUSER)
            .env("PGDATABASE", DATABASE)
            .env("PUBLIC_URL", PUBLIC_URL)
            .env("AUTH_TOKEN", AUTH_TOKEN)
            .env("SESSION_SECRET", SESSION_SECRET)
            .env("ACCOUNT_SID", ACCOUNT)
            .env("API_KEY_SID", API_KEY)
            .env("API_KEY_SECRET", API_SECRET)
            .env("APP_SID", APP);
        Child::start(command, address)
    }

    /// Transactions per second of a lookup alone.
    pub(crate) fn pgbench(
        &self,
        case: Case,
        connections: usize,
        length: Duration,
        lookup: Lookup,
    ) -> f64 {
        let (first, count) = case.workspaces();
        let step = WORKSPACES / count;
        // A colon before a letter begins a variable of pgbench, inside quotes too.
        let workspace = format!("('w' || ({first} + {step} * :w)::text)");
        let number = match case {
            Case::Assigned => format!("('+1' || ({FIRST_CONTACT} + :n)::text)"),
            Case::National => {
                format!("('+1' || ({FIRST_CONTACT} + {ASSIGNED} + :n % {NATIONAL})::text)")
            }
            _ => format!("('+1' || ({FIRST_STRANGER} + :n)::text)"),
        };
        let sets =
            format!("\\set n random(0, {})\n\\set w random(0, {})\n", ASSIGNED - 1, count - 1);
        let ours = CALLER
            .replace("$1", &workspace)
            .replace("$2", &format!("array[right({number}, 8)]"))
            .replace("$3", "'CA00000000000000000000000000000000'");
        let (statements, role) = match lookup {
            Lookup::Ours => (format!("{ours};\n"), localpg::SUPERUSER),
            Lookup::Peer => {
                let theirs = PEER_LOOKUP.replace("$1", &workspace).replace("$2", &number);
                (format!("{};\n", theirs.trim()), localpg::SUPERUSER)
            }
        };
        let path = self.directory.join("lookup.sql");
        std::fs::write(&path, sets + &statements).expect("a script");
        let output = Command::new(self.postgres.binaries().bin.join("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--username", role])
            .args(["--client", &connections.to_string(), "--jobs", "2"])
            .args(["--time", &length.as_secs().max(1).to_string(), "--file"])
            .arg(&path)
            .arg("--host")
            .arg(self.postgres.socket_dir())
            .arg(DATABASE)
            .output()
            .expect("pgbench, which comes with PostgreSQL: apt-get install postgresql");
        let text = String::from_utf8_lossy(&output.stdout);
        let tps = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let tps = tps.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        tps.unwrap_or_else(|| panic!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// User and system time of Postgres so far, ended connections included.
    pub(crate) fn postgres_cpu(&self) -> Duration {
        cpu_with_children(self.postgres.pid())
    }

    /// Lets Postgres finish what it does in the background, so that no case pays for another.
    pub(crate) fn settle(&self) {
        self.postgres.execute(DATABASE, "checkpoint").expect("a checkpoint");
    }

    /// Ends the calls of which nothing but the beginning was sent. Else the server would ask Twilio about
    /// them after a minute, while something else is measured.
    pub(crate) fn end_calls(&self) {
        let ended = "update voice_calls set ended_at = started_at where ended_at is null";
        self.postgres.execute(DATABASE, ended).expect("calls are ended");
    }

    /// Calls in the live chat's log that an agent handled.
    pub(crate) async fn handled_calls(&self) -> u64 {
        let owner = Owner::connect(&self.url(localpg::SUPERUSER)).await.expect("the owner");
        let count = "select count(*) from livechat_messages where msg_type = 'call' and user_id is not null";
        let row = owner.client().query_one(count, &[]).await.expect("a count");
        row.get::<_, i64>(0).unsigned_abs()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Postgres stops after this; what it still holds open is found under the system's temporary
        // directory.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

async fn add_workspace(owner: &Owner, name: &str) {
    let id: WorkspaceId = name.parse().expect("an id");
    let key = SecretsKey::parse(SECRETS_KEY).expect("a key");
    let credentials =
        Credentials { auth_tokens: vec![AUTH_TOKEN.to_owned()], api_secret: API_SECRET.to_owned() };
    let new = NewWorkspace {
        sealed: seal(&key, &id, &credentials, [1; NONCE]).expect("sealed"),
        id,
        account: ACCOUNT.parse().expect("a Sid"),
        api_key: API_KEY.parse().expect("a Sid"),
        app: APP.parse().expect("a Sid"),
        numbers: vec!["+15005550006".parse().expect("a number")],
    };
    owner.add_workspace(&new).await.expect("a workspace");
}

/// Contacts, teams, assignments, and the index by which the peers find a number.
fn seed() -> String {
    format!(
        "insert into livechat_contacts (workspace_id, display_name, phone_number) \
           select 'w' || w, 'Contact ' || n, \
             case when n between {ASSIGNED} and {ASSIGNED} + {NATIONAL} - 1 then \
               overlay(overlay(overlay(d placing '-' from 7 for 0) placing ') ' from 4 for 0) placing '(' from 1 for 0) \
             else '+1' || d end \
           from generate_series(1, {WORKSPACES}) w, generate_series(0, {CONTACTS} - 1) n, \
             lateral (select ({FIRST_CONTACT} + n)::text as d) as digits; \
         create index bench_contacts_by_number on livechat_contacts (workspace_id, phone_number); \
         create function pg_temp.agent(w integer, n integer) returns uuid language sql immutable as \
           $$ select (lpad(to_hex(w), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$; \
         create function pg_temp.team(w integer) returns integer language sql immutable as \
           $$ select case when w % 2 = 1 then 10 else 50 end $$; \
         insert into user_profiles (id, workspace_id, full_name, workspace_role) \
           select pg_temp.agent(w, n), 'w' || w, 'Agent ' || n, 'agent' \
           from generate_series(1, {WORKSPACES}) w, generate_series(0, 49) n \
           where n < pg_temp.team(w); \
         insert into livechat_contact_assignments (workspace_id, contact_id, user_id) \
           select c.workspace_id, c.id, pg_temp.agent(w, (n * 2 + which) % pg_temp.team(w)) \
           from livechat_contacts c \
           cross join lateral (select substr(c.workspace_id, 2)::integer as w, \
             (right(voice.digits(c.phone_number), 10)::bigint - {FIRST_CONTACT})::integer as n) of \
           cross join generate_series(0, 1) which where n < {ASSIGNED} + {NATIONAL}"
    )
}

/// An address that nobody listens on at this moment.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address")
}
