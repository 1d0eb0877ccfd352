//! Pairs of a name and a value.

use alloc::borrow::Cow;

use crate::text::required;
use crate::{BuildError, Text};

element! {
    /// A setting of a [`Transcription`](crate::Transcription) or a
    /// [`VirtualAgent`](crate::VirtualAgent).
    Config = "Config": nothing {}
    fixed {
        /// The name.
        name: text = "name",
        /// The value.
        value: text = "value",
    }
}

element! {
    /// A SIP header.
    Header = "Header": nothing {}
    fixed {
        /// The name.
        name: text = "name",
        /// The value.
        value: text = "value",
    }
}

/// The constructor and the accessor of a pair.
macro_rules! pair {
    ($($name:ident, $what:literal);+) => {
        $(
            impl<'a> $name<'a> {
                /// A name and a value.
                ///
                /// # Errors
                ///
                /// [`BuildError::Empty`] without a name, [`BuildError::Unwritable`] if XML cannot
                /// carry one of the two.
                pub fn new(
                    name: impl Into<Cow<'a, str>>,
                    value: impl Into<Cow<'a, str>>,
                ) -> Result<Self, BuildError> {
                    let mut pair = Self::BLANK;
                    pair.name = Some(required(name, $what)?);
                    pair.value = Some(Text::new(value)?);
                    Ok(pair)
                }

                /// Name and value, if both are there.
                pub fn pair(&self) -> Option<(&str, &str)> {
                    Some((self.name.as_ref()?.as_str(), self.value.as_ref()?.as_str()))
                }
            }
        )+
    };
}

pair! { Config, "setting name"; Header, "header name" }

element! {
    /// The headers of a [`Sip`](crate::Sip).
    Headers = "Headers": children HeadersNoun {}
}

children! {
    /// The content of [`Headers`].
    HeadersNoun { Header }
}

adders! { Headers { header: Header } }
blank! { Headers }

impl<'a> Headers<'a> {
    /// The headers in their order.
    pub fn headers(&self) -> &[HeadersNoun<'a>] {
        &self.content.0
    }
}
