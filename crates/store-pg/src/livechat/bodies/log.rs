//! The function that writes the log.

use crate::livechat::catalogue::ident;
use crate::livechat::shape::{Id, Log, Write};

/// What the log's function writes, statement by statement, for a trial without the function.
pub(in crate::livechat) struct Trial {
    /// `$1` is the workspace as text, `$2` the entry; returns where the row is.
    pub(in crate::livechat) insert: String,
    /// `$1` is the entry, `$2` and `$3` say where the row is.
    pub(in crate::livechat) update: String,
}

/// The columns of an entry, behind `as`.
const ENTRY: &str = "(twilio_sid text, contact_id uuid, user_id uuid, sender text, body text, \
     direction text, status text, created_at timestamptz)";

/// The same rows as [`log`] writes, found again without an index.
pub(in crate::livechat) fn trial(read: &Log) -> Trial {
    let person = |variable: &str, person: Option<&(String, String, Id)>, field: &str| {
        person.map(|(_, full_type, id)| {
            (variable.to_owned(), format!("({})::{full_type}", id.of_uuid(field)))
        })
    };
    let people = [
        person("of_contact", read.contact.as_ref(), "e.contact_id"),
        person("of_user", read.user.as_ref(), "e.user_id"),
    ];
    let value = |text: &str| {
        let found = people.iter().flatten().find(|(variable, _)| variable == text);
        found.map_or_else(|| text.to_owned(), |(_, sql)| sql.clone())
    };
    let (columns, values) = new_row(read);
    let values: Vec<String> = values
        .iter()
        .map(|text| match text.as_str() {
            "own" => read.workspace.1.of_text("$1::text"),
            text => value(text),
        })
        .collect();
    let set: Vec<String> = read
        .writes
        .iter()
        .map(|write| format!("{} = {}", ident(&write.column), value(&write.changed)))
        .collect();
    let table = &read.table;
    Trial {
        insert: format!(
            "insert into {table} ({}) select {} from pg_catalog.jsonb_to_recordset($2::jsonb) as e {ENTRY} \
             returning tableoid::text, ctid::text",
            columns.join(", "),
            values.join(", ")
        ),
        update: format!(
            "update {table} o set {} from pg_catalog.jsonb_to_recordset($1::jsonb) as e {ENTRY} \
             where o.tableoid = $2::text::oid and o.ctid = $3::text::tid",
            set.join(", ")
        ),
    }
}

/// The columns and values of a new row.
fn new_row(read: &Log) -> (Vec<String>, Vec<String>) {
    let mut row = vec![
        (ident(&read.workspace.0), "own".to_owned()),
        (ident(&read.sid), "e.twilio_sid".to_owned()),
    ];
    row.extend(read.kind.iter().map(|(kind, word)| (ident(kind), word.clone())));
    row.extend(read.id.iter().map(|id| (ident(id), "pg_catalog.gen_random_uuid()".to_owned())));
    row.extend(read.writes.iter().map(|write| (ident(&write.column), write.new.clone())));
    row.into_iter().unzip()
}

/// The applier holds the lock of each call, so nobody else writes its row between the look and the
/// write. A contact or user that is gone is left out, because a foreign key could refuse it; one that is
/// in the row already stays there.
pub(super) fn log(read: &Log) -> String {
    let Log { table, workspace, sid, kind, writes, contact, user, .. } = read;
    let workspace_column = ident(&workspace.0);
    let sid_column = ident(sid);
    let mut key = format!("o.{workspace_column} = own and o.{sid_column} = e.twilio_sid");
    if let Some((kind, word)) = kind {
        key = format!("{key} and o.{} = {word}", ident(kind));
    }
    let people: Vec<(&str, &str, &(String, String, Id))> = [
        contact.as_ref().map(|one| ("of_contact", "contact_id", one)),
        user.as_ref().map(|one| ("of_user", "user_id", one)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let declared: Vec<String> = people
        .iter()
        .map(|(variable, _, (_, full_type, _))| format!("\n  {variable} {full_type};"))
        .collect();
    let declared = declared.concat();
    let looked_up: Vec<String> =
        people.iter().map(|(_, _, (column, ..))| format!("o.{}", ident(column))).collect();
    let variables: Vec<&str> = people.iter().map(|(variable, ..)| *variable).collect();
    let look = if people.is_empty() {
        format!("perform from {table} o where {key};")
    } else {
        format!(
            "select {} into {} from {table} o
      where {key} limit 1;",
            looked_up.join(", "),
            variables.join(", ")
        )
    };
    let kept: Vec<String> = people
        .iter()
        .map(|(variable, field, (_, full_type, id))| {
            let own = format!("({})::{full_type}", id.of_uuid(&format!("e.{field}")));
            let known = match *field {
                "contact_id" => "livechat.contact(ws, array[e.contact_id])",
                _ => "livechat.member(ws, e.user_id)",
            };
            format!(
                "
    if {variable} is distinct from {own} then
      {variable} := (select {own} from {known} limit 1);
    end if;"
            )
        })
        .collect();
    let kept = kept.concat();
    let column = |write: &Write| ident(&write.column);
    let set: Vec<String> =
        writes.iter().map(|write| format!("{} = {}", column(write), write.changed)).collect();
    let now: Vec<String> = writes.iter().map(|write| format!("o.{}", column(write))).collect();
    let then: Vec<&str> = writes.iter().map(|write| write.changed.as_str()).collect();
    let (columns, values) = new_row(read);
    let update = if writes.is_empty() {
        "null;".to_owned()
    } else {
        format!(
            "update {table} o
        set {}
        where {key}
          and row({}) is distinct from row({});
      get diagnostics changed = row_count;",
            set.join(", "),
            now.join(", "),
            then.join(", ")
        )
    };
    format!(
        "
declare
  own {} := {};
  e record;
  is_there boolean;
  changed integer;
  written integer := 0;{declared}
begin
  if own is null or ws is distinct from voice.workspace() then
    return 0;
  end if;
  for e in select x.* from pg_catalog.jsonb_to_recordset(entries) as x
      {ENTRY}
  loop
    {look}
    is_there := found;{kept}
    changed := 0;
    if is_there then
      {update}
    else
      insert into {table} ({})
        values ({});
      changed := 1;
    end if;
    written := written + changed;
  end loop;
  return written;
end ",
        workspace.1.sql_type(),
        workspace.1.of_text("ws"),
        columns.join(", "),
        values.join(", ")
    )
}
