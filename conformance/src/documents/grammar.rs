//! Random documents of Twilio's grammar.

use serde_json::{Map, Value, json};

use crate::random::Random;

/// One of Twilio's two languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Language {
    Voice,
    Messaging,
}

/// The grammar of a language, as it was gathered from the official libraries.
pub(crate) struct Grammar {
    language: Language,
    root: Value,
    elements: Value,
    enums: Value,
}

const VOICE: &str = include_str!("../../../crates/twiml/tests/vectors/twiml-voice.json");
const MESSAGING: &str = include_str!("../../../crates/twiml/tests/vectors/twiml-messaging.json");

impl Grammar {
    /// The grammar, if its file is readable.
    pub(crate) fn of(language: Language) -> Option<Self> {
        let text = if language == Language::Voice { VOICE } else { MESSAGING };
        let mut file: Value = serde_json::from_str(text).ok()?;
        let mut part = |name: &str| file.get_mut(name).map(Value::take);
        let (root, elements, enums) = (part("root")?, part("elements")?, part("enums")?);
        Some(Self { language, root, elements, enums })
    }

    /// A document for the judges: element name, attributes with JSON types, children.
    ///
    /// `strange` says whether there is something in it that the grammar does not know.
    pub(crate) fn draw(&self, random: &mut Random) -> Value {
        let mut strange = false;
        let verbs = (0..=random.below(3)).map(|_| {
            let id = child(&self.root, random);
            self.element(id, random, 0, &mut strange)
        });
        let mut verbs: Vec<Value> = verbs.collect();
        if random.percent(10) {
            // Only Node's builder has comments.
            let at = random.below(verbs.len() + 1);
            verbs.insert(at, json!({ "comment": " <Say> & so on " }));
        }
        if random.percent(4) {
            strange = true;
            verbs.push(json!({ "name": "Teleport", "attributes": { "to": "Mars" },
                               "children": [text(random)] }));
        }
        let language = match self.language {
            Language::Voice => "voice",
            Language::Messaging => "messaging",
        };
        json!({ "language": language, "name": "Response", "children": verbs, "strange": strange })
    }

    fn element(&self, id: &str, random: &mut Random, depth: usize, strange: &mut bool) -> Value {
        let described = &self.elements[id];
        let mut attributes = Map::new();
        for (name, kind) in described["attributes"].as_object().into_iter().flatten() {
            // `xml:lang` and the like are what the element is for.
            if random.percent(30) || name.contains(['-', ':']) {
                attributes.insert(name.clone(), self.value(kind, random));
            }
        }
        if random.percent(1) {
            *strange = true;
            attributes.insert("futureThing".to_owned(), json!(text(random)));
        }
        let children = self.children(described, random, depth, strange);
        json!({ "name": described["element"], "attributes": attributes, "children": children })
    }

    fn children(
        &self,
        described: &Value,
        random: &mut Random,
        depth: usize,
        strange: &mut bool,
    ) -> Vec<Value> {
        let allows = |of: &str| described["text"][of].as_bool().unwrap_or_default();
        let optional = allows("allowed");
        let or_children =
            described["text"]["role"].as_str().is_some_and(|role| role.contains("alternatively"));
        let required = allows("required") && !or_children;
        let mixed = described["mixed_content"].as_bool().unwrap_or_default();
        let nests = described["children"].as_array().is_some_and(|children| !children.is_empty());
        let nests = nests && depth < DEEPEST;
        let mut children = Vec::new();
        if optional && (required || !nests || mixed || random.percent(50)) {
            children.push(json!(text(random)));
        }
        if nests && (mixed || children.is_empty()) {
            for _ in 0..random.below(4) {
                let id = child(described, random);
                children.push(self.element(id, random, depth + 1, strange));
                if mixed && random.percent(60) {
                    children.push(json!(text(random)));
                }
            }
        }
        children
    }

    /// A value in its usual lexical form, as the JSON type that a program would hand over.
    fn value(&self, kind: &Value, random: &mut Random) -> Value {
        let listed = kind["enum"].as_str().map_or(&kind["values"], |name| &self.enums[name]);
        let one = |random: &mut Random| {
            let listed = listed.as_array().map_or(&[][..], Vec::as_slice);
            listed[random.below(listed.len())].clone()
        };
        let number = |random: &mut Random| json!(random.below(600));
        match kind["type"].as_str().unwrap_or_default() {
            "bool" => json!(random.percent(50)),
            "int" => number(random),
            "enum" => one(random),
            "list-of-enum" => (0..=random.below(3)).map(|_| one(random)).collect(),
            "list-of-int" => (0..=random.below(3)).map(|_| number(random)).collect(),
            "duration" if kind["lexical"] == "integer" => number(random),
            "duration" => json!(random.pick(&["2s", "250ms", "10s"])),
            // By its note: `auto`, or seconds.
            _ if kind["note"].as_str().is_some_and(|note| note.contains("auto")) => {
                if random.percent(50) { json!("auto") } else { number(random) }
            }
            _ if kind["list_separator"] == "," => json!("sales,help desk, ünï"),
            _ => json!(text(random)),
        }
    }
}

/// The id of any child.
fn child<'g>(parent: &'g Value, random: &mut Random) -> &'g str {
    let children = parent["children"].as_array().map_or(&[][..], Vec::as_slice);
    children[random.below(children.len())]["id"].as_str().unwrap_or_default()
}

/// Text that says something and has to be escaped.
pub(crate) fn text(random: &mut Random) -> String {
    random.pick(WORDS).to_owned() + &random.text(PIECES, 5)
}

const WORDS: &[&str] = &["Hello", "+15005550006", "/voice?a=1&b=2", "<Say>", "ünï", "\u{1f98a}"];

const PIECES: &[&str] = &[
    " ",
    " Ana & Bo",
    "<b>",
    "\"it's\"",
    "]]>",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "ü",
    "\u{1f98a}",
    "\u{202e}left",
    "\u{a0}",
    "\u{2028}",
    "&amp;",
    "&#10;",
    "--",
    "\u{fffd}",
    "\u{10ffff}",
    "\u{85}",
];

/// Levels of elements below a verb.
const DEEPEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tree: &Value, found: &mut std::collections::BTreeSet<String>) {
        for child in tree["children"].as_array().into_iter().flatten() {
            if let Some(name) = child["name"].as_str() {
                found.insert(name.to_owned());
            }
            names(child, found);
        }
    }

    #[test]
    fn every_element_of_the_grammar_is_drawn() {
        for language in [Language::Voice, Language::Messaging] {
            let grammar = Grammar::of(language).unwrap();
            let mut random = Random::new(1, "documents");
            let mut found = ["Teleport".to_owned()].into();
            for _ in 0..2000 {
                names(&grammar.draw(&mut random), &mut found);
            }
            let elements = grammar.elements.as_object().unwrap().values();
            let mut wanted: std::collections::BTreeSet<String> =
                elements.map(|each| each["element"].as_str().unwrap().to_owned()).collect();
            wanted.insert("Teleport".to_owned());
            assert_eq!(found, wanted, "{language:?}");
        }
    }
}
