//! The tables of enumerations, and texts with a longest length.

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

            /// The same text as an owned value.
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

/// A closed enumeration. Other values stay text, see `attribute`.
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

/// An open enumeration, to which Twilio keeps adding: it has a variant for any other text.
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

            /// The same value as an owned value.
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

        impl<'a> TryFrom<&'a str> for $name<'a> {
            type Error = $crate::BuildError;

            /// The value that is written like this: a listed one, or any other that XML can carry.
            fn try_from(text: &'a str) -> Result<Self, Self::Error> {
                $crate::Text::new(text).map(Self::from)
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
