//! Which workspaces there are.

use super::super::catalogue::{Catalogue, Name};
use super::super::synonyms::{WORKSPACES, plain, plain_table};
use super::{Answer, Contacts, Id, Log, Members, Read, at};

/// What says whether a workspace exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) enum Workspaces {
    /// A table: how people read it, its name and the column of the id.
    Table { shown: String, from: String, id: (String, Id), read: Read },
    /// Nothing: there is no table of them, so every one may exist.
    Any,
}

/// What a foreign key leads to, else the table whose name goes with the column's.
pub(super) fn read(
    catalogue: &Catalogue,
    members: &Answer<Members>,
    contacts: &Answer<Contacts>,
    log: &Answer<Log>,
) -> Workspaces {
    let reads = [
        contacts.as_ref().ok().and_then(|one| one.reads.first()),
        log.as_ref().ok().map(|one| &one.read),
        members.as_ref().ok().and_then(|one| one.reads.first()),
    ];
    let columns: Vec<(&Name, &str, Id)> = reads
        .into_iter()
        .flatten()
        .filter_map(|read| {
            let (column, id) = read.workspace.as_ref()?;
            Some((&read.name, column.as_str(), *id))
        })
        .collect();
    let keyed = columns.iter().find_map(|(name, column, id)| {
        let to = catalogue.relation(name)?.column(column)?.references.as_ref()?;
        Some((catalogue.relation(&to.name)?, to.column.as_str(), *id))
    });
    let named = columns.iter().find_map(|(_, column, id)| {
        let stem = plain(column);
        let stem = stem.strip_suffix("id").unwrap_or(&stem);
        WORKSPACES.iter().find_map(|name| {
            let relation = catalogue.relations.iter().find(|one| {
                plain_table(&one.name.name) == plain_table(name)
                    && plain_table(name).starts_with(stem)
            })?;
            let key = relation.named(&["id"])?;
            (Id::of(relation.column(key)?) == Some(*id)).then_some((relation, key, *id))
        })
    });
    match keyed.or(named) {
        Some((relation, column, id)) => Workspaces::Table {
            shown: format!(
                "the {} {} ({column} as {})",
                relation.noun(),
                relation.name.shown(),
                id.sql_type()
            ),
            from: format!("{} w", relation.name.sql()),
            id: (at("w", column), id),
            read: Read::of(relation, &[column], Some((column, id))),
        },
        None => Workspaces::Any,
    }
}
