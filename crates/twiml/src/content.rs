//! The content of an element, in the five forms that TwiML has.

use alloc::vec::Vec;
use core::fmt::Result as Written;

use crate::attribute::Attribute;
use crate::reader::{Event, Reader};
use crate::text::{Joined, Text};
use crate::tree::Node;
use crate::{
    ParseError, Unknown,
    write::{self, Out},
};

/// An element of the grammar; `element!` writes the implementations.
pub(crate) trait Tag<'a>: Sized {
    /// The name as it is written.
    const NAME: &'static str;

    /// Without attributes and content.
    fn blank() -> Self;

    /// Writes the element.
    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written;

    /// Collects the parts that the grammar does not know.
    fn unknown<'s>(&'s self, found: &mut Vec<Unknown<'s>>);
}

/// What a parser does to an element.
pub(crate) trait Sink<'a> {
    /// Keeps an attribute, in its field if it has one and the value fits.
    fn set(&mut self, attribute: Attribute<'a>);

    /// Reads and keeps a child whose name was read.
    fn child(&mut self, name: &'a str, reader: &mut Reader<'a>) -> Result<(), ParseError>;

    /// Whether the text is one, whatever stands in between.
    fn joins(&self) -> bool;

    /// Keeps a run of text, or all of it if it joins.
    fn text(&mut self, text: Text<'a>);

    /// Keeps a comment.
    fn other(&mut self, node: Node<'a>);
}

/// Reads an element whose name was read.
pub(crate) fn read<'a, T: Tag<'a> + Sink<'a>>(reader: &mut Reader<'a>) -> Result<T, ParseError> {
    let mut element = T::blank();
    fill(&mut element, reader)?;
    Ok(element)
}

/// Reads the attributes and the inside of an element whose name was read.
pub(crate) fn fill<'a>(sink: &mut dyn Sink<'a>, reader: &mut Reader<'a>) -> Result<(), ParseError> {
    reader.attributes(&mut |attribute| sink.set(attribute))?;
    let joins = sink.joins();
    let mut joined = Joined::Nothing;
    loop {
        match reader.next()? {
            Event::Text(text) if joins => joined.push(text),
            Event::Text(text) => sink.text(text),
            Event::Comment(comment) => sink.other(Node::Comment(comment)),
            Event::Start(name) => sink.child(name, reader)?,
            Event::End if joins => {
                sink.text(joined.finish());
                return Ok(());
            }
            Event::End => return Ok(()),
        }
    }
}

/// One of several elements; `children!` writes the implementations.
pub(crate) trait Child<'a>: Sized {
    /// Reads the child whose name was read, if its name is one of them.
    fn read(name: &'a str, reader: &mut Reader<'a>) -> Result<Option<Self>, ParseError>;

    /// Text that is content here, not a stray.
    fn text(text: Text<'a>) -> Self;

    /// What the grammar does not know.
    fn other(node: Node<'a>) -> Self;

    /// The text, if it is one.
    fn as_text(&mut self) -> Option<&mut Text<'a>>;

    /// Writes the child.
    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written;

    /// Collects the parts that the grammar does not know.
    fn unknown<'s>(&'s self, parent: &'static str, found: &mut Vec<Unknown<'s>>);
}

/// The content of an element.
///
/// Each method takes the parts that it knows and returns the others.
pub(crate) trait Content<'a> {
    /// Nothing inside.
    const EMPTY: Self;

    /// Whether the text is one, whatever stands in between.
    const JOINS: bool = false;

    /// Reads a child; `false` if there is none of this name.
    fn child(&mut self, name: &'a str, reader: &mut Reader<'a>) -> Result<bool, ParseError>;

    /// Keeps text.
    fn text(&mut self, text: Text<'a>) -> Option<Node<'a>>;

    /// Keeps a part that the grammar does not know.
    fn other(&mut self, node: Node<'a>) -> Option<Node<'a>>;

    /// Whether nothing will be written.
    fn is_empty(&self) -> bool;

    /// Writes all of it.
    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written;

    /// Collects the parts that the grammar does not know.
    fn unknown<'s>(&'s self, _parent: &'static str, _found: &mut Vec<Unknown<'s>>) {}
}

/// Nothing: `<Hangup/>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Nothing;

impl<'a> Content<'a> for Nothing {
    const EMPTY: Self = Self;

    fn child(&mut self, _: &'a str, _: &mut Reader<'a>) -> Result<bool, ParseError> {
        Ok(false)
    }

