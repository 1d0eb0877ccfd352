//! The tables that have a workspace.

/// Those of the live chat that are used.
pub const LIVE_CHAT: [&str; 4] =
    ["livechat_contacts", "livechat_contact_assignments", "user_profiles", "livechat_messages"];

/// Those of Switchroom.
pub const OURS: [&str; 9] = [
    "voice_workspaces",
    "voice_numbers",
    "voice_agents",
    "voice_events",
    "voice_calls",
    "voice_legs",
    "voice_dials",
    "voice_feeds",
    "voice_changes",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SCHEMA;

    /// The quoted words of a list, from where it begins to the bracket that ends it.
    fn list(start: &str, end: char) -> Vec<&'static str> {
        let (_, rest) = SCHEMA.split_once(start).expect(start);
        let (list, _) = rest.split_once(end).expect("the end of the list");
        list.split('\'').skip(1).step_by(2).collect()
    }

    #[test]
    fn the_schema_protects_the_same_tables() {
        let all = [&LIVE_CHAT[..], &OURS[..]].concat();
        assert_eq!(list("foreach tenant_table in array array[", ']'), all);
        let mut open = list("and c.relname in (", ')');
        open.sort_unstable();
        let mut live_chat = LIVE_CHAT;
        live_chat.sort_unstable();
        assert_eq!(open, live_chat);
        let made = SCHEMA.matches("create table if not exists public.").count();
        assert_eq!(made, all.len(), "each table has a workspace");
    }
}
