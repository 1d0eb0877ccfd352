//! The tables that have a workspace, and the functions beside them.

/// Those of the live chat that are used.
pub const LIVE_CHAT: [&str; 4] =
    ["livechat_contacts", "livechat_contact_assignments", "user_profiles", "livechat_messages"];

/// Those of Switchroom.
pub const OURS: [&str; 10] = [
    "voice_workspaces",
    "voice_numbers",
    "voice_agents",
    "voice_events",
    "voice_calls",
    "voice_legs",
    "voice_dials",
    "voice_feeds",
    "voice_changes",
    "voice_erased",
];

/// The functions of the schema `voice` that policies and statements ask.
pub(crate) const FUNCTIONS: [&str; 24] = [
    "workspace",
    "asker",
    "as_uuid",
    "as_bigint",
    "digits",
    "tail",
    "nearness",
    "role_of",
    "takes_calls",
    "member_workspace",
    "members",
    "colleagues",
    "contact_names",
    "call_is_over",
    "caller",
    "is_member",
    "workspaces_to_mend",
    "delete_calls",
    "pack_calls",
    "purge",
    "days",
    "retain",
    "busy_elsewhere",
    "tell_siblings",
];

/// Those of them that run with their owner's rights.
pub(crate) const DEFINERS: [&str; 9] = [
    "takes_calls",
    "member_workspace",
    "members",
    "colleagues",
    "contact_names",
    "workspaces_to_mend",
    "retain",
    "busy_elsewhere",
    "tell_siblings",
];

/// Those of them whose answer depends on nothing but what they are asked.
pub(crate) const CONSTANT: [&str; 7] =
    ["as_uuid", "as_bigint", "digits", "tail", "nearness", "role_of", "days"];

/// Those of them that change or tell something.
pub(crate) const CHANGING: [&str; 5] =
    ["delete_calls", "pack_calls", "purge", "retain", "tell_siblings"];

/// The functions of the schema `livechat`: what Switchroom asks a live chat, and what it tells it.
pub const QUESTIONS: [&str; 9] = [
    "members",
    "member",
    "contacts",
    "contact",
    "contact_ids",
    "contacts_after",
    "assigned",
    "workspace",
    "log",
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
        assert_eq!(list("foreach tenant_table in array array[", ']'), OURS);
        let made = SCHEMA.matches("create table if not exists public.").count();
        assert_eq!(made, OURS.len(), "each table has a workspace");
    }

    #[test]
    fn the_functions_are_those_of_the_schema() {
        let made = |definition: &&str| definition.contains("security definer");
        let definitions = SCHEMA.split("create or replace function voice.").skip(1);
        let definitions: Vec<&str> =
            definitions.filter_map(|text| text.split("\n\n").next()).collect();
        let name = |definition: &&'static str| definition.split('(').next().expect("a name");
        assert_eq!(definitions.iter().map(name).collect::<Vec<_>>(), FUNCTIONS);
        let definers = definitions.iter().filter(|text| made(text)).map(name);
        assert_eq!(definers.collect::<Vec<_>>(), DEFINERS);
    }
}
