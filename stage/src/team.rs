//! A workspace: its Twilio account, its agents and its contacts.

use std::time::Duration;

use emulator::{Account, Address, Agent, Behaviour, Emulator, Voice};
use harness::{random, run};
use identity::{AccountSid, AgentIdentity, ApiKeySid, AppSid, UserId};

use crate::live_chat::LiveChat;
use crate::place::{PUBLIC_URL, Place};

/// A workspace as the scenarios use it.
pub struct Team {
    /// The workspace's id.
    pub id: &'static str,
    /// The number that callers dial.
    pub number: &'static str,
    /// Its account at Twilio.
    pub account: Account,
    /// Agents 1 and up.
    agents: Vec<Agent>,
    /// Part of the user ids, different for each workspace.
    mark: u8,
}

/// A contact, and the numbers of the agents that it is assigned to.
pub struct Contact {
    /// As the live chat shows it.
    pub name: &'static str,
    /// Their phone's number.
    pub number: &'static str,
    assigned: &'static [usize],
}

/// Mia is assigned to agent 2.
pub const MIA: Contact = contact("Mia Keller", "+15005550111", &[2]);
/// Noor is assigned to two.
pub const NOOR: Contact = contact("Noor Haddad", "+15005550112", &[1, 3]);
/// Ola is assigned to two others.
pub const OLA: Contact = contact("Ola Berg", "+15005550113", &[1, 2]);
/// Pia's agents will not answer.
pub const PIA: Contact = contact("Pia Lund", "+15005550114", &[2, 3]);
/// Zoe is assigned to nobody.
pub const ZOE: Contact = contact("Zoe Novak", "+15005550115", &[]);

/// All of them.
pub static CONTACTS: [Contact; 5] = [MIA, NOOR, OLA, PIA, ZOE];

const fn contact(name: &'static str, number: &'static str, assigned: &'static [usize]) -> Contact {
    Contact { name, number, assigned }
}

/// The contact with this first name, in any case of letters.
pub fn contact_named(name: &str) -> Option<&'static Contact> {
    CONTACTS.iter().find(|contact| {
        contact.name.split(' ').next().is_some_and(|first| first.eq_ignore_ascii_case(name))
    })
}

/// The numbers of initech's contacts.
pub const CALLERS: [&str; 20] = [
    "+15005550701",
    "+15005550702",
    "+15005550703",
    "+15005550704",
    "+15005550705",
    "+15005550706",
    "+15005550707",
    "+15005550708",
    "+15005550709",
    "+15005550710",
    "+15005550711",
    "+15005550712",
    "+15005550713",
    "+15005550714",
    "+15005550715",
    "+15005550716",
    "+15005550717",
    "+15005550718",
    "+15005550719",
    "+15005550720",
];

impl Team {
    /// The workspace with four agents and the contacts.
    pub async fn acme(twilio: &Emulator, place: &Place, chat: &LiveChat) -> Result<Self, String> {
        let team = Self::enter(twilio, place, chat, ("acme", "+15005550001", 0xa), 4).await?;
        for (index, contact) in CONTACTS.iter().enumerate() {
            let id = uuid(0xc, index + 1);
            chat.contact(team.id, &id, contact.name, contact.number).await?;
            for agent in contact.assigned {
                chat.assign(team.id, &id, &team.user(*agent)).await?;
            }
        }
        Ok(team)
    }

    /// Another workspace, with 25 agents.
    pub async fn globex(twilio: &Emulator, place: &Place, chat: &LiveChat) -> Result<Self, String> {
        Self::enter(twilio, place, chat, ("globex", "+15005550002", 0xb), 25).await
    }

    /// A workspace with 50 agents; each of the first twenty has a contact of their own.
    pub async fn initech(
        twilio: &Emulator,
        place: &Place,
        chat: &LiveChat,
    ) -> Result<Self, String> {
        let team = Self::enter(twilio, place, chat, ("initech", "+15005550003", 0xd), 50).await?;
        for (index, number) in CALLERS.iter().enumerate() {
            let (id, name) = (uuid(0xe, index + 1), format!("Customer {}", index + 1));
            chat.contact(team.id, &id, &name, number).await?;
            chat.assign(team.id, &id, &team.user(index + 1)).await?;
        }
        Ok(team)
    }

