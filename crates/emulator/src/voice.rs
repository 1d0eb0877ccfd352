//! The settings of a number or TwiML App.

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
    /// The URL of the first document of each call.
    pub url: String,
    /// The method of [`Voice::url`].
    pub method: Method,
    /// The URL that is requested if a document cannot be fetched or run.
    pub fallback_url: Option<String>,
    /// The method of [`Voice::fallback_url`].
    pub fallback_method: Method,
    /// The URL that is notified once, when the call is over.
    pub status_callback: Option<String>,
    /// The method of [`Voice::status_callback`].
    pub status_callback_method: Method,
}

impl Voice {
    /// A voice URL with POST, and nothing else.
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

    /// Adds a fallback URL.
    #[must_use]
    pub fn fallback(self, url: impl Into<String>) -> Self {
        Self { fallback_url: Some(url.into()), ..self }
    }

    /// Adds a status callback.
    #[must_use]
    pub fn status_callback(self, url: impl Into<String>) -> Self {
        Self { status_callback: Some(url.into()), ..self }
    }
}
