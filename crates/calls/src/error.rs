//! The one error of this crate.

use core::fmt;

use identity::ParseError;

/// Why the parameters of a webhook cannot be read as an event.
///
/// `name` is the parameter as Twilio spells it. Values are never repeated.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParamError {
    /// The parameter is absent.
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// The parameter comes twice with different values. A browser may send parameters of any name,
    /// so nothing shows which value is Twilio's.
    Repeated {
        /// Its name.
        name: &'static str,
    },
    /// The value is no Sid.
    Sid {
        /// The parameter's name.
        name: &'static str,
        /// The rule that is broken.
        source: ParseError,
    },
    /// The value is none of the words that Twilio writes there.
    Word {
        /// The parameter's name.
        name: &'static str,
    },
    /// The value is one of Twilio's words, but the call is not over:
    /// [`Source::Status`](crate::Source::Status) is told of its end only.
    NotFinal {
        /// The parameter's name.
        name: &'static str,
    },
}

impl ParamError {
    /// The name of the parameter.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing { name }
            | Self::Repeated { name }
            | Self::Sid { name, .. }
            | Self::Word { name }
            | Self::NotFinal { name } => name,
        }
    }
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "parameter `{name}` is missing"),
            Self::Repeated { name } => write!(f, "parameter `{name}` has two values"),
            Self::Sid { name, .. } => write!(f, "parameter `{name}` is no call Sid"),
            Self::Word { name } => write!(f, "parameter `{name}` is none of the known words"),
            Self::NotFinal { name } => write!(f, "parameter `{name}` says that the call goes on"),
        }
    }
}

impl core::error::Error for ParamError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Sid { source, .. } => Some(source),
            _ => None,
        }
    }
}
