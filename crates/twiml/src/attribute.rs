//! Attributes by name.

use alloc::borrow::Cow;
use core::fmt::Result as Written;

use crate::text::Text;
use crate::write::{self, Out};
use crate::{BuildError, scan};

/// An attribute by name. Use it to set an attribute that is newer than this crate.
///
/// # Examples
///
/// ```
/// use twiml::{Attribute, Dial, Response, text};
///
/// let dial = Dial::new().attribute(Attribute::new("holdTune", "a & b")?);
/// let xml = Response::new().dial(dial).render();
/// assert!(xml.ends_with("<Response><Dial holdTune=\"a &amp; b\"/></Response>"));
/// # Ok::<(), twiml::BuildError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Attribute<'a> {
    name: Text<'a>,
    value: Text<'a>,
}

impl<'a> Attribute<'a> {
    /// An attribute with this name and value.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] or [`BuildError::Character`] if XML does not accept the name,
    /// [`BuildError::Unwritable`] if it cannot carry the value.
    pub fn new(
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Result<Self, BuildError> {
        Ok(Self { name: xml_name(name.into(), "attribute name")?, value: Text::new(value)? })
    }

    /// The name as it is written.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The value without escapes.
    pub fn value(&self) -> &str {
        self.value.as_str()
    }

    /// The same attribute as an owned value.
    pub fn into_owned(self) -> Attribute<'static> {
        Attribute { name: self.name.into_owned(), value: self.value.into_owned() }
    }

    pub(crate) const fn trusted(name: Text<'a>, value: Text<'a>) -> Self {
        Self { name, value }
    }

    pub(crate) fn into_parts(self) -> (Text<'a>, Text<'a>) {
        (self.name, self.value)
    }

    pub(crate) fn write<W: Out + ?Sized>(&self, out: &mut W) -> Written {
        out.put(" ")?;
        out.put(self.name())?;
        out.put("=\"")?;
        write::value(out, &self.value)?;
        out.put("\"")
    }
}

/// Checks that XML accepts a name. `what` names it in an error.
pub(crate) fn xml_name<'a>(name: Cow<'a, str>, what: &'static str) -> Result<Text<'a>, BuildError> {
    if name.is_empty() {
        return Err(BuildError::Empty { what });
    }
    match scan::wrong_in_name(&name) {
        None => Ok(Text::trusted(name, true)),
        Some(at) => Err(BuildError::Character { what, at, expected: "a name of XML" }),
    }
}
