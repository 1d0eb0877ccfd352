//! Stable texts for enums: what the API shows and the store keeps.

use core::fmt;

/// A text is none of the codes of its kind.
///
/// `what` names the kind, for example `"outcome"`. The text itself is not repeated.
///
/// # Examples
///
/// ```
/// use calls::{Outcome, UnknownCode};
///
/// assert_eq!("lost".parse::<Outcome>(), Err(UnknownCode { what: "outcome" }));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownCode {
    /// The kind of code that was expected.
    pub what: &'static str,
}

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is none of the known codes", self.what)
    }
}

impl core::error::Error for UnknownCode {}

/// Gives a fieldless enum its codes: `ALL`, `code`, `Display`, `FromStr` and, with the feature,
/// serde.
macro_rules! codes {
    ($name:ident, $what:literal, { $($variant:ident => $code:literal),+ $(,)? }) => {
        impl $name {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable `snake_case` text of this value.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),+
                }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::UnknownCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($code => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownCode { what: $what }),
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <alloc::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(
                    deserializer,
                )?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use codes;
