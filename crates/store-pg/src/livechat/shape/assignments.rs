//! Whose contact it is.

use super::super::catalogue::{Catalogue, Relation};
use super::super::synonyms::{ASSIGNED_TO, ASSIGNEE, ASSIGNMENTS, CONTACT, STATUS, WORKSPACE};
use super::choose::{Not, Question, choose};
use super::{Answer, Contacts, Id, Read, Unanswered, at, fault, words, wrong_type};

/// The assignments of contacts to users: the parts of a select.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Assignments {
    /// How people read it.
    pub(in super::super) shown: String,
    /// Behind `from`.
    pub(in super::super) from: String,
    /// The column of the contact, and how it holds the id.
    pub(in super::super) contact: (String, Id),
    /// The user's id as a uuid.
    pub(in super::super) user: String,
    /// The column of the workspace, or the contact's, and how it holds the id.
    pub(in super::super) workspace: (String, Id),
    pub(in super::super) filters: Vec<String>,
    pub(in super::super) reads: Vec<Read>,
}

pub(super) fn read(catalogue: &Catalogue, contacts: &Answer<Contacts>) -> Answer<Assignments> {
    let question = Question {
        noun: "assignments of contacts",
        certain: &ASSIGNMENTS[..1],
        usual: &ASSIGNMENTS[1..],
        functions: "livechat.assigned",
    };
    let answer = choose(catalogue, &question, |relation| of(relation, contacts));
    if !matches!(answer, Err(Unanswered::Absent(_))) {
        return answer;
    }
    let in_contacts = contacts.as_ref().ok().and_then(|contacts| {
        let relation = catalogue.relation(&contacts.reads.first()?.name)?;
        in_contacts(relation, contacts)
    });
    in_contacts.map_or(answer, Ok)
}

fn of(relation: &Relation, contacts: &Answer<Contacts>) -> Result<Assignments, Not> {
    let shown = relation.name.shown();
    let is_certain = relation.name.name == ASSIGNMENTS[0];
    let missing = |what: &str| {
        let why = Unanswered::Unusable(fault(
            format!("the {} {shown} has no column of the {what}", relation.noun()),
            format!("add one to {shown}, or write livechat.assigned yourself"),
        ));
        if is_certain { Not::Usable(why) } else { Not::Candidate(why) }
    };
    let contact = relation.named(CONTACT).ok_or_else(|| missing("contact"))?;
    let user = relation.named(ASSIGNEE).ok_or_else(|| missing("user"))?;
    let wrong = |column: &str, what: &str| {
        let fix = "change its type, or write livechat.assigned yourself";
        Not::Usable(wrong_type(relation, column, what, fix))
    };
    let type_of = |column: &str| relation.column(column).and_then(Id::of);
    let contact_id = type_of(contact)
        .ok_or_else(|| wrong(contact, "a contact's id is text, a uuid or a whole number"))?;
    let user_id = type_of(user)
        .filter(|id| *id != Id::Integer)
        .ok_or_else(|| wrong(user, "a user is known by the uuid in the `sub` of a session"))?;
    let mut columns = vec![contact, user];
    let workspace = match relation.named(WORKSPACE) {
        Some(column) => {
            let id = type_of(column).ok_or_else(|| {
                wrong(column, "a workspace's id is text, a uuid or a whole number")
            })?;
            columns.push(column);
            Some((column, id))
        }
        // The contact's own workspace says whose it is.
        None if contacts.as_ref().is_ok_and(|contacts| contacts.id.1 == contact_id) => None,
        None => return Err(missing("workspace")),
    };
    let mut filters = Vec::new();
    for (filter, column) in relation.filters("a") {
        filters.push(filter);
        columns.push(column);
    }
    if let Some(status) = relation.named(STATUS)
        && let Some(column) = relation.column(status)
        && (!column.labels.is_empty()
            || ["text", "character varying"].contains(&column.base.as_str()))
    {
        let active = words::active(column)
            .ok_or_else(|| wrong(status, "none of its words says that an assignment is active"))?;
        filters.push(format!("{} = {active}", at("a", status)));
        columns.push(status);
    }
    let conditions =
        if filters.is_empty() { String::new() } else { format!(", {}", filters.join(", ")) };
    let mut from = format!("{} a", relation.name.sql());
    let mut reads = vec![Read::of(relation, &columns, workspace)];
    if let (None, Ok(contacts)) = (workspace, contacts) {
        from = format!("{from} join {} on {} = {}", contacts.from, contacts.id.0, at("a", contact));
        reads.extend(contacts.reads.iter().cloned());
    }
    let by = match (workspace, contacts) {
        (Some((column, id)), _) => Some((at("a", column), id)),
        (None, Ok(contacts)) => Some(contacts.workspace.clone()),
        (None, Err(_)) => None,
    };
    let by = by.ok_or_else(|| missing("workspace"))?;
    Ok(Assignments {
        shown: format!(
            "the {} {shown} ({contact} as {}, {user}{conditions})",
            relation.noun(),
            contact_id.sql_type()
        ),
        from,
        contact: (at("a", contact), contact_id),
        user: user_id.to_uuid(&at("a", user)),
        workspace: by,
        filters,
        reads,
    })
}

/// A column of the contacts that names one user.
fn in_contacts(relation: &Relation, contacts: &Contacts) -> Option<Assignments> {
    let user = relation.named(ASSIGNED_TO)?;
    let id = Id::of(relation.column(user)?).filter(|id| *id != Id::Integer)?;
    let sql = at("c", user);
    let mut filters = contacts.filters.clone();
    filters.push(format!("{sql} is not null"));
    let mut read = contacts.reads.first()?.clone();
    read.columns.insert(user.to_owned());
    Some(Assignments {
        shown: format!("the column {user} of the {} {}", relation.noun(), relation.name.shown()),
        from: contacts.from.clone(),
        contact: contacts.id.clone(),
        user: id.to_uuid(&sql),
        workspace: contacts.workspace.clone(),
        filters,
        reads: vec![read],
    })
}
