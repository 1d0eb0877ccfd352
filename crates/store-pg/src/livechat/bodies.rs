//! The functions of the schema `livechat`, written for the tables at hand.

mod log;

pub(super) use log::trial;

use super::shape::{Assignments, Contacts, Id, Members, Shape, Workspaces};

/// A function that Switchroom calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) arguments: &'static str,
    /// As Postgres writes it.
    pub(super) result: &'static str,
    volatility: &'static str,
    /// The role that owns it, and whose rights it has.
    pub(super) owner: &'static str,
    /// The role that calls it.
    pub(super) caller: &'static str,
    /// What it answers, as the report calls it.
    pub(super) question: &'static str,
}

/// A function with its text.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) signature: &'static Signature,
    /// Between the dollar quotes.
    pub(super) text: String,
    /// Where names are looked up while it runs.
    pub(super) path: String,
}

/// The role that reads the live chat and writes its log.
const LIVECHAT: &str = "voice_livechat";
/// The role that finds contacts by the end of their numbers.
const FINDER: &str = "voice_finder";

/// As many contacts are read for one number, of all its columns together.
const MOST_CONTACTS: usize = 1_000;
const WEBHOOK: &str = "voice_webhook";

/// All of them.
pub(super) const SIGNATURES: [Signature; 9] = [
    Signature {
        name: "members",
        arguments: "ws text",
        result: "TABLE(user_id uuid, name text, role text)",
        volatility: "stable",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "members",
    },
    Signature {
        name: "member",
        arguments: "ws text, who uuid",
        result: "TABLE(name text, role text)",
        volatility: "stable",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "members",
    },
    Signature {
        name: "contacts",
        arguments: "ws text, tails text[]",
        result: "TABLE(contact_id uuid, name text, number text, created_at timestamp with time zone)",
        volatility: "stable",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "contacts",
    },
    Signature {
        name: "contact",
        arguments: "ws text, ids uuid[]",
        result: "TABLE(contact_id uuid, name text, number text)",
        volatility: "stable",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "contacts",
    },
    Signature {
        name: "contact_ids",
        arguments: "ws text, tails text[]",
        result: "SETOF uuid",
        volatility: "stable",
        owner: FINDER,
        caller: LIVECHAT,
        question: "contacts",
    },
    Signature {
        name: "contacts_after",
        arguments: "ws text, after uuid, most integer",
        result: "TABLE(contact_id uuid, number text)",
        volatility: "stable",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "contacts",
    },
    Signature {
        name: "assigned",
        arguments: "ws text, ids uuid[]",
        result: "TABLE(contact_id uuid, user_id uuid)",
        volatility: "stable",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "assignments",
    },
    Signature {
        name: "workspace",
        arguments: "ws text",
        result: "boolean",
        volatility: "stable",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "workspaces",
    },
    Signature {
        name: "log",
        arguments: "ws text, entries jsonb",
        result: "integer",
        volatility: "volatile",
        owner: LIVECHAT,
        caller: WEBHOOK,
        question: "log",
    },
];

impl Body {
    /// The statement that makes it.
    pub(super) fn create(&self) -> String {
        let Signature { name, arguments, result, volatility, .. } = self.signature;
        format!(
            "create or replace function livechat.{name}({arguments}) returns {result} \
             language plpgsql {volatility} security definer set search_path = {} as \
             $switchroom${}$switchroom$",
            self.path, self.text
        )
    }
}

