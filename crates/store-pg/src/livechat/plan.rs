//! What has to change in a database, so that the functions of the schema `livechat` answer.

mod rights;

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use self::rights::{grants, has_policy, may_use, needs, policies, sign};
use super::bodies::{self, Body, SIGNATURES, Signature};
use super::catalogue::{Catalogue, Function, Grant, Name, Relation, ident, literal};
use super::report::{LineKind, Look};
use super::shape::{Read, Shape, Workspaces};
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

/// Which bodies are written: a whole number that goes up with every change of them. In comments without one,
/// it is 1.
pub(crate) const GENERATOR: &str = "2";

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

/// The comment on a function of ours: what wrote it, and the checksums of its definition and of its body.
fn comment(create: &str, body: &str) -> String {
    format!("Switchroom {GENERATOR} {} {}", sha(create), sha(body))
}

pub(super) fn sha(text: &str) -> String {
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
