//! What has to change in a database, so that the functions of the schema `livechat` answer.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::bodies::{self, Body, SIGNATURES, Signature};
use super::catalogue::{Catalogue, Function, Grant, Name, Relation, ident, literal};
use super::report::{LineKind, Look};
use super::shape::{Id, Read, Shape, Workspaces};
use super::synonyms::WORKSPACE;
use crate::fault::Fault;

/// What has to change, in the order in which it is done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Functions and rights: no table of the live chat is locked.
    pub(super) quiet: Vec<String>,
    /// Policies: each locks its table for a moment.
    pub(super) policies: Vec<String>,
    /// The tables that the policies lock, as statements name them.
    pub(super) locked: BTreeSet<String>,
    /// Indexes, made afterwards without stopping writers.
    pub(super) indexes: Vec<Index>,
    pub(super) look: Look,
}

/// An index that is made without stopping writers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Index {
    pub(super) table: Name,
    pub(super) name: String,
    /// Behind the name of the table.
    pub(super) rest: String,
    /// Partitions of the table; an index is made on each, and joined to the table's.
    pub(super) partitions: Vec<Name>,
    pub(super) is_partitioned: bool,
    /// A half-made one of that name is there.
    pub(super) is_broken: bool,
}

/// What our role may do with a relation.
type Rights = BTreeMap<Name, BTreeSet<Grant>>;

impl Plan {
    /// Compares what is with what should be.
    pub(super) fn of(catalogue: &Catalogue, shape: &Shape, migrating: &str) -> Self {
        let mut plan = Self::default();
        plan.schema(catalogue);
        plan.functions(catalogue, shape, migrating);
        if plan.look.faults.is_empty() {
            plan.rights(catalogue, shape);
            plan.indexes(catalogue, shape);
        }
        plan
    }

    fn schema(&mut self, catalogue: &Catalogue) {
        if !may_use(catalogue, "voice_webhook", "livechat") {
            self.quiet.push("grant usage on schema livechat to voice_webhook".to_owned());
            self.look.line("livechat", LineKind::Made, "the schema of the functions");
        }
    }

    fn functions(&mut self, catalogue: &Catalogue, shape: &Shape, migrating: &str) {
        let is_owners = |name: &str| catalogue.function(name).is_some_and(|one| !is_generated(one));
        let mut told = BTreeSet::new();
        for signature in &SIGNATURES {
            let Signature { name, question, .. } = *signature;
            let is_first = told.insert(question);
            match catalogue.function(name).filter(|one| !is_generated(one)) {
                Some(function) => self.keep(signature, function, migrating),
                // Members and one member come from one source.
                None if name == "member" && is_owners("members") => {
                    self.make(catalogue, &bodies::member_of_members(signature), migrating);
                }
                // Only our own contacts are found by it.
                None if name == "contact_ids" && is_owners("contacts") => {}
                None if name == "contacts_after"
                    && shape.contacts.is_err()
                    && is_owners("contacts") =>
                {
                    self.make(catalogue, &bodies::no_contacts_after(signature), migrating);
                }
                None => match bodies::body(signature, shape) {
                    Some(body) => {
                        if is_first || is_owners("contacts") {
                            self.tell(shape, question);
                        }
                        self.make(catalogue, &body, migrating);
                    }
                    None => self.cannot(unanswered(shape, question)),
                },
            }
        }
    }

    fn cannot(&mut self, why: impl Into<Option<Fault>>) {
        let why = why.into().filter(|why| !self.look.faults.contains(why));
        self.look.faults.extend(why);
    }

    /// Says what answers a question.
    fn tell(&mut self, shape: &Shape, question: &str) {
        let shown = match question {
            "members" => shape.members.as_ref().ok().map(|one| one.shown.clone()),
            "contacts" => shape.contacts.as_ref().ok().map(|one| one.shown.clone()),
            "assignments" => shape.assignments.as_ref().ok().map(|one| one.shown.clone()),
            "workspaces" => Some(match &shape.workspaces {
                Workspaces::Table { shown, .. } => shown.clone(),
                Workspaces::Any => "every id: there is no table of them".to_owned(),
            }),
            _ => shape.log.as_ref().ok().map(|one| one.shown.clone()),
        };
        if let Some(shown) = shown {
            self.look.line(question, LineKind::ReadAs, shown);
        }
        if let ("log", Ok(log)) = (question, &shape.log) {
            for note in &log.notes {
                self.look.line(question, LineKind::Note, note.clone());
            }
            if log.path != "''" {
                self.look.line(
                    question,
                    LineKind::Note,
                    format!("its triggers look names up in {}", log.path),
                );
            }
        }
    }

