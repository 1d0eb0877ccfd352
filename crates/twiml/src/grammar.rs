//! The table of this crate, compared with Twilio's grammar in both directions.

mod documents;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use serde_json::Value;

/// An element as the macros describe it.
pub(crate) struct Described {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) attributes: &'static [(&'static str, Kind)],
    pub(crate) content: Inside,
}

/// A type that describes itself.
pub(crate) trait Describe {
    const ELEMENT: Described;
}

/// The kind of an attribute.
pub(crate) enum Kind {
    Text,
    Commas,
    /// [`SpeechTimeout`](crate::SpeechTimeout), a string by the grammar and its note.
    Plain,
    Bool,
    Int,
    Ints,
    Duration(&'static str),
    One(fn() -> Vec<&'static str>),
    Open(fn() -> Vec<&'static str>),
    List(fn() -> Vec<&'static str>),
}

/// The content.
pub(crate) enum Inside {
    Nothing,
    Leaf,
    Children(fn() -> &'static [Described]),
    TextOr(fn() -> &'static [Described]),
    Mixed(fn() -> &'static [Described]),
}

/// The values of a closed enumeration.
pub(crate) fn closed<T: Copy>(all: &[T], text: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|value| text(*value)).collect()
}

impl Inside {
    pub(crate) fn children(&self) -> &'static [Described] {
        match self {
            Self::Nothing | Self::Leaf => &[],
            Self::Children(of) | Self::TextOr(of) | Self::Mixed(of) => of(),
        }
    }
}

const VOICE: &str = include_str!("../tests/vectors/twiml-voice.json");
const MESSAGING: &str = include_str!("../tests/vectors/twiml-messaging.json");

/// Attributes that this crate types more closely than the grammar, which calls them strings.
const CLOSER: &[(&str, &str)] = &[
    // A comma list by its note.
    ("Dial", "passports"),
    // `Enable` and `DetectMessageEnd` by `values_documented` of the first.
    ("Number", "machineDetection"),
    ("Sip", "machineDetection"),
];

/// Compares from the root downwards and returns what was compared: element, attributes, values.
fn compare(root: &Described, grammar: &Value) -> (usize, usize, usize) {
    let mut counts = (0, 0, 0);
    let mut seen = BTreeSet::new();
    check_element(root, &grammar["root"], grammar, &mut counts);
    let mut open: Vec<(&'static [Described], &Value)> =
        vec![(root.content.children(), &grammar["root"])];
    let mut ids = BTreeSet::new();
    while let Some((described, parent)) = open.pop() {
        let wanted: BTreeMap<&str, &str> = parent["children"]
            .as_array()
            .unwrap()
            .iter()
            .map(|child| (text(&child["element"]), text(&child["id"])))
            .collect();
        let found: BTreeSet<&str> = described.iter().map(|child| child.name).collect();
        assert_eq!(found.len(), described.len(), "a name twice in {}", parent["element"]);
        assert_eq!(found, wanted.keys().copied().collect(), "children of {}", parent["element"]);
        for child in described {
            let id = wanted[child.name];
            ids.insert(id);
            if seen.insert((child.id, id)) {
                let element = &grammar["elements"][id];
                check_element(child, element, grammar, &mut counts);
                open.push((child.content.children(), element));
            }
        }
    }
    let all: BTreeSet<&str> =
        grammar["elements"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(ids, all, "elements reached from the root");
    counts
}

fn check_element(
    described: &Described,
    element: &Value,
    grammar: &Value,
    counts: &mut (usize, usize, usize),
) {
    counts.0 += 1;
    let id = described.id;
    assert_eq!(described.name, text(&element["element"]), "name of {id}");
    let wanted = element["attributes"].as_object().unwrap();
    let found: BTreeSet<&str> = described.attributes.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, wanted.keys().map(String::as_str).collect(), "attributes of {id}");
    for (name, kind) in described.attributes {
        counts.1 += 1;
        counts.2 += check_kind(id, name, kind, &wanted[*name], &grammar["enums"]);
    }
    let allows_text = element["text"]["allowed"].as_bool().unwrap();
    let mixed = element["mixed_content"].as_bool().unwrap_or(false);
    let children = element["children"].as_array().unwrap().len();
    let right = match described.content {
        Inside::Nothing => !allows_text && children == 0,
        Inside::Leaf => allows_text && children == 0,
        Inside::Children(_) => !allows_text && children > 0,
        Inside::TextOr(_) => allows_text && !mixed && children > 0,
        Inside::Mixed(_) => allows_text && mixed,
    };
    assert!(right, "content of {id}");
}

/// Checks one attribute and returns how many values it lists.
fn check_kind(id: &str, name: &str, kind: &Kind, wanted: &Value, enums: &Value) -> usize {
    let place = format!("{id} {name}");
    let values = |wanted: &Value| -> BTreeSet<String> {
        let list = wanted.get("values").or_else(|| enums.get(wanted["enum"].as_str()?));
        let list = list.or_else(|| wanted.get("values_documented")).unwrap().as_array().unwrap();
        list.iter().map(|value| text(value).into()).collect()
    };
    let same = |listed: &fn() -> Vec<&'static str>| {
        let listed = listed();
        let found: BTreeSet<String> = listed.iter().map(|value| String::from(*value)).collect();
        assert_eq!(found.len(), listed.len(), "a value twice in {place}");
        assert_eq!(found, values(wanted), "values of {place}");
        found.len()
    };
    let closer = CLOSER.contains(&(id, name));
    match (text(&wanted["type"]), kind) {
        ("string", Kind::Commas) => {
            assert!(closer || wanted["list_separator"] == ",", "{place}");
            0
        }
        ("string", Kind::Plain) => {
            assert!(text(&wanted["note"]).starts_with("auto or"), "{place}");
            0
        }
        ("string" | "uri", Kind::Text) => {
            assert_ne!(wanted["list_separator"], ",", "{place}");
            0
        }
        ("bool", Kind::Bool) | ("int", Kind::Int) | ("list-of-int", Kind::Ints) => 0,
        ("duration", Kind::Duration(unit)) => {
            assert_eq!(*unit, wanted["unit"].as_str().unwrap_or_default(), "{place}");
            0
        }
        ("enum", Kind::One(listed) | Kind::Open(listed)) => same(listed),
        ("list-of-enum", Kind::List(listed)) => {
            assert_eq!(wanted["list_separator"], " ", "{place}");
            same(listed)
        }
        ("string", Kind::Open(listed)) if closer && wanted.get("values_documented").is_some() => {
            same(listed)
        }
        ("string", Kind::Open(_)) if closer => 0,
        (wanted, _) => panic!("{place} is {wanted} in the grammar"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn voice_is_twilios_grammar_no_more_and_no_less() {
    let grammar: Value = serde_json::from_str(VOICE).unwrap();
    let compared = compare(&<crate::Response<'_> as Describe>::ELEMENT, &grammar);
    assert_eq!(compared, (VOICE_ELEMENTS, VOICE_ATTRIBUTES, VOICE_VALUES));
}

#[test]
fn messaging_is_twilios_grammar_no_more_and_no_less() {
    let grammar: Value = serde_json::from_str(MESSAGING).unwrap();
    let compared = compare(&<crate::messaging::Response<'_> as Describe>::ELEMENT, &grammar);
    assert_eq!(compared, (5, 6, 4));
}

#[test]
fn open_enumerations_are_searched_in_order() {
    macro_rules! sorted {
        ($($of:path),+) => {
            $( assert!(<$of>::ALL.is_sorted_by_key(|value| value.as_str()), stringify!($of)); )+
        };
    }
    sorted!(crate::Voice<'_>, crate::SayLanguage<'_>, crate::GatherLanguage<'_>);
    sorted!(crate::PayLanguage<'_>, crate::ssml::SsmlLanguage<'_>, crate::MachineDetection<'_>);
}

/// Counted in the grammar file, so that the comparison is known to have seen all of it.
const VOICE_ELEMENTS: usize = 59;
const VOICE_ATTRIBUTES: usize = 300;
const VOICE_VALUES: usize = 1462;
