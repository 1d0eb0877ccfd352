//! The rights and policies that the functions need.

use std::collections::{BTreeMap, BTreeSet};

use super::{generates, sha};
use crate::livechat::catalogue::{Catalogue, Grant, Name, Relation, ident, literal};
use crate::livechat::shape::{Id, Read, Shape, Workspaces};
use crate::livechat::synonyms;

/// What our role may do with a relation.
pub(super) type Rights = BTreeMap<Name, BTreeSet<Grant>>;

/// What is read by the functions that are ours, what finding a contact reads, and the rights for both,
/// with what their views and the policies read below.
pub(super) fn needs(
    catalogue: &Catalogue,
    shape: &Shape,
) -> (BTreeMap<Name, Read>, BTreeSet<Name>, Rights) {
    let mut reads: BTreeMap<Name, Read> = BTreeMap::new();
    let mut finds: BTreeMap<Name, Read> = BTreeMap::new();
    let mut rights = Rights::new();
    let mut add = |read: &Read| {
        let known = reads.entry(read.name.clone()).or_insert_with(|| read.clone());
        known.columns.extend(read.columns.iter().cloned());
    };
    let ours = |names: &[&str]| names.iter().any(|name| generates(catalogue, name));
    if let (Ok(read), true) = (&shape.members, ours(&["members"])) {
        read.reads.iter().for_each(&mut add);
    }
    if let (Ok(read), true) = (&shape.contacts, ours(&["contacts", "contact", "contacts_after"])) {
        read.reads.iter().for_each(&mut add);
    }
    if let (Ok(read), true) = (&shape.contacts, ours(&["contacts"])) {
        finds.insert(read.finds.name.clone(), read.finds.clone());
    }
    if let (Ok(read), true) = (&shape.assignments, ours(&["assigned"])) {
        read.reads.iter().for_each(&mut add);
    }
    if let (Workspaces::Table { read, .. }, true) = (&shape.workspaces, ours(&["workspace"])) {
        add(read);
    }
    if let (Ok(log), true) = (&shape.log, ours(&["log"])) {
        add(&log.read);
        let mut written = vec![&log.workspace.0, &log.sid];
        written.extend(log.kind.as_ref().map(|(kind, _)| kind));
        written.extend(&log.id);
        let changed = log.writes.iter().map(|write| &write.column);
        let rights = rights.entry(log.read.name.clone()).or_default();
        let inserted = written.into_iter().chain(changed.clone());
        rights.extend(inserted.map(|one| right("voice_livechat", one, "insert")));
        rights.extend(changed.map(|one| right("voice_livechat", one, "update")));
    }
    for (role, reads) in [("voice_livechat", &mut reads), ("voice_finder", &mut finds)] {
        below(catalogue, reads);
        allow(catalogue, role, reads, &mut rights);
    }
    (reads, finds.into_keys().collect(), rights)
}

fn right(role: &str, column: &str, right: &str) -> Grant {
    Grant { role: role.to_owned(), column: Some(column.to_owned()), right: right.to_owned() }
}

/// Lets a role read. A policy for everybody is a policy for that role too, and reads with its rights.
fn allow(catalogue: &Catalogue, role: &str, reads: &BTreeMap<Name, Read>, rights: &mut Rights) {
    for (name, read) in reads {
        let rights = rights.entry(name.clone()).or_default();
        rights.extend(read.columns.iter().map(|column| right(role, column, "select")));
    }
    let mut looked = BTreeSet::new();
    let mut open: Vec<Name> = reads.keys().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(relation) = catalogue.relation(&name).filter(|_| looked.insert(name)) else {
            continue;
        };
        for one in relation.uses.iter().filter(|one| one.is_policy && relation.has_policies) {
            rights.entry(one.name.clone()).or_default().insert(right(role, &one.column, "select"));
            open.push(one.name.clone());
        }
    }
}

/// Adds what the views read that read with the rights of their reader.
fn below(catalogue: &Catalogue, reads: &mut BTreeMap<Name, Read>) {
    let mut open: Vec<Name> = reads.keys().cloned().collect();
    let mut looked = BTreeSet::new();
    while let Some(name) = open.pop() {
        let view = catalogue.relation(&name).filter(|one| one.kind == "v" && one.is_invoker);
        let Some(view) = view.filter(|_| looked.insert(name)) else { continue };
        for one in view.uses.iter().filter(|one| !one.is_policy) {
            let relation = catalogue.relation(&one.name);
            let workspace = relation.and_then(|relation| {
                let names = synonyms::WORKSPACE.iter();
                let mut column = names.filter_map(|name| {
                    relation
                        .columns
                        .iter()
                        .find(|column| synonyms::plain(&column.name) == synonyms::plain(name))
                });
                column.find_map(|column| Some((column.name.clone(), Id::of(column)?)))
            });
            let read = reads.entry(one.name.clone()).or_insert_with(|| Read {
                name: one.name.clone(),
                columns: BTreeSet::new(),
                workspace,
            });
            read.columns.insert(one.column.clone());
            open.push(one.name.clone());
        }
    }
}

/// Rights as roles and the lists behind `grant`.
pub(super) fn grants(rights: &BTreeSet<Grant>) -> Vec<(String, String)> {
    let mut lists: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for grant in rights {
        if let Some(column) = &grant.column {
            lists.entry((&grant.role, &grant.right)).or_default().push(ident(column));
        }
    }
    lists
        .into_iter()
        .map(|((role, right), columns)| {
            (role.to_owned(), format!("{right} ({})", columns.join(", ")))
        })
        .collect()
}

/// Whether a role may use a schema.
pub(super) fn may_use(catalogue: &Catalogue, role: &str, schema: &str) -> bool {
    catalogue.schemas.iter().any(|one| one.role == role && one.schema == schema)
}

/// The policies of our role on a table: name and statement.
pub(super) fn policies(relation: &Relation, read: &Read) -> Vec<(String, String)> {
    if !relation.has_policies || relation.noun() == "view" {
        return Vec::new();
    }
    let table = relation.name.sql();
    let Some((column, id)) = &read.workspace else {
        return vec![(
            "voice_livechat_read".to_owned(),
            format!(
                "create policy voice_livechat_read on {table} for select to voice_livechat using (true)"
            ),
        )];
    };
    let rule = format!("{} = (select {})", ident(column), id.of_text("voice.workspace()"));
    ["permissive", "restrictive"]
        .map(|kind| {
            (
                format!("voice_livechat_{kind}"),
                format!(
                    "create policy voice_livechat_{kind} on {table} as {kind} to voice_livechat \
                     using ({rule}) with check ({rule})"
                ),
            )
        })
        .to_vec()
}

/// Whether a policy is there and says what it said when it was made.
pub(super) fn has_policy(relation: &Relation, name: &str, create: &str) -> bool {
    relation.policies.iter().any(|one| {
        one.name == name
            && one.comment.as_deref() == Some(&format!("Switchroom {} {}", sha(create), one.state))
    })
}

/// Writes into a policy's comment what it says, as Postgres reads it.
pub(super) fn sign(table: &Name, name: &str, create: &str) -> String {
    format!(
        "do $$ begin execute (select format('comment on policy {name} on %s is %L', \
           {0}, 'Switchroom {1} ' || md5(concat_ws(' ', p.polpermissive, p.polcmd, \
           p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid), \
           pg_get_expr(p.polwithcheck, p.polrelid)))) \
         from pg_policy p where p.polrelid = {0}::regclass and p.polname = '{name}'); end $$",
        literal(&table.sql()),
        sha(create)
    )
}