    async fn enter(
        twilio: &Emulator,
        place: &Place,
        chat: &LiveChat,
        (id, number, mark): (&'static str, &'static str, u8),
        size: usize,
    ) -> Result<Self, String> {
        let auth_token = random::hex::<16>()?;
        let account = AccountSid::from_bytes(random::bytes()?);
        let app = AppSid::from_bytes(random::bytes()?);
        let key = (ApiKeySid::from_bytes(random::bytes()?), random::hex::<16>()?);

        let said = |error: &dyn std::fmt::Display| format!("the emulator refuses: {error}");
        let owned = twilio.account_with(account, &auth_token).map_err(|error| said(&error))?;
        let base = format!("{PUBLIC_URL}/api/workspaces/{id}/voice");
        let voice = Voice::new(&base).status_callback(format!("{base}/status"));
        owned.number(number, voice.clone()).map_err(|error| said(&error))?;
        owned.app_with(app, voice);
        owned.api_key_with(key.0, &key.1).map_err(|error| said(&error))?;

        let mut command = place.command(&["workspace", "add", id, "--number", number]);
        command.args(["--account-sid", account.as_str(), "--api-key", key.0.as_str()]);
        command.args(["--app", app.as_str()]);
        command.env("TWILIO_AUTH_TOKEN", &auth_token).env("TWILIO_API_SECRET", &key.1);
        tokio::task::block_in_place(|| run::quiet(&mut command, ""))
            .map_err(|failure| format!("{}\n{}", failure.what, failure.output))?;

        let mut team = Self { id, number, account: owned, agents: Vec::new(), mark };
        for agent in 1..=size {
            let user = team.user(agent);
            chat.agent(id, &user, &format!("Agent {agent}")).await?;
            let parsed: UserId = user.parse().map_err(|error| said(&error))?;
            let identity = AgentIdentity::new(parsed);
            team.agents.push(team.account.unregistered_agent(identity, Behaviour::Ignores));
        }
        Ok(team)
    }

    /// All agents, the first is number 1.
    pub fn agents(&self) -> &[Agent] {
        &self.agents
    }

    /// The user id of an agent.
    pub fn user(&self, agent: usize) -> String {
        uuid(self.mark, agent)
    }

    /// The number of the agent at an address.
    pub fn agent_at(&self, address: &Address) -> Option<usize> {
        self.agents.iter().position(|agent| agent.address() == address).map(|index| index + 1)
    }

    /// The number of the agent who is this user.
    pub fn agent_of(&self, user: &str) -> Option<usize> {
        (1..=self.agents.len()).find(|agent| self.user(*agent) == user)
    }

    /// The name of the party at an address.
    pub fn name(&self, address: &Address) -> String {
        if let Some(agent) = self.agent_at(address) {
            return format!("agent {agent}");
        }
        let number = address.to_string();
        match CONTACTS.iter().find(|contact| contact.number == number) {
            Some(contact) if self.mark == 0xa => format!("{} ({number})", contact.name),
            _ => number,
        }
    }

    /// Lets all agents ignore calls, except those listed: number, seconds until they pick up, and
    /// seconds that they talk.
    pub fn behave(&self, picks_up: &[(usize, u64, u64)]) {
        for (index, agent) in self.agents.iter().enumerate() {
            let found = picks_up.iter().find(|(number, ..)| *number == index + 1);
            agent.behaves(match found {
                Some((_, after, talks)) => {
                    Behaviour::talks(Duration::from_secs(*after), Duration::from_secs(*talks))
                }
                None => Behaviour::Ignores,
            });
        }
    }

    /// Lets everybody pick up after this time, and leaves hanging up to the caller.
    pub fn answer_after(&self, after: Duration) {
        for agent in &self.agents {
            agent.behaves(Behaviour::answers(after));
        }
    }

    /// A path of the API below the workspace.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/workspaces/{}/{rest}", self.id)
    }
}

/// A user or contact id whose end is the number.
fn uuid(mark: u8, number: usize) -> String {
    format!("00000000-0000-4000-800{mark:x}-{number:012}")
}
