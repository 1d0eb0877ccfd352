//! Goes through the text of a document, start tag by start tag.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Level, Lint, rules, table};
use crate::reader::{Event, Reader};
use crate::{Attribute, ParseError, ParseErrorKind, Unknown};

/// An element with what the rules look at.
pub(super) struct Seen<'a> {
    /// The name of the element around it; empty for the root.
    pub(super) parent: &'a str,
    pub(super) name: &'a str,
    pub(super) attributes: Vec<Attribute<'a>>,
    /// The names of the elements in it, in their order.
    pub(super) children: Vec<&'a str>,
    /// All text in it and in its children.
    pub(super) text: String,
}

impl Seen<'_> {
    /// The value of an attribute.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes.find(|attribute| attribute.name() == name).map(Attribute::value)
    }

    /// How many of the elements in it have one of these names.
    pub(super) fn count(&self, names: &[&str]) -> usize {
        self.children.iter().filter(|name| names.contains(name)).count()
    }
}

/// The mistakes of a document, whose unknown parts are given.
pub(super) fn lints(text: &str, unknown: &[Unknown<'_>]) -> Result<Vec<Lint>, ParseError> {
    let (mut reader, root) = Reader::start(text, &mut |_| {})?;
    let mut walk = Walk { unknown, found: Vec::new() };
    walk.element("", root, &mut reader)?;
    let mut lints: Vec<Lint> = walk.found.into_iter().map(|found| found.placed(text)).collect();
    lints.sort();
    Ok(lints)
}

struct Walk<'u> {
    unknown: &'u [Unknown<'u>],
    found: Vec<Found>,
}

/// A mistake, and the byte at which its element begins.
struct Found {
    at: usize,
    level: Level,
    code: Option<u32>,
    text: String,
}

impl Found {
    fn placed(self, text: &str) -> Lint {
        let place = ParseError::new(ParseErrorKind::Root, text, self.at);
        let Self { level, code, text, .. } = self;
        Lint { line: place.line(), column: place.column(), level, code, text }
    }
}

impl Walk<'_> {
    /// Reads an element whose name was read; its text, and that of its children.
    fn element<'a>(
        &mut self,
        parent: &'a str,
        name: &'a str,
        reader: &mut Reader<'a>,
    ) -> Result<String, ParseError> {
        let at = reader.offset() - name.len() - "<".len();
        let mut attributes = Vec::new();
        reader.attributes(&mut |attribute| attributes.push(attribute))?;
        let (children, text) = (Vec::new(), String::new());
        let mut seen = Seen { parent, name, attributes, children, text };
        let is_known = !self.is_unknown_element(parent, name);
        loop {
            match reader.next()? {
                Event::Text(text) => seen.text.push_str(text.as_str()),
                Event::Start(child) => {
                    seen.children.push(child);
                    // What is in an unknown element is nothing that Twilio reads.
                    if is_known {
                        let text = self.element(name, child, reader)?;
                        seen.text.push_str(&text);
                    } else {
                        skip(reader)?;
                    }
                }
                Event::Comment(_) => {}
                Event::End => break,
            }
        }
        if is_known {
            self.known(at, &seen);
        } else {
            let code = match parent {
                "Dial" => 13_215,
                "Gather" => 13_320,
                _ => UNKNOWN,
            };
            self.report(at, code, alloc::format!("<{name}> does not belong in <{parent}>"));
        }
        Ok(seen.text)
    }

    fn known(&mut self, at: usize, seen: &Seen<'_>) {
        let name = seen.name;
        for attribute in &seen.attributes {
            self.attribute(at, seen, attribute);
        }
        let has_stray_text = self.unknown.iter().any(
            |unknown| matches!(unknown, Unknown::Text { parent, text } if *parent == name && seen.text.contains(text.as_str())),
        );
        if has_stray_text {
            self.report(at, UNKNOWN, alloc::format!("text does not belong in <{name}>"));
        }
        rules::check(seen, &mut |code, text| self.report(at, code, text));
        if let Some(text) = rules::deprecated(seen) {
            self.found.push(Found { at, level: Level::Hint, code: None, text });
        }
    }

    /// Reports an attribute that is unknown, or has a value of the wrong type.
    fn attribute(&mut self, at: usize, seen: &Seen<'_>, attribute: &Attribute<'_>) {
        let (element, name) = (seen.name, attribute.name());
        // Twilio ignores a namespace and the location of a schema, and takes `true` for `record`.
        let is_ignored = name.starts_with("xmlns")
            || name.starts_with("xsi:")
            || (element == "Dial" && name == "record" && BOOLS.contains(&attribute.value()));
        let is_unknown = self.unknown.iter().any(|unknown| {
            matches!(unknown, Unknown::Attribute { parent, attribute: found }
                if *parent == element && *found == attribute)
        });
        if is_ignored || !is_unknown {
            return;
        }
        if let Some(code) = rules::code(seen, name) {
            let text = alloc::format!("`{name}` of <{element}> has a value that is not allowed");
            self.report(at, code, text);
        } else {
            let text = alloc::format!("<{element}> has no attribute `{name}` with such a value");
            self.report(at, UNKNOWN, text);
        }
    }

    fn is_unknown_element(&self, parent: &str, name: &str) -> bool {
        self.unknown.iter().any(|unknown| {
            matches!(unknown, Unknown::Element { parent: found, element }
                if *found == parent && element.name() == name)
        })
    }

    fn report(&mut self, at: usize, code: u32, text: String) {
        self.found.push(Found { at, level: table::level(code), code: Some(code), text });
    }
}

/// Reads an element whose name was read, and everything in it.
fn skip(reader: &mut Reader<'_>) -> Result<(), ParseError> {
    reader.attributes(&mut |_| {})?;
    loop {
        match reader.next()? {
            Event::Start(_) => skip(reader)?,
            Event::End => return Ok(()),
            Event::Text(_) | Event::Comment(_) => {}
        }
    }
}

const BOOLS: [&str; 2] = ["true", "false"];

/// Warning 12200: the document does not fit the schema.
const UNKNOWN: u32 = 12_200;
