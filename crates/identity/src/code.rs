//! Closed sets of words: the stable texts that the API shows and the store keeps.

use alloc::boxed::Box;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

/// A value of a closed set. Each value has one stable text.
///
/// [`codes!`](crate::codes) writes it for an enum.
pub trait Code: Copy + Eq + 'static {
    /// The name of the set, for example `"presence"`.
    const WHAT: &'static str;

    /// Every value, in the order of the definition.
    const ALL: &'static [Self];

    /// The stable text of this value.
    fn code(self) -> &'static str;

    /// The value with this text.
    ///
    /// # Errors
    ///
    /// [`UnknownCode`] if no value has it.
    fn read(text: &str) -> Result<Self, UnknownCode> {
        let known = Self::ALL.iter().find(|value| value.code() == text);
        known.copied().ok_or(UnknownCode { what: Self::WHAT })
    }
}

/// A text is not one of the codes of its set.
///
/// `what` names the set, for example `"presence"`. The text itself is not repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownCode {
    /// The set that the text should belong to.
    pub what: &'static str,
}

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is none of the known codes", self.what)
    }
}

impl core::error::Error for UnknownCode {}

/// Gives an enum its codes: `ALL`, `code`, [`Code`], `Display`, `FromStr` and, with the feature
/// `serde` of this crate, `Serialize` and `Deserialize`.
///
/// The enum derives `Clone`, `Copy`, `Eq` and `PartialEq`, and its variants carry nothing.
///
/// # Examples
///
/// ```
/// use identity::{Code, UnknownCode};
///
/// #[derive(Clone, Copy, Debug, Eq, PartialEq)]
/// enum Colour {
///     Red,
///     DarkBlue,
/// }
///
/// identity::codes!(Colour, "colour", { Red => "red", DarkBlue => "dark_blue" });
///
/// assert_eq!(Colour::DarkBlue.to_string(), "dark_blue");
/// assert_eq!("red".parse(), Ok(Colour::Red));
/// assert_eq!("green".parse::<Colour>(), Err(UnknownCode { what: "colour" }));
/// assert_eq!(Colour::ALL.len(), 2);
/// ```
#[macro_export]
macro_rules! codes {
    ($name:ident, $what:literal, { $($variant:ident => $code:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable text of this value.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),+
                }
            }
        }

        $crate::code_forms!($name, $what);
    };
}

/// What follows from `ALL` and `code`, for an enum whose two are written by hand.
#[doc(hidden)]
#[macro_export]
macro_rules! code_forms {
    ($name:ident, $what:literal) => {
        impl $crate::Code for $name {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = $name::ALL;

            fn code(self) -> &'static str {
                $name::code(self)
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::UnknownCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as $crate::Code>::read(text)
            }
        }

        $crate::code_schema!($name);
        $crate::code_serde!($name);
    };
}

/// The JSON Schema of a set. Whether there is one is decided here, by the features of this crate, and
/// not where the set is defined.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! code_schema {
    ($name:ident) => {
        impl $crate::made::schemars::JsonSchema for $name {
            fn schema_name() -> $crate::made::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(
                generator: &mut $crate::made::schemars::SchemaGenerator,
            ) -> $crate::made::schemars::Schema {
                <$crate::Word<$name> as $crate::made::schemars::JsonSchema>::json_schema(generator)
            }
        }
    };
}

#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! code_schema {
    ($name:ident) => {};
}

/// The text form of a set for serde, as [`code_schema!`].
#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! code_serde {
    ($name:ident) => {
        impl $crate::made::serde::Serialize for $name {
            fn serialize<S: $crate::made::serde::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> $crate::made::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::made::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                use $crate::made::serde::de::Error as _;

                let word = <$crate::Word<Self> as $crate::made::serde::Deserialize>::deserialize(
                    deserializer,
                )?;
                word.known().map_err(D::Error::custom)
            }
        }
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! code_serde {
    ($name:ident) => {};
}

/// What the code made by [`codes!`](crate::codes) uses.
#[doc(hidden)]
pub mod made {
    #[cfg(feature = "schema")]
    pub use alloc::borrow::Cow;
    #[cfg(feature = "schema")]
    pub use schemars;
    #[cfg(feature = "serde")]
    pub use serde;
}

/// A word of a closed set that was written down: one of the set, or one that only a newer version
/// of the program knows.
///
/// It keeps an unknown word as it came, so that an older server can read, fold and store what a
/// newer one wrote. Words are ordered by their text, so that both put them in the same order.
///
/// # Examples
///
/// ```
/// use identity::{Code, UnknownCode, Word};
///
/// # #[derive(Clone, Copy, Debug, Eq, PartialEq)]
/// # enum Colour {
/// #     Red,
/// # }
/// # identity::codes!(Colour, "colour", { Red => "red" });
/// let (red, green): (Word<Colour>, Word<Colour>) = ("red".into(), "green".into());
/// assert_eq!(red, Colour::Red);
/// assert_eq!(green.as_str(), "green");
/// assert_eq!(green.known(), Err(UnknownCode { what: "colour" }));
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Word<T>(Kept<T>);

#[derive(Clone, Eq, PartialEq)]
enum Kept<T> {
    Known(T),
    Unknown(Box<str>),
}

impl<T: Code> Word<T> {
    /// The text, as it was written.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Known(value) => value.code(),
            Kept::Unknown(text) => text,
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// [`UnknownCode`] if this version does not know the word.
    pub const fn known(&self) -> Result<T, UnknownCode> {
        match &self.0 {
            Kept::Known(value) => Ok(*value),
            Kept::Unknown(_) => Err(UnknownCode { what: T::WHAT }),
        }
    }
}

impl<T: Code> From<T> for Word<T> {
    fn from(value: T) -> Self {
        Self(Kept::Known(value))
    }
}

impl<T: Code> From<&str> for Word<T> {
    fn from(text: &str) -> Self {
        Self(T::read(text).map_or_else(|_| Kept::Unknown(text.into()), Kept::Known))
    }
}

impl<T: Code> FromStr for Word<T> {
    type Err = core::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.into())
    }
}

impl<T: Code> PartialEq<T> for Word<T> {
    fn eq(&self, other: &T) -> bool {
        self.known() == Ok(*other)
    }
}

impl<T: Code> Ord for Word<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl<T: Code> PartialOrd for Word<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Code> Hash for Word<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl<T: Code> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<T: Code> fmt::Debug for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// The words that this version knows, under the name of their type.
#[cfg(feature = "schema")]
impl<T: Code> schemars::JsonSchema for Word<T> {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        core::any::type_name::<T>().rsplit("::").next().unwrap_or(T::WHAT).into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: alloc::vec::Vec<&str> = T::ALL.iter().map(|value| value.code()).collect();
        schemars::json_schema!({ "enum": codes })
    }
}

#[cfg(feature = "serde")]
impl<T: Code> serde::Serialize for Word<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de, T: Code> serde::Deserialize<'de> for Word<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <alloc::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Ok((&*text).into())
    }
}
