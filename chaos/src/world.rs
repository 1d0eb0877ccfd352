//! A database, a proxy to it, and workspaces with agents and contacts.

use std::path::PathBuf;

use harness::http::{Ask, encode};
use identity::{AccountSid, ApiKeySid, AppSid, UserId, WorkspaceId};
use tokio_postgres::{Client, NoTls};
use twilio_sig::{AuthToken, Form, Request};

use crate::context::Context;
use crate::planted;
use crate::postgres::Postgres;
use crate::program::{PUBLIC_URL, Serve, Server};
use crate::proxy::Proxy;

/// Everything around the servers of one campaign.
pub(crate) struct World<'a> {
    context: &'a Context,
    pub(crate) postgres: Postgres,
    pub(crate) proxy: Proxy,
    pub(crate) workspaces: Vec<Workspace>,
}

/// The role of the server.
pub(crate) const LOGIN: &str = "voice_app";
/// The database.
pub(crate) const DATABASE: &str = "chaos";
/// The agents of each workspace.
pub(crate) const AGENTS: u32 = 10;

impl<'a> World<'a> {
    /// As many workspaces, each with [`AGENTS`] agents and a contact for every caller, which has two
    /// agents assigned.
    pub(crate) async fn new(context: &'a Context, workspaces: u32) -> Self {
        let postgres = Postgres::start(&context.directory.join("postgres")).await;
        postgres.execute("postgres", &format!("create database {DATABASE}"));
        let road = context.directory.join("road");
        let proxy = Proxy::start(road, postgres.socket(), context.dice());
        let world = Self { context, postgres, proxy, workspaces: Vec::new() };
        world.migrate();
        let workspaces: Vec<Workspace> = (1..=workspaces).map(Workspace::new).collect();
        for workspace in &workspaces {
            world.add(workspace);
        }
        let client = world.client().await;
        client.batch_execute(&seed(workspaces.len())).await.expect("agents and contacts");
        Self { workspaces, ..world }
    }

    /// The settings of the campaign.
    pub(crate) const fn context(&self) -> &'a Context {
        self.context
    }

    /// The server's connection string, through the proxy.
    pub(crate) fn url(&self) -> String {
        login_at(&self.proxy.directory().to_string_lossy())
    }

    /// The options of a server, by its number.
    pub(crate) fn serve(&self, number: usize) -> Serve {
        Serve {
            name: format!("{}-server-{number}", self.context.name),
            data: self.data(number),
            database_url: self.url(),
            environment: Vec::new(),
        }
    }

    /// A server's data directory.
    pub(crate) fn data(&self, number: usize) -> PathBuf {
        self.context.directory.join(format!("data-{number}"))
    }

    /// Starts a server, and has it read every workspace.
    pub(crate) async fn server(&self, number: usize) -> Server {
        self.context.program.serve(&self.serve(number)).await
    }

    /// A connection for the campaign itself, past the proxy.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.postgres.url(DATABASE)).await
    }

    fn migrate(&self) {
        let environment =
            [("DATABASE_URL", &*self.url()), ("SWITCHROOM_ADMIN_DATABASE_URL", &*self.owner_url())];
        self.context.program.owner(&["migrate"], &environment);
    }

    fn owner_url(&self) -> String {
        format!("{} password={}", self.postgres.url(DATABASE), planted::OWNER_PASSWORD)
    }

    fn add(&self, workspace: &Workspace) {
        let (account, number) = (workspace.account.to_string(), workspace.number.clone());
        let (key, app) = (
            ApiKeySid::from_bytes(bytes(workspace.mark, 0)),
            AppSid::from_bytes(bytes(workspace.mark, 0)),
        );
        let arguments = [
            "workspace",
            "add",
            workspace.id.as_str(),
            "--account-sid",
            &account,
            "--api-key",
            key.as_str(),
            "--app",
            app.as_str(),
            "--number",
            &number,
        ];
        let environment = [
            ("SWITCHROOM_ADMIN_DATABASE_URL", &*self.owner_url()),
            ("TWILIO_AUTH_TOKEN", &workspace.auth_token),
            ("TWILIO_AUTH_TOKEN_PREVIOUS", &workspace.previous_auth_token),
            ("TWILIO_API_SECRET", planted::API_SECRET),
        ];
        self.context.program.owner(&arguments, &environment);
    }
}

/// How the server's role connects to a Postgres, or to several of which one takes writes.
pub(crate) fn login_at(directories: &str) -> String {
    let password = planted::DATABASE_PASSWORD;
    format!("host={directories} port=5432 user={LOGIN} password={password} dbname={DATABASE}")
}

