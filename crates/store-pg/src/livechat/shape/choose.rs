//! Chooses the relation that answers a question.

use super::super::catalogue::{Catalogue, Relation};
use super::super::synonyms::plain_table;
use super::{Answer, Unanswered, fault};

/// Why a relation does not answer a question.
pub(super) enum Not {
    /// It has the name by chance: what makes it a candidate is missing.
    Candidate(Unanswered),
    /// It is a candidate, and cannot be used.
    Usable(Unanswered),
}

/// One question: what it asks for, and the names under which it is looked for.
pub(super) struct Question<'a> {
    /// For example `members`.
    pub(super) noun: &'a str,
    /// Names that are certain: the first of them that is there is the answer, or the fault.
    pub(super) certain: &'a [&'a str],
    /// Names that are usual. If several relations could be it, nothing is guessed.
    pub(super) usual: &'a [&'a str],
    /// The functions that an owner can write instead.
    pub(super) functions: &'a str,
}

/// Reads the one relation that answers a question.
pub(super) fn choose<T>(
    catalogue: &Catalogue,
    question: &Question<'_>,
    read: impl Fn(&Relation) -> Result<T, Not>,
) -> Answer<T> {
    let write =
        format!("write {} yourself: docs/databases.md, \"Another live chat\"", question.functions);
    for name in question.certain {
        let found = candidates(catalogue, name);
        let [first, others @ ..] = found.as_slice() else { continue };
        if !others.is_empty() && first.name.schema != "public" {
            return Err(several(question, &found, &write));
        }
        match read(first) {
            Ok(answer) => return Ok(answer),
            Err(Not::Usable(why)) => return Err(why),
            Err(Not::Candidate(_)) => {}
        }
    }
    let (mut usable, mut unusable, mut by_chance) = (Vec::new(), None, None);
    for name in question.usual {
        for relation in candidates(catalogue, name) {
            match read(relation) {
                Ok(answer) => usable.push((relation, answer)),
                Err(Not::Usable(why)) => unusable = unusable.or(Some(why)),
                Err(Not::Candidate(why)) => by_chance = by_chance.or(Some(why)),
            }
        }
    }
    let in_public = usable.iter().filter(|(one, _)| one.name.schema == "public").count();
    if in_public == 1 {
        usable.retain(|(one, _)| one.name.schema == "public");
    }
    let found: Vec<&Relation> = usable.iter().map(|(one, _)| *one).collect();
    if found.len() > 1 {
        return Err(several(question, &found, &write));
    }
    let none = || {
        Unanswered::Absent(fault(
            format!("nothing was found that has the {}", question.noun),
            write.clone(),
        ))
    };
    match usable.pop() {
        Some((_, answer)) => Ok(answer),
        None => Err(unusable.or(by_chance).unwrap_or_else(none)),
    }
}

/// The relations with a name, those of the schema `public` first.
fn candidates<'a>(catalogue: &'a Catalogue, name: &str) -> Vec<&'a Relation> {
    let wanted = plain_table(name);
    let relations = catalogue.relations.iter();
    let mut found: Vec<&Relation> =
        relations.filter(|one| one.kind != "f" && plain_table(&one.name.name) == wanted).collect();
    found.sort_by_key(|one| (one.name.schema != "public", &one.name));
    found
}

fn several(question: &Question<'_>, found: &[&Relation], write: &str) -> Unanswered {
    let names: Vec<String> =
        found.iter().map(|one| format!("the {} {}", one.noun(), one.name.shown())).collect();
    Unanswered::Unusable(fault(
        format!("several could have the {}: {}", question.noun, names.join(", ")),
        write,
    ))
}
