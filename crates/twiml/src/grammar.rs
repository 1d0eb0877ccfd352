//! The table of this crate, compared with Twilio's grammar.

/// An element as the macros describe it.
pub(crate) struct Described {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) attributes: &'static [(&'static str, Kind)],
    pub(crate) content: Inside,
}

/// What describes itself.
pub(crate) trait Describe {
    const ELEMENT: Described;
}

/// The kind of an attribute.
pub(crate) enum Kind {
    Text,
    Bool,
    Int,
    Ints,
    Duration(&'static str),
    One(fn() -> alloc::vec::Vec<&'static str>),
    Open(fn() -> alloc::vec::Vec<&'static str>),
    List(fn() -> alloc::vec::Vec<&'static str>),
}

/// What stands inside.
pub(crate) enum Inside {
    Nothing,
    Leaf,
    Children(fn() -> &'static [Described]),
    TextOr(fn() -> &'static [Described]),
    Mixed(fn() -> &'static [Described]),
}

/// The values of a closed enumeration.
pub(crate) fn closed<T: Copy>(
    all: &[T],
    text: fn(T) -> &'static str,
) -> alloc::vec::Vec<&'static str> {
    all.iter().map(|value| text(*value)).collect()
}
