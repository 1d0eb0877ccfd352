//! A workspace with its Twilio account, its agents and its contacts.

use emulator::{Account, Agent, Behaviour, Story, Voice};
use identity::{AccountSid, AgentIdentity, ApiKeySid, AppSid, ContactId, UserId, WorkspaceId};
use serde_json::{Value, json};
use server::{Credentials, NONCE, SecretsKey, seal};
use store_pg::NewWorkspace;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::world::{PUBLIC_URL, SECRETS_KEY, World};

pub(crate) const API_SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";

/// A workspace with its Twilio account; every id and secret follows from its name.
pub(crate) struct Team {
    pub(crate) id: WorkspaceId,
    pub(crate) account: Account,
    pub(crate) number: String,
    pub(crate) app: AppSid,
    pub(crate) api_key: ApiKeySid,
    pub(crate) auth_token: String,
    mark: u32,
}

impl Team {
    /// The user with this number; other teams have others.
    pub(crate) fn user(&self, number: u8) -> UserId {
        UserId::from_bytes(bytes(self.mark, number))
    }

    /// The number of a user of this team.
    pub(crate) fn number_of(&self, user: UserId) -> u8 {
        let number = user.as_bytes()[15];
        assert_eq!(user, self.user(number), "a user of another team");
        number
    }

    pub(crate) fn identity(&self, number: u8) -> AgentIdentity {
        AgentIdentity::new(self.user(number))
    }

    /// The path of the workspace's endpoints, with this at its end.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/workspaces/{}/{rest}", self.id)
    }

    /// The numbers of the agents for whom a leg was dialled, in the order of the documents.
    pub(crate) fn rang(&self, story: &Story) -> Vec<u8> {
        story.rang().into_iter().filter_map(|address| self.number_at(address)).collect()
    }

    /// The number of the agent who answered.
    pub(crate) fn answered(&self, story: &Story) -> Option<u8> {
        self.number_at(story.answered_by()?)
    }

    fn number_at(&self, address: &emulator::Address) -> Option<u8> {
        let identity: AgentIdentity = address.identity()?.parse().ok()?;
        Some(self.number_of(identity.user()))
    }
}

impl World {
    /// A workspace with one number.
    pub(crate) async fn team(&self, name: &str) -> Team {
        self.team_with(name, &json!({})).await
    }

    /// The same with a policy.
    pub(crate) async fn team_with(&self, name: &str, policy: &Value) -> Team {
        let (id, mark) = id_and_mark(name);
        let new = new_workspace(&id, mark, &number(mark), &auth_token(name));
        self.owner.add_workspace(&new).await.expect("a workspace");
        self.owner.set_policy(&id, policy).await.expect("a policy");
        self.team_at_twilio(name)
    }

    /// A team whose workspace is in the database already.
    pub(crate) fn team_at_twilio(&self, name: &str) -> Team {
        let (id, mark) = id_and_mark(name);
        let auth_token = auth_token(name);
        let number = number(mark);
        let NewWorkspace { account, app, api_key, .. } =
            new_workspace(&id, mark, &number, &auth_token);
        let twilio = self.twilio.account_with(account, &auth_token).expect("an account");
        let voice = Voice::new(format!("{PUBLIC_URL}/api/workspaces/{id}/voice"))
            .status_callback(format!("{PUBLIC_URL}/api/workspaces/{id}/voice/status"));
        twilio.number(&number, voice.clone()).expect("a number");
        twilio.app_with(app, voice);
        twilio.api_key_with(api_key, API_SECRET).expect("an API key");
        Team { id, account: twilio, number, app, api_key, auth_token, mark }
    }

    /// Gives the workspace another auth token, as `switchroom workspace add` does.
    pub(crate) async fn has_token(&self, team: &Team, auth_token: &str) {
        let new = new_workspace(&team.id, team.mark, &team.number, auth_token);
        self.owner.add_workspace(&new).await.expect("a workspace");
    }

    /// A member of the live chat with a role.
    pub(crate) async fn member(&self, team: &Team, number: u8, role: &str) {
        let sql = "insert into public.user_profiles (id, workspace_id, full_name, workspace_role) \
                   values ($1, $2, $3, $4)";
        let name = format!("Agent {number}");
        self.insert(sql, &[&uuid(team.user(number)), &team.id.as_str(), &name, &role]).await;
    }

    /// Takes a member away.
    pub(crate) async fn leaves(&self, team: &Team, number: u8) {
        let sql = "delete from public.user_profiles where workspace_id = $1 and id = $2";
        self.insert(sql, &[&team.id.as_str(), &uuid(team.user(number))]).await;
    }

    /// Agents 1 to `count` with a browser each, who let it ring.
    pub(crate) async fn agents(&self, team: &Team, count: u8) -> Vec<Agent> {
        let mut agents = Vec::new();
        for number in 1..=count {
            self.member(team, number, "agent").await;
            agents.push(browser(team, number));
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
            self.insert(sql, &[&team.id.as_str(), &id, &uuid(team.user(*number))]).await;
        }
        ContactId::from_bytes(*id.as_bytes())
    }

    async fn insert(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) {
        self.owner.client().execute(sql, params).await.expect("a row");
    }
}

/// A browser of an agent, who lets it ring.
pub(crate) fn browser(team: &Team, number: u8) -> Agent {
    team.account.agent(team.identity(number), Behaviour::Ignores).app(team.app)
}

pub(crate) fn uuid(user: UserId) -> Uuid {
    Uuid::from_bytes(*user.as_bytes())
}

fn bytes(mark: u32, last: u8) -> [u8; 16] {
    let mut bytes = [0; 16];
    for part in bytes.as_chunks_mut::<4>().0 {
        *part = mark.to_be_bytes();
    }
    bytes[15] = last;
    bytes
}

/// What every id and secret of a team follows from.
fn id_and_mark(name: &str) -> (WorkspaceId, u32) {
    let mark = name
        .bytes()
        .fold(0x811c_9dc5_u32, |mark, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (name.parse().expect("a workspace id"), mark)
}

fn auth_token(name: &str) -> String {
    format!("auth-token-of-{name}")
}

fn number(mark: u32) -> String {
    format!("+1500555{:04}", 1000 + mark % 9000)
}

/// A workspace whose ids follow from its mark.
fn new_workspace(id: &WorkspaceId, mark: u32, number: &str, auth_token: &str) -> NewWorkspace {
    let own = bytes(mark, 0);
    let key = SecretsKey::parse(SECRETS_KEY).expect("a key");
    let credentials =
        Credentials { auth_tokens: vec![auth_token.to_owned()], api_secret: API_SECRET.to_owned() };
    NewWorkspace {
        id: id.clone(),
        account: AccountSid::from_bytes(own),
        api_key: ApiKeySid::from_bytes(own),
        app: AppSid::from_bytes(own),
        sealed: seal(&key, id, &credentials, [own[0]; NONCE]).expect("sealed"),
        numbers: vec![number.parse().expect("a number")],
    }
}