    /// A body that the owner wrote stays as it is; only who may call it is ours.
    fn keep(&mut self, signature: &Signature, function: &Function, migrating: &str) {
        let Signature { name, arguments, result, question, .. } = *signature;
        self.look.line(
            question,
            LineKind::ReadAs,
            format!("the owner's own function livechat.{name}"),
        );
        let cannot = |fault: String, fix: String| Fault { fault, fix };
        if function.arguments != arguments || function.result != result {
            self.cannot(cannot(
                format!("livechat.{name}({}) returns {}", function.arguments, function.result),
                format!("make it livechat.{name}({arguments}) that returns {result}"),
            ));
        }
        if !function.is_definer || !function.has_path {
            self.cannot(cannot(
                format!(
                    "livechat.{name} runs with its caller's rights or path, and the server has none"
                ),
                format!(
                    "alter function livechat.{name}({arguments}) security definer set search_path = ''"
                ),
            ));
        }
        let callers = BTreeSet::from([signature.caller, "voice_livechat", migrating]);
        let lacks = callers.iter().any(|caller| !function.callers.iter().any(|one| one == caller));
        if function.is_open || lacks {
            self.quiet.push(format!(
                "revoke all on function livechat.{name}({arguments}) from public; \
                 grant execute on function livechat.{name}({arguments}) to {}",
                callers.iter().map(|caller| ident(caller)).collect::<Vec<_>>().join(", ")
            ));
            self.look.line(question, LineKind::Altered, format!("who may call livechat.{name}"));
        }
    }

    /// Makes or replaces a function of ours.
    fn make(&mut self, catalogue: &Catalogue, body: &Body, migrating: &str) {
        let Signature { name, arguments, result, owner, caller, question, .. } = *body.signature;
        let create = body.create();
        let comment = comment(&create, &body.text);
        let wanted = BTreeSet::from([owner, caller, migrating]);
        let current = catalogue.function(name);
        let is_current = current.is_some_and(|one| {
            one.comment.as_deref() == Some(&comment)
                && one.owner == owner
                && one.is_definer
                && one.has_path
                && one.callers.iter().map(String::as_str).collect::<BTreeSet<_>>() == wanted
        });
        if is_current {
            return;
        }
        if current.is_some_and(|one| one.arguments != arguments || one.result != result) {
            let old = current.map_or("", |one| &one.arguments);
            self.quiet.push(format!("drop function livechat.{name}({old})"));
        }
        let callers: Vec<String> =
            wanted.iter().filter(|one| **one != owner).map(|one| ident(one)).collect();
        self.quiet.push(format!(
            "{create}; alter function livechat.{name}({arguments}) owner to {owner}; \
             revoke all on function livechat.{name}({arguments}) from public; \
             grant execute on function livechat.{name}({arguments}) to {}; \
             comment on function livechat.{name}({arguments}) is {}",
            callers.join(", "),
            literal(&comment)
        ));
        self.look.line(question, LineKind::Made, format!("the function livechat.{name}"));
    }

