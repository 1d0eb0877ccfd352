//! The tables of elements and of choices between elements, and the methods around them.

/// An element: its name, its attributes (field, kind, name) and its content.
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

            /// The same element as an owned value.
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

/// A choice of elements: a variant for each, and `Other`.
///
/// `Name + Text` adds a variant for text between them. `in Box` boxes a large element, so that the
/// enum stays small.
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
                /// Words between the elements.
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
            /// The same as an owned value.
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
