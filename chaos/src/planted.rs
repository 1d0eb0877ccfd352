//! Secrets that no output of the program may contain. Every campaign uses them, and the campaign
//! `secrets` searches for them.

/// The current auth token of every workspace begins with this.
pub(crate) const AUTH_TOKEN: &str = "planted-auth-token-4d1f";
/// The token before a rotation.
pub(crate) const PREVIOUS_AUTH_TOKEN: &str = "planted-previous-auth-token-77aa";
/// The secret of the API key.
pub(crate) const API_SECRET: &str = "planted-api-secret-0123456789abc";
/// Encrypts credentials at rest.
pub(crate) const SECRETS_KEY: &str = "cGxhbnRlZC1zZWNyZXRzLWtleS0zMi1ieXRlcy0hISE=";
/// Signs session tokens.
pub(crate) const SESSION_SECRET: &str = "planted-session-secret-of-32-bytes-and-more";
/// Signs session tokens that must be refused.
pub(crate) const FORGED_SECRET: &str = "planted-forged-secret-of-32-bytes-and-more";
/// The server's password at the database.
pub(crate) const DATABASE_PASSWORD: &str = "planted-database-password-9c1e";
/// The owner's password at the database.
pub(crate) const OWNER_PASSWORD: &str = "planted-owner-password-51b7";
/// The name of every contact begins with this.
pub(crate) const CONTACT: &str = "Planted-Contact";
/// The name of every agent begins with this.
pub(crate) const AGENT: &str = "Planted-Agent";
/// A parameter of webhooks that nobody reads.
pub(crate) const NOTE: &str = "planted-note-in-a-webhook-b2d8";
/// A signature that signs nothing.
pub(crate) const SIGNATURE: &str = "cGxhbnRlZC1zaWduYXR1cmU=";

/// All twelve.
pub(crate) const SECRETS: [&str; 12] = [
    AUTH_TOKEN,
    PREVIOUS_AUTH_TOKEN,
    API_SECRET,
    SECRETS_KEY,
    SESSION_SECRET,
    FORGED_SECRET,
    DATABASE_PASSWORD,
    OWNER_PASSWORD,
    CONTACT,
    AGENT,
    NOTE,
    SIGNATURE,
];

/// The number of callers.
pub(crate) const NUMBERS: u32 = 100;

/// The number of a caller, E.164. Ten digits after the country, so that a search finds no other.
pub(crate) fn number(caller: u32) -> String {
    format!("+1415867{:04}", 5309 + caller % NUMBERS)
}

/// The numbers without their plus.
pub(crate) fn digits() -> impl Iterator<Item = String> {
    (0..NUMBERS).map(|caller| number(caller)[1..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_differ_and_none_is_found_by_chance() {
        let all: Vec<String> =
            SECRETS.iter().map(|secret| (*secret).to_owned()).chain(digits()).collect();
        assert_eq!(all.len(), 112);
        for (index, one) in all.iter().enumerate() {
            assert!(one.len() >= 11, "{one}");
            assert!(all.iter().skip(index + 1).all(|other| !other.contains(one.as_str())), "{one}");
        }
    }
}