/// The text of a function for a shape; `None` if the shape has no answer.
pub(super) fn body(signature: &'static Signature, shape: &Shape) -> Option<Body> {
    let mut path = "''".to_owned();
    let text = match signature.name {
        "members" => members(shape.members.as_ref().ok()?),
        "member" => member(shape.members.as_ref().ok()?),
        "contacts" => contacts(shape.contacts.as_ref().ok()?),
        "contact" => contact(shape.contacts.as_ref().ok()?),
        "contact_ids" => contact_ids(shape.contacts.as_ref().ok()?),
        "contacts_after" => contacts_after(shape.contacts.as_ref().ok()?),
        "assigned" => assigned(shape.assignments.as_ref().ok()?),
        "workspace" => match &shape.workspaces {
            Workspaces::Table { from, id, .. } => workspace(from, id),
            Workspaces::Any => ANY_WORKSPACE.to_owned(),
        },
        _ => {
            let read = shape.log.as_ref().ok()?;
            path.clone_from(&read.path);
            log::log(read)
        }
    };
    Some(Body { signature, text, path })
}

/// `livechat.member` for an owner who wrote `livechat.members` alone.
pub(super) fn member_of_members(signature: &'static Signature) -> Body {
    let text = "
begin
  return query select m.name, m.role from livechat.members(ws) m where m.user_id = who;
end ";
    Body { signature, text: text.to_owned(), path: "''".to_owned() }
}

/// `livechat.contacts_after` where contacts are the owner's: the set-up check sees none.
pub(super) fn no_contacts_after(signature: &'static Signature) -> Body {
    let text = "\nbegin\n  return;\nend ";
    Body { signature, text: text.to_owned(), path: "''".to_owned() }
}

/// A query whose answer is nothing in the wrong scope.
fn asks(id: Id, query: &str) -> String {
    format!(
        "
declare
  own {} := {};
begin
  if own is null or ws is distinct from voice.workspace() then
    return;
  end if;
  return query {query};
end ",
        id.sql_type(),
        id.of_text("ws")
    )
}

fn all(conditions: &[String]) -> String {
    conditions.join("\n      and ")
}

fn with(first: Vec<String>, rest: &[String]) -> String {
    all(&[first, rest.to_vec()].concat())
}

/// A user with several roles in one workspace has the one that takes calls.
fn members(read: &Members) -> String {
    let Members { from, user, name, role, workspace: (column, id), filters, .. } = read;
    let conditions = with(vec![format!("{column} = own"), format!("{user} is not null")], filters);
    asks(
        *id,
        &format!(
            "select distinct on (1) {user}, {name}, {role}
    from {from}
    where {conditions}
    order by 1, {role} in ('agent', 'admin') desc, 3"
        ),
    )
}

fn member(read: &Members) -> String {
    let Members { from, user, user_column, name, role, workspace: (column, id), filters, .. } =
        read;
    let who = match user_column {
        (column, Id::Uuid) => format!("{column} = who"),
        _ => format!("{user} = who"),
    };
    let conditions = with(vec![format!("{column} = own"), who], filters);
    asks(
        *id,
        &format!(
            "select {name}, {role}
    from {from}
    where {conditions}"
        ),
    )
}

/// The ids of contacts whose numbers have these last digits, and nothing else of them. Behind a policy,
/// no index on an expression finds anything: only a superuser can say that an expression tells nothing
/// about rows that the policy hides. So this runs as a role of its own, which all rows are shown to, and
/// what has these ids is read behind the policy.
///
/// Of more than a thousand, the nearest are taken; how near they are is asked only then.
fn contact_ids(read: &Contacts) -> String {
    let Contacts { from, id, numbers, workspace, filters, .. } = read;
    let contact = id.1.to_uuid(&id.0);
    let most = MOST_CONTACTS / numbers.len().max(1);
    let selects: Vec<String> = numbers
        .iter()
        .map(|number| {
            let mut first = vec![
                format!("{} = own", workspace.0),
                format!("voice.tail({number}) = any (tails)"),
            ];
            if id.1 == Id::Text {
                first.push(format!("{contact} is not null"));
            }
            let conditions = with(first, filters);
            format!(
                "(select {contact}
    from {from}
    where {conditions}
    order by case when (count(*) over ()) > {most} then voice.nearness({number}, tails) end desc nulls last
    limit {most})"
            )
        })
        .collect();
    asks(workspace.1, &selects.join("\n    union "))
}

