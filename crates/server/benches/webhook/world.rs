//! A database of the usual size, a server on it, and requests that Twilio could have signed.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use identity::{AccountSid, ApiKeySid, AppSid, CallSid, WorkspaceId};
use localpg::{Options, Search};
use server::{Credentials, NONCE, SecretsKey, seal};
use store_pg::{CALLER, NewWorkspace, Owner};
use twilio_sig::{AuthToken, Form, Request};

use crate::process::{Child, cpu_of};

const LOGIN: &str = "voice_app";
const DATABASE: &str = "bench";
const AUTH_TOKEN: &str = "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f";
const SECRETS_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const PUBLIC_URL: &str = "https://voice.example.com";
const WORKSPACES: u32 = 50;
const CONTACTS: u32 = 100_000;
/// Requests made beforehand for each case.
const REQUESTS: u32 = 20_000;

/// Who calls whom.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Case {
    /// A contact with two assigned agents, in a workspace of ten.
    Assigned,
    /// An unknown caller, in a workspace of ten.
    TenAgents,
    /// An unknown caller, in a workspace of fifty.
    FiftyAgents,
    /// The status callback of a leg.
    Status,
}

impl Case {
    pub(crate) const ALL: [Self; 4] =
        [Self::Assigned, Self::TenAgents, Self::FiftyAgents, Self::Status];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Assigned => "voice, assigned",
            Self::TenAgents => "voice, unknown, 10 agents",
            Self::FiftyAgents => "voice, unknown, 50 agents",
            Self::Status => "status callback",
        }
    }

    const fn workspace(self) -> &'static str {
        match self {
            Self::FiftyAgents => "w2",
            _ => "w1",
        }
    }
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
        for name in ["w1", "w2"] {
            add_workspace(&owner, name).await;
        }
        owner.client().batch_execute(&seed()).await.expect("the rows");
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
            .env("SWITCHROOM_SESSION_SECRET", "a-session-secret-of-at-least-32-bytes")
            .env("SWITCHROOM_SECRETS_KEY", SECRETS_KEY)
            .env("RUST_LOG", "warn");
        Child::start(command, address)
    }

    /// Transactions per second of the lookup alone, or within its scope as the server runs it.
    pub(crate) fn pgbench(
        &self,
        case: Case,
        connections: usize,
        length: Duration,
        scoped: bool,
    ) -> f64 {
        let workspace = case.workspace();
        let number = match case {
            Case::Assigned => "'+1' || (5000000000 + :n)::text",
            _ => "'+1' || (7000000000 + :n)::text",
        };
        // A colon before a letter begins a variable of pgbench, inside quotes too.
        let lookup = CALLER
            .replace("$1", &format!("'{workspace}'"))
            .replace("$2", &format!("array[right({number}, 8)]"))
            .replace("$3", "'CA00000000000000000000000000000000'");
        let enter = format!(
            "select set_config('role', 'voice_webhook', true), \
             set_config('voice.workspace_id', '{workspace}', true), \
             set_config('request.jwt.claims', '', true)"
        );
        let script = if scoped {
            format!(
                "\\set n random(0, 1999)\n\\startpipeline\nbegin;\n{enter};\n{lookup};\ncommit;\n\\endpipeline\n"
            )
        } else {
            format!("\\set n random(0, 1999)\n{lookup};\n")
        };
        let path = self.directory.join("lookup.sql");
        std::fs::write(&path, script).expect("a script");
        let role = if scoped { LOGIN } else { localpg::SUPERUSER };
        let output = Command::new(self.postgres.binaries().bin.join("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--username", role])
            .args(["--client", &connections.to_string(), "--jobs", "2"])
            .args(["--time", &length.as_secs().to_string(), "--file"])
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

    /// User and system time of the Postgres processes that live now.
    pub(crate) fn postgres_cpu(&self) -> Duration {
        let parent = self.postgres.pid();
        let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
        let children = children.unwrap_or_default();
        let living = children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(cpu_of);
        living.sum::<Duration>() + cpu_of(parent)
    }

    /// Lets Postgres finish what it does in the background, so that no case pays for another.
    pub(crate) fn settle(&self) {
        self.postgres.execute(DATABASE, "checkpoint").expect("a checkpoint");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Postgres stops after this; what it still holds open is found under the system's temporary
        // directory.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Requests of a case, whole and signed.
pub(crate) fn requests(case: Case, server: &Child) -> Vec<Vec<u8>> {
    let token = AuthToken::new(AUTH_TOKEN).expect("a token");
    let path = match case {
        Case::Status => format!("/api/workspaces/{}/voice/status", case.workspace()),
        _ => format!("/api/workspaces/{}/voice", case.workspace()),
    };
    let url = format!("{PUBLIC_URL}{path}");
    let host = server.address();
    let round = u32::from(server.address().port());
    (0..REQUESTS)
        .map(|number| {
            let body = body(case, round, number);
            let form = Form::parse(body.as_bytes()).expect("a form");
            let signature = token.sign(&Request::form(&url, &form));
            format!(
                "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: \
                 application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: \
                 {signature}\r\nI-Twilio-Idempotency-Token: {number}\r\nUser-Agent: \
                 TwilioProxy/1.1\r\nAccept: */*\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes()
        })
        .collect()
}

async fn add_workspace(owner: &Owner, name: &str) {
    let id: WorkspaceId = name.parse().expect("an id");
    let key = SecretsKey::parse(SECRETS_KEY).expect("a key");
    let credentials = Credentials {
        auth_tokens: vec![AUTH_TOKEN.to_owned()],
        api_secret: "s3cr3t-for-tests-only-32-bytes!!".to_owned(),
    };
    let new = NewWorkspace {
        sealed: seal(&key, &id, &credentials, [1; NONCE]).expect("sealed"),
        id,
        account: AccountSid::from_bytes([1; 16]),
        api_key: ApiKeySid::from_bytes([2; 16]),
        app: AppSid::from_bytes([3; 16]),
        numbers: vec!["+15005550006".parse().expect("a number")],
    };
    owner.add_workspace(&new).await.expect("a workspace");
}

/// 50 workspaces with 2,000 contacts each, two assigned agents for every contact.
fn seed() -> String {
    format!(
        "insert into livechat_contacts (workspace_id, display_name, phone_number) \
           select 'w' || (1 + n / {each}), 'Contact ' || n, '+1' || (5000000000 + n % {each})::text \
           from generate_series(0, {CONTACTS} - 1) n; \
         insert into user_profiles (id, workspace_id, full_name, workspace_role) \
           select gen_random_uuid(), 'w' || w, 'Agent ' || n, 'agent' \
           from generate_series(1, {WORKSPACES}) w, \
             generate_series(1, 50) n where n <= 10 or w = 2; \
         insert into livechat_contact_assignments (workspace_id, contact_id, user_id) \
           select c.workspace_id, c.id, p.id from livechat_contacts c \
           cross join lateral (select id from user_profiles p \
             where p.workspace_id = c.workspace_id order by id limit 2) p; \
         analyze",
        each = CONTACTS / WORKSPACES
    )
}

fn body(case: Case, round: u32, number: u32) -> String {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&round.to_be_bytes());
    id[4] = case as u8;
    id[12..].copy_from_slice(&number.to_be_bytes());
    let call = CallSid::from_bytes(id);
    let account = AccountSid::from_bytes([1; 16]);
    let from = match case {
        Case::Assigned => 5_000_000_000 + u64::from(number % 2_000),
        _ => 7_000_000_000 + u64::from(number),
    };
    let places = "FromCity=SAN+FRANCISCO&FromState=CA&FromZip=94105&FromCountry=US&ToCity=OAKLAND\
                  &ToState=CA&ToZip=94601&ToCountry=US&CallerCity=SAN+FRANCISCO&CallerState=CA\
                  &CallerZip=94105&CallerCountry=US&CalledCity=OAKLAND&CalledState=CA\
                  &CalledZip=94601&CalledCountry=US";
    match case {
        Case::Status => {
            id[5] = 1;
            let leg = CallSid::from_bytes(id);
            format!(
                "CallSid={leg}&ParentCallSid={call}&AccountSid={account}&ApiVersion=2010-04-01\
                 &From=%2B1{from}&To=client%3Aagent_0000000000000000000000000000000a&Caller=%2B1{from}\
                 &Called=client%3Aagent_0000000000000000000000000000000a&CallStatus=ringing\
                 &Direction=outbound-dial&CallbackSource=call-progress-events&SequenceNumber=1\
                 &Timestamp=&{places}"
            )
        }
        _ => format!(
            "CallSid={call}&AccountSid={account}&ApiVersion=2010-04-01&From=%2B1{from}\
             &To=%2B15005550006&Caller=%2B1{from}&Called=%2B15005550006&CallStatus=ringing\
             &Direction=inbound&{places}"
        ),
    }
}

/// An address that nobody listens on at this moment.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address")
}
