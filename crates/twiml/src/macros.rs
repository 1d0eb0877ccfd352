//! The three tables: an element, a choice of elements, an enumeration.
//!
//! Each is written down once, and the type, its builder methods, its rendering, its parsing and
//! its entry in the table that the tests compare with Twilio's grammar all come from there.

/// The type of an attribute.
macro_rules! kind_type {
    (text) => { $crate::Text<'a> };
    (commas) => { $crate::Commas<'a> };
    (bool) => { bool };
    (int) => { u32 };
    (seconds) => { core::time::Duration };
    (millis) => { core::time::Duration };
    (time) => { core::time::Duration };
    (one $of:ident) => { $of };
    (open $of:ident) => { $of<'a> };
    (bounded $of:ident) => { $of<'a> };
    (plain $of:ident) => { $of };
    (list $of:ident) => { alloc::borrow::Cow<'static, [$of]> };
    (ints) => { alloc::borrow::Cow<'static, [u32]> };
}

/// What the setter of an attribute takes.
macro_rules! kind_argument {
    (text) => { impl Into<$crate::Text<'a>> };
    (open $of:ident) => { impl Into<$of<'a>> };
    (list $of:ident) => { impl Into<alloc::borrow::Cow<'static, [$of]>> };
    (ints) => { impl Into<alloc::borrow::Cow<'static, [u32]>> };
    ($($kind:tt)+) => { kind_type!($($kind)+) };
}

/// What the setter of an attribute keeps.
macro_rules! kind_keep {
    ($value:ident, seconds) => {
        core::time::Duration::from_secs($crate::write::seconds($value))
    };
    ($value:ident, millis) => {
        core::time::Duration::from_millis($crate::write::millis($value))
    };
    ($value:ident, time) => {
        core::time::Duration::from_millis($crate::write::millis($value))
    };
    ($value:ident, text) => {
        $value.into()
    };
    ($value:ident, open $of:ident) => {
        $value.into()
    };
    ($value:ident, list $of:ident) => {
        $value.into()
    };
    ($value:ident, ints) => {
        $value.into()
    };
    ($value:ident, $($kind:tt)+) => {
        $value
    };
}

/// Reads an attribute, or hands its text back.
macro_rules! kind_read {
    ($text:ident, text) => {
        Ok::<_, $crate::Text<'a>>($text)
    };
    ($text:ident, commas) => {
        Ok::<_, $crate::Text<'a>>($crate::Commas::trusted($text))
    };
    ($text:ident, bool) => {
        $crate::value::read_bool($text.as_str()).ok_or($text)
    };
    ($text:ident, int) => {
        $crate::value::read_int($text.as_str()).ok_or($text)
    };
    ($text:ident, seconds) => {
        $crate::value::read_seconds($text.as_str()).ok_or($text)
    };
    ($text:ident, millis) => {
        $crate::value::read_millis($text.as_str()).ok_or($text)
    };
    ($text:ident, time) => {
        $crate::value::read_time($text.as_str()).ok_or($text)
    };
    ($text:ident, one $of:ident) => {
        $of::from_twiml($text.as_str()).ok_or($text)
    };
    ($text:ident, open $of:ident) => {
        $of::read($text)
    };
    ($text:ident, bounded $of:ident) => {
        $of::read($text)
    };
    ($text:ident, plain $of:ident) => {
        $of::from_twiml($text.as_str()).ok_or($text)
    };
    ($text:ident, list $of:ident) => {
        $crate::value::read_list($text.as_str(), $of::from_twiml).ok_or($text)
    };
    ($text:ident, ints) => {
        $crate::value::read_list($text.as_str(), $crate::value::read_int).ok_or($text)
    };
}

/// Writes an attribute's value.
macro_rules! kind_write {
    ($out:ident, $value:ident, text) => {
        $crate::write::value($out, $value)
    };
    ($out:ident, $value:ident, commas) => {
        $crate::write::value($out, $value.as_text())
    };
    ($out:ident, $value:ident, bool) => {
        $out.put(if *$value { "true" } else { "false" })
    };
    ($out:ident, $value:ident, int) => {
        $crate::write::integer($out, u64::from(*$value))
    };
    ($out:ident, $value:ident, seconds) => {
        $crate::write::integer($out, $crate::write::seconds(*$value))
    };
    ($out:ident, $value:ident, millis) => {
        $crate::write::integer($out, $crate::write::millis(*$value))
    };
    ($out:ident, $value:ident, time) => {
        $crate::value::write_time($out, *$value)
    };
    ($out:ident, $value:ident, one $of:ident) => {
        $out.put($value.as_str())
    };
    ($out:ident, $value:ident, open $of:ident) => {
        $value.write($out)
    };
    ($out:ident, $value:ident, bounded $of:ident) => {
        $value.write($out)
    };
    ($out:ident, $value:ident, plain $of:ident) => {
        $value.write($out)
    };
    ($out:ident, $value:ident, list $of:ident) => {
        $crate::value::write_listed::<$of, _>($value, $out)
    };
    ($out:ident, $value:ident, ints) => {
        $crate::value::write_list($out, $value, |out, item| {
            $crate::write::integer(out, u64::from(*item))
        })
    };
}

/// Frees an attribute's value from what it borrowed.
macro_rules! kind_owned {
    ($value:ident, text) => {
        $value.into_owned()
    };
    ($value:ident, commas) => {
        $value.into_owned()
    };
    ($value:ident, open $of:ident) => {
        $value.into_owned()
    };
    ($value:ident, bounded $of:ident) => {
        $value.into_owned()
    };
    ($value:ident, $($kind:tt)+) => {
        $value
    };
}

/// The type of an element's content.
macro_rules! content_type {
    (nothing) => { $crate::content::Nothing };
    (leaf) => { $crate::content::Leaf<'a> };
    (children $of:ident) => { $crate::content::Children<$of<'a>> };
    (text_or $of:ident) => { $crate::content::TextOr<'a, $of<'a>> };
    (mixed $of:ident) => { $crate::content::Mixed<$of<'a>> };
}

/// Frees an element's content from what it borrowed.
macro_rules! content_owned {
    ($content:expr, nothing) => { $content };
    ($content:expr, leaf) => { $crate::content::Leaf($content.0.into_owned()) };
    ($content:expr, children $of:ident) => {
        $crate::content::Children($content.0.into_iter().map($of::into_owned).collect())
    };
    ($content:expr, text_or $of:ident) => {
        $crate::content::TextOr {
            text: $content.text.map($crate::Text::into_owned),
            children: content_owned!($content.children, children $of),
        }
    };
    ($content:expr, mixed $of:ident) => {
        $crate::content::Mixed($content.0.into_iter().map($of::into_owned).collect())
    };
}

/// An element: its name, its attributes (field, kind, name) and what may stand inside.
///
/// A field in `fixed` has no setter: the constructor sets it.
macro_rules! element {
    (
        $(#[$doc:meta])*
        $name:ident = $wire:literal: $content:ident $($of:ident)? {
            $( $(#[$field_doc:meta])* $field:ident: $kind:ident $($item:ident)? = $attribute:literal, )*
        }
        $( fixed { $( $(#[$fixed_doc:meta])* $fixed:ident: $fixed_kind:ident = $fixed_attribute:literal, )* } )?
    ) => {
        $(#[$doc])*
        #[non_exhaustive]
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $name<'a> {
            $( $(#[$field_doc])* pub $field: Option<kind_type!($kind $($item)?)>, )*
            $($( $(#[$fixed_doc])* pub $fixed: Option<kind_type!($fixed_kind)>, )*)?
            pub(crate) content: content_type!($content $($of)?),
            pub(crate) extra: $crate::tree::Extra<'a>,
        }

        impl<'a> $name<'a> {
            pub(crate) const BLANK: Self = Self {
                $( $field: None, )*
                $($( $fixed: None, )*)?
                content: <content_type!($content $($of)?) as $crate::content::Content<'a>>::EMPTY,
                extra: $crate::tree::Extra::NONE,
            };

            $(
                $(#[$field_doc])*
                #[must_use]
                #[inline]
                pub fn $field(mut self, value: kind_argument!($kind $($item)?)) -> Self {
                    self.$field = Some(kind_keep!(value, $kind $($item)?));
                    self.extra.forget($attribute);
                    self
                }
            )*

            /// Sets an attribute by name: its field if there is one and the value fits, else as
            /// it is.
            #[must_use]
            pub fn attribute(mut self, attribute: $crate::Attribute<'a>) -> Self {
                match attribute.name() {
                    $( $attribute => self.$field = None, )*
                    $($( $fixed_attribute => self.$fixed = None, )*)?
                    _ => {}
                }
                self.extra.forget(attribute.name());
                $crate::content::Sink::set(&mut self, attribute);
                self
            }

            /// The attributes that have no field, or whose value does not fit theirs.
            pub fn other_attributes(&self) -> &[$crate::Attribute<'a>] {
                self.extra.attributes()
            }

            /// The same element, free of what it borrowed from.
            pub fn into_owned(self) -> $name<'static> {
                $name {
                    $( $field: self.$field.map(|value| kind_owned!(value, $kind $($item)?)), )*
                    $($( $fixed: self.$fixed.map(|value| kind_owned!(value, $fixed_kind)), )*)?
                    content: content_owned!(self.content, $content $($of)?),
                    extra: self.extra.into_owned(),
                }
            }
        }

        impl<'a> $crate::content::Tag<'a> for $name<'a> {
            const NAME: &'static str = $wire;

            fn blank() -> Self {
                Self::BLANK
            }

            #[inline]
            fn write<W: $crate::write::Out + ?Sized>(&self, out: &mut W) -> core::fmt::Result {
                use $crate::content::Content;
                out.put(concat!("<", $wire))?;
                $(
                    if let Some(value) = &self.$field {
                        out.put(concat!(" ", $attribute, "=\""))?;
                        kind_write!(out, value, $kind $($item)?)?;
                        out.put("\"")?;
                    }
                )*
                $($(
                    if let Some(value) = &self.$fixed {
                        out.put(concat!(" ", $fixed_attribute, "=\""))?;
                        kind_write!(out, value, $fixed_kind)?;
                        out.put("\"")?;
                    }
                )*)?
                self.extra.write_attributes(out, |name| match name {
                    $( $attribute => self.$field.is_some(), )*
                    $($( $fixed_attribute => self.$fixed.is_some(), )*)?
                    _ => false,
                })?;
                if self.content.is_empty() && self.extra.children().is_empty() {
                    return out.put("/>");
                }
                out.put(">")?;
                self.content.write(out)?;
                self.extra.write_children(out)?;
                out.put(concat!("</", $wire, ">"))
            }

            fn unknown<'s>(&'s self, found: &mut alloc::vec::Vec<$crate::Unknown<'s>>) {
                use $crate::content::Content;
                self.extra.unknown($wire, found);
                self.content.unknown($wire, found);
            }
        }

        impl<'a> $crate::content::Sink<'a> for $name<'a> {
            fn set(&mut self, attribute: $crate::Attribute<'a>) {
                let (name, text) = attribute.into_parts();
                let unfit = match name.as_str() {
                    $( $attribute => match kind_read!(text, $kind $($item)?) {
                        Ok(value) => {
                            self.$field = Some(value);
                            return;
                        }
                        Err(text) => text,
                    }, )*
                    $($( $fixed_attribute => match kind_read!(text, $fixed_kind) {
                        Ok(value) => {
                            self.$fixed = Some(value);
                            return;
                        }
                        Err(text) => text,
                    }, )*)?
                    _ => text,
                };
                self.extra.set($crate::Attribute::trusted(name, unfit));
            }

            fn child(
                &mut self,
                name: &'a str,
                reader: &mut $crate::reader::Reader<'a>,
            ) -> Result<(), $crate::ParseError> {
                use $crate::content::Content;
                if !self.content.child(name, reader)? {
                    let element = $crate::Element::read(name, reader)?;
                    self.other(element.into());
                }
                Ok(())
            }

            fn joins(&self) -> bool {
                <content_type!($content $($of)?) as $crate::content::Content<'a>>::JOINS
            }

            fn text(&mut self, text: $crate::Text<'a>) {
                use $crate::content::Content;
                if let Some(node) = self.content.text(text) {
                    self.extra.push(node);
                }
            }

            fn other(&mut self, node: $crate::Node<'a>) {
                use $crate::content::Content;
                if let Some(node) = self.content.other(node) {
                    self.extra.push(node);
                }
            }
        }

        #[cfg(test)]
        impl $crate::grammar::Describe for $name<'_> {
            const ELEMENT: $crate::grammar::Described = $crate::grammar::Described {
                id: stringify!($name),
                name: $wire,
                attributes: &[
                    $( ($attribute, kind_described!($kind $($item)?)), )*
                    $($( ($fixed_attribute, kind_described!($fixed_kind)), )*)?
                ],
                content: content_described!($content $($of)?),
            };
        }
    };
}

/// Elements of which one may stand somewhere: a variant for each, and `Other`.
///
/// `Name + Text` adds a variant for text that stands among them. `in Box` keeps a large element out
/// of the way of the small ones.
macro_rules! children {
    (
        $(#[$doc:meta])*
        $name:ident $(+ $text:ident)? { $($variant:ident $(in $box:ident)?),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[non_exhaustive]
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum $name<'a> {
            $(
                /// Words, as they stand between the elements.
                $text($crate::Text<'a>),
            )?
            $(
                #[doc = concat!("See [`", stringify!($variant), "`].")]
                $variant(children!(@type $variant $($box)?)),
            )+
            /// A comment, or what the grammar does not know here.
            Other($crate::Node<'a>),
        }

        impl $name<'_> {
            /// The same, free of what it borrowed from.
            pub fn into_owned(self) -> $name<'static> {
                match self {
                    $( Self::$text(text) => $name::$text(text.into_owned()), )?
                    $( Self::$variant(child) => $name::from(child.into_owned()), )+
                    Self::Other(node) => $name::Other(node.into_owned()),
                }
            }
        }

        impl<'a> $crate::content::Child<'a> for $name<'a> {
            fn read(
                name: &'a str,
                reader: &mut $crate::reader::Reader<'a>,
            ) -> Result<Option<Self>, $crate::ParseError> {
                use $crate::content::Tag;
                $(
                    if name == $variant::NAME {
                        return $crate::content::read::<$variant<'a>>(reader).map(|child| Some(child.into()));
                    }
                )+
                Ok(None)
            }

            children!(@text $($text)?);

            fn other(node: $crate::Node<'a>) -> Self {
                Self::Other(node)
            }

            #[inline]
            fn write<W: $crate::write::Out + ?Sized>(&self, out: &mut W) -> core::fmt::Result {
                use $crate::content::Tag;
                match self {
                    $( Self::$text(text) => $crate::write::text(out, text), )?
                    $( Self::$variant(child) => child.write(out), )+
                    Self::Other(node) => node.write(out),
                }
            }

            fn unknown<'s>(
                &'s self,
                parent: &'static str,
                found: &mut alloc::vec::Vec<$crate::Unknown<'s>>,
            ) {
                use $crate::content::Tag;
                match self {
                    $( Self::$text(_) => {} )?
                    $( Self::$variant(child) => child.unknown(found), )+
                    Self::Other(node) => node.unknown(parent, found),
                }
            }
        }

        $(
            impl<'a> From<$variant<'a>> for $name<'a> {
                #[inline]
                fn from(child: $variant<'a>) -> Self {
                    Self::$variant(children!(@wrap child $($box)?))
                }
            }
        )+

        $(
            impl<'a> From<$crate::Text<'a>> for $name<'a> {
                fn from(text: $crate::Text<'a>) -> Self {
                    Self::$text(text)
                }
            }
        )?

        impl<'a> From<$crate::Element<'a>> for $name<'a> {
            fn from(element: $crate::Element<'a>) -> Self {
                $crate::content::Child::other(element.into())
            }
        }

        impl<'a> From<$crate::Comment<'a>> for $name<'a> {
            fn from(comment: $crate::Comment<'a>) -> Self {
                $crate::content::Child::other($crate::Node::Comment(comment))
            }
        }

        #[cfg(test)]
        impl $name<'_> {
            pub(crate) const DESCRIBED: &'static [$crate::grammar::Described] =
                &[$( <$variant<'static> as $crate::grammar::Describe>::ELEMENT ),+];
        }
    };
    (@type $variant:ident) => { $variant<'a> };
    (@type $variant:ident Box) => { alloc::boxed::Box<$variant<'a>> };
    (@wrap $child:ident) => { $child };
    (@wrap $child:ident Box) => { alloc::boxed::Box::new($child) };
    (@text) => {
        fn text(text: $crate::Text<'a>) -> Self {
            Self::Other($crate::Node::Text(text))
        }

        fn as_text(&mut self) -> Option<&mut $crate::Text<'a>> {
            if let Self::Other($crate::Node::Text(text)) = self { Some(text) } else { None }
        }
    };
    (@text $text:ident) => {
        fn text(text: $crate::Text<'a>) -> Self {
            Self::$text(text)
        }

        fn as_text(&mut self) -> Option<&mut $crate::Text<'a>> {
            if let Self::$text(text) = self { Some(text) } else { None }
        }
    };
}

/// Methods that append a child: `say: Say` makes `fn say(self, say: Say) -> Self`.
macro_rules! adders {
    ($name:ident { $($method:ident: $child:ident),+ $(,)? }) => {
        impl<'a> $name<'a> {
            $(
                #[doc = concat!("Appends a [`", stringify!($child), "`].")]
                #[must_use]
                pub fn $method(mut self, child: $child<'a>) -> Self {
                    $crate::content::Append::append(&mut self.content, child.into());
                    self
                }
            )+

            /// Appends an element that this crate does not know.
            #[must_use]
            pub fn other(mut self, element: $crate::Element<'a>) -> Self {
                $crate::content::Append::append(&mut self.content, element.into());
                self
            }

            /// Appends a comment.
            #[must_use]
            pub fn comment(mut self, comment: $crate::Comment<'a>) -> Self {
                $crate::content::Append::append(&mut self.content, comment.into());
                self
            }
        }
    };
}

/// A text with a longest length.
macro_rules! bounded {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        pub struct $name<'a>($crate::Text<'a>);

        impl<'a> $name<'a> {
            /// The most characters allowed.
            pub const MAX_CHARS: usize = $max;

            /// The text, unchanged.
            ///
            /// # Errors
            ///
            /// [`BuildError::Length`](crate::BuildError::Length) beyond
            #[doc = concat!("[`", stringify!($name), "::MAX_CHARS`],")]
            /// [`BuildError::Unwritable`](crate::BuildError::Unwritable) at a character that XML
            /// cannot carry.
            pub fn new(
                text: impl Into<alloc::borrow::Cow<'a, str>>,
            ) -> Result<Self, $crate::BuildError> {
                $crate::text::at_most(text.into(), $what, Self::MAX_CHARS).map(Self)
            }

            /// The text as it stands.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The same text, free of what it borrowed from.
            pub fn into_owned(self) -> $name<'static> {
                $name(self.0.into_owned())
            }

            pub(crate) fn read(text: $crate::Text<'a>) -> Result<Self, $crate::Text<'a>> {
                if text.as_str().chars().count() > Self::MAX_CHARS {
                    return Err(text);
                }
                Ok(Self(text))
            }

            pub(crate) fn write<W: $crate::write::Out + ?Sized>(
                &self,
                out: &mut W,
            ) -> core::fmt::Result {
                $crate::write::value(out, &self.0)
            }
        }
    };
}

/// The constructor of elements that need nothing.
macro_rules! blank {
    ($($name:ident),+) => {
        $(
            impl $name<'_> {
                #[doc = concat!("A plain [`", stringify!($name), "`].")]
                pub const fn new() -> Self {
                    Self::BLANK
                }
            }

            impl Default for $name<'_> {
                fn default() -> Self {
                    Self::new()
                }
            }
        )+
    };
}

/// The constructor and the accessor of an element that is text alone.
macro_rules! leaf {
    ($name:ident, $accessor:ident, $what:literal, $doc:literal) => {
        impl<'a> $name<'a> {
            #[doc = $doc]
            ///
            /// # Errors
            ///
            /// [`BuildError::Empty`](crate::BuildError::Empty) if there is nothing but blanks,
            /// [`BuildError::Unwritable`](crate::BuildError::Unwritable) if XML cannot carry it.
            pub fn new(
                text: impl Into<alloc::borrow::Cow<'a, str>>,
            ) -> Result<Self, $crate::BuildError> {
                let mut element = Self::BLANK;
                element.content.0 = $crate::text::required(text, $what)?;
                Ok(element)
            }

            #[doc = $doc]
            ///
            /// Without the blanks around it.
            pub fn $accessor(&self) -> &str {
                self.content.0.as_str().trim()
            }
        }
    };
}

/// An enumeration whose values are all there are; others stay text, see `attribute`.
macro_rules! enumeration {
    (
        $(#[$doc:meta])*
        $name:ident { $( $(#[$value_doc:meta])* $value:ident = $wire:literal, )+ }
    ) => {
        $(#[$doc])*
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $name {
            $(
                #[doc = concat!("`", $wire, "`")]
                $(#[$value_doc])*
                $value,
            )+
        }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$( Self::$value ),+];

            /// The value as it is written.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$value => $wire, )+
                }
            }

            /// The value that is written like this, if there is one.
            pub fn from_twiml(text: &str) -> Option<Self> {
                match text {
                    $( $wire => Some(Self::$value), )+
                    _ => None,
                }
            }
        }

        impl $crate::value::Listed for $name {
            const ALL: &'static [Self] = Self::ALL;
            const ALL_WRITTEN: &'static str = concat!($(" ", $wire),+);

            fn written(self) -> &'static str {
                self.as_str()
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// An enumeration to which Twilio adds faster than this crate: with a variant for any other text.
macro_rules! open_enumeration {
    (
        $(#[$doc:meta])*
        $name:ident { $( $value:ident = $wire:literal, )+ }
    ) => {
        $(#[$doc])*
        #[non_exhaustive]
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        pub enum $name<'a> {
            $(
                #[doc = concat!("`", $wire, "`")]
                $value,
            )+
            /// A value that is not listed here; made by `from` a [`Text`](crate::Text).
            Other($crate::Unlisted<'a>),
        }

        impl<'a> $name<'a> {
            /// All values but `Other`, in the order of their texts.
            pub const ALL: &'static [$name<'static>] = {
                static LISTED: &[$name<'static>] = &[$($name::$value),+];
                LISTED
            };

            /// The value as it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$value => $wire, )+
                    Self::Other(other) => other.as_str(),
                }
            }

            /// The same value, free of what it borrowed from.
            pub fn into_owned(self) -> $name<'static> {
                match self {
                    $( Self::$value => $name::$value, )+
                    Self::Other(other) => $name::Other(other.into_owned()),
                }
            }

            fn listed(text: &str) -> Option<$name<'static>> {
                let at = Self::ALL.binary_search_by(|known| known.as_str().cmp(text)).ok()?;
                Self::ALL.get(at).cloned()
            }

            pub(crate) fn read(text: $crate::Text<'a>) -> Result<Self, $crate::Text<'a>> {
                Ok(Self::from(text))
            }

            pub(crate) fn write<W: $crate::write::Out + ?Sized>(
                &self,
                out: &mut W,
            ) -> core::fmt::Result {
                match self {
                    Self::Other(other) => $crate::write::value(out, other.as_text()),
                    listed => out.put(listed.as_str()),
                }
            }
        }

        impl<'a> From<$crate::Text<'a>> for $name<'a> {
            fn from(text: $crate::Text<'a>) -> Self {
                match Self::listed(text.as_str()) {
                    Some(listed) => listed,
                    None => Self::Other($crate::Unlisted::new(text)),
                }
            }
        }
    };
}

/// How the tests name the kind of an attribute.
#[cfg(test)]
macro_rules! kind_described {
    (text) => {
        $crate::grammar::Kind::Text
    };
    (commas) => {
        $crate::grammar::Kind::Commas
    };
    (bounded $of:ident) => {
        $crate::grammar::Kind::Text
    };
    (plain $of:ident) => {
        $crate::grammar::Kind::Plain
    };
    (bool) => {
        $crate::grammar::Kind::Bool
    };
    (int) => {
        $crate::grammar::Kind::Int
    };
    (seconds) => {
        $crate::grammar::Kind::Duration("s")
    };
    (millis) => {
        $crate::grammar::Kind::Duration("ms")
    };
    (time) => {
        $crate::grammar::Kind::Duration("")
    };
    (one $of:ident) => {
        $crate::grammar::Kind::One(|| $crate::grammar::closed($of::ALL, $of::as_str))
    };
    (open $of:ident) => {
        $crate::grammar::Kind::Open(|| $of::ALL.iter().map(|of| of.as_str()).collect())
    };
    (list $of:ident) => {
        $crate::grammar::Kind::List(|| $crate::grammar::closed($of::ALL, $of::as_str))
    };
    (ints) => {
        $crate::grammar::Kind::Ints
    };
}

/// How the tests name the content of an element.
#[cfg(test)]
macro_rules! content_described {
    (nothing) => {
        $crate::grammar::Inside::Nothing
    };
    (leaf) => {
        $crate::grammar::Inside::Leaf
    };
    (children $of:ident) => {
        $crate::grammar::Inside::Children(|| $of::DESCRIBED)
    };
    (text_or $of:ident) => {
        $crate::grammar::Inside::TextOr(|| $of::DESCRIBED)
    };
    (mixed $of:ident) => {
        $crate::grammar::Inside::Mixed(|| $of::DESCRIBED)
    };
}
