//! Documents of the whole grammar, made from the table, and the laws that they obey.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{Describe, Described, Inside, Kind};
use crate::attribute::Attribute;
use crate::reader::{Event, Reader};
use crate::tree::{Element, Node};
use crate::{Comment, Response, Text, Unknown, messaging};

/// Decisions drawn from bytes; when they run out, every decision is the first choice. Fewer and
/// smaller bytes make a smaller document, so that failures shrink.
struct Choices<'b>(core::slice::Iter<'b, u8>);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> usize {
        let low = usize::from(self.0.next().copied().unwrap_or(0));
        if limit <= 256 {
            return low % limit;
        }
        (low << 8 | usize::from(self.0.next().copied().unwrap_or(0))) % limit
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }
}

const WORDS: &[&str] = &[
    "a",
    "Ana & Bo",
    "<Say>\"it's\"</Say>",
    "tab\there",
    "line\nend\r\n\rmore",
    "ünï 🦊 \u{202e}left",
    "]]>",
    " blank ",
    "--",
    "\u{fffd}\u{10ffff}",
    "&amp;&#10;",
];

fn value(kind: &Kind, choices: &mut Choices<'_>) -> String {
    match kind {
        Kind::Text => choices.of(WORDS).into(),
        Kind::Commas => choices.of(&["", "a", "a, b,,c"]).into(),
        Kind::Plain => choices.of(&["auto", "7"]).into(),
        Kind::Bool => choices.of(&["true", "false"]).into(),
        Kind::Int => choices.of(&["0", "1", "250", "4294967295"]).into(),
        Kind::Ints => choices.of(&["", "1", "1 2 3"]).into(),
        Kind::Duration("") => choices.of(&["0s", "2s", "250ms", "1001ms"]).into(),
        Kind::Duration(_) => choices.of(&["0", "5", "86400", "18446744073709551"]).into(),
        Kind::One(listed) => choices.of(&listed()).into(),
        Kind::Open(listed) if choices.below(4) > 0 => choices.of(&listed()).into(),
        Kind::Open(_) => "tomorrow's".into(),
        Kind::List(listed) => {
            let listed = listed();
            let count = choices.below(4);
            (0..count).map(|_| choices.of(&listed)).collect::<Vec<_>>().join(" ")
        }
    }
}

fn attribute(name: &str, value: String) -> Attribute<'static> {
    Attribute::new(String::from(name), value).unwrap()
}

/// An element of the table with random attributes and content.
fn element(described: &Described, choices: &mut Choices<'_>, depth: usize) -> Element<'static> {
    let mut element = Element::new(described.name).unwrap();
    if !described.attributes.is_empty() {
        for _ in 0..choices.below(4) {
            let (name, kind) = &described.attributes[choices.below(described.attributes.len())];
            element = element.attribute(attribute(name, value(kind, choices)));
        }
    }
    let words = |choices: &mut Choices<'_>| Text::new(choices.of(WORDS)).unwrap();
    match &described.content {
        Inside::Leaf => element = element.text(words(choices)),
        Inside::TextOr(_) if choices.below(2) == 0 => element = element.text(words(choices)),
        Inside::Children(of) | Inside::TextOr(of) | Inside::Mixed(of) if depth < 8 => {
            for _ in 0..choices.below(4) {
                let child = &of()[choices.below(of().len())];
                element = element.child(self::element(child, choices, depth + 1));
                if matches!(described.content, Inside::Mixed(_)) {
                    element = element.text(words(choices));
                }
            }
        }
        _ => {}
    }
    element
}

/// Adds unknown parts at random places of a document.
fn sprinkle(mut element: Element<'static>, choices: &mut Choices<'_>) -> Element<'static> {
    match choices.below(8) {
        1 => element.attribute(attribute("timeout", "soon".into())),
        2 => element.attribute(attribute("tomorrow", choices.of(WORDS).into())),
        3 => element.comment(Comment::new(" note ").unwrap()),
        4 => {
            let stranger = Element::new("Stranger").unwrap().text(text!(" <in> "));
            element.child(stranger.attribute(attribute("x", "1".into())))
        }
        5 => element.text(text!("stray words")),
        _ => {
            let children = element.children().to_vec();
            let mut fresh = Element::new(element.name().to_string()).unwrap();
            for attribute in element.attributes() {
                fresh = fresh.attribute(attribute.clone());
            }
            for child in children {
                fresh = match child {
                    Node::Element(child) => fresh.child(sprinkle(*child, choices)),
                    Node::Text(text) => fresh.text(text),
                    Node::Comment(comment) => fresh.comment(comment),
                };
            }
            element = fresh;
            element
        }
    }
}

fn written(element: &Element<'_>) -> String {
    let mut out = String::new();
    Node::from(element.clone()).write(&mut out).unwrap();
    out
}

/// A document as a tree without types, whatever its order of attributes.
#[derive(Debug, Eq, PartialEq)]
enum Tree {
    Element(String, BTreeMap<String, String>, Vec<Tree>),
    Text(String),
    Comment(String),
}

