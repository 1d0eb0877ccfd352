//! Who calls.

use super::super::catalogue::{Catalogue, Relation};
use super::super::synonyms::{CONTACTS, CREATED, NUMBER, WORKSPACE};
use super::choose::{Not, Question, choose};
use super::{Answer, Id, Read, Unanswered, at, fault, wrong_type};

/// The contacts of a workspace: the parts of a select.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Contacts {
    /// How people read it.
    pub(in super::super) shown: String,
    /// Behind `from`.
    pub(in super::super) from: String,
    /// The column of the id, and how it holds it.
    pub(in super::super) id: (String, Id),
    pub(in super::super) name: String,
    /// The columns of numbers, as text.
    pub(in super::super) numbers: Vec<String>,
    pub(in super::super) created: String,
    /// The column of the workspace, and how it holds the id.
    pub(in super::super) workspace: (String, Id),
    pub(in super::super) filters: Vec<String>,
    pub(in super::super) reads: Vec<Read>,
    /// What finding a contact by a number reads.
    pub(in super::super) finds: Read,
    /// The expression of each number in an index, without the alias; none for a view.
    pub(in super::super) indexed: Vec<(String, String)>,
}

pub(super) fn read(catalogue: &Catalogue) -> Answer<Contacts> {
    let question = Question {
        noun: "contacts of a workspace",
        certain: &CONTACTS[..1],
        usual: &CONTACTS[1..],
        functions: "livechat.contacts and livechat.contact",
    };
    choose(catalogue, &question, of)
}

fn of(relation: &Relation) -> Result<Contacts, Not> {
    let shown = relation.name.shown();
    let is_certain = relation.name.name == CONTACTS[0];
    let missing = |what: &str| {
        let why = Unanswered::Unusable(fault(
            format!("the {} {shown} has no column of the {what}", relation.noun()),
            format!("add one to {shown}, or write livechat.contacts and livechat.contact yourself"),
        ));
        if is_certain { Not::Usable(why) } else { Not::Candidate(why) }
    };
    let numbers = NUMBER.iter().filter_map(|name| relation.named(&[name]));
    let is_number = |column: &&str| {
        relation.column(column).is_some_and(|column| {
            ["text", "character varying", "bigint", "numeric"].contains(&column.base.as_str())
        })
    };
    let numbers: Vec<&str> = numbers.filter(is_number).collect();
    if numbers.is_empty() {
        return Err(missing("number (as text)"));
    }
    let workspace = relation.named(WORKSPACE).ok_or_else(|| missing("workspace"))?;
    let id = relation.named(&["id", "contact_id", "uuid"]).ok_or_else(|| missing("id"))?;
    let type_of = |column: &str, what: &str| {
        relation.column(column).and_then(Id::of).ok_or_else(|| {
            Not::Usable(wrong_type(
                relation,
                column,
                &format!("a {what}'s id is text, a uuid or a whole number"),
                "change its type, or write livechat.contacts and livechat.contact yourself",
            ))
        })
    };
    let (workspace_id, id_type) = (type_of(workspace, "workspace")?, type_of(id, "contact")?);
    let mut columns = vec![id, workspace];
    columns.extend(&numbers);
    let mut found_by = columns.clone();
    let name = relation.name_of("c");
    let name = name.map_or_else(
        || "null::text".to_owned(),
        |(name, parts)| {
            columns.extend(parts);
            name
        },
    );
    let created = relation.named(CREATED).and_then(|column| {
        let sql = super::super::shape::moment(relation, column, "c")?;
        columns.push(column);
        Some(sql)
    });
    let mut filters = Vec::new();
    for (filter, column) in relation.filters("c") {
        filters.push(filter);
        columns.push(column);
        found_by.push(column);
    }
    let as_text = |column: &str| {
        let sql = super::super::catalogue::ident(column);
        let is_text = relation.column(column).is_some_and(|column| column.full_type == "text");
        if is_text { sql } else { format!("({sql})::text") }
    };
    let indexed = if relation.noun() == "view" {
        Vec::new()
    } else {
        numbers.iter().map(|number| (workspace.to_owned(), as_text(number))).collect()
    };
    Ok(Contacts {
        shown: format!(
            "the {} {shown} ({workspace} as {}, {id} as {}, {})",
            relation.noun(),
            workspace_id.sql_type(),
            id_type.sql_type(),
            numbers.join(", ")
        ),
        from: format!("{} c", relation.name.sql()),
        id: (at("c", id), id_type),
        name,
        numbers: numbers.iter().map(|number| format!("{}::text", at("c", number))).collect(),
        created: created.unwrap_or_else(|| "null::timestamptz".to_owned()),
        workspace: (at("c", workspace), workspace_id),
        filters,
        reads: vec![Read::of(relation, &columns, Some((workspace, workspace_id)))],
        finds: Read::of(relation, &found_by, None),
        indexed,
    })
}
