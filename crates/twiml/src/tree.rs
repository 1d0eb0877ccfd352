//! Unknown elements and text: kept as read, written as given.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::{self, Result as Written};

use crate::attribute::{Attribute, xml_name};
use crate::reader::{Event, Reader};
use crate::text::{Comment, Text};
use crate::write::{self, Out};
use crate::{BuildError, ParseError};

/// An element by name. Use it to write an element that is newer than this crate. A parsed document
/// keeps unknown elements in this form.
///
/// # Examples
///
/// ```
/// use twiml::{Attribute, Element, Response, text};
///
/// let teleport = Element::new("Teleport")?
///     .attribute(Attribute::new("to", "Mars")?)
///     .text(text!("now"));
/// let xml = Response::new().other(teleport).render();
/// assert!(xml.ends_with("<Response><Teleport to=\"Mars\">now</Teleport></Response>"));
/// # Ok::<(), twiml::BuildError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Element<'a> {
    name: Text<'a>,
    attributes: Vec<Attribute<'a>>,
    children: Vec<Node<'a>>,
}

/// The content of an [`Element`], or where the grammar expects something else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Node<'a> {
    /// An element that the grammar does not know there.
    Element(Box<Element<'a>>),
    /// Text where the grammar has none.
    Text(Text<'a>),
    /// A comment.
    Comment(Comment<'a>),
}

impl<'a> Element<'a> {
    /// An element with this name and nothing in it.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] or [`BuildError::Character`] if XML does not accept the name.
    pub fn new(name: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let name = xml_name(name.into(), "element name")?;
        Ok(Self { name, attributes: Vec::new(), children: Vec::new() })
    }

    /// Sets an attribute; one of the same name is replaced.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute<'a>) -> Self {
        set(&mut self.attributes, attribute);
        self
    }

    /// Appends text.
    #[must_use]
    pub fn text(mut self, text: impl Into<Text<'a>>) -> Self {
        push(&mut self.children, Node::Text(text.into()));
        self
    }

    /// Appends an element.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child.into());
        self
    }

    /// Appends a comment.
    #[must_use]
    pub fn comment(mut self, comment: Comment<'a>) -> Self {
        self.children.push(Node::Comment(comment));
        self
    }

    /// The name as it is written.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The attributes in their order.
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The content of the element, in its order.
    pub fn children(&self) -> &[Node<'a>] {
        &self.children
    }

    /// The same element as an owned value.
    pub fn into_owned(self) -> Element<'static> {
        Element {
            name: self.name.into_owned(),
            attributes: self.attributes.into_iter().map(Attribute::into_owned).collect(),
            children: self.children.into_iter().map(Node::into_owned).collect(),
        }
    }

    /// Reads an element whose name was read.
    pub(crate) fn read(name: &'a str, reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        let name = Text::trusted(Cow::Borrowed(name), true);
        let mut element = Self { name, attributes: Vec::new(), children: Vec::new() };
        reader.attributes(&mut |attribute| element.attributes.push(attribute))?;
        loop {
            match reader.next()? {
                Event::Text(text) => push(&mut element.children, Node::Text(text)),
                Event::Comment(comment) => element.children.push(Node::Comment(comment)),
                Event::Start(name) => {
                    element.children.push(Self::read(name, reader)?.into());
                }
                Event::End => return Ok(element),
            }
        }
    }

    fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        out.put("<")?;
        out.put(self.name())?;
        for attribute in &self.attributes {
            attribute.write(out)?;
        }
        if self.children.is_empty() {
            return out.put("/>");
        }
        out.put(">")?;
        for child in &self.children {
            child.write(out)?;
        }
        out.put("</")?;
        out.put(self.name())?;
        out.put(">")
    }
}

impl Node<'_> {
    /// The same node, free of what it borrowed from.
    pub fn into_owned(self) -> Node<'static> {
        match self {
            Self::Element(element) => element.into_owned().into(),
            Self::Text(text) => Node::Text(text.into_owned()),
            Self::Comment(comment) => Node::Comment(comment.into_owned()),
        }
    }

    pub(crate) fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        match self {
            Self::Element(element) => element.write(out),
            Self::Text(text) => write::text(out, text),
            Self::Comment(comment) => comment_into(out, comment),
        }
    }

    pub(crate) fn unknown<'s>(&'s self, parent: &'static str, found: &mut Vec<Unknown<'s>>) {
        match self {
            Self::Element(element) => found.push(Unknown::Element { parent, element }),
            Self::Text(text) => found.push(Unknown::Text { parent, text }),
            Self::Comment(_) => {}
        }
    }
}

/// An unknown part of a document, and the element that contains it.
///
/// Twilio continues and raises warning 12200.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unknown<'s> {
    /// An attribute without a field, or with a value that does not fit its field.
    Attribute {
        /// The name of the element that has it.
        parent: &'static str,
        /// The attribute.
        attribute: &'s Attribute<'s>,
    },
    /// An element where the grammar has none of its name.
    Element {
        /// The name of the element it stands in.
        parent: &'static str,
        /// The element.
        element: &'s Element<'s>,
    },
    /// Text where the grammar has none.
    Text {
        /// The name of the element it stands in.
        parent: &'static str,
        /// The text.
        text: &'s Text<'s>,
    },
}

