//! Which relations of a database are the live chat, and how each of their columns is read.

mod assignments;
mod choose;
mod contacts;
mod ids;
mod log;
mod members;
mod words;
mod workspaces;

use std::collections::BTreeSet;

use super::catalogue::{Catalogue, Name, Relation, ident};
use super::synonyms::{self, plain};
use crate::fault::Fault;
pub(super) use assignments::Assignments;
pub(super) use contacts::Contacts;
pub(super) use ids::Id;
pub(super) use log::{Log, Write};
pub(super) use members::Members;
pub(super) use workspaces::Workspaces;

/// What answers each question, or why nothing does.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) members: Answer<Members>,
    pub(super) contacts: Answer<Contacts>,
    pub(super) assignments: Answer<Assignments>,
    pub(super) workspaces: Workspaces,
    pub(super) log: Answer<Log>,
}

/// What answers a question.
pub(super) type Answer<T> = Result<T, Unanswered>;

/// Why nothing answers a question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Unanswered {
    /// Nothing has a name that would be recognised.
    Absent(Fault),
    /// Something has, and cannot be used, or there are several.
    Unusable(Fault),
}

/// The columns that are read of one relation, and its column of the workspace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Read {
    pub(super) name: Name,
    pub(super) columns: BTreeSet<String>,
    /// For the policies: the column, and how it holds the id.
    pub(super) workspace: Option<(String, Id)>,
}

impl Shape {
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let members = members::read(catalogue);
        let contacts = contacts::read(catalogue);
        let assignments = assignments::read(catalogue, &contacts);
        let log = log::read(catalogue);
        let workspaces = workspaces::read(catalogue, &members, &contacts, &log);
        Self { members, contacts, assignments, workspaces, log }
    }

    /// Whether there is no live chat at all.
    pub(super) fn is_absent(&self) -> bool {
        const fn absent<T>(answer: &Answer<T>) -> bool {
            matches!(answer, Err(Unanswered::Absent(_)))
        }
        absent(&self.members)
            && absent(&self.contacts)
            && absent(&self.assignments)
            && absent(&self.log)
    }
}

impl Unanswered {
    pub(super) const fn fault(&self) -> &Fault {
        match self {
            Self::Absent(fault) | Self::Unusable(fault) => fault,
        }
    }
}

impl Read {
    fn of(relation: &Relation, columns: &[&str], workspace: Option<(&str, Id)>) -> Self {
        Self {
            name: relation.name.clone(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            workspace: workspace.map(|(column, id)| (column.to_owned(), id)),
        }
    }
}

/// `alias.column`.
fn at(alias: &str, column: &str) -> String {
    format!("{alias}.{}", ident(column))
}

fn fault(fault: impl Into<String>, fix: impl Into<String>) -> Fault {
    Fault { fault: fault.into(), fix: fix.into() }
}

/// A column that cannot be what it would have to be.
fn wrong_type(relation: &Relation, column: &str, holds: &str, fix: &str) -> Unanswered {
    let full_type = relation.column(column).map_or("", |column| &column.full_type);
    Unanswered::Unusable(fault(
        format!("{}.{column} is {full_type}: {holds}", relation.name.shown()),
        fix,
    ))
}

impl Relation {
    /// The first column with one of these names.
    fn named(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let wanted = plain(name);
            let column = self.columns.iter().find(|column| plain(&column.name) == wanted)?;
            Some(column.name.as_str())
        })
    }

    /// The name of somebody in at most 200 letters, and the columns that it is made of.
    fn name_of(&self, alias: &str) -> Option<(String, Vec<&str>)> {
        if let Some(name) = self.named(synonyms::NAME) {
            let sql = format!("pg_catalog.left({}::text, 200)", at(alias, name));
            return Some((sql, vec![name]));
        }
        let parts = [synonyms::FIRST_NAME, synonyms::LAST_NAME].map(|names| self.named(names));
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        let sql: Vec<String> = parts.iter().map(|part| at(alias, part)).collect();
        (!parts.is_empty()).then(|| {
            (format!("pg_catalog.left(pg_catalog.concat_ws(' ', {}), 200)", sql.join(", ")), parts)
        })
    }

    /// The conditions under which a row counts, and their columns.
    fn filters(&self, alias: &str) -> Vec<(String, &str)> {
        let mut filters = Vec::new();
        for column in &self.columns {
            let is = |names: &[&str]| names.iter().any(|name| plain(name) == plain(&column.name));
            let sql = at(alias, &column.name);
            let condition = match column.base.as_str() {
                "timestamp with time zone" | "timestamp without time zone"
                    if is(synonyms::ENDED) =>
                {
                    format!("{sql} is null")
                }
                "boolean" if is(synonyms::DELETED) => format!("{sql} is not true"),
                "boolean" if is(synonyms::ACTIVE) => format!("{sql} is not false"),
                _ => continue,
            };
            filters.push((condition, column.name.as_str()));
        }
        filters
    }
}

/// A moment of a column, if its type is one.
fn moment(relation: &Relation, column: &str, alias: &str) -> Option<String> {
    let sql = at(alias, column);
    match relation.column(column)?.base.as_str() {
        "timestamp with time zone" => Some(sql),
        "timestamp without time zone" => Some(format!("({sql} at time zone 'UTC')")),
        _ => None,
    }
}
