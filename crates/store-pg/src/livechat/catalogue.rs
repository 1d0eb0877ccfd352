//! What the database has that could be the live chat, as its catalogue says.

use serde::Deserialize;
use tokio_postgres::Client;

use crate::error::StoreError;

/// The relations of a database that could be the live chat, and what Switchroom has there.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Catalogue {
    /// Tables and views, without those of the system, of extensions and of Switchroom.
    pub(super) relations: Vec<Relation>,
    /// The functions of the schema `livechat`.
    pub(super) functions: Vec<Function>,
    /// The roles of the functions, and the schemas that they may use.
    pub(super) schemas: Vec<Usable>,
    /// The sequences that `voice_livechat` may use, as Postgres writes their names.
    pub(super) sequences: Vec<String>,
}

/// The name of a relation with its schema.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Name {
    pub(super) schema: String,
    pub(super) name: String,
}

/// A table or view.
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of the catalogue")]
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Relation {
    #[serde(flatten)]
    pub(super) name: Name,
    /// `r`, `p`, `v`, `m` or `f`, as in `pg_class`.
    pub(super) kind: String,
    pub(super) owner: String,
    /// Whether the migrating role has the rights of the owner.
    pub(super) is_ours_to_change: bool,
    /// Whether row-level security is on.
    pub(super) has_policies: bool,
    /// A view that reads with the rights of its reader.
    pub(super) is_invoker: bool,
    pub(super) columns: Vec<Column>,
    pub(super) indexes: Vec<Index>,
    pub(super) partitions: Vec<Partition>,
    /// Whether a trigger looks names up in the path of whoever writes.
    pub(super) has_loose_triggers: bool,
    /// The columns that a view, or the policies for everybody on a table, read elsewhere.
    pub(super) uses: Vec<Use>,
    /// The policies whose names are Switchroom's.
    pub(super) policies: Vec<Policy>,
    /// What the roles of the functions may do here.
    pub(super) grants: Vec<Grant>,
    /// Whether a role of the server itself has a right here, as earlier versions gave it.
    pub(super) old_grants: bool,
}

/// A column.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// The type with its length, as a cast names it.
    #[serde(rename = "type")]
    pub(super) full_type: String,
    /// The type below all domains.
    pub(super) base: String,
    /// The words of an enum.
    pub(super) labels: Vec<String>,
    /// The checks on this column alone, those of its domain included.
    pub(super) checks: Vec<String>,
    /// Not null, and nothing gives it a value.
    pub(super) is_required: bool,
    pub(super) is_not_null: bool,
    /// Generated.
    pub(super) is_written_by_itself: bool,
    pub(super) default: Option<String>,
    /// The sequence that the default draws from.
    pub(super) sequence: Option<String>,
    pub(super) references: Option<Reference>,
}

/// What a foreign key leads to.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reference {
    #[serde(flatten)]
    pub(super) name: Name,
    pub(super) column: String,
}

/// An index.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Index {
    pub(super) name: String,
    pub(super) is_valid: bool,
    /// Its columns and expressions, as Postgres writes them.
    pub(super) keys: Vec<String>,
    /// The condition of a partial index.
    #[serde(rename = "where")]
    pub(super) condition: Option<String>,
}

/// A partition, one level down.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Partition {
    #[serde(flatten)]
    pub(super) name: Name,
    pub(super) kind: String,
}

/// A column that is read for somebody else.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Use {
    #[serde(flatten)]
    pub(super) name: Name,
    pub(super) column: String,
    /// By a policy on the table; else by the view.
    pub(super) is_policy: bool,
}

/// A policy of ours.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) comment: Option<String>,
    /// A checksum of what it says now.
    pub(super) state: String,
}

/// A right on a relation, or on one of its columns.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Grant {
    pub(super) role: String,
    pub(super) column: Option<String>,
    pub(super) right: String,
}

/// A schema that a role may use.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(super) struct Usable {
    pub(super) role: String,
    pub(super) schema: String,
}

/// A function of the schema `livechat`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) arguments: String,
    pub(super) result: String,
    pub(super) owner: String,
    pub(super) is_definer: bool,
    pub(super) has_path: bool,
    pub(super) body: String,
    pub(super) comment: Option<String>,
    /// Whether everybody may call it.
    pub(super) is_open: bool,
    /// The roles that may call it.
    pub(super) callers: Vec<String>,
}

impl Catalogue {
    /// Reads it. The session's `search_path` is empty while it does.
    pub(super) async fn read(client: &Client) -> Result<Self, StoreError> {
        let row = client.query_one(SQL, &[]).await?;
        serde_json::from_str(row.get(0))
            .map_err(|error| StoreError::Corrupt(format!("the catalogue: {error}")))
    }

    pub(super) fn relation(&self, name: &Name) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.name == *name)
    }

    pub(super) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

impl Relation {
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// `table` or `view`.
    pub(super) fn noun(&self) -> &'static str {
        match self.kind.as_str() {
            "v" | "m" => "view",
            _ => "table",
        }
    }
}

impl Name {
    /// As a statement names it.
    pub(super) fn sql(&self) -> String {
        format!("{}.{}", ident(&self.schema), ident(&self.name))
    }

    /// As people name it: without the schema `public`.
    pub(super) fn shown(&self) -> String {
        match self.schema.as_str() {
            "public" => self.name.clone(),
            schema => format!("{schema}.{}", self.name),
        }
    }
}

/// A name in quotes, so that it is itself whatever it contains.
pub(super) fn ident(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
        && !RESERVED.contains(&name);
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A text as a literal.
pub(super) fn literal(text: &str) -> String {
    let text = text.replace('\'', "''");
    if text.contains('\\') {
        format!("e'{}'", text.replace('\\', "\\\\"))
    } else {
        format!("'{text}'")
    }
}

/// Reserved words that somebody could give a column.
const RESERVED: &[&str] = &[
    "all",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "authorization",
    "between",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "cross",
    "current_user",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "inner",
    "into",
    "is",
    "join",
    "leading",
    "left",
    "like",
    "limit",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

const SQL: &str = include_str!("catalogue.sql");
