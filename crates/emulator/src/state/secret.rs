//! A secret that the REST API gets in clear text.

use std::fmt;

/// An auth token or the secret of an API key. `Debug` is redacted.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether it equals this text. The comparison is not constant-time: an emulator has nothing to
    /// hide.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0 == text
    }

    /// The text itself, for the page and the control API.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn it_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("planted")), "Secret([redacted])");
    }
}
