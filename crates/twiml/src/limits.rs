//! Limits of Twilio that several elements and errors know.

/// The most nouns in one `<Dial>`, of all kinds together.
pub(crate) const MAX_NOUNS: usize = 10;
