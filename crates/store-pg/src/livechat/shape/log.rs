//! Where calls are told.

use super::super::catalogue::{Catalogue, Relation};
use super::super::synonyms::{
    BODY, CONTACT, CREATED, DIRECTION, DIRECTION_WORDS, HANDLER, KIND, KIND_WORDS, LOGS, SENDER,
    SENDER_WORDS, SID, STATUS, STATUS_WORDS, WORKSPACE,
};
use super::choose::{Not, Question, choose};
use super::words::Words;
use super::{Answer, Id, Read, Unanswered, fault, wrong_type};

/// The log, and what is written into it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Log {
    /// How people read it.
    pub(in super::super) shown: String,
    pub(in super::super) table: String,
    /// The table, with the columns that are read or compared.
    pub(in super::super) read: Read,
    /// The column of the workspace, and how it holds the id.
    pub(in super::super) workspace: (String, Id),
    /// The column of the call's Sid.
    pub(in super::super) sid: String,
    /// The column of the kind, and its word for a call, cast to its type.
    pub(in super::super) kind: Option<(String, String)>,
    /// The columns that change: each with its value.
    pub(in super::super) writes: Vec<Write>,
    /// The column of the contact, its type, and how it holds the id; and so for the user.
    pub(in super::super) contact: Option<(String, String, Id)>,
    pub(in super::super) user: Option<(String, String, Id)>,
    /// An id that nothing else gives.
    pub(in super::super) id: Option<String>,
    /// Sequences of defaults.
    pub(in super::super) sequences: Vec<String>,
    /// Where triggers may look names up: nowhere, or in these schemas.
    pub(in super::super) path: String,
    /// What it cannot show.
    pub(in super::super) notes: Vec<String>,
}

/// One column and its value in a new row and in a changed one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Write {
    pub(in super::super) column: String,
    pub(in super::super) new: String,
    pub(in super::super) changed: String,
}

pub(super) fn read(catalogue: &Catalogue) -> Answer<Log> {
    let question =
        Question { noun: "log", certain: &LOGS[..1], usual: &LOGS[1..], functions: "livechat.log" };
    choose(catalogue, &question, of)
}

