//! Credentials.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use identity::{AccountSid, ApiKeySid};
use zeroize::Zeroizing;

/// The secret of an API key, or an auth token.
///
/// The API needs it in clear text with every request, so it is kept in clear text; it is wiped when dropped.
/// There is no `Display`, and `Debug` is redacted.
///
/// # Examples
///
/// ```
/// let secret = twilio_rest::ApiSecret::new("s3cr3t-for-tests-only");
/// assert_eq!(format!("{secret:?}"), "ApiSecret([redacted])");
/// ```
#[derive(Clone)]
pub struct ApiSecret(Zeroizing<String>);

impl ApiSecret {
    /// Keeps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiSecret([redacted])")
    }
}

/// An account, and the credentials for it.
#[derive(Clone, Debug)]
pub struct Credentials {
    account: AccountSid,
    user: User,
    secret: ApiSecret,
}

#[derive(Clone, Debug)]
enum User {
    Key(ApiKeySid),
    Account,
}

impl Credentials {
    /// By an API key and its secret. Preferred, because the key can be revoked separately.
    pub const fn api_key(account: AccountSid, key: ApiKeySid, secret: ApiSecret) -> Self {
        Self { account, user: User::Key(key), secret }
    }

    /// By the account's own auth token.
    pub const fn auth_token(account: AccountSid, token: ApiSecret) -> Self {
        Self { account, user: User::Account, secret: token }
    }

    /// The account.
    pub const fn account(&self) -> AccountSid {
        self.account
    }

    /// The header `Authorization` (RFC 7617), marked as sensitive so that it is never printed.
    pub(crate) fn header(&self) -> HeaderValue {
        let user = match &self.user {
            User::Key(key) => key.as_str(),
            User::Account => self.account.as_str(),
        };
        let pair = Zeroizing::new(format!("{user}:{}", *self.secret.0));
        let header = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        // Base64 is always valid in a header.
        let value = HeaderValue::from_str(&header);
        let mut value = value.unwrap_or_else(|_| HeaderValue::from_static("Basic"));
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_make_the_header_and_hide_it() {
        let account = AccountSid::from_bytes([1; 16]);
        let key = ApiKeySid::from_bytes([2; 16]);
        let secret = || ApiSecret::new("planted-secret");
        let cases = [
            (Credentials::api_key(account, key, secret()), key.to_string()),
            (Credentials::auth_token(account, secret()), account.to_string()),
        ];
        for (credentials, user) in cases {
            let header = credentials.header();
            let pair = STANDARD.decode(&header.as_bytes()["Basic ".len()..]).unwrap();
            assert_eq!(pair, format!("{user}:planted-secret").as_bytes());
            let shown = format!("{credentials:?} {header:?}");
            assert!(!shown.contains("planted") && shown.contains("[redacted]"), "{shown}");
        }
    }
}