impl fmt::Display for Unknown<'_> {
    /// Says what does not belong where; values and texts are not repeated: they may be personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute { parent, attribute } => {
                write!(f, "<{parent}> has no attribute `{}` with such a value", attribute.name())
            }
            Self::Element { parent, element } => {
                write!(f, "<{}> does not belong in <{parent}>", element.name())
            }
            Self::Text { parent, .. } => write!(f, "text does not belong in <{parent}>"),
        }
    }
}

impl<'a> From<Element<'a>> for Node<'a> {
    fn from(element: Element<'a>) -> Self {
        Self::Element(Box::new(element))
    }
}

impl<'a> From<Comment<'a>> for Node<'a> {
    fn from(comment: Comment<'a>) -> Self {
        Self::Comment(comment)
    }
}

/// The parts of an element for which its type has no field; nearly always none.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Extra<'a>(Option<Box<Kept<'a>>>);

#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Kept<'a> {
    attributes: Vec<Attribute<'a>>,
    children: Vec<Node<'a>>,
    /// Comments in front of the root; only a root has them.
    before: Vec<Comment<'a>>,
    /// Comments after the root.
    after: Vec<Comment<'a>>,
}

impl<'a> Extra<'a> {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn attributes(&self) -> &[Attribute<'a>] {
        self.0.as_ref().map_or(&[], |kept| &kept.attributes)
    }

    pub(crate) fn children(&self) -> &[Node<'a>] {
        self.0.as_ref().map_or(&[], |kept| &kept.children)
    }

    pub(crate) fn set(&mut self, attribute: Attribute<'a>) {
        set(&mut self.0.get_or_insert_default().attributes, attribute);
    }

    /// Drops an attribute that now has a typed value.
    #[inline]
    pub(crate) fn forget(&mut self, name: &str) {
        if let Some(kept) = &mut self.0 {
            kept.attributes.retain(|attribute| attribute.name() != name);
            self.shrink();
        }
    }

    pub(crate) fn push(&mut self, node: Node<'a>) {
        push(&mut self.0.get_or_insert_default().children, node);
        self.shrink();
    }

    pub(crate) fn push_before(&mut self, comment: Comment<'a>) {
        self.0.get_or_insert_default().before.push(comment);
    }

    pub(crate) fn push_after(&mut self, comment: Comment<'a>) {
        self.0.get_or_insert_default().after.push(comment);
    }

    /// The comments before and after the root.
    pub(crate) fn around(&self) -> (&[Comment<'a>], &[Comment<'a>]) {
        self.0.as_ref().map_or((&[], &[]), |kept| (&kept.before, &kept.after))
    }

    /// Collects all of it: nothing here is known to the grammar.
    pub(crate) fn unknown<'s>(&'s self, parent: &'static str, found: &mut Vec<Unknown<'s>>) {
        let attributes = self.attributes().iter();
        found.extend(attributes.map(|attribute| Unknown::Attribute { parent, attribute }));
        self.children().iter().for_each(|node| node.unknown(parent, found));
    }

    /// Turns an empty value into none, so that equal elements compare equal.
    fn shrink(&mut self) {
        if self.0.as_deref() == Some(&Kept::default()) {
            self.0 = None;
        }
    }

    pub(crate) fn into_owned(self) -> Extra<'static> {
        Extra(self.0.map(|kept| {
            Box::new(Kept {
                attributes: kept.attributes.into_iter().map(Attribute::into_owned).collect(),
                children: kept.children.into_iter().map(Node::into_owned).collect(),
                before: kept.before.into_iter().map(Comment::into_owned).collect(),
                after: kept.after.into_iter().map(Comment::into_owned).collect(),
            })
        }))
    }

    /// Writes the attributes, but not those that have a typed value as well.
    #[inline]
    pub(crate) fn write_attributes<W: Out + ?Sized>(
        &self,
        out: &mut W,
        typed: impl Fn(&str) -> bool,
    ) -> Written {
        let Some(kept) = &self.0 else { return Ok(()) };
        for attribute in kept.attributes.iter().filter(|attribute| !typed(attribute.name())) {
            attribute.write(out)?;
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn write_children<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        self.children().iter().try_for_each(|child| child.write(out))
    }
}

/// Writes a comment.
pub(crate) fn comment_into<W: Out + ?Sized>(out: &mut W, comment: &Comment<'_>) -> Written {
    out.put("<!--")?;
    out.put(comment.as_str())?;
    out.put("-->")
}

/// Appends a node; adjacent texts become one, as a parser would read them.
fn push<'a>(nodes: &mut Vec<Node<'a>>, node: Node<'a>) {
    match (nodes.last_mut(), node) {
        (_, Node::Text(text)) if text.as_str().is_empty() => {}
        (Some(Node::Text(last)), Node::Text(text)) => last.push(text),
        (_, node) => nodes.push(node),
    }
}

fn set<'a>(attributes: &mut Vec<Attribute<'a>>, attribute: Attribute<'a>) {
    match attributes.iter_mut().find(|known| known.name() == attribute.name()) {
        Some(known) => *known = attribute,
        None => attributes.push(attribute),
    }
}