fn tree(element: &Element<'_>) -> Tree {
    let attributes = element.attributes().iter();
    Tree::Element(
        element.name().into(),
        attributes.map(|each| (each.name().into(), each.value().into())).collect(),
        element
            .children()
            .iter()
            .map(|child| match child {
                Node::Element(element) => tree(element),
                Node::Text(text) => Tree::Text(text.as_str().into()),
                Node::Comment(comment) => Tree::Comment(comment.as_str().into()),
            })
            .collect(),
    )
}

fn read(xml: &str) -> Tree {
    let (mut reader, name) = Reader::start(xml, &mut |_| {}).unwrap();
    tree(&Element::read(name, &mut reader).unwrap())
}

proptest! {
    #[test]
    fn a_voice_document_parses_into_fields_and_renders_the_same_tree(
        bytes in vec(any::<u8>(), 0..400),
    ) {
        let mut choices = Choices(bytes.iter());
        let document = element(&<Response<'_> as Describe>::ELEMENT, &mut choices, 0);
        let xml = written(&document);
        let response = Response::parse(&xml).unwrap();
        prop_assert_eq!(response.unknown(), []);
        let rendered = response.render();
        prop_assert_eq!(read(&rendered), tree(&document));
        prop_assert_eq!(rendered.len(), response.size_bytes());
        prop_assert_eq!(Response::parse(&rendered).unwrap(), response);
    }

    #[test]
    fn nothing_is_lost_of_what_the_grammar_does_not_know(bytes in vec(any::<u8>(), 0..400)) {
        let mut choices = Choices(bytes.iter());
        let document = element(&<Response<'_> as Describe>::ELEMENT, &mut choices, 0);
        let document = sprinkle(document, &mut choices);
        let xml = written(&document);
        let response = Response::parse(&xml).unwrap();
        let rendered = response.render();
        prop_assert_eq!(read(&rendered), tree(&document));
        let again = Response::parse(&rendered).unwrap();
        prop_assert_eq!(&again, &response);
        prop_assert_eq!(&again.clone().into_owned(), &again);
    }

    #[test]
    fn a_messaging_document_does_too(bytes in vec(any::<u8>(), 0..100)) {
        let mut choices = Choices(bytes.iter());
        let root = &<messaging::Response<'_> as Describe>::ELEMENT;
        let document = sprinkle(element(root, &mut choices, 0), &mut choices);
        let xml = written(&document);
        let response = messaging::Response::parse(&xml).unwrap();
        let rendered = response.render();
        prop_assert_eq!(read(&rendered), tree(&document));
        prop_assert_eq!(messaging::Response::parse(&rendered).unwrap(), response);
    }
}

/// Every attribute with every value, one at a time.
fn each_value(described: &Described, path: &mut Vec<&'static str>, seen: &mut Vec<&'static str>) {
    if seen.contains(&described.id) {
        return;
    }
    seen.push(described.id);
    path.push(described.name);
    for (name, kind) in described.attributes {
        let values = match kind {
            Kind::One(listed) | Kind::Open(listed) | Kind::List(listed) => listed(),
            _ => Vec::new(),
        };
        for value in values {
            let mut document = Element::new(described.name).unwrap();
            document = document.attribute(attribute(name, value.into()));
            for parent in path.iter().rev().skip(1) {
                document = Element::new(*parent).unwrap().child(document);
            }
            let xml = written(&document);
            let response = Response::parse(&xml).unwrap();
            assert_eq!(response.unknown(), [], "{xml}");
            assert_eq!(read(&response.render()), tree(&document));
        }
    }
    for child in described.content.children() {
        each_value(child, path, seen);
    }
    path.pop();
}

#[test]
fn every_value_of_every_enumeration_has_a_variant() {
    let mut seen = Vec::new();
    each_value(&<Response<'_> as Describe>::ELEMENT, &mut Vec::new(), &mut seen);
    assert_eq!(seen.len(), super::VOICE_ELEMENTS);
}

#[test]
fn says_what_is_unknown_and_where() {
    let xml = "<Response><Dial timeout=\"soon\"><Klient/>x</Dial></Response>";
    let response = Response::parse(xml).unwrap();
    let attribute = attribute("timeout", "soon".into());
    let element = Element::new("Klient").unwrap();
    let text = text!("x");
    let want = [
        Unknown::Attribute { parent: "Dial", attribute: &attribute },
        Unknown::Element { parent: "Dial", element: &element },
        Unknown::Text { parent: "Dial", text: &text },
    ];
    assert_eq!(response.unknown(), want);
}

#[test]
fn events_of_the_reader_are_what_xml_says() {
    let xml = "<a>1<![CDATA[<2>]]>&#51;<!-- 4 --><b c='d'/></a>";
    let (mut reader, name) = Reader::start(xml, &mut |_| {}).unwrap();
    assert_eq!(name, "a");
    reader.attributes(&mut |_| panic!("no attribute")).unwrap();
    assert!(matches!(reader.next().unwrap(), Event::Text(text) if text == "1<2>3"));
    assert!(matches!(reader.next().unwrap(), Event::Comment(text) if text.as_str() == " 4 "));
    assert!(matches!(reader.next().unwrap(), Event::Start("b")));
}
