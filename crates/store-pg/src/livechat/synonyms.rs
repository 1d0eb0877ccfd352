//! The names under which tables, columns and words of a live chat are recognised.
//!
//! Upper case, underscores and a plural's `s` make no difference. Names that stand first are the
//! contract's. `docs/databases.md` shows these lists.

/// The view of members, before every other source of them.
pub(super) const MEMBERS_VIEW: &[&str] = &["user_profiles_with_workspace"];

/// Tables and views of members with a column of the workspace.
pub(super) const MEMBERS_TABLE: &[&str] = &["user_profiles"];

/// Tables that say who belongs to which workspace.
pub(super) const MEMBERSHIPS: &[&str] = &[
    "workspace_members",
    "workspace_users",
    "workspace_memberships",
    "workspace_agents",
    "user_workspaces",
    "organization_members",
    "organisation_members",
    "organization_users",
    "org_members",
    "team_members",
    "team_users",
    "account_members",
    "account_users",
    "tenant_members",
    "tenant_users",
    "company_members",
    "company_users",
    "memberships",
    "members",
    "agents",
    "profiles",
    "users",
];

/// Tables with the names of people, where the table of members has none.
pub(super) const PROFILES: &[&str] =
    &["user_profiles", "profiles", "users", "user_details", "people", "employees"];

/// Tables and views of contacts.
pub(super) const CONTACTS: &[&str] =
    &["livechat_contacts", "contacts", "customers", "clients", "leads", "people", "persons"];

/// Tables that say who is assigned to which contact.
pub(super) const ASSIGNMENTS: &[&str] = &[
    "livechat_contact_assignments",
    "contact_assignments",
    "contact_assignees",
    "contact_agents",
    "contact_owners",
    "contact_users",
    "customer_assignments",
    "client_assignments",
    "lead_assignments",
    "assignments",
];

/// Logs.
pub(super) const LOGS: &[&str] = &[
    "livechat_messages",
    "messages",
    "chat_messages",
    "conversation_messages",
    "contact_messages",
    "call_logs",
    "calls",
    "activities",
];

/// Tables of workspaces.
pub(super) const WORKSPACES: &[&str] = &[
    "workspaces",
    "organizations",
    "organisations",
    "orgs",
    "teams",
    "accounts",
    "tenants",
    "companies",
];

/// Columns.
pub(super) const WORKSPACE: &[&str] = &[
    "workspace_id",
    "organization_id",
    "organisation_id",
    "org_id",
    "team_id",
    "account_id",
    "tenant_id",
    "company_id",
    "workspace",
];
pub(super) const USER: &[&str] =
    &["user_id", "profile_id", "member_id", "agent_id", "auth_user_id", "employee_id"];
pub(super) const ROLE: &[&str] =
    &["workspace_role", "role", "member_role", "user_role", "org_role", "team_role", "role_name"];
pub(super) const NAME: &[&str] =
    &["display_name", "full_name", "name", "contact_name", "customer_name", "user_name"];
pub(super) const FIRST_NAME: &[&str] = &["first_name", "given_name"];
pub(super) const LAST_NAME: &[&str] = &["last_name", "family_name", "surname"];
pub(super) const NUMBER: &[&str] = &[
    "phone_number",
    "phone",
    "mobile",
    "mobile_number",
    "mobile_phone",
    "phone_mobile",
    "cell_phone",
    "cell",
    "telephone",
    "tel",
    "phone_e164",
    "msisdn",
];
pub(super) const CREATED: &[&str] =
    &["created_at", "inserted_at", "created", "created_on", "date_created", "sent_at", "timestamp"];
pub(super) const CONTACT: &[&str] =
    &["contact_id", "customer_id", "client_id", "lead_id", "person_id"];
pub(super) const ASSIGNEE: &[&str] = &[
    "user_id",
    "agent_id",
    "assignee_id",
    "assigned_to",
    "assigned_user_id",
    "assigned_agent_id",
    "member_id",
    "profile_id",
];
/// The assigned user in the table of contacts itself.
pub(super) const ASSIGNED_TO: &[&str] = &[
    "assigned_to",
    "assignee_id",
    "assigned_user_id",
    "assigned_agent_id",
    "assigned_to_id",
    "owner_id",
    "agent_id",
];
pub(super) const SID: &[&str] =
    &["twilio_sid", "call_sid", "twilio_call_sid", "external_id", "provider_id", "message_sid"];
pub(super) const KIND: &[&str] = &["msg_type", "message_type", "type", "kind", "activity_type"];
pub(super) const HANDLER: &[&str] =
    &["user_id", "agent_id", "handled_by", "sender_id", "author_id", "profile_id", "member_id"];