    /// Rights of `voice_livechat` and its policies.
    fn rights(&mut self, catalogue: &Catalogue, shape: &Shape) {
        let (reads, finds, rights) = needs(catalogue, shape);
        for relation in &catalogue.relations {
            let wanted = rights.get(&relation.name).cloned().unwrap_or_default();
            let has: BTreeSet<Grant> = relation.grants.iter().cloned().collect();
            let read = reads.get(&relation.name);
            let is_stale = relation.old_grants || (!has.is_empty() && has != wanted);
            let is_wanting = !wanted.is_subset(&has);
            let old_policies = relation.policies.iter().filter(|one| {
                one.name.starts_with("voice_agent") || one.name.starts_with("voice_webhook")
            });
            let old_policies: Vec<&str> = old_policies.map(|one| one.name.as_str()).collect();
            let mut policies = read.map(|read| policies(relation, read)).unwrap_or_default();
            if finds.contains(&relation.name) && relation.has_policies && relation.noun() == "table"
            {
                policies.push((
                    "voice_finder".to_owned(),
                    format!(
                        "create policy voice_finder on {} for select to voice_finder using (true)",
                        relation.name.sql()
                    ),
                ));
            }
            let old_index = relation.indexes.iter().any(|one| one.name == OLD_INDEX);
            let missing: Vec<&(String, String)> = policies
                .iter()
                .filter(|(name, create)| !has_policy(relation, name, create))
                .collect();
            let is_touched =
                is_stale || is_wanting || !old_policies.is_empty() || !missing.is_empty();
            let shown = relation.name.shown();
            if is_touched && !relation.is_ours_to_change {
                self.cannot(Fault {
                    fault: format!(
                        "{shown} belongs to {}, so nobody else may give rights on it",
                        relation.owner
                    ),
                    fix: format!(
                        "let SWITCHROOM_ADMIN_DATABASE_URL name {} or a member of it, or write the \
                         function that reads {shown} yourself",
                        relation.owner
                    ),
                });
                continue;
            }
            let table = relation.name.sql();
            if is_stale {
                self.quiet.push(format!(
                    "revoke all on {table} from voice_livechat, voice_finder, voice_agent, \
                     voice_webhook"
                ));
            }
            if is_stale || is_wanting {
                for grant in grants(&wanted) {
                    let (role, right) = grant;
                    self.quiet.push(format!("grant {right} on {table} to {role}"));
                    self.look.line(&shown, LineKind::Altered, format!("{role} may {right}"));
                }
                if wanted.is_empty() {
                    let text = "Switchroom's roles have no rights here any more";
                    self.look.line(&shown, LineKind::Altered, text);
                }
            }
            let roles: BTreeSet<&str> = wanted.iter().map(|one| one.role.as_str()).collect();
            for role in roles {
                let schema = &relation.name.schema;
                let sql = format!("grant usage on schema {} to {role}", ident(schema));
                if !may_use(catalogue, role, schema) && !self.quiet.contains(&sql) {
                    self.quiet.push(sql);
                }
            }
            if old_index && relation.is_ours_to_change {
                let schema = ident(&relation.name.schema);
                self.policies.push(format!("drop index {schema}.{OLD_INDEX}"));
                self.locked.insert(table.clone());
                self.look.line(&shown, LineKind::Altered, format!("without the index {OLD_INDEX}"));
            }
            self.fence(relation, &old_policies, &missing);
            if let Some(read) = read {
                self.fences(relation, read);
            }
        }
        for name in rights.keys().filter(|name| catalogue.relation(name).is_none()) {
            self.look.line(
                &name.shown(),
                LineKind::Note,
                "a view or policy reads it with its reader's rights, which Switchroom's role has not",
            );
        }
        if let Ok(log) = &shape.log {
            for sequence in &log.sequences {
                if !catalogue.sequences.contains(sequence) {
                    self.quiet
                        .push(format!("grant usage on sequence {sequence} to voice_livechat"));
                    self.look.line(sequence, LineKind::Altered, "voice_livechat may draw from it");
                }
            }
        }
    }

    fn fence(&mut self, relation: &Relation, old: &[&str], missing: &[&(String, String)]) {
        let (table, shown) = (relation.name.sql(), relation.name.shown());
        for name in old {
            self.policies.push(format!("drop policy {name} on {table}"));
            self.look.line(&shown, LineKind::Altered, format!("without the policy {name}"));
        }
        for (name, create) in missing {
            self.policies.push(format!(
                "drop policy if exists {name} on {table}; {create}; {}",
                sign(&relation.name, name, create)
            ));
            self.look.line(&shown, LineKind::Altered, format!("with the policy {name}"));
        }
        if !old.is_empty() || !missing.is_empty() {
            self.locked.insert(table);
        }
    }

    /// Says where a function is the only fence.
    fn fences(&mut self, relation: &Relation, read: &Read) {
        let shown = relation.name.shown();
        let only = match (relation.noun(), relation.has_policies, &read.workspace) {
            ("view", ..) if relation.is_invoker => return,
            ("view", ..) => "reads with its owner's rights",
            (_, false, _) => "has no row-level security",
            (_, true, None) => "has no column of the workspace",
            (_, true, Some(_)) => return,
        };
        self.look.line(
            &shown,
            LineKind::Note,
            format!("{only}: the function is the only fence between workspaces"),
        );
    }