/// One row for each number of a contact.
fn contacts(read: &Contacts) -> String {
    let Contacts { from, id, name, numbers, created, workspace, filters, .. } = read;
    let first = vec![format!("{} = own", workspace.0), "n.number is not null".to_owned()];
    let conditions = with(first, filters);
    let from = by_key(from, id);
    let numbers: Vec<String> = numbers.iter().map(|number| format!("({number})")).collect();
    let text = asks(
        workspace.1,
        &format!(
            "select {}, {name}, pg_catalog.left(n.number, 100), {created}
    from {from} cross join lateral (values {}) as n (number)
    where {conditions}",
            id.1.to_uuid(&id.0),
            numbers.join(", ")
        ),
    );
    text.replacen(
        "declare",
        "declare\n  ids uuid[] := array(select livechat.contact_ids(ws, tails));",
        1,
    )
}

fn contact(read: &Contacts) -> String {
    let Contacts { from, id, name, workspace, filters, .. } = read;
    let conditions = with(vec![format!("{} = own", workspace.0)], filters);
    let from = by_key(from, id);
    asks(
        workspace.1,
        &format!(
            "select {}, {name}, pg_catalog.left({}, 100)
    from {from}
    where {conditions}",
            id.1.to_uuid(&id.0),
            first_number(read)
        ),
    )
}

/// Contacts are read one by one by their key: for `id = any (ids)` the planner reads an index of the whole
/// workspace beside it.
fn by_key(from: &str, (column, id): &(String, Id)) -> String {
    format!("pg_catalog.unnest({}) as i (id) join {from} on {column} = i.id", id.of_uuids("ids"))
}

/// Contacts by id, for the set-up check.
fn contacts_after(read: &Contacts) -> String {
    let Contacts { from, id, workspace, filters, .. } = read;
    let (column, after) = match id.1 {
        Id::Uuid => (id.0.clone(), "after".to_owned()),
        Id::Text => (format!("{} collate \"C\"", id.0), "after::text".to_owned()),
        Id::Integer => {
            (id.0.clone(), format!("coalesce({}, {})", id.1.of_uuid("after"), i64::MIN + 1))
        }
    };
    let contact = id.1.to_uuid(&id.0);
    let mut first = vec![format!("{} = own", workspace.0), format!("{column} > {after}")];
    if id.1 == Id::Text {
        first.push(format!("{contact} is not null"));
    }
    let conditions = with(first, filters);
    asks(
        workspace.1,
        &format!(
            "select {contact}, pg_catalog.left({}, 100)
    from {from}
    where {conditions}
    order by {column} limit most",
            first_number(read)
        ),
    )
}

fn first_number(read: &Contacts) -> String {
    match read.numbers.as_slice() {
        [one] => one.clone(),
        several => format!("coalesce({})", several.join(", ")),
    }
}

fn assigned(read: &Assignments) -> String {
    let Assignments { from, contact, user, workspace, filters, .. } = read;
    let first = vec![
        format!("{} = own", workspace.0),
        format!("{} = any ({})", contact.0, contact.1.of_uuids("ids")),
        format!("{user} is not null"),
    ];
    let conditions = with(first, filters);
    asks(
        workspace.1,
        &format!(
            "select distinct {}, {user}
    from {from}
    where {conditions}
    order by 1, 2 limit 1000",
            contact.1.to_uuid(&contact.0)
        ),
    )
}

fn workspace(from: &str, (column, id): &(String, Id)) -> String {
    format!(
        "
begin
  return ws is not distinct from voice.workspace()
    and exists (select from {from} where {column} = {});
end ",
        id.of_text("ws")
    )
}

/// Where there is no table of workspaces, every one may exist.
const ANY_WORKSPACE: &str = "
begin
  return ws is not distinct from voice.workspace();
end ";