fn of(relation: &Relation) -> Result<Log, Not> {
    let shown = relation.name.shown();
    let is_certain = relation.name.name == LOGS[0];
    let unusable = |what: String, fix: String| Unanswered::Unusable(fault(what, fix));
    let missing = |what: &str, fix: &str| {
        let why = unusable(
            format!("the {} {shown} has no column of the {what}", relation.noun()),
            format!("{fix}, or write livechat.log yourself"),
        );
        if is_certain { Not::Usable(why) } else { Not::Candidate(why) }
    };
    let workspace = relation
        .named(WORKSPACE)
        .ok_or_else(|| missing("workspace", &format!("add one to {shown}")))?;
    if relation.noun() == "view" {
        return Err(Not::Usable(unusable(
            format!("the view {shown} cannot be the log: rows are written into a table"),
            "write livechat.log yourself".to_owned(),
        )));
    }
    let sid = relation.named(SID).ok_or_else(|| {
        missing(
            "call's Sid",
            &format!("alter table {} add column twilio_sid text", relation.name.sql()),
        )
    })?;
    let wrong = |column: &str, holds: &str| {
        let fix = "change its type, or write livechat.log yourself";
        Not::Usable(wrong_type(relation, column, holds, fix))
    };
    let is_text = |column: &str| {
        relation
            .column(column)
            .is_some_and(|column| ["text", "character varying"].contains(&column.base.as_str()))
    };
    if !is_text(sid) || relation.column(sid).is_some_and(|one| length(&one.full_type) < 34) {
        return Err(wrong(sid, "a call's Sid is a text of 34 letters"));
    }
    let workspace_id = relation
        .column(workspace)
        .and_then(Id::of)
        .ok_or_else(|| wrong(workspace, "a workspace's id is text, a uuid or a whole number"))?;
    let mut log = Log {
        shown: String::new(),
        table: relation.name.sql(),
        read: Read::of(relation, &[workspace, sid], Some((workspace, workspace_id))),
        workspace: (workspace.to_owned(), workspace_id),
        sid: sid.to_owned(),
        kind: None,
        writes: Vec::new(),
        contact: None,
        user: None,
        id: None,
        sequences: Vec::new(),
        path: path(relation),
        notes: Vec::new(),
    };
    let words = |names: &[&str], ours: &[(&'static str, &[&str])]| -> Result<_, Not> {
        let Some(column) = relation.named(names).and_then(|name| relation.column(name)) else {
            return Ok(None);
        };
        if column.is_written_by_itself || !is_text(&column.name) && column.labels.is_empty() {
            return Ok(None);
        }
        let words = Words::of(column, ours).map_err(|without| {
            let first = without.first().copied().unwrap_or_default();
            let fix = if column.labels.is_empty() {
                format!("let the check on {shown}.{} accept them", column.name)
            } else {
                format!("alter type {} add value '{first}'", column.full_type)
            };
            Not::Usable(unusable(
                format!(
                    "{shown}.{} knows no word for {} and cannot be null",
                    column.name,
                    without.join(", ")
                ),
                format!("{fix}, or write livechat.log yourself"),
            ))
        })?;
        Ok(Some((column, words)))
    };
    if let Some((column, known)) = words(KIND, KIND_WORDS)? {
        if known.0.iter().any(|(_, word)| word.is_none()) {
            let fix = if column.labels.is_empty() {
                format!("let the check on {shown}.{} accept 'call'", column.name)
            } else {
                format!("alter type {} add value 'call'", column.full_type)
            };
            return Err(Not::Usable(unusable(
                format!("{shown}.{} knows no word for a call", column.name),
                format!("{fix}, or write livechat.log yourself"),
            )));
        }
        let word = known.0.first().and_then(|(_, word)| word.clone());
        let word = super::super::catalogue::literal(word.as_deref().unwrap_or("call"));
        log.kind = Some((column.name.clone(), format!("{word}::{}", column.full_type)));
        log.read.columns.insert(column.name.clone());
    }
    let said = [
        (SENDER, SENDER_WORDS, "e.sender"),
        (DIRECTION, DIRECTION_WORDS, "e.direction"),
        (STATUS, STATUS_WORDS, "e.status"),
    ];
    for (names, ours, value) in said {
        if let Some((column, known)) = words(names, ours)? {
            for (our, word) in &known.0 {
                let word = word.as_deref().unwrap_or("nothing");
                log.notes.push(format!("{shown}.{} says {word} for {our}", column.name));
            }
            log.write(&column.name, known.sql(value, &column.full_type));
        }
    }
    if let Some(body) = relation.named(BODY).filter(|body| is_text(body)) {
        let full_type = relation.column(body).map_or("text", |column| &column.full_type);
        log.write(body, format!("e.body::{full_type}"));
    }
    log.people(relation)?;
    if let Some(created) = relation.named(CREATED)
        && let Some(column) = relation.column(created)
        && !column.is_written_by_itself
    {
        let moment = match column.base.as_str() {
            "timestamp with time zone" => Some(("e.created_at", "pg_catalog.now()")),
            "timestamp without time zone" => {
                Some(("(e.created_at at time zone 'UTC')", "(pg_catalog.now() at time zone 'UTC')"))
            }
            _ => None,
        };
        if let Some((moment, now)) = moment {
            let column = super::super::catalogue::ident(created);
            log.read.columns.insert(created.to_owned());
            log.writes.push(Write {
                column: created.to_owned(),
                new: format!("coalesce({moment}, {now})"),
                changed: format!("coalesce({moment}, o.{column})"),
            });
        }
    }
    log.rest(relation)?;
    let written: Vec<&str> = log.writes.iter().map(|write| write.column.as_str()).collect();
    log.shown = format!(
        "the {} {shown} ({workspace} as {}, {sid}, {})",
        relation.noun(),
        workspace_id.sql_type(),
        written.join(", ")
    );
    Ok(log)
}

impl Log {
    fn write(&mut self, column: &str, value: String) {
        self.read.columns.insert(column.to_owned());
        self.writes.push(Write { column: column.to_owned(), changed: value.clone(), new: value });
    }

    /// The columns of the contact and of the user.
    fn people(&mut self, relation: &Relation) -> Result<(), Not> {
        for (names, variable, what) in
            [(CONTACT, "of_contact", "an unknown caller"), (HANDLER, "of_user", "a missed call")]
        {
            let Some(column) = relation.named(names).and_then(|name| relation.column(name)) else {
                continue;
            };
            let Some(id) = Id::of(column).filter(|_| !column.is_written_by_itself) else {
                continue;
            };
            if id == Id::Integer && variable == "of_user" {
                continue;
            }
            if column.is_not_null {
                return Err(Not::Usable(Unanswered::Unusable(fault(
                    format!(
                        "{}.{} is not null: {what} has none",
                        relation.name.shown(),
                        column.name
                    ),
                    format!(
                        "alter table {} alter column {} drop not null, or write livechat.log yourself",
                        relation.name.sql(),
                        super::super::catalogue::ident(&column.name)
                    ),
                ))));
            }
            let person = Some((column.name.clone(), column.full_type.clone(), id));
            if variable == "of_user" {
                self.user = person;
            } else {
                self.contact = person;
            }
            self.write(&column.name, variable.to_owned());
        }
        Ok(())
    }

    /// The columns that are not ours to fill.
    fn rest(&mut self, relation: &Relation) -> Result<(), Not> {
        let key = [&self.workspace.0, &self.sid];
        for column in &relation.columns {
            let is_written = key.contains(&&column.name)
                || self.kind.as_ref().is_some_and(|(kind, _)| *kind == column.name)
                || self.writes.iter().any(|write| write.column == column.name);
            if is_written {
                continue;
            }
            self.sequences.extend(column.sequence.clone());
            if !column.is_required {
                continue;
            }
            let is_id = column.name == "id" && matches!(Id::of(column), Some(Id::Uuid | Id::Text));
            if is_id && !column.is_written_by_itself {
                self.id = Some(column.name.clone());
                continue;
            }
            if column.is_written_by_itself {
                continue;
            }
            return Err(Not::Usable(Unanswered::Unusable(fault(
                format!(
                    "{}.{} is not null, and has no default: a call has nothing for it",
                    relation.name.shown(),
                    column.name
                ),
                format!(
                    "alter table {} alter column {} set default …, or drop not null, or write \
                     livechat.log yourself",
                    relation.name.sql(),
                    super::super::catalogue::ident(&column.name)
                ),
            ))));
        }
        Ok(())
    }
}

/// The letters that a type of text takes.
fn length(full_type: &str) -> u32 {
    let inside = full_type.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    inside.and_then(|(digits, _)| digits.parse().ok()).unwrap_or(u32::MAX)
}

/// A trigger without a path of its own finds the live chat's tables as for every other writer. All that
/// our own statements name has its schema.
fn path(relation: &Relation) -> String {
    if !relation.has_loose_triggers {
        return "''".to_owned();
    }
    let own = super::super::catalogue::ident(&relation.name.schema);
    if own == "public" {
        "pg_catalog, public, pg_temp".to_owned()
    } else {
        format!("pg_catalog, {own}, public, pg_temp")
    }
}