    fn indexes(&mut self, catalogue: &Catalogue, shape: &Shape) {
        let mut wanted = Vec::new();
        if let (Ok(contacts), true) = (&shape.contacts, generates(catalogue, "contacts")) {
            let name = contacts.reads.first().map(|read| &read.name);
            for (workspace, number) in &contacts.indexed {
                wanted.push((name, vec![ident(workspace), format!("voice.tail({number})")], None));
            }
        }
        if let (Ok(log), true) = (&shape.log, generates(catalogue, "log")) {
            let condition =
                log.kind.as_ref().map(|(kind, word)| format!("{} = {word}", ident(kind)));
            let keys = vec![ident(&log.workspace.0), ident(&log.sid)];
            wanted.push((Some(&log.read.name), keys, condition));
        }
        let mut names = BTreeSet::new();
        for (name, keys, condition) in wanted {
            let Some(relation) = name.and_then(|name| catalogue.relation(name)) else { continue };
            let last = keys.last().map(String::as_str).unwrap_or_default();
            let serves = |one: &super::catalogue::Index| {
                one.is_valid
                    && (one.keys.starts_with(&keys)
                        || one.keys.first().is_some_and(|key| key == last))
                    && (one.condition.is_none() || condition.is_some())
            };
            if relation.indexes.iter().any(serves) {
                continue;
            }
            let what = if condition.is_some() || !last.starts_with("voice.tail") {
                "call"
            } else {
                "tail"
            };
            let mut index = format!("idx_{}_workspace_{what}", relation.name.name);
            index.truncate(60);
            while !names.insert((relation.name.clone(), index.clone())) {
                index.push('2');
            }
            let condition = condition.map_or_else(String::new, |text| format!(" where {text}"));
            self.look.line(
                &relation.name.shown(),
                LineKind::Altered,
                format!("with the index {index} on ({})", keys.join(", ")),
            );
            let deeper = relation.partitions.iter().any(|one| one.kind == "p");
            if deeper {
                self.look.line(
                    &relation.name.shown(),
                    LineKind::Note,
                    "its partitions have partitions: make that index yourself, on each",
                );
                continue;
            }
            self.indexes.push(Index {
                table: relation.name.clone(),
                rest: format!("({}){condition}", keys.join(", ")),
                partitions: relation.partitions.iter().map(|one| one.name.clone()).collect(),
                is_partitioned: relation.kind == "p",
                is_broken: relation.indexes.iter().any(|one| one.name == index && !one.is_valid),
                name: index,
            });
        }
    }
}

/// Earlier versions found contacts by the text of their numbers.
const OLD_INDEX: &str = "idx_livechat_contacts_workspace_phone";

/// Whether a function's body is ours.
pub(super) fn generates(catalogue: &Catalogue, function: &str) -> bool {
    catalogue.function(function).is_none_or(is_generated)
}

/// Whether nobody has changed a body since Switchroom wrote it.
fn is_generated(function: &Function) -> bool {
    let body = sha(&function.body);
    function
        .comment
        .as_deref()
        .and_then(|comment| comment.strip_prefix("Switchroom "))
        .is_some_and(|sums| sums.ends_with(&body))
}

/// The comment on a function of ours: the checksums of its definition and of its body.
fn comment(create: &str, body: &str) -> String {
    format!("Switchroom {} {}", sha(create), sha(body))
}

fn sha(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unanswered(shape: &Shape, question: &str) -> Option<Fault> {
    let why = match question {
        "members" => shape.members.as_ref().err(),
        "contacts" => shape.contacts.as_ref().err(),
        "assignments" => shape.assignments.as_ref().err(),
        "log" => shape.log.as_ref().err(),
        _ => None,
    };
    why.map(|why| why.fault().clone())
}

/// What is read by the functions that are ours, what finding a contact reads, and the rights for both,
/// with what their views and the policies read below.
fn needs(catalogue: &Catalogue, shape: &Shape) -> (BTreeMap<Name, Read>, BTreeSet<Name>, Rights) {
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
                let names = WORKSPACE.iter();
                let mut column = names.filter_map(|name| {
                    relation.columns.iter().find(|column| {
                        super::synonyms::plain(&column.name) == super::synonyms::plain(name)
                    })
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
fn grants(rights: &BTreeSet<Grant>) -> Vec<(String, String)> {
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
fn may_use(catalogue: &Catalogue, role: &str, schema: &str) -> bool {
    catalogue.schemas.iter().any(|one| one.role == role && one.schema == schema)
}

/// The policies of our role on a table: name and statement.
fn policies(relation: &Relation, read: &Read) -> Vec<(String, String)> {
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
fn has_policy(relation: &Relation, name: &str, create: &str) -> bool {
    relation.policies.iter().any(|one| {
        one.name == name
            && one.comment.as_deref() == Some(&format!("Switchroom {} {}", sha(create), one.state))
    })
}

/// Writes into a policy's comment what it says, as Postgres reads it.
fn sign(table: &Name, name: &str, create: &str) -> String {
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
