//! TwiML: documents of the official builders read by our parser, and ours by Python's.

mod built;
mod grammar;

use std::io;

use serde_json::{Value, json};
use twiml::{Response, messaging};

use self::grammar::{Grammar, Language};
use crate::judge::Judges;
use crate::random::Random;
use crate::tally::Tally;

/// Voice documents, built by both libraries.
pub(crate) fn voice(judges: &mut Judges, random: &mut Random, count: usize) -> io::Result<Tally> {
    parsed("voice", Language::Voice, judges, random, count)
}

/// Messaging documents, built by both libraries.
pub(crate) fn messaging(
    judges: &mut Judges,
    random: &mut Random,
    count: usize,
) -> io::Result<Tally> {
    parsed("messaging", Language::Messaging, judges, random, count)
}

/// Documents of our typed builder, read by Python's XML parser.
pub(crate) fn built(judges: &mut Judges, random: &mut Random, count: usize) -> io::Result<Tally> {
    let mut tally = Tally::new("built");
    let drawn = (0..count).map(|_| built::document(random));
    let drawn = drawn.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let documents: Vec<Value> = drawn.iter().map(|(xml, _)| json!(xml)).collect();
    for (tree, (xml, wanted)) in judges.python.ask("tree", &documents)?.iter().zip(&drawn) {
        tally.check(tree == wanted, || format!("read as {tree}, built as {wanted}: {xml}"));
    }
    Ok(tally)
}

fn parsed(
    name: &'static str,
    language: Language,
    judges: &mut Judges,
    random: &mut Random,
    count: usize,
) -> io::Result<Tally> {
    let mut tally = Tally::new(name);
    let grammar = Grammar::of(language).ok_or_else(|| io::Error::other("the grammar is broken"))?;
    let wanted: Vec<Value> = (0..count).map(|_| grammar.draw(random)).collect();
    let official = judges.node.texts("build", &wanted)?;
    compare("node", language, judges, &wanted, &official, &mut tally)?;
    let official = judges.python.texts("build", &wanted)?;
    compare("python", language, judges, &wanted, &official, &mut tally)?;
    Ok(tally)
}

/// Parses each official document, renders it, and compares both trees.
fn compare(
    library: &'static str,
    language: Language,
    judges: &mut Judges,
    wanted: &[Value],
    official: &[String],
    tally: &mut Tally,
) -> io::Result<()> {
    let ours: Vec<Result<Read, String>> = official.iter().map(|xml| read(language, xml)).collect();
    let rendered = ours.iter().map(|read| json!(read.as_ref().map_or("", |read| &read.rendered)));
    let rendered: Vec<Value> = rendered.collect();
    let asked: Vec<Value> = official.iter().map(|xml| json!(xml)).collect();
    let theirs = judges.python.ask("tree", &asked)?;
    let back = judges.python.ask("tree", &rendered)?;
    for (index, xml) in official.iter().enumerate() {
        let case = &wanted[index];
        match &ours[index] {
            Err(error) => tally.check(false, || format!("{library}: {error}: {xml}")),
            Ok(read) => {
                let (theirs, back) = (&theirs[index], &back[index]);
                tally.check(theirs == back, || {
                    format!("{library} wrote {xml}, we {}", rendered[index])
                });
                // Without unknown parts, every element has a type.
                let strange = case["strange"].as_bool().unwrap_or_default();
                tally.check(read.unknown.is_empty() != strange, || {
                    format!("{library}: unknown to us: {}: {xml}", read.unknown)
                });
            }
        }
        // Check that the judge wrote the whole case; otherwise the comparison would prove nothing.
        let complete = count(&theirs[index]) == count(case);
        tally.check(complete, || format!("{library} left something out of {case}: {xml}"));
    }
    Ok(())
}

/// A document as we read it.
struct Read {
    rendered: String,
    /// The parts that the grammar does not know, for the description of a fault.
    unknown: String,
}

fn read(language: Language, xml: &str) -> Result<Read, String> {
    let list = |unknown: Vec<twiml::Unknown<'_>>| {
        unknown.iter().map(|each| format!("{each:?}")).collect::<Vec<_>>().join(", ")
    };
    match language {
        Language::Voice => {
            let response = Response::parse(xml).map_err(|error| error.to_string())?;
            Ok(Read { rendered: response.render(), unknown: list(response.unknown()) })
        }
        Language::Messaging => {
            let response = messaging::Response::parse(xml).map_err(|error| error.to_string())?;
            Ok(Read { rendered: response.render(), unknown: list(response.unknown()) })
        }
    }
}

/// Elements and attributes in a tree.
fn count(tree: &Value) -> usize {
    let inside = tree["children"].as_array().map_or(0, |all| all.iter().map(count).sum());
    let attributes = tree["attributes"].as_object().map_or(0, serde_json::Map::len);
    usize::from(tree["name"].is_string()) + attributes + inside
}
