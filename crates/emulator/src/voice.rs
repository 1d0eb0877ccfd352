//! What is configured on a number or TwiML App.

use crate::Method;

/// The URLs of a phone number or TwiML App.
///
/// # Examples
///
/// ```
/// use emulator::{Method, Voice};
///
/// let voice = Voice::new("https://voice.example.com/voice#rc=2")
///     .status_callback("https://voice.example.com/voice/status")
///     .fallback("https://backup.example.com/voice");
/// assert_eq!(voice.method, Method::Post);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Voice {
    /// Asked for the first document of each call.
    pub url: String,
    /// How [`Voice::url`] is asked.
    pub method: Method,
    /// Asked when a document cannot be fetched or run.
    pub fallback_url: Option<String>,
    /// How [`Voice::fallback_url`] is asked.
    pub fallback_method: Method,
    /// Told once, when the call is over.
    pub status_callback: Option<String>,
    /// How [`Voice::status_callback`] is told.
    pub status_callback_method: Method,
}

impl Voice {
    /// A voice URL asked by POST, with nothing else.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: Method::Post,
            fallback_url: None,
            fallback_method: Method::Post,
            status_callback: None,
            status_callback_method: Method::Post,
        }
    }

    /// The same with a fallback URL.
    #[must_use]
    pub fn fallback(self, url: impl Into<String>) -> Self {
        Self { fallback_url: Some(url.into()), ..self }
    }

    /// The same with a status callback.
    #[must_use]
    pub fn status_callback(self, url: impl Into<String>) -> Self {
        Self { status_callback: Some(url.into()), ..self }
    }
}