    fn text(&mut self, text: Text<'a>) -> Option<Node<'a>> {
        if text.is_blank() { None } else { Some(Node::Text(text)) }
    }

    fn other(&mut self, node: Node<'a>) -> Option<Node<'a>> {
        Some(node)
    }

    fn is_empty(&self) -> bool {
        true
    }

    fn write<W: Out + ?Sized>(&self, _: &mut W) -> Written {
        Ok(())
    }
}

/// Text alone: `<Number>+15005550006</Number>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Leaf<'a>(pub(crate) Text<'a>);

impl<'a> Content<'a> for Leaf<'a> {
    const EMPTY: Self = Self(Text::EMPTY);
    const JOINS: bool = true;

    fn child(&mut self, _: &'a str, _: &mut Reader<'a>) -> Result<bool, ParseError> {
        Ok(false)
    }

    fn text(&mut self, text: Text<'a>) -> Option<Node<'a>> {
        self.0 = text;
        None
    }

    fn other(&mut self, node: Node<'a>) -> Option<Node<'a>> {
        Some(node)
    }

    fn is_empty(&self) -> bool {
        self.0.as_str().is_empty()
    }

    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        write::text(out, &self.0)
    }
}

/// Elements alone: `<Response>…</Response>`. Blanks between them are layout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Children<C>(pub(crate) Vec<C>);

impl<'a, C: Child<'a>> Content<'a> for Children<C> {
    const EMPTY: Self = Self(Vec::new());

    fn child(&mut self, name: &'a str, reader: &mut Reader<'a>) -> Result<bool, ParseError> {
        let child = C::read(name, reader)?;
        let known = child.is_some();
        self.0.extend(child);
        Ok(known)
    }

    fn text(&mut self, text: Text<'a>) -> Option<Node<'a>> {
        if !text.is_blank() {
            push(&mut self.0, C::other(Node::Text(text)));
        }
        None
    }

    fn other(&mut self, node: Node<'a>) -> Option<Node<'a>> {
        push(&mut self.0, C::other(node));
        None
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        self.0.iter().try_for_each(|child| child.write(out))
    }

    fn unknown<'s>(&'s self, parent: &'static str, found: &mut Vec<Unknown<'s>>) {
        self.0.iter().for_each(|child| child.unknown(parent, found));
    }
}

/// Text or elements: `<Client>alice</Client>` and `<Client><Identity>…</Client>`. The text comes
/// before the elements and is never blank; blanks between elements are layout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TextOr<'a, C> {
    pub(crate) text: Option<Text<'a>>,
    pub(crate) children: Children<C>,
}

impl<'a, C: Child<'a>> Content<'a> for TextOr<'a, C> {
    const EMPTY: Self = Self { text: None, children: Children::EMPTY };

    fn child(&mut self, name: &'a str, reader: &mut Reader<'a>) -> Result<bool, ParseError> {
        self.children.child(name, reader)
    }

    fn text(&mut self, text: Text<'a>) -> Option<Node<'a>> {
        if text.is_blank() {
            return None;
        }
        if self.text.is_none() && self.children.is_empty() {
            self.text = Some(text);
            return None;
        }
        self.children.text(text)
    }

    fn other(&mut self, node: Node<'a>) -> Option<Node<'a>> {
        self.children.other(node)
    }

    fn is_empty(&self) -> bool {
        self.text.is_none() && self.children.is_empty()
    }

    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        if let Some(text) = &self.text {
            write::text(out, text)?;
        }
        self.children.write(out)
    }

    fn unknown<'s>(&'s self, parent: &'static str, found: &mut Vec<Unknown<'s>>) {
        self.children.unknown(parent, found);
    }
}

/// Text and elements side by side: `<Say>Your code is <say-as>…</say-as>.</Say>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mixed<C>(pub(crate) Vec<C>);

impl<'a, C: Child<'a>> Content<'a> for Mixed<C> {
    const EMPTY: Self = Self(Vec::new());

    fn child(&mut self, name: &'a str, reader: &mut Reader<'a>) -> Result<bool, ParseError> {
        let child = C::read(name, reader)?;
        let known = child.is_some();
        self.0.extend(child);
        Ok(known)
    }

    fn text(&mut self, text: Text<'a>) -> Option<Node<'a>> {
        push(&mut self.0, C::text(text));
        None
    }

    fn other(&mut self, node: Node<'a>) -> Option<Node<'a>> {
        push(&mut self.0, C::other(node));
        None
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        self.0.iter().try_for_each(|child| child.write(out))
    }

    fn unknown<'s>(&'s self, parent: &'static str, found: &mut Vec<Unknown<'s>>) {
        self.0.iter().for_each(|child| child.unknown(parent, found));
    }
}

/// Appends a child; adjacent texts become one, as a parser would read them.
#[inline]
pub(crate) fn push<'a, C: Child<'a>>(children: &mut Vec<C>, mut child: C) {
    if let Some(text) = child.as_text() {
        if text.as_str().is_empty() {
            return;
        }
        if let Some(last) = children.last_mut().and_then(Child::as_text) {
            last.push(core::mem::take(text));
            return;
        }
    }
    children.push(child);
}

/// Appends a child that a builder was given.
pub(crate) trait Append<C> {
    fn append(&mut self, child: C);
}

impl<'a, C: Child<'a>> Append<C> for Children<C> {
    fn append(&mut self, child: C) {
        push(&mut self.0, child);
    }
}

impl<'a, C: Child<'a>> Append<C> for Mixed<C> {
    fn append(&mut self, child: C) {
        push(&mut self.0, child);
    }
}

impl<'a, C: Child<'a>> Append<C> for TextOr<'a, C> {
    fn append(&mut self, child: C) {
        push(&mut self.children.0, child);
    }
}