/// A connection that is driven by its own task.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(async move { drop(connection.await) });
    client
}

/// A workspace, whose ids and secrets follow from its number.
#[derive(Clone)]
pub(crate) struct Workspace {
    pub(crate) id: WorkspaceId,
    pub(crate) account: AccountSid,
    pub(crate) number: String,
    auth_token: String,
    previous_auth_token: String,
    pub(crate) mark: u32,
}

impl Workspace {
    fn new(mark: u32) -> Self {
        Self {
            id: format!("w{mark}").parse().expect("an id"),
            account: AccountSid::from_bytes(bytes(mark, 0)),
            number: format!("+1500555{mark:04}"),
            auth_token: format!("{}-{mark}", planted::AUTH_TOKEN),
            previous_auth_token: format!("{}-{mark}", planted::PREVIOUS_AUTH_TOKEN),
            mark,
        }
    }

    /// An agent, by a number from 1 to [`AGENTS`]. Others are strangers; 0 is a member who takes no
    /// calls.
    pub(crate) fn agent(&self, number: u32) -> UserId {
        UserId::from_bytes(bytes(self.mark, number))
    }

    /// The two agents to whom a caller is assigned.
    pub(crate) const fn assigned(caller: u32) -> [u32; 2] {
        [1 + caller % AGENTS, 1 + (caller + 1) % AGENTS]
    }

    /// A request that Twilio signed.
    pub(crate) fn signed(&self, path: &str, params: &[(&str, &str)]) -> Vec<u8> {
        let body = encode(&[&[("AccountSid", &*self.account.to_string())], params].concat());
        post(path, Some(&self.signature(path, &body)), &body)
    }

    /// The signature of a form for any path, with this workspace's token.
    pub(crate) fn signature(&self, path: &str, body: &str) -> String {
        sign(&self.auth_token, path, body)
    }

    /// The same with the token before the rotation, which is accepted too.
    pub(crate) fn previous_signature(&self, path: &str, body: &str) -> String {
        sign(&self.previous_auth_token, path, body)
    }

    /// A path of the workspace.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/workspaces/{}/{rest}", self.id)
    }
}

fn sign(token: &str, path: &str, body: &str) -> String {
    let form = Form::parse(body.as_bytes()).expect("a form");
    let token = AuthToken::new(token).expect("a token");
    token.sign(&Request::form(&format!("{PUBLIC_URL}{path}"), &form))
}

/// A form as it is posted, with or without a signature.
pub(crate) fn post(path: &str, signature: Option<&str>, body: &str) -> Vec<u8> {
    let ask = Ask::new("POST", path);
    let ask = signature.into_iter().fold(ask, |ask, one| ask.header("X-Twilio-Signature", one));
    ask.body("application/x-www-form-urlencoded; charset=UTF-8", body).kept_bytes()
}

/// Sixteen bytes for a workspace and something of it.
pub(crate) fn bytes(mark: u32, last: u32) -> [u8; 16] {
    let mut bytes = [0x5c; 16];
    bytes[..4].copy_from_slice(&mark.to_be_bytes());
    bytes[12..].copy_from_slice(&last.to_be_bytes());
    bytes
}

/// Agents, a member who takes no calls, and a contact for every caller, in every workspace.
fn seed(workspaces: usize) -> String {
    let id = "(lpad(to_hex(w), 8, '0') || repeat('5c', 8) || lpad(to_hex(n), 8, '0'))::uuid";
    format!(
        "insert into user_profiles (id, workspace_id, full_name, workspace_role) \
           select {id}, 'w' || w, '{agent} ' || n, case n when 0 then 'viewer' else 'agent' end \
           from generate_series(1, {workspaces}) w, generate_series(0, {AGENTS}) n; \
         insert into livechat_contacts (id, workspace_id, display_name, phone_number) \
           select {id}, 'w' || w, '{contact} ' || n, '+1415867' || 5309 + n \
           from generate_series(1, {workspaces}) w, generate_series(0, {numbers} - 1) n; \
         insert into livechat_contact_assignments (workspace_id, contact_id, user_id) \
           select 'w' || w, {id}, (lpad(to_hex(w), 8, '0') || repeat('5c', 8) \
             || lpad(to_hex(1 + (n + a) % {AGENTS}), 8, '0'))::uuid \
           from generate_series(1, {workspaces}) w, generate_series(0, {numbers} - 1) n, \
             generate_series(0, 1) a; \
         analyze",
        agent = planted::AGENT,
        contact = planted::CONTACT,
        numbers = planted::NUMBERS,
    )
}
