//! The content of a file, as JSON before it is sealed.

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine};
use identity::{AccountSid, ApiKeySid, AppSid, ContactId, PhoneNumber, Timestamp, UserId};
use routing::{Page, Presence, Role};
use serde::{Deserialize, Serialize};
use store_pg::{AgentRow, KnownContact, WorkspaceRow};

use super::super::rosters::{KnownCaller, KnownRoster};
use super::KnownWorkspace;

/// What is known of one workspace.
#[derive(Deserialize, Serialize)]
pub(super) struct Document {
    account: AccountSid,
    api_key: ApiKeySid,
    app: AppSid,
    sealed: String,
    policy: serde_json::Value,
    numbers: Vec<PhoneNumber>,
    #[serde(default)]
    caller_id: Option<PhoneNumber>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    edge: Option<String>,
    roster: Option<RosterDocument>,
}

#[derive(Deserialize, Serialize)]
struct RosterDocument {
    members: Vec<MemberDocument>,
    callers: Vec<CallerDocument>,
}

#[derive(Deserialize, Serialize)]
struct MemberDocument {
    user: UserId,
    role: Role,
    presence: Presence,
    idle_since: Option<Timestamp>,
}

#[derive(Deserialize, Serialize)]
struct CallerDocument {
    number: PhoneNumber,
    contact: ContactId,
    name: Option<String>,
    assigned: Vec<UserId>,
}

impl Document {
    pub(super) fn of(known: &KnownWorkspace) -> Self {
        let row = &known.row;
        Self {
            account: row.account,
            api_key: row.api_key,
            app: row.app,
            sealed: STANDARD.encode(&row.sealed),
            policy: row.policy.clone(),
            numbers: row.numbers.clone(),
            caller_id: row.caller_id.clone(),
            region: row.region.clone(),
            edge: row.edge.clone(),
            roster: known.roster.as_ref().map(RosterDocument::of),
        }
    }

    pub(super) fn read(self) -> Result<KnownWorkspace, DecodeError> {
        let sealed = STANDARD.decode(self.sealed)?;
        let row = WorkspaceRow {
            account: self.account,
            api_key: self.api_key,
            app: self.app,
            sealed,
            policy: self.policy,
            numbers: self.numbers,
            caller_id: self.caller_id,
            region: self.region,
            edge: self.edge,
        };
        Ok(KnownWorkspace { row, roster: self.roster.map(RosterDocument::read) })
    }
}

impl RosterDocument {
    fn of(roster: &KnownRoster) -> Self {
        let members = roster.members.iter().map(|member| MemberDocument {
            user: member.user,
            role: member.role,
            presence: member.presence,
            idle_since: member.idle_since,
        });
        let mut callers: Vec<CallerDocument> = roster
            .callers
            .iter()
            .map(|(number, caller)| CallerDocument {
                number: number.clone(),
                contact: caller.contact.id,
                name: caller.contact.name.clone(),
                assigned: caller.assigned.clone(),
            })
            .collect();
        // Sorted, so that the same roster is always written the same.
        callers.sort_by(|one, other| one.number.cmp(&other.number));
        Self { members: members.collect(), callers }
    }

    fn read(self) -> KnownRoster {
        // What an agent is doing, and whether a page is open, changes too fast to be worth writing.
        let members = self.members.into_iter().map(|member| AgentRow {
            user: member.user,
            name: None,
            role: member.role,
            presence: member.presence,
            presence_since: None,
            on_call_since: None,
            offered_since: None,
            call: None,
            idle_since: member.idle_since,
            ready_since: None,
            page: Page::Unknown,
            online_until: None,
            page_ready_until: None,
            page_lacks: None,
        });
        let callers = self.callers.into_iter().map(|caller| {
            let contact = KnownContact { id: caller.contact, name: caller.name };
            (caller.number, KnownCaller { contact, assigned: caller.assigned })
        });
        KnownRoster { members: members.collect(), callers: callers.collect(), read: None }
    }
}