pub(super) const SENDER: &[&str] = &["sender", "sender_type", "sender_role", "author_type"];
pub(super) const BODY: &[&str] = &["body", "content", "message", "text", "summary", "description"];
pub(super) const DIRECTION: &[&str] = &["direction", "call_direction", "message_direction"];
pub(super) const STATUS: &[&str] = &["status", "call_status", "message_status", "state"];
/// A moment in one of these means that the row counts no longer.
pub(super) const ENDED: &[&str] =
    &["deleted_at", "removed_at", "ended_at", "unassigned_at", "released_at", "left_at"];
/// True means that the row counts no longer.
pub(super) const DELETED: &[&str] = &["is_deleted", "deleted"];
/// False means that the row counts no longer.
pub(super) const ACTIVE: &[&str] = &["is_active", "active"];

/// The words for a row that counts.
pub(super) const IS_ACTIVE: &[&str] = &["active", "assigned", "open", "current", "accepted"];

/// For each of our words those that are nearest to it, best first.
pub(super) const STATUS_WORDS: &[(&str, &[&str])] = &[
    (
        "ringing",
        &["initiated", "queued", "pending", "started", "new", "open", "in_progress", "active"],
    ),
    ("in_progress", &["answered", "active", "ongoing", "connected", "started", "open", "ringing"]),
    ("completed", &["complete", "done", "ended", "finished", "closed", "answered", "success"]),
    ("no_answer", &["missed", "unanswered", "not_answered", "failed"]),
    (
        "caller_hung_up",
        &["canceled", "cancelled", "abandoned", "hung_up", "missed", "no_answer", "failed"],
    ),
    ("busy", &["no_answer", "missed", "unanswered", "failed"]),
    ("failed", &["error", "undelivered", "canceled", "cancelled", "no_answer", "missed"]),
    ("refused", &["rejected", "declined", "blocked", "failed", "error", "canceled", "cancelled"]),
];
pub(super) const DIRECTION_WORDS: &[(&str, &[&str])] = &[
    ("inbound", &["in", "incoming", "received", "from_contact"]),
    ("outbound", &["out", "outgoing", "sent", "to_contact"]),
];
/// A live chat that calls its customers users has another word for its own side.
pub(super) const SENDER_WORDS: &[(&str, &[&str])] = &[
    ("contact", &["customer", "client", "visitor", "lead", "guest", "user"]),
    ("user", &["agent", "staff", "operator", "member", "employee", "admin", "system"]),
];
pub(super) const KIND_WORDS: &[(&str, &[&str])] =
    &[("call", &["voice_call", "voice", "phone_call", "phone"])];

/// A name as it is compared: without upper case and underscores.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|one| one.to_ascii_lowercase()).collect()
}

/// The name of a table as it is compared: also without a plural's `s`.
pub(super) fn plain_table(name: &str) -> String {
    let name = plain(name);
    name.strip_suffix('s').map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_mean_them() {
        let cases = [("workspaceId", "workspace_id"), ("WORKSPACE_ID", "workspace_id")];
        for (name, want) in cases {
            assert_eq!(plain(name), plain(want), "{name}");
        }
        assert_eq!(plain_table("WorkspaceMember"), plain_table("workspace_members"));
        assert_ne!(plain_table("contact"), plain_table("livechat_contacts"));
    }

    /// The docs name every name.
    #[test]
    fn the_docs_show_the_lists() {
        let docs = include_str!("../../../../docs/databases.md");
        let lists = [
            MEMBERS_VIEW,
            MEMBERS_TABLE,
            MEMBERSHIPS,
            PROFILES,
            CONTACTS,
            ASSIGNMENTS,
            LOGS,
            WORKSPACES,
            WORKSPACE,
            USER,
            ROLE,
            NAME,
            FIRST_NAME,
            LAST_NAME,
            NUMBER,
            CREATED,
            CONTACT,
            ASSIGNEE,
            ASSIGNED_TO,
            SID,
            KIND,
            HANDLER,
            SENDER,
            BODY,
            DIRECTION,
            STATUS,
            ENDED,
            DELETED,
            ACTIVE,
        ];
        for list in lists {
            let names: Vec<String> = list.iter().map(|name| format!("`{name}`")).collect();
            let line = format!("| {} |", names.join(", "));
            assert!(docs.contains(&line), "docs/databases.md has not: {line}");
        }
    }

    /// Each of our words has a line, so that none is left without a thought.
    #[test]
    fn every_word_of_ours_has_its_neighbours() {
        let ours = |words: &[(&'static str, &[&str])]| {
            words.iter().map(|(word, _)| *word).collect::<Vec<_>>()
        };
        let outcomes: Vec<_> = calls::Outcome::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(ours(STATUS_WORDS), outcomes);
        let directions: Vec<_> = calls::Direction::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(ours(DIRECTION_WORDS), directions);
    }
}
