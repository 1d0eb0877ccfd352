//! Who belongs to a workspace.

use super::super::catalogue::{Catalogue, Relation, ident};
use super::super::synonyms::{
    MEMBERS_TABLE, MEMBERS_VIEW, MEMBERSHIPS, PROFILES, ROLE, USER, WORKSPACE,
};
use super::choose::{Not, Question, choose};
use super::{Answer, Id, Read, Unanswered, at, fault, words, wrong_type};

/// Who belongs to a workspace: the parts of a select.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Members {
    /// How people read it.
    pub(in super::super) shown: String,
    /// Behind `from`.
    pub(in super::super) from: String,
    /// The user's id as a uuid.
    pub(in super::super) user: String,
    /// The column of the user, and how it holds the id.
    pub(in super::super) user_column: (String, Id),
    pub(in super::super) name: String,
    pub(in super::super) role: String,
    /// The column of the workspace, and how it holds the id.
    pub(in super::super) workspace: (String, Id),
    /// Further conditions.
    pub(in super::super) filters: Vec<String>,
    pub(in super::super) reads: Vec<Read>,
}

/// The view, else the table of profiles, else one of the usual tables of memberships.
pub(super) fn read(catalogue: &Catalogue) -> Answer<Members> {
    let view = Question {
        noun: "members of a workspace",
        certain: MEMBERS_VIEW,
        usual: &[],
        functions: "livechat.members",
    };
    match choose(catalogue, &view, |relation| of(catalogue, relation, true)) {
        Err(Unanswered::Absent(_)) => {}
        answer => return answer,
    }
    let table = Question { certain: MEMBERS_TABLE, usual: MEMBERSHIPS, ..view };
    choose(catalogue, &table, |relation| of(catalogue, relation, false))
}

fn of(catalogue: &Catalogue, relation: &Relation, is_certain: bool) -> Result<Members, Not> {
    let shown = relation.name.shown();
    let missing = |what: &str| {
        let why = Unanswered::Unusable(fault(
            format!("the {} {shown} has no column of the {what}", relation.noun()),
            format!("add one to {shown}, or write livechat.members yourself"),
        ));
        if is_certain { Not::Usable(why) } else { Not::Candidate(why) }
    };
    let workspace = relation.named(WORKSPACE).ok_or_else(|| missing("workspace"))?;
    let user = relation.named(USER).or_else(|| relation.named(&["id"]));
    let user = user.ok_or_else(|| missing("user"))?;
    let role = relation.named(ROLE).ok_or_else(|| missing("role"))?;
    let type_of = |column: &str| relation.column(column).and_then(Id::of);
    let workspace_id = type_of(workspace).ok_or_else(|| {
        Not::Usable(wrong_type(
            relation,
            workspace,
            "a workspace's id is text, a uuid or a whole number",
            "change its type, or write livechat.members yourself",
        ))
    })?;
    let user_id = type_of(user).filter(|id| *id != Id::Integer).ok_or_else(|| {
        Not::Usable(wrong_type(
            relation,
            user,
            "a user is known by the uuid in the `sub` of a session",
            "add a column with that uuid, or write livechat.members yourself",
        ))
    })?;
    let mut columns = vec![workspace, user, role];
    let mut filters = Vec::new();
    for (filter, column) in relation.filters("m") {
        filters.push(filter);
        columns.push(column);
    }
    if let Some(column) = relation.column("status")
        && (words::known(column).is_some()
            || column.default.as_deref().is_some_and(|text| text.starts_with("'active'")))
        && let Some(active) = words::active(column)
    {
        filters.push(format!("{} = {active}", at("m", "status")));
        columns.push("status");
    }
    let user_sql = at("m", user);
    let mut from = format!("{} m", relation.name.sql());
    let mut reads = Vec::new();
    let name = if let Some((name, parts)) = relation.name_of("m") {
        columns.extend(parts);
        name
    } else if let Some((profiles, key, name, parts)) = profiles(catalogue, relation, user, user_id)
    {
        from =
            format!("{from} left join {} p on p.{} = {user_sql}", profiles.name.sql(), ident(key));
        let mut parts = parts;
        parts.push(key);
        reads.push(Read::of(profiles, &parts, None));
        name
    } else {
        "null::text".to_owned()
    };
    let names = reads
        .first()
        .map_or_else(String::new, |read| format!(", names from {}", read.name.shown()));
    reads.insert(0, Read::of(relation, &columns, Some((workspace, workspace_id))));
    Ok(Members {
        shown: format!(
            "the {} {shown} ({workspace} as {}, {user}, {role}){names}",
            relation.noun(),
            workspace_id.sql_type()
        ),
        from,
        user: user_id.to_uuid(&user_sql),
        user_column: (user_sql, user_id),
        name,
        role: format!("{}::text", at("m", role)),
        workspace: (at("m", workspace), workspace_id),
        filters,
        reads,
    })
}

/// The table with the names of users: what the foreign key leads to, else one with a usual name. Then its
/// key, the name and the columns of the name.
fn profiles<'a>(
    catalogue: &'a Catalogue,
    members: &Relation,
    user: &str,
    user_id: Id,
) -> Option<(&'a Relation, &'a str, String, Vec<&'a str>)> {
    let reference = members.column(user).and_then(|column| column.references.as_ref());
    let named = PROFILES.iter().flat_map(|name| {
        let relations = catalogue.relations.iter();
        relations.filter(|one| {
            super::super::synonyms::plain_table(&one.name.name)
                == super::super::synonyms::plain_table(name)
        })
    });
    let keyed = reference.and_then(|to| Some((catalogue.relation(&to.name)?, to.column.as_str())));
    let usual = named.filter_map(|one| Some((one, one.named(&["user_id", "auth_user_id", "id"])?)));
    keyed
        .into_iter()
        .map(|(one, key)| Some((one, one.column(key)?.name.as_str())))
        .chain(usual.map(Some))
        .flatten()
        .filter(|(one, key)| one.column(key).and_then(Id::of) == Some(user_id))
        .find_map(|(one, key)| {
            let (name, parts) = one.name_of("p")?;
            Some((one, key, name, parts))
        })
}
